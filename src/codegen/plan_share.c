// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * State that a program does not have for itself. What a rule in a user chain
 * keeps (a bucket, a count) is one for all base chains that lead there, and
 * rules of -m hashlimit share tables by name, wherever they are; but every base
 * chain is a program of its own, or left to nft.
 */
#include "codegen/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- chains ---- */

struct seen {
	const struct chain *chain;
	struct plan_chain *record; /* NULL: not in the plan */
	bool from_others;
};

struct walk {
	struct plan *plan;
	struct seen *seen; /* sorted by address */
	struct seen **todo;
	unsigned int n, ntodo;
};

static int by_address(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->chain < y->chain ? -1 : x->chain > y->chain;
}

static struct seen *find_seen(const struct walk *w, const struct chain *c)
{
	struct seen key = {.chain = c};

	return bsearch(&key, w->seen, w->n, sizeof(key), by_address);
}

static int index_chains(struct walk *w)
{
	const struct chain *c;

	list_for_each (c, &w->plan->table->chains, struct chain, node)
		w->n++;
	w->seen = calloc(w->n + 1, sizeof(*w->seen));
	w->todo = calloc(w->n + 1, sizeof(struct seen *));
	if (!w->seen || !w->todo)
		return -ENOMEM;
	w->n = 0;
	list_for_each (c, &w->plan->table->chains, struct chain, node)
		w->seen[w->n++].chain = c;
	qsort(w->seen, w->n, sizeof(*w->seen), by_address);
	for (unsigned int i = 0; i < w->plan->nchains; i++)
		find_seen(w, w->plan->chains[i]->chain)->record =
			w->plan->chains[i];
	return 0;
}

static void visit(struct walk *w, struct seen *s)
{
	if (!s || s->from_others)
		return;
	s->from_others = true;
	w->todo[w->ntodo++] = s;
}

/* Marks what base chains other than the plan's lead to. */
static void walk_others(struct walk *w)
{
	const struct rule *r;

	for (unsigned int i = 0; i < w->n; i++)
		if (w->seen[i].chain->base && w->seen[i].chain != w->plan->base)
			visit(w, &w->seen[i]);
	while (w->ntodo) {
		const struct chain *c = w->todo[--w->ntodo]->chain, *to;

		list_for_each (r, &c->rules, struct rule, node) {
			if (r->action != ACTION_JUMP &&
			    r->action != ACTION_GOTO)
				continue;
			to = table_find_chain(w->plan->table, r->chain);
			visit(w, to ? find_seen(w, to) : NULL);
		}
	}
	for (unsigned int i = 0; i < w->n; i++)
		if (w->seen[i].record)
			w->seen[i].record->shared = w->seen[i].from_others;
}

/* ---- tables of -m hashlimit ---- */

/* One rule's use of a table; of all rules with its name, after settle_names():
 * whether they agree, and whether some is not this plan's alone. */
struct use {
	struct hashlimit h;
	bool shared, differ;
};

struct uses {
	struct use *all;
	unsigned int n, cap;
};

static int by_name(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	return strcmp(x->h.name, y->h.name);
}

static int add_use(struct uses *u, const struct ext *e, enum family family,
		   bool shared)
{
	struct use *all = u->all;

	if (u->n == u->cap) {
		u->cap = u->cap ? 2 * u->cap : 16;
		all = realloc(all, u->cap * sizeof(*all));
		if (!all)
			return -ENOMEM;
		u->all = all;
	}
	all[u->n].shared = shared;
	all[u->n].differ = e->resolved == HASHLIMIT_DIFFERS;
	/* One that is not understood gives no name to share. */
	u->n += hashlimit_read(&all[u->n].h, e, family);
	return 0;
}

static int uses_of_table(struct uses *u, const struct walk *w,
			 const struct table *t)
{
	const struct chain *c;
	const struct rule *r;
	const struct ext *e;

	list_for_each (c, &t->chains, struct chain, node) {
		const struct seen *s = t == w->plan->table ? find_seen(w, c)
							   : NULL;
		bool shared = !s || !s->record || s->record->shared;

		list_for_each (r, &c->rules, struct rule, node)
			list_for_each (e, &r->matches, struct ext, node)
				if (!strcmp(e->name, "hashlimit") &&
				    add_use(u, e, t->family, shared))
					return -ENOMEM;
	}
	return 0;
}

static void settle_names(struct uses *u)
{
	unsigned int from, to, i;

	if (u->n)
		qsort(u->all, u->n, sizeof(*u->all), by_name);
	for (from = 0; from < u->n; from = to) {
		bool shared = false, differ = false;

		for (to = from;
		     to < u->n && !by_name(&u->all[from], &u->all[to]); to++) {
			shared |= u->all[to].shared;
			differ |=
				u->all[to].differ ||
				!hashlimit_same(&u->all[from].h, &u->all[to].h);
		}
		for (i = from; i < to; i++) {
			u->all[i].shared = shared;
			u->all[i].differ = differ;
		}
	}
}

