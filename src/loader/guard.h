/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guards: their pinned programs, and their rules: the first of a hybrid
 * base chain, and nowhere else.
 */
#ifndef LOADER_GUARD_H
#define LOADER_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loader/abi_user.h"
#include "loader/ns.h"
#include "model/model.h"
#include "translate/nft.h"

/* The guard program of base chain number @chain, pinned at its fixed path: its
 * id in @id. */
int guard_pin(const struct ns *ns, unsigned int chain, uint32_t *id,
	      struct err *e);

/*
 * Which program the guard rule of a chain holds: nft cannot tell, since it only
 * keeps the path. Kept in the file "guards".
 */
struct guard_record {
	struct {
		uint64_t table, handle; /* of the guard rule; 0: none known */
		uint32_t prog;
	} chain[ABI_CHAINS];
};
void guard_record_read(const struct place *p, struct guard_record *r);
void guard_record_write(const struct place *p, const struct guard_record *r);

/* A guard rule for that base chain; the caller's. NULL: out of memory. */
struct rule *guard_rule_new(enum family family, const char *table,
			    const char *chain);

/* Which chains are to have a guard rule, and holding which program. */
struct guard_plan {
	bool wanted[ABI_CHAINS];
	uint32_t prog[ABI_CHAINS];
};

/* What a batch makes of the guard rules. */
struct guard_change {
	struct guard_record after;
	uint32_t id[ABI_CHAINS]; /* of new ones, in the batch */
	bool removes;		 /* a guard that may be in use goes */
};

/*
 * Adds to @b, which is tracked, what makes the guard rules of @rs (all tables
 * and chains) as @want says.
 */
int guard_batch(struct nft_batch *b, const struct ruleset *rs,
		const struct guard_plan *want, const struct guard_record *have,
		struct guard_change *change);

/* After the commit of @b: change->after is what there is now. */
void guard_change_done(struct guard_change *change, const struct nft_batch *b);

#endif
