// SPDX-License-Identifier: GPL-2.0-or-later
/* What earlier programs counted, into the base of the slot that is live now;
 * and counts made 0. */
#include <errno.h>
#include <stdlib.h>

#include "loader/slot_totals.h"

static void set_counts(struct slot_entry *e, uint64_t packets, uint64_t bytes)
{
	__atomic_store_n(&e->packets, packets, __ATOMIC_RELAXED);
	__atomic_store_n(&e->bytes, bytes, __ATOMIC_RELAXED);
}

/* An old slot, and where in it the counters of each program begin: they stand
 * together and in order. */
struct old_slot {
	struct slot slot;
	unsigned int first[ABI_CHAINS];
};

static void index_old(struct old_slot *old)
{
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		old->first[i] = old->slot.n;
	for (i = old->slot.n; i-- > 0;)
		if (old->slot.entries[i].kind == SLOT_COUNTER &&
		    old->slot.entries[i].chain < ABI_CHAINS)
			old->first[old->slot.entries[i].chain] = i;
}

/* The entry of @old for the same counter as @e, of a program that was kept. */
static const struct slot_entry *same_counter(const struct old_slot *old,
					     const struct slot_entry *e)
{
	const struct slot_entry *found;
	unsigned int i = old->first[e->chain] + e->ordinal;

	if (i >= old->slot.n)
		return NULL;
	found = &old->slot.entries[i];
	return found->kind == e->kind && found->chain == e->chain &&
			       found->ordinal == e->ordinal
		       ? found
		       : NULL;
}

/*
 * A program that was kept goes on counting in its map: its base stays what it
 * was, or, for a rule that was zeroed, is what makes the sum @now 0.
 */
static struct abi_counter kept_base(const struct old_slot *old,
				    const struct slot_entry *e,
				    const struct abi_counter *now)
{
	const struct slot_entry *before = same_counter(old, e);

	if (e->fresh)
		return (struct abi_counter){-now->packets, -now->bytes};
	if (!before)
		return (struct abi_counter){0, 0};
	return (struct abi_counter){before->packets, before->bytes};
}

static bool has_kept(const struct slot *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->entries[i].kept)
			return true;
	return false;
}

/*
 * @totals: what the programs that are gone have counted. Each goes to the first
 * entry of its rule, as the rule may be in several programs.
 */
static int fill_base(struct slot *live, const struct old_slot *old,
		     struct totals *totals, const struct ns *ns)
{
	struct abi_counter *now = calloc(live->n + 1, sizeof(*now));
	unsigned int i;
	int err = now ? 0 : -ENOMEM;

	/* Only what counts on in the same map is of interest. */
	if (!err && has_kept(live))
		err = slot_read(live, ns, now);

	for (i = 0; i < live->n && !err; i++) {
		struct slot_entry *e = &live->entries[i];
		struct abi_counter base = {0, 0};
		struct slot_total *t;

		if (e->kind == SLOT_STATE)
			continue;
		if (e->kept && old)
			base = kept_base(old, e, &now[i]);
		t = (struct slot_total *)slot_total_find(totals->t, totals->n,
							 &e->id);
		set_counts(e, base.packets + (t ? t->packets : 0),
			   base.bytes + (t ? t->bytes : 0));
		if (t)
			t->packets = t->bytes = 0;
	}
	free(now);
	return err;
}

static int carry(struct slot *live, struct ns *ns, struct slot_used *used)
{
	struct totals_part gone = {.base = true, .used = used};
	struct totals totals = {0};
	struct old_slot old;
	int err, opened;

	err = ns_grace_period(
		ns); /* the old programs have counted their last */
	if (err)
		return err;
	opened = slot_open(&old.slot, ns, !live->num, false);
	if (opened && opened != -ENOENT)
		return opened;
	if (!opened) {
		index_old(&old);
		slot_kept_programs(live, gone.without);
		err = totals_add(&totals, &old.slot, ns, &gone);
		totals_join(&totals);
		totals_drop_fresh(&totals, live);
	}
	if (!err)
		err = fill_base(live, opened ? NULL : &old, &totals, ns);
	if (!opened)
		slot_close(&old.slot);
	free(totals.t);
	return err;
}

int slot_settle(struct ns *ns, struct slot_used *used)
{
	struct slot live;
	unsigned int num;
	uint32_t gen;
	int err;

	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, true);
	if (err)
		return err == -ENOENT ? 0 : err;
	/* When it is valid, the other slot may be under construction. */
	if (!slot_valid(&live)) {
		err = carry(&live, ns, used);
		if (!err)
			__atomic_store_n(&live.header->valid, 1,
					 __ATOMIC_RELEASE);
		err = err ? err : 1;
	}
	slot_close(&live);
	return err;
}

int slot_carry(struct ns *ns)
{
	unsigned int num;
	uint32_t gen;
	int err = slot_settle(ns, NULL);

	ns_get_ctl(ns, &num, &gen);
	if (err > 0)
		slot_remove(ns, !num);
	return err < 0 ? err : 0;
}

int slot_zero(struct ns *ns,
	      bool (*match)(const struct slot_entry *entry, void *arg),
	      void *arg)
{
	struct abi_counter *sums = NULL;
	struct slot live;
	unsigned int num, i;
	uint32_t gen;
	int err;

	err = slot_carry(ns);
	if (err)
		return err;
	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, true);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (!live.n)
		goto out;
	sums = calloc(live.n, sizeof(*sums));
	err = sums ? slot_read(&live, ns, sums) : -ENOMEM;
	for (i = 0; i < live.n && !err; i++)
		if (live.entries[i].kind != SLOT_STATE &&
		    match(&live.entries[i], arg)) {
			set_counts(&live.entries[i], -sums[i].packets,
				   -sums[i].bytes);
			live.entries[i].nft_packets = 0;
		}
out:
	free(sums);
	slot_close(&live);
	return err;
}
