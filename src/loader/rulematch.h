/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's rules hold for "-m cgroup --path", "-m hashlimit" and "-m
 * quota", and no dump tells.
 */
#ifndef LOADER_RULEMATCH_H
#define LOADER_RULEMATCH_H

#include "model/model.h"

/*
 * Fills in ext.resolved (model.h) of every such match of @rs, a dump of this
 * network namespace. Where it cannot be read it stays 0. Read after the dump:
 * valid for the dump's generation as long as that is the kernel's.
 */
void rulematch_resolve(struct ruleset *rs);

#endif
