/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which counter of which program belongs to which rule: the entries of a slot's
 * base. */
#ifndef LOADER_ENTRIES_H
#define LOADER_ENTRIES_H

#include <stdbool.h>

#include "loader/job.h"
#include "loader/slot.h"

struct entries {
	struct slot_entry *e; /* freed by the caller */
	unsigned int n;
};

/* Appends the counters and token buckets of the hybrid chains of @job, in the
 * plans' order. */
int entries_of_job(struct entries *out, const struct job *job);

/* What nft has counted for @now at least, given what the live slot says of the
 * rule (@then, or NULL). */
uint64_t entries_nft_packets(const struct slot_entry *now,
			     const struct slot_entry *then);

/*
 * Appends an entry for each rule that @live has counted for, that still exists
 * and that @out does not hold; and marks as fresh those of @out whose nft
 * counters were reset since @live was made.
 */
int entries_add_rest(struct entries *out, const struct job *job,
		     const struct ns *ns, const struct slot *live);

/* Whether @live counts for the same rules in the same places; of one chain, or
 * of ENTRIES_ALL. */
#define ENTRIES_ALL (~0U)
bool entries_same(const struct entries *want, const struct slot *live,
		  unsigned int chain);

/* Sorts by id, for entries_find(): one of the entries with this id, or NULL. */
void entries_sort(struct entries *x);
const struct slot_entry *entries_find(const struct entries *sorted,
				      const struct slot_id *id);

#endif
