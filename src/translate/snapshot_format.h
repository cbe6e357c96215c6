/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writing and the reading half of snapshots share. */
#ifndef TRANSLATE_SNAPSHOT_FORMAT_H
#define TRANSLATE_SNAPSHOT_FORMAT_H

#include "translate/snapshot.h"

/* Changes with the format, and with what rule_sketch() looks at. */
#define SNAP_MAGIC 0x3130504e53465042ULL

/* What the members of @h of these names are to be. */
uint64_t snap_index_sum(const struct snap_header *h, const void *index);
uint64_t snap_rules_sum(const struct snap_header *h, const void *rules);

#endif
