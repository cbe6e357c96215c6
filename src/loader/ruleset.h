/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole ruleset, for a sync: tables and chains from the kernel, rules of
 * large tables from the snapshot where it is of the kernel's generation, all
 * others from the kernel.
 */
#ifndef LOADER_RULESET_H
#define LOADER_RULESET_H

#include "base/err.h"
#include "loader/place.h"
#include "model/model.h"
#include "translate/nft.h"

/*
 * Reads iptables' tables of both families, of one generation, into @rs (empty,
 * initialised). @place: whose snapshot may be used and is brought up to date;
 * NULL: everything is read from the kernel, as counters need it
 * (table.counters_stale says which are not). -ERESTART: it changes too fast.
 */
int ruleset_read(struct ruleset *rs, struct nft *nft, const struct place *place,
		 struct err *e);

/* Adds what the committed batch @b has changed, from generation @from to the
 * next, to the snapshot, if there is one. */
void ruleset_note_commit(const struct place *place, const struct nft_batch *b,
			 uint32_t from);

#endif
