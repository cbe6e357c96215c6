// SPDX-License-Identifier: GPL-2.0-or-later
/* Chains and rules into a plan, and the plan's public face. */
#include "codegen/plan.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plan_refuse(struct plan *p, const char *fmt, ...)
{
	va_list ap;

	p->mode = CHAIN_NFT;
	va_start(ap, fmt);
	vsnprintf(p->reason, sizeof(p->reason), fmt, ap);
	va_end(ap);
}

/* The chains of the table by name, and the plan's records of them. */
struct name_index {
	struct named {
		const struct chain *chain;
		struct plan_chain *record; /* NULL: not reached yet */
	} * all;
	unsigned int n;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->chain->name, y->chain->name);
}

static int index_chains(struct name_index *ix, const struct table *t)
{
	const struct chain *c;

	list_for_each (c, &t->chains, struct chain, node)
		ix->n++;
	ix->all = calloc(ix->n + 1, sizeof(*ix->all));
	if (!ix->all)
		return -ENOMEM;
	ix->n = 0;
	list_for_each (c, &t->chains, struct chain, node)
		ix->all[ix->n++].chain = c;
	qsort(ix->all, ix->n, sizeof(*ix->all), by_name);
	return 0;
}

static struct named *find_name(const struct name_index *ix, const char *name)
{
	struct chain c;
	struct named key = {.chain = &c};

	snprintf(c.name, sizeof(c.name), "%s", name);
	return bsearch(&key, ix->all, ix->n, sizeof(*ix->all), by_name);
}

/* The plan's record of a chain, new when it had none. NULL: out of memory. */
static struct plan_chain *chain_record(struct plan *p, struct named *name)
{
	struct plan_chain **chains, *pc;

	if (name->record)
		return name->record;
	chains = realloc(p->chains, (p->nchains + 1) * sizeof(*chains));
	if (!chains)
		return NULL;
	p->chains = chains;
	pc = calloc(1, sizeof(*pc));
	if (!pc)
		return NULL;
	pc->chain = name->chain;
	pc->id = p->nchains;
	chains[p->nchains++] = pc;
	name->record = pc;
	return pc;
}

static int set_jump(struct plan *p, const struct name_index *ix,
		    const struct rule *r, struct plan_rule *pr)
{
	struct named *name = find_name(ix, r->chain);

	if (!name) {
		pr->verdict = VERDICT_HANDOVER;
		snprintf(pr->reason, sizeof(pr->reason), "no chain %s",
			 r->chain);
		return 0;
	}
	pr->verdict = r->action == ACTION_JUMP ? VERDICT_JUMP : VERDICT_GOTO;
	pr->target = chain_record(p, name);
	if (!pr->target)
		return -ENOMEM;
	pr->target->callers++;
	return 0;
}

static bool jumps(const struct rule *r)
{
	return r->action == ACTION_JUMP || r->action == ACTION_GOTO;
}

static int add_rule(struct plan *p, const struct name_index *ix,
		    struct plan_chain *pc, const struct rule *r)
{
	static const enum plan_verdict verdicts[] = {
		[ACTION_NONE] = VERDICT_NEXT,
		[ACTION_ACCEPT] = VERDICT_ACCEPT,
		[ACTION_DROP] = VERDICT_DROP,
		[ACTION_RETURN] = VERDICT_RETURN,
	};
	struct plan_rule *pr = &pc->rules[pc->nrules++];
	struct lowered l = {0};
	int ret;

	pr->rule = r;
	pr->num = pc->nrules;
	pr->counter = -1;
	/* What is too large need only be counted to its end. */
	if (p->nrules > PLAN_MAX_RULES)
		return jumps(r) ? set_jump(p, ix, r, pr) : 0;

	ret = lower_rule(p->family, r, &l);
	if (ret)
		return ret;
	pr->preds = l.preds;
	pr->npreds = l.n;
	if (r->has_counter) {
		pr->counter = p->ncounters;
		p->counters[p->ncounters++] =
			(struct plan_counter){pc->chain, r};
	}
	if (*l.refused) {
		pr->verdict = VERDICT_HANDOVER;
		memcpy(pr->reason, l.refused, sizeof(pr->reason));
		return 0;
	}
	if (jumps(r))
		return set_jump(p, ix, r, pr);
	pr->verdict = verdicts[r->action];
	return 0;
}

