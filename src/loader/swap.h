/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From loaded programs to deciding ones: fills the idle slot, makes it live
 * with one write, carries the counters over.
 */
#ifndef LOADER_SWAP_H
#define LOADER_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loader/job.h"
#include "loader/ns.h"

/*
 * Whether the live slot's programs are the ones that @job asks for (printed,
 * not loaded): the same sources, counting for the same rules. Then
 * swap_restamp() is all that is to be done.
 */
bool swap_unneeded(const struct job *job, const struct ns *ns);

/* Marks the chains of @job (printed, not loaded) whose programs can go on
 * running in the next slot. */
void swap_keep(struct job *job, const struct ns *ns);

/* Lets the live slot's programs decide for @generation. */
int swap_restamp(const struct job *job, struct ns *ns, uint32_t generation,
		 struct err *e);

/* Lets the programs loaded in @job decide for @generation, and carries counters
 * and token buckets over. */
int swap_in(const struct job *job, struct ns *ns, uint32_t generation,
	    struct err *e);

/* Finishes the carry of a killed sync and empties the idle slot. */
int swap_recover(struct ns *ns, struct err *e);

#endif
