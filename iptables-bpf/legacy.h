/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRONTEND_LEGACY_H
#define FRONTEND_LEGACY_H

#include "iptables-bpf/family.h"

/*
 * Warns on stderr when tables of the old x_tables interface are in use in this
 * network namespace, naming the program (iptables-legacy, with @suffix) that
 * shows them.
 */
void legacy_warn(const struct family_ops *ops, const char *suffix);

#endif
