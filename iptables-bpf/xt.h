/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boundary to libxtables. Its plugins parse, print and save every
 * extension; its process-wide state and its exit callback stay behind this
 * header and xt_rule.h. A callback that would exit() is caught (setjmp/longjmp)
 * and becomes a struct err.
 */
#ifndef FRONTEND_XT_H
#define FRONTEND_XT_H

#include <xtables.h>

#include "base/err.h"
#include "iptables-bpf/family.h"

/* Initialises libxtables for @ops; to be called once per process, before
 * anything else here. */
int xt_init(const struct family_ops *ops, const char *progname);

/*
 * Runs @fn(@arg); should libxtables (or a plugin) call the exit callback
 * meanwhile, the message and status end up in @e and the negative errno of
 * err_set() is returned, else what @fn returns. May be nested.
 */
int xt_guarded(int (*fn)(void *arg), void *arg, struct err *e);

/*
 * The plugin for @ext at exactly its revision, NULL when the installed
 * plugins cannot print it. What is returned is an instance whose m (t) points
 * at a copy of the data; it is valid until the next call of the same function.
 * Loads the plugin on first use.
 */
struct xtables_match *xt_match_for(const struct ext *ext);
struct xtables_target *xt_target_for(const struct ext *ext);

/* How many bytes of an extension's data identify it (-C, -D); for rule_equal().
 */
uint32_t xt_userspace_size(enum family family, const struct ext *e,
			   bool target);

#endif