static int find_uses(struct uses *u, const struct walk *w)
{
	const struct ruleset *rs = w->plan->ruleset;
	const struct table *t;
	int ret = 0;

	if (!rs)
		ret = uses_of_table(u, w, w->plan->table);
	else
		list_for_each (t, &rs->tables, struct table, node)
			if (!ret && t->family == w->plan->family)
				ret = uses_of_table(u, w, t);
	if (!ret)
		settle_names(u);
	return ret;
}

static void settle_pred(const struct plan *p, const struct uses *u,
			struct pred *pred, bool *differ)
{
	struct use key, *found = NULL;

	if (hashlimit_read(&key.h, pred->call.ext, p->family) && u->n)
		found = bsearch(&key, u->all, u->n, sizeof(*u->all), by_name);
	pred->shared = !found || found->shared;
	*differ = !found || found->differ;
}

void plan_hand_over_at(struct plan_rule *r, unsigned int k, const char *fmt,
		       ...)
{
	va_list ap;

	r->npreds = k;
	if (r->verdict != VERDICT_HANDOVER) {
		va_start(ap, fmt);
		vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
		va_end(ap);
	}
	r->verdict = VERDICT_HANDOVER;
	r->target = NULL;
}

static bool is_hashlimit(const struct pred *p)
{
	return p->field == FIELD_CALL && p->call.fn == CALL_HASHLIMIT;
}

/* 0 or -ENOMEM. */
static int settle_rule(struct plan *p, const struct uses *u,
		       const struct plan_chain *c, struct plan_rule *r)
{
	for (unsigned int k = 0; k < r->npreds; k++) {
		struct pred *pred = &r->preds[k];
		bool differ = false;
		int table = 0; /* its number */

		pred->shared = c->shared;
		if (is_hashlimit(pred)) {
			settle_pred(p, u, pred, &differ);
			table = plan_hashlimit(p, pred);
		}
		if (table == -ENOMEM)
			return table;
		/* Another rule made it, and only nft knows what it is like. */
		if (differ || table < 0)
			plan_hand_over_at(r, k,
					  "match hashlimit: its table was made "
					  "for something else");
		else if (table >= PLAN_MAX_HASHLIMITS)
			plan_hand_over_at(
				r, k, "match hashlimit: more than %d tables",
				PLAN_MAX_HASHLIMITS);
	}
	return 0;
}

static bool has_state(const struct plan *p, enum pred_call fn)
{
	for (unsigned int i = 0; i < p->nordered; i++)
		for (unsigned int k = 0; k < p->order[i]->live; k++) {
			const struct plan_rule *r = &p->order[i]->rules[k];

			for (unsigned int q = 0; q < r->npreds; q++)
				if (fn == CALL_COUNT
					    ? pred_has_state(&r->preds[q]) !=
						      NULL
					    : r->preds[q].field == FIELD_CALL &&
						      r->preds[q].call.fn == fn)
					return true;
		}
	return false;
}

int plan_share(struct plan *p)
{
	struct walk w = {.plan = p};
	struct uses u = {0};
	int ret;

	if (!has_state(p, CALL_COUNT))
		return 0;
	ret = index_chains(&w);
	if (!ret)
		walk_others(&w);
	if (!ret && has_state(p, CALL_HASHLIMIT))
		ret = find_uses(&u, &w);
	for (unsigned int i = 0; i < p->nordered; i++)
		for (unsigned int k = 0; k < p->order[i]->live && !ret; k++)
			ret = settle_rule(p, &u, p->order[i],
					  &p->order[i]->rules[k]);
	/* They get their numbers once it is known which are left. */
	p->nhashlimits = 0;
	free(u.all);
	free(w.seen);
	free(w.todo);
	return ret;
}

/* ---- tables of the program ---- */

int plan_hashlimit(struct plan *p, const struct pred *pred)
{
	struct plan_hashlimit *all;
	struct hashlimit h;
	unsigned int i;

	if (!hashlimit_read(&h, pred->call.ext, p->family))
		return -EINVAL;
	for (i = 0; i < p->nhashlimits; i++)
		if (!strcmp(p->hashlimits[i].h.name, h.name))
			return i;
	all = realloc(p->hashlimits, (i + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	p->hashlimits = all;
	all[i] = (struct plan_hashlimit){.h = h, .gate = p->gates};
	return p->nhashlimits++;
}
