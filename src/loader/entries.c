// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/entries.h"

static struct slot_entry *append(struct entries *x, unsigned int more)
{
	struct slot_entry *e;

	if (!more)
		return x->e;
	e = realloc(x->e, (x->n + more) * sizeof(*e));
	if (!e)
		return NULL;
	x->e = e;
	memset(e + x->n, 0, more * sizeof(*e));
	x->n += more;
	return e + x->n - more;
}

/* nft_packets of a rule that was not read from the kernel; it may have counted
 * since, and was not zeroed. */
#define UNREAD UINT64_MAX

/* The keys of the chain that was asked for last: rules come chain by chain. */
struct chain_keys {
	const struct chain *of;
	uint64_t table, chain;
};

static void find_keys(struct chain_keys *k, const struct table *t,
		      const struct chain *c)
{
	if (k->of == c)
		return;
	k->of = c;
	k->table = slot_table_key(t->family, t->name);
	k->chain = slot_chain_key(t->family, t->name, c->name);
}

static void identify(struct slot_entry *e, struct chain_keys *k,
		     const struct table *t, const struct chain *c,
		     const struct rule *r)
{
	find_keys(k, t, c);
	e->table_key = k->table;
	e->chain_key = k->chain;
	e->id.table = t->handle;
	e->id.handle = r ? r->handle : c->handle;
	e->id.hash = r ? slot_rule_hash(r) : 0;
	e->table_key = slot_table_key(t->family, t->name);
	e->chain_key = slot_chain_key(t->family, t->name, c->name);
	e->nft_packets = !r		     ? c->packets
			 : t->counters_stale ? UNREAD
					     : r->packets;
}

static int add_counters(struct entries *out, const struct job_chain *c,
			enum slot_kind kind, const struct plan_counter *from,
			unsigned int n)
{
	struct slot_entry *e = append(out, n);
	struct chain_keys keys = {0};
	unsigned int i;

	if (!n)
		return 0;
	if (!e)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		identify(&e[i], &keys, c->table,
			 from[i].rule ? from[i].chain : c->chain, from[i].rule);
		e[i].kind = kind;
		e[i].chain = c->id;
		e[i].ordinal = i;
		e[i].kept = c->kept;
	}
	return 0;
}

int entries_of_job(struct entries *out, const struct job *job)
{
	const struct plan_counter *from;
	unsigned int i, n;
	int err = 0;

	for (i = 0; i < job->n && !err; i++) {
		const struct job_chain *c = &job->chain[i];

		if (!job_runs(c))
			continue;
		from = plan_counters(c->plan, &n);
		err = add_counters(out, c, SLOT_COUNTER, from, n);
		if (err)
			break;
		from = plan_states(c->plan, &n);
		err = add_counters(out, c, SLOT_STATE, from, n);
	}
	return err;
}

static int by_id(const void *a, const void *b)
{
	return slot_compare_ids(&((const struct slot_entry *)a)->id,
				&((const struct slot_entry *)b)->id);
}

void entries_sort(struct entries *x)
{
	if (x->n)
		qsort(x->e, x->n, sizeof(*x->e), by_id);
}

const struct slot_entry *entries_find(const struct entries *sorted,
				      const struct slot_id *id)
{
	struct slot_entry key = {.id = *id};

	return sorted->n ? bsearch(&key, sorted->e, sorted->n,
				   sizeof(*sorted->e), by_id)
			 : NULL;
}

static int copy_sorted(struct entries *out, const struct slot_entry *from,
		       unsigned int n)
{
	struct slot_entry *e = append(out, n);

	if (!n)
		return 0;
	if (!e)
		return -ENOMEM;
	memcpy(e, from, n * sizeof(*e));
	entries_sort(out);
	return 0;
}

/* All rules and base chains of the ruleset. */
static int all_of_ruleset(struct entries *out, const struct ruleset *rs)
{
	struct chain_keys keys = {0};
	struct slot_entry *e;
	struct table *t;
	struct chain *c;
	struct rule *r;
	unsigned int n = 0, i = 0;

	list_for_each (t, &rs->tables, struct table, node)
		list_for_each (c, &t->chains, struct chain, node) {
			n++;
			list_for_each (r, &c->rules, struct rule, node)
				n++;
		}
	e = append(out, n);
	if (!n)
		return 0;
	if (!e)
		return -ENOMEM;
	list_for_each (t, &rs->tables, struct table, node) {
		list_for_each (c, &t->chains, struct chain, node) {
			identify(&e[i++], &keys, t, c, NULL);
			list_for_each (r, &c->rules, struct rule, node)
				identify(&e[i++], &keys, t, c, r);
		}
	}
	entries_sort(out);
	return 0;
}

