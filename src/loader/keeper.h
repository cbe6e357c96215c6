/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a second process of the watcher's that does nothing but wait for
 * its death. A watcher that is killed (SIGKILL, the kernel's out-of-memory killer)
 * can wake no table; the keeper then does, within milliseconds.
 *
 * It is a fork of the watcher, so that it holds what that holds (hold.h): a table
 * sleeps only as long as somebody sees to it. Whoever kills both is answered by the
 * programs as they were, until a command of ours or a sync comes by.
 */
#ifndef LOADER_KEEPER_H
#define LOADER_KEEPER_H

#include <sys/types.h>

#include "loader/hold.h"
#include "loader/place.h"

/*
 * Starts one. @close_fds, @n: what is the watcher's alone (its locks). Its
 * process id, or a negative errno: then there is none.
 */
pid_t keeper_start(struct hold *h, const struct place *p, const int *close_fds,
		   unsigned int n);
/* Ends it, without it doing anything. */
void keeper_dismiss(pid_t *keeper);

#endif
