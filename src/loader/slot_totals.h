/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding up what slots have counted: for slot_totals() and slot_settle(). */
#ifndef LOADER_SLOT_TOTALS_H
#define LOADER_SLOT_TOTALS_H

#include "loader/slot.h"

struct totals {
	struct slot_total *t;
	unsigned int n;
};

/* What of a slot is added to totals. */
struct totals_part {
	bool base;		  /* what is carried in it, too */
	bool without[ABI_CHAINS]; /* not of these programs */
	struct slot_used *used;	  /* where to note what is not 0, or NULL */
};

/* Adds @part of @s, entry by entry. 0 or negative; all->t is the caller's to
 * free in any case. */
int totals_add(struct totals *all, const struct slot *s, const struct ns *ns,
	       const struct totals_part *part);

/* Sorts, and makes one of the counts that belong to the same rule. */
void totals_join(struct totals *all);

/*
 * What the old slot counted for rules that were zeroed before the new one was
 * made does not count. @old is sorted.
 */
void totals_drop_fresh(struct totals *old, const struct slot *live);

/* Sets kept[chain] for programs that @live has taken over from the old slot. */
void slot_kept_programs(const struct slot *live, bool *kept);

#endif