/* Room for the counters of @n more rules and the policy. */
static int reserve_counters(struct plan *p, unsigned int n)
{
	struct plan_counter *c = realloc(
		p->counters, (p->ncounters + n + 1) * sizeof(*p->counters));

	if (!c)
		return -ENOMEM;
	p->counters = c;
	return 0;
}

static int add_chain(struct plan *p, const struct name_index *ix,
		     struct plan_chain *pc)
{
	unsigned int n = chain_visible_rules(pc->chain);
	const struct rule *r;
	int ret;

	p->nrules += n;
	ret = reserve_counters(p, n);
	if (ret)
		return ret;
	pc->rules = calloc(n + 1, sizeof(*pc->rules));
	if (!pc->rules)
		return -ENOMEM;
	list_for_each (r, &pc->chain->rules, struct rule, node) {
		if (r->flags & RULE_GUARD)
			continue;
		ret = add_rule(p, ix, pc, r);
		if (ret)
			return ret;
	}
	return 0;
}

static int build(struct plan *p, struct name_index *ix)
{
	struct named *base;
	int ret = index_chains(ix, p->table);

	if (ret)
		return ret;
	base = find_name(ix, p->base->name);
	if (!base || !chain_record(p, base))
		return base ? -ENOMEM : -ENOENT;
	/*
	 * The list grows while it is walked: jumps append the chains they lead
	 * to.
	 */
	for (unsigned int i = 0; i < p->nchains; i++) {
		ret = add_chain(p, ix, p->chains[i]);
		if (ret)
			return ret;
	}
	p->policy = p->ncounters;
	p->counters[p->ncounters++] = (struct plan_counter){p->base, NULL};
	ret = plan_flow(p);
	if (!ret)
		plan_find_obstacle(p);
	return ret;
}

int plan_build(const struct ruleset *rs, const struct table *t,
	       const struct chain *base, struct plan **out, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));
	struct name_index ix = {0};
	int ret = -ENOMEM;

	*out = NULL;
	if (p) {
		p->family = t->family;
		p->ruleset = rs;
		p->table = t;
		p->base = base;
		p->mode = CHAIN_HYBRID;
		ret = build(p, &ix);
	}
	free(ix.all);
	if (ret) {
		plan_free(p);
		return err_set(e, ERR_OTHER, -ret, "chain %s: %s", base->name,
			       strerror(-ret));
	}
	*out = p;
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->nchains; i++) {
		struct plan_chain *pc = p->chains[i];

		for (unsigned int k = 0; k < pc->nrules; k++)
			free(pc->rules[k].preds);
		free(pc->rules);
		engine_free_runs(pc);
		free(pc);
	}
	engine_free(p);
	free(p->needs);
	free(p->chains);
	free(p->order);
	free(p->counters);
	free(p->handovers);
	free(p->states);
	free(p->hashlimits);
	free(p->words);
	free(p);
}

enum chain_mode plan_mode(const struct plan *p)
{
	return p->mode;
}

const char *plan_reason(const struct plan *p)
{
	return p->reason;
}

const char *plan_obstacle(const struct plan *p)
{
	return *p->obstacle ? p->obstacle : NULL;
}

bool plan_is_idle(const struct plan *p)
{
	return !p->nrules && !p->base->has_counters &&
	       p->base->policy != NF_DROP;
}

unsigned int plan_rule_count(const struct plan *p)
{
	return p->nrules;
}

const struct plan_counter *plan_counters(const struct plan *p, unsigned int *n)
{
	*n = p->ncounters;
	return p->counters;
}

const struct plan_handover *plan_handovers(const struct plan *p,
					   unsigned int *n)
{
	*n = p->nhandovers;
	return p->handovers;
}

const void *plan_tables(const struct plan *p, size_t *size)
{
	*size = p->engine.any ? (p->nwords + ENGINE_SLACK) * sizeof(*p->words)
			      : 0;
	return p->words;
}

const struct plan_counter *plan_states(const struct plan *p, unsigned int *n)
{
	*n = p->nstates;
	return p->states;
}
