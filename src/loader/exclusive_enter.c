// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loader/exclusive.h"
#include "loader/guard.h"
#include "loader/ruleset.h"
#include "loader/sys.h"

static uint32_t next_generation(uint32_t gen)
{
	return gen + 1 ? gen + 1 : 1;
}

/* Follows a commit of our own in the control word, unless somebody else has
 * written to it. */
static int follow(struct ns *ns, uint32_t *generation)
{
	uint64_t old = ns_ctl_word(ns), new;

	do {
		if ((uint32_t)old != *generation)
			return -ERESTART;
		new = (old & ~(uint64_t)UINT32_MAX) |
		      next_generation(*generation);
	} while (!ns_swap_ctl(ns, &old, new));
	*generation = next_generation(*generation);
	return 0;
}

static int sleep_tables(const struct ns *ns, struct nft *nft, uint8_t mask,
			uint32_t generation, struct err *e)
{
	struct nft_batch *b = nft_batch_new();
	enum family family;
	const char *table;
	unsigned int i;
	int err = b ? 0 : -ENOMEM;

	if (b)
		nft_batch_track(b);
	for (i = 0; i < ABI_TABLES && !err; i++) {
		table = place_table_by_id(i, &family);
		if (!(mask >> i & 1))
			continue;
		err = nft_batch_set_dormant(b, family, table, true);
		if (!err)
			err = nft_batch_set_mark(b, family, table,
						 EXCLUSIVE_MARK, true);
	}
	if (!err)
		err = nft_batch_commit(nft, b, generation, e);
	if (!err)
		ruleset_note_commit(&ns->place, b, generation);
	nft_batch_free(b);
	return err;
}

/* Takes out the guards that no packet meets any more. */
static int remove_guards(struct ns *ns, struct nft *nft, uint8_t mask,
			 uint32_t *generation, struct err *e)
{
	struct nft_batch *b = nft_batch_new();
	const struct builtin_chain *c;
	struct guard_record have;
	enum family family;
	unsigned int i;
	int err = b ? 0 : -ENOMEM, table;

	if (b)
		nft_batch_track(b);
	guard_record_read(&ns->place, &have);
	for (i = 0; i < ABI_CHAINS && !err; i++) {
		table = place_table_of_chain(i);
		if (table < 0 || !(mask >> table & 1) || !have.chain[i].handle)
			continue;
		c = place_chain_by_id(i, &family);
		err = nft_batch_del_rule(b, family, c->table, c->name,
					 have.chain[i].handle);
		have.chain[i].handle = 0;
	}
	if (!err && !nft_batch_is_empty(b)) {
		err = nft_batch_commit(nft, b, *generation, e);
		if (!err) {
			ruleset_note_commit(&ns->place, b, *generation);
			guard_record_write(&ns->place, &have);
			err = follow(ns, generation);
		}
	}
	nft_batch_free(b);
	return err;
}

static int enter(struct ns *ns, struct nft *nft, const struct exclusive *x,
		 uint32_t *generation, struct err *e)
{
	uint8_t mask = exclusive_mask(x);
	uint64_t exclusive = (uint64_t)mask << ABI_CTL_EXCLUSIVE;
	uint64_t awake = (uint64_t)mask << ABI_CTL_AWAKE;
	uint64_t quiet = (uint64_t)mask << ABI_CTL_QUIET;
	struct exclusive all;
	unsigned int i;
	int err;

	exclusive_read(&ns->place, &all);
	if ((uint32_t)ns_ctl_word(ns) != *generation ||
	    exclusive_mask(&all) & mask)
		return -ERESTART;
	for (i = 0; i < ABI_TABLES; i++)
		if (x->table[i])
			all.table[i] = x->table[i];
	err = exclusive_write(&ns->place, &all);
	if (err)
		return err_set(e, ERR_OTHER, -err,
			       "cannot note which tables are dormant: %s",
			       strerror(-err));
	/* BPF first ... */
	ns_change_ctl(ns, 0, exclusive | awake | quiet);
	err = sleep_tables(ns, nft, mask, *generation, e);
	if (err) {
		ns_change_ctl(ns, exclusive | awake | quiet, 0);
		for (i = 0; i < ABI_TABLES; i++)
			if (x->table[i])
				all.table[i] = 0;
		exclusive_write(&ns->place, &all);
		return err;
	}
	/* ... then dormant; notes until the last packet has left nft's chains.
	 */
	ns_change_ctl(ns, quiet, 0);
	err = follow(ns, generation);
	sys_grace_period();
	ns_change_ctl(ns, awake, 0);
	/* Nobody will consume those that were left by then. (The first step may
	 * do without a grace period.) */
	for (i = 0; i < 3; i++)
		ns_next_epoch(ns);
	return err ? err : remove_guards(ns, nft, mask, generation, e);
}

int exclusive_enter(struct ns *ns, struct nft *nft, const struct exclusive *x,
		    uint32_t *generation, struct err *e)
{
	int lock, err;

	lock = exclusive_lock(&ns->place);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock,
			       "cannot lock exclusive.lock: %s",
			       strerror(-lock));
	err = enter(ns, nft, x, generation, e);
	close(lock);
	return err;
}