uint64_t entries_nft_packets(const struct slot_entry *now,
			     const struct slot_entry *then)
{
	if (now->nft_packets != UNREAD)
		return now->nft_packets;
	return then ? then->nft_packets : 0;
}

static bool was_reset(const struct slot_entry *now,
		      const struct slot_entry *then)
{
	return then && now->nft_packets < then->nft_packets;
}

/*
 * Whether the rule with this total still needs an entry, given what the live
 * slot (@then) and the ruleset
 * (@now) say of it. One that programs count may get packets until the swap.
 */
static bool needs_rest(const struct slot_total *total,
		       const struct slot_entry *then,
		       const struct slot_entry *now)
{
	if (!now || was_reset(now, then))
		return false;
	return total->packets || (then && then->kind == SLOT_COUNTER);
}

static int add_rest(struct entries *out, const struct entries *have,
		    const struct entries *exist, const struct entries *before,
		    const struct ns *ns)
{
	struct slot_total *totals = NULL;
	const struct slot_entry *now;
	struct slot_entry *e;
	unsigned int n = 0, i;
	int err;

	err = slot_totals(ns, &totals, &n);
	for (i = 0; i < n && !err; i++) {
		now = entries_find(exist, &totals[i].id);
		if (entries_find(have, &totals[i].id) ||
		    !needs_rest(&totals[i], entries_find(before, &totals[i].id),
				now))
			continue;
		e = append(out, 1);
		if (!e) {
			err = -ENOMEM;
			break;
		}
		*e = *now;
		e->nft_packets = entries_nft_packets(
			now, entries_find(before, &now->id));
		e->kind = SLOT_REST;
	}
	free(totals);
	return err;
}

/* Whether some rule that @before counts is still there, but not in @have. */
static bool is_one_left(const struct entries *before,
			const struct entries *have, const struct entries *exist)
{
	for (unsigned int i = 0; i < before->n; i++) {
		const struct slot_entry *e = &before->e[i];

		if (e->kind != SLOT_STATE && !entries_find(have, &e->id) &&
		    (!exist || entries_find(exist, &e->id)))
			return true;
	}
	return false;
}

int entries_add_rest(struct entries *out, const struct job *job,
		     const struct ns *ns, const struct slot *live)
{
	struct entries have = {0}, exist = {0}, before = {0};
	const struct slot_entry *then;
	unsigned int i;
	int err;

	err = copy_sorted(&before, live->entries, live->n);
	if (!err)
		err = copy_sorted(&have, out->e, out->n);
	for (i = 0; i < out->n && !err; i++) {
		then = entries_find(&before, &out->e[i].id);
		out->e[i].fresh = was_reset(&out->e[i], then);
		out->e[i].nft_packets = entries_nft_packets(&out->e[i], then);
	}
	/* Mostly there is none; then the counters need not be read. */
	if (err || !is_one_left(&before, &have, NULL))
		goto out;
	err = all_of_ruleset(&exist, &job->rs);
	if (!err && is_one_left(&before, &have, &exist))
		err = add_rest(out, &have, &exist, &before, ns);
out:
	free(have.e);
	free(exist.e);
	free(before.e);
	return err;
}

static bool same_place(const struct slot_entry *a, const struct slot_entry *b)
{
	return !slot_compare_ids(&a->id, &b->id) &&
	       a->chain_key == b->chain_key && a->kind == b->kind &&
	       a->chain == b->chain && a->ordinal == b->ordinal;
}

/* The next entry from @at on that is of chain @chain (ENTRIES_ALL: of any); @n
 * when there is none. */
static unsigned int next_of(const struct slot_entry *e, unsigned int n,
			    unsigned int at, unsigned int chain)
{
	while (at < n && (e[at].kind == SLOT_REST ||
			  (chain != ENTRIES_ALL && e[at].chain != chain)))
		at++;
	return at;
}

bool entries_same(const struct entries *want, const struct slot *live,
		  unsigned int chain)
{
	unsigned int i = next_of(want->e, want->n, 0, chain);
	unsigned int j = next_of(live->entries, live->n, 0, chain);

	while (i < want->n && j < live->n) {
		if (!same_place(&want->e[i], &live->entries[j]))
			return false;
		i = next_of(want->e, want->n, i + 1, chain);
		j = next_of(live->entries, live->n, j + 1, chain);
	}
	return i == want->n && j == live->n;
}
