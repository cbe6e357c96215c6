// SPDX-License-Identifier: GPL-2.0-or-later
/* What BPF has counted for each rule, over both slots. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "loader/slot_totals.h"

int slot_compare_ids(const struct slot_id *a, const struct slot_id *b)
{
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->handle != b->handle)
		return a->handle < b->handle ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return 0;
}

static int compare_totals(const void *a, const void *b)
{
	return slot_compare_ids(&((const struct slot_total *)a)->id,
				&((const struct slot_total *)b)->id);
}

static int note_used(struct slot_used *used, const struct slot *s,
		     const struct abi_counter *sums)
{
	unsigned int i;

	free(used->counter);
	used->n = 0;
	used->counter = calloc(s->n + 1, sizeof(*used->counter));
	if (!used->counter)
		return -ENOMEM;
	for (i = 0; i < s->n; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind != SLOT_COUNTER ||
		    !(sums[i].packets | sums[i].bytes))
			continue;
		used->counter[used->n].chain = e->chain;
		used->counter[used->n++].ordinal = e->ordinal;
	}
	return 0;
}

int totals_add(struct totals *all, const struct slot *s, const struct ns *ns,
	       const struct totals_part *part)
{
	struct abi_counter *sums;
	struct slot_total *t;
	unsigned int i;
	int err;

	if (!s->n)
		return 0;
	sums = calloc(s->n, sizeof(*sums));
	t = realloc(all->t, (all->n + s->n) * sizeof(*t));
	if (t)
		all->t = t;
	err = sums && t ? slot_read(s, ns, sums) : -ENOMEM;
	if (!err && part->used)
		err = note_used(part->used, s, sums);
	for (i = 0; i < s->n && !err; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind == SLOT_STATE ||
		    (e->kind == SLOT_COUNTER && part->without[e->chain]))
			continue;
		all->t[all->n++] = (struct slot_total){
			.id = e->id,
			.table_key = e->table_key,
			.chain_key = e->chain_key,
			.packets =
				sums[i].packets + (part->base ? e->packets : 0),
			.bytes = sums[i].bytes + (part->base ? e->bytes : 0),
		};
	}
	free(sums);
	return err;
}

void slot_kept_programs(const struct slot *live, bool *kept)
{
	unsigned int i;

	for (i = 0; i < live->n; i++)
		if (live->entries[i].kept)
			kept[live->entries[i].chain] = true;
}

void totals_join(struct totals *all)
{
	unsigned int i, n = 0;

	if (!all->n)
		return;
	qsort(all->t, all->n, sizeof(*all->t), compare_totals);
	for (i = 1; i < all->n; i++) {
		if (compare_totals(&all->t[n], &all->t[i])) {
			all->t[++n] = all->t[i];
			continue;
		}
		all->t[n].packets += all->t[i].packets;
		all->t[n].bytes += all->t[i].bytes;
	}
	all->n = n + 1;
}

const struct slot_total *slot_total_find(const struct slot_total *t,
					 unsigned int n,
					 const struct slot_id *id)
{
	struct slot_total key = {.id = *id};

	return n ? bsearch(&key, t, n, sizeof(*t), compare_totals) : NULL;
}

void totals_drop_fresh(struct totals *old, const struct slot *live)
{
	struct slot_total *t;
	unsigned int i;

	for (i = 0; i < live->n; i++) {
		if (!live->entries[i].fresh)
			continue;
		t = (struct slot_total *)slot_total_find(old->t, old->n,
							 &live->entries[i].id);
		if (t)
			t->packets = t->bytes = 0;
	}
}

static int try_totals(const struct ns *ns, struct totals *all)
{
	const struct totals_part everything = {.base = true};
	struct totals_part fresh = {.base = false};
	struct slot live, old;
	unsigned int num;
	uint32_t gen;
	int err;

	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, false);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (slot_valid(&live)) {
		err = totals_add(all, &live, ns, &everything);
		goto out;
	}
	/* The old slot's base is valid: no swap starts before that. */
	err = slot_open(&old, ns, !num, false);
	if (!err) {
		err = totals_add(all, &old, ns, &everything);
		slot_close(&old);
		totals_join(all);
		totals_drop_fresh(all, &live);
		slot_kept_programs(&live, fresh.without);
	} else if (err == -ENOENT) {
		err = slot_valid(&live) ? -EAGAIN : 0;
	}
	if (!err)
		err = totals_add(all, &live, ns, &fresh);
	/* From then on the old slot's pins may have gone under our hands. */
	if (!err && slot_valid(&live))
		err = -EAGAIN;
out:
	slot_close(&live);
	return err;
}

/* One try; -EAGAIN when a swap came in between. */
static int unlocked_totals(const struct ns *ns, struct totals *all)
{
	unsigned int slot, slot_after;
	uint32_t gen, gen_after;
	int err;

	all->n = 0;
	ns_get_ctl(ns, &slot, &gen);
	err = try_totals(ns, all);
	ns_get_ctl(ns, &slot_after, &gen_after);
	return slot == slot_after && gen == gen_after ? err : -EAGAIN;
}

/* With swaps and -Z held off. */
static int locked_totals(const struct ns *ns, struct totals *all)
{
	int lock = place_lock_for(&ns->place, "counters.lock",
				  PLACE_PATIENCE_MS),
	    err;

	if (lock < 0)
		return lock;
	all->n = 0;
	err = try_totals(ns, all);
	close(lock);
	return err;
}

int slot_totals(const struct ns *ns, struct slot_total **out, unsigned int *n)
{
	struct totals all = {0};
	int tries = 5, err;

	do {
		err = unlocked_totals(ns, &all);
	} while (err == -EAGAIN && --tries);
	if (err == -EAGAIN)
		err = locked_totals(ns, &all);
	if (err) {
		free(all.t);
		return err;
	}
	totals_join(&all);
	*out = all.t;
	*n = all.n;
	return 0;
}
