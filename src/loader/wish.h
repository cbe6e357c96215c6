/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What modes are asked for: by IPTABLES_BPF=auto|hybrid|exclusive, or else by
 * the namespace's file "mode" (`iptables-bpfctl mode`).
 */
#ifndef LOADER_WISH_H
#define LOADER_WISH_H

#include <stdbool.h>

#include "base/err.h"
#include "loader/place.h"

enum wish { WISH_AUTO, WISH_HYBRID, WISH_EXCLUSIVE };

/* The environment's, or else the namespace's; WISH_AUTO where nothing is asked
 * for. */
enum wish wish_find(const struct place *p);
const char *wish_name(enum wish w);
/* False: @name is none. */
bool wish_parse(const char *name, enum wish *out);
/* Keeps @w as the namespace's. */
int wish_keep(const struct place *p, enum wish w, struct err *e);

#endif
