/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings the BPF programs of this network namespace up to date with its nft
 * ruleset. For iptables-bpfctl: all of these move the process into the
 * machine's mount namespace.
 */
#ifndef LOADER_SYNC_H
#define LOADER_SYNC_H

#include <stdbool.h>

#include "base/err.h"
#include "loader/place.h"
#include "loader/wish.h"

/*
 * @background: returns 0 at once when another sync is running (it will see what
 * this one would), and waits until the ruleset is quiet. Else returns when the
 * present ruleset is live. -ECANCELED: switched off for this namespace.
 */
int sync_run(bool background, struct err *e);

/*
 * For the watcher, which is in the machine's mount namespace already: brings
 * the programs up to date. @enter: tables that can may become exclusive. @stop:
 * the watcher is about to end, so that none may be.
 */
int sync_watched(const struct place *p, bool enter, bool stop, struct err *e);

/* What modes are asked for in this namespace (the environment aside). Setting
 * them brings them about. */
int sync_get_mode(enum wish *w, struct err *e);
int sync_set_mode(enum wish w, struct err *e);

/* Hands everything back to nft, counters included, until sync_on(). */
int sync_off(struct err *e);
int sync_on(struct err *e);

#endif
