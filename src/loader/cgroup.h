/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which control groups the kernel's rules hold for "-m cgroup --path".
 */
#ifndef LOADER_CGROUP_H
#define LOADER_CGROUP_H

#include "model/model.h"

/*
 * Fills in ext.resolved of every such match of @rs, a dump of this network
 * namespace: level << 56 | id of the group that the kernel's own rule holds.
 * Where that cannot be read it stays 0, and such a rule is handed over. Read
 * after the dump: valid for the dump's generation as long as that is the
 * kernel's.
 */
void cgroup_resolve(struct ruleset *rs);

#endif
