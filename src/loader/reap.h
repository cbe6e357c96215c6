/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reaper: a pinned netfilter link keeps its network namespace alive, so
 * somebody must see that nothing else does and remove the pins.
 */
#ifndef LOADER_REAP_H
#define LOADER_REAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Removes what belongs to namespaces that no process and no mount uses. With
 * @watch, goes on doing so until only the machine's own namespace is left;
 * returns at once when another reaper watches.
 */
int reap(bool watch, struct err *e);

/*
 * Whether no mount and no process but the calling one and @other uses its
 * network namespace. Asks twice before it says so.
 */
bool reap_is_deserted(pid_t other);

#endif
