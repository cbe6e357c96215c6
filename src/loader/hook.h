/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatchers' links, pinned as link-CHAIN: one per accelerated base chain.
 */
#ifndef LOADER_HOOK_H
#define LOADER_HOOK_H

#include "base/err.h"
#include "loader/ns.h"
#include "loader/program.h"

/*
 * Makes sure that a dispatcher using @ns's maps is attached one priority before
 * base chain number
 * @chain. -EBUSY: another hook has that priority.
 */
int hook_attach(const struct ns *ns, struct program_env *env,
		unsigned int chain, struct err *e);
/* Removes it, where there is one. */
void hook_release(const struct place *p, unsigned int chain);

/*
 * 0 when the pinned link is attached, -ENOENT without a pin, -ENOLINK when
 * somebody has detached it (which the link does not tell: its priority being
 * free does).
 */
int hook_check(const struct ns *ns, unsigned int chain);

/* Of a dispatcher that should be attached, by its program: -ENOLINK when its
 * place is free. */
int hook_probe(const struct place *p, unsigned int chain, int prog_fd);

#endif
