// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What follows from how chains call each other: depth, sizes, which rules no
 * packet gets to, and whether the program could decide anything at all.
 */
#include "codegen/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int max_uint(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/*
 * Callees of @c first, each once. False: the chains form a loop (which nft does
 * not let in).
 */
static bool order_from(struct plan *p, struct plan_chain *c)
{
	if (c->walk != WALK_NEW)
		return c->walk == WALK_DONE;
	c->walk = WALK_OPEN;
	for (unsigned int i = 0; i < c->nrules; i++)
		if (c->rules[i].target && !order_from(p, c->rules[i].target))
			return false;
	c->walk = WALK_DONE;
	p->order[p->nordered++] = c;
	return true;
}

static bool can_drop(const struct plan_rule *r)
{
	for (unsigned int i = 0; i < r->npreds; i++)
		if (pred_can_drop(&r->preds[i]))
			return true;
	return false;
}

/* Where packets can get from rule @r of @c; false: none gets past it. */
static bool follow_rule(struct plan_chain *c, const struct plan_rule *r)
{
	bool always = !r->npreds;

	if (can_drop(r))
		c->may_decide = true;
	switch (r->verdict) {
	case VERDICT_NEXT:
		return true;
	case VERDICT_ACCEPT:
	case VERDICT_DROP:
		c->may_decide = true;
		return !always;
	case VERDICT_RETURN:
		c->may_return = true;
		return !always;
	case VERDICT_JUMP:
		c->may_decide |= r->target->may_decide;
		return !always || r->target->may_return;
	case VERDICT_GOTO:
		c->may_decide |= r->target->may_decide;
		c->may_return |= r->target->may_return;
		return !always;
	case VERDICT_HANDOVER:
		return !always;
	}
	return true;
}

static void follow(struct plan_chain *c)
{
	c->may_decide = c->may_return = false;
	for (c->live = 0; c->live < c->nrules;)
		if (!follow_rule(c, &c->rules[c->live++]))
			return;
	c->may_return = true;
}

/* Of the run's function, and what it calls: walk() with its step and texts,
 * or a chain. */
static unsigned int run_frames(const struct plan *p,
			       const struct engine_run *run)
{
	unsigned int below = p->engine.ntexts ? 3 : 2;

	for (unsigned int i = 0; i < run->ntargets; i++)
		below = max_uint(below, run->target[i]->frames);
	return 1 + below;
}

/*
 * Sizes in functions and frames; callees are done. Returns how many functions
 * @c needs.
 */
static unsigned int measure(struct plan *p, struct plan_chain *c)
{
	unsigned int below = 0, calls = 0, in_runs = 0, parts, run = 0;

	c->size = 0;
	for (unsigned int i = 0; i < c->live; i++) {
		const struct plan_rule *r = &c->rules[i];

		if (run < c->nruns && i == c->runs[run].first) {
			in_runs =
				max_uint(in_runs, run_frames(p, &c->runs[run]));
			c->size += 1;
			i += c->runs[run++].n - 1;
			continue;
		}
		c->size += plan_rule_size(r);
		if (r->target)
			below = max_uint(below, r->target->frames);
		for (unsigned int k = 0; k < r->npreds; k++)
			calls = max_uint(calls, pred_frames(&r->preds[k]));
	}
	c->inlined = c->chain != p->base && c->callers == 1 && !c->nruns &&
		     c->size <= PLAN_INLINE_RULES;
	parts = c->size > PLAN_PART_RULES
			? (c->size + PLAN_PART_RULES - 1) / PLAN_PART_RULES * 2
			: 0;
	/* The function of a run is a part itself. */
	c->frames =
		max_uint(in_runs, max_uint(below, calls) + (parts ? 1 : 0)) +
		(c->inlined ? 0 : 1);
	return c->inlined ? 0 : 1 + parts + c->nruns;
}

static bool rule_hands_over(const struct plan_rule *r)
{
	if (r->verdict == VERDICT_HANDOVER ||
	    (r->target && r->target->handover_inside))
		return true;
	for (unsigned int i = 0; i < r->npreds; i++)
		if (pred_can_hand_over(&r->preds[i]))
			return true;
	return false;
}

bool plan_rest_hands_over(const struct plan_chain *c, unsigned int from)
{
	for (unsigned int i = from; i < c->live; i++)
		if (rule_hands_over(&c->rules[i]))
			return true;
	return false;
}

void plan_find_handovers(struct plan *p)
{
	for (unsigned int i = 0; i < p->nordered; i++) {
		p->order[i]->handover_inside =
			p->may_overflow || plan_rest_hands_over(p->order[i], 0);
		p->order[i]->handover_after = false;
	}
	for (unsigned int i = p->nordered; i--;) {
		const struct plan_chain *c = p->order[i];

		bool rest = false; /* a rule behind this one hands over */

		for (unsigned int k = c->live; k--;) {
			const struct plan_rule *r = &c->rules[k];

			if (r->target)
				r->target->handover_after |=
					c->handover_after ||
					(r->verdict == VERDICT_JUMP && rest);
			rest = rest || rule_hands_over(r);
		}
	}
}

/*
 * Chains that only a rule which is now a hand-over (or comes too late) leads to
 * are left out.
 */
static void drop_unreached(struct plan *p)
{
	for (unsigned int i = 0; i < p->nchains; i++)
		p->chains[i]->callers = 0;
	for (unsigned int i = p->nordered; i--;) {
		struct plan_chain *c = p->order[i];

		if (c->chain != p->base && !c->callers)
			c->live = 0;
		for (unsigned int k = 0; k < c->live; k++)
			if (c->rules[k].target)
				c->rules[k].target->callers++;
	}
}

static int list_handovers(struct plan *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < p->nchains; i++)
		for (unsigned int k = 0; k < p->chains[i]->live; k++)
			n += *p->chains[i]->rules[k].reason != '\0';
	p->handovers = calloc(n + 1, sizeof(*p->handovers));
	if (!p->handovers)
		return -ENOMEM;
	for (unsigned int i = 0; i < p->nchains; i++) {
		const struct plan_chain *c = p->chains[i];

		for (unsigned int k = 0; k < c->live; k++) {
			const struct plan_rule *r = &c->rules[k];
			struct plan_handover *h;

			if (!*r->reason)
				continue;
			h = &p->handovers[p->nhandovers++];
			h->chain = c->chain;
			h->rule = r->num;
			snprintf(h->reason, sizeof(h->reason), "%s", r->reason);
		}
	}
	return 0;
}

static bool is_hashlimit(const struct pred *p)
{
	return p->field == FIELD_CALL && p->call.fn == CALL_HASHLIMIT;
}

/* Numbers the state of @pred, a predicate of @r in @c. */
static int add_state(struct plan *p, const struct plan_chain *c,
		     const struct plan_rule *r, struct pred *pred)
{
	int table;

	if (plan_state_decides(p, pred))
		p->state_decides = true;
	if (!is_hashlimit(pred)) {
		pred->state = p->nstates;
		p->states[p->nstates++] =
			(struct plan_counter){c->chain, r->rule};
		return 0;
	}
	table = plan_hashlimit(p, pred);
	if (table < 0)
		return table;
	pred->state = table;
	return 0;
}

static int list_states(struct plan *p)
{
	unsigned int n = 0;
	int ret = 0;

	for (unsigned int i = 0; i < p->nchains; i++)
		for (unsigned int k = 0; k < p->chains[i]->live; k++)
			n += p->chains[i]->rules[k].npreds;
	p->states = calloc(n + 1, sizeof(*p->states));
	if (!p->states)
		return -ENOMEM;
	for (unsigned int i = 0; i < p->nchains; i++) {
		struct plan_chain *c = p->chains[i];

		for (unsigned int k = 0; k < c->live; k++) {
			struct plan_rule *r = &c->rules[k];

			for (unsigned int q = 0; q < r->npreds && !ret; q++)
				if (pred_has_state(&r->preds[q]))
					ret = add_state(p, c, r, &r->preds[q]);
		}
	}
	return ret;
}

/*
 * What clang has to translate: comparisons and verdicts. Adds the rules that
 * are no data to @rules.
 */
static unsigned int count_conditions(const struct plan_chain *c,
				     unsigned int *rules)
{
	unsigned int n = 0, run = 0;

	for (unsigned int i = 0; i < c->live; i++) {
		const struct plan_rule *r = &c->rules[i];

		if (run < c->nruns && i == c->runs[run].first) {
			n += c->runs[run].ntargets;
			i += c->runs[run++].n - 1;
			continue;
		}
		*rules += 1;
		n += 1;
		for (unsigned int k = 0; k < r->npreds; k++)
			n += pred_weight(&r->preds[k]);
	}
	return n;
}

static void check_bounds(struct plan *p)
{
	const struct plan_chain *base = p->chains[0];
	unsigned int functions = 0, conditions = 0, rules = 0;

	for (unsigned int i = 0; i < p->nordered; i++) {
		struct plan_chain *c = p->order[i];

		if (!c->callers && c != base)
			continue;
		conditions += count_conditions(c, &rules);
		if (c->called)
			functions += measure(p, c);
	}
	/* walk(), its step, the texts. */
	functions += p->engine.any ? 3 : 0;
	conditions += p->engine.ntexts;
	if (rules > PLAN_MAX_STRAIGHT)
		plan_refuse(p,
			    "too large: %u rules that fit no table (limit %u)",
			    rules, PLAN_MAX_STRAIGHT);
	else if (conditions > PLAN_MAX_CONDITIONS)
		plan_refuse(p,
			    "too large: %u rules with %u conditions (limit %u)",
			    rules, conditions, PLAN_MAX_CONDITIONS);
	else if (functions > PLAN_MAX_FUNCTIONS)
		plan_refuse(p, "too large: %u functions (limit %u)", functions,
			    PLAN_MAX_FUNCTIONS);
	else if (base->frames > PLAN_MAX_FRAMES)
		plan_refuse(p, "chains nest too deep: %u levels (limit %u)",
			    base->frames, PLAN_MAX_FRAMES);
	else if (!base->may_decide && !base->may_return)
		plan_refuse(p, "every packet would be handed over: %s",
			    p->nhandovers ? p->handovers[0].reason : "");
}

int plan_flow(struct plan *p)
{
	struct plan_chain *base = p->chains[0];
	int ret;

	if (!base->nrules) {
		plan_refuse(p, "no rules");
		p->mode = CHAIN_EXCLUSIVE;
	}
	if (p->nrules > PLAN_MAX_RULES) {
		plan_refuse(p, "too large: %u rules (limit %u)", p->nrules,
			    PLAN_MAX_RULES);
		return 0;
	}
	p->order = calloc(p->nchains, sizeof(*p->order));
	if (!p->order)
		return -ENOMEM;
	if (!order_from(p, base)) {
		plan_refuse(p, "chains form a loop");
		return 0;
	}
	for (unsigned int i = 0; i < p->nordered; i++) {
		follow(p->order[i]);
		ret = plan_count_hits(p->order[i]);
		if (ret)
			return ret;
	}
	p->may_overflow = base->hits > PLAN_MAX_HITS;
	p->hits = p->may_overflow ? PLAN_MAX_HITS : base->hits;
	ret = plan_share(p);
	if (ret)
		return ret;
	plan_gates(p);
	for (unsigned int i = 0; i < p->nordered; i++)
		follow(p->order[i]);
	drop_unreached(p);
	ret = list_handovers(p);
	if (!ret)
		ret = list_states(p);
	if (!ret)
		ret = engine_cut(p, false);
	if (!ret)
		check_bounds(p);
	if (!ret && p->mode == CHAIN_NFT) {
		p->mode = CHAIN_HYBRID;
		*p->reason = '\0';
		ret = engine_cut(p, true);
		if (!ret)
			check_bounds(p);
	}
	if (ret)
		return ret;
	return p->mode == CHAIN_NFT ? 0 : engine_build(p);
}
