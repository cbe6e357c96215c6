// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules become tables: runs, and the chains that they lead to. */
#include "codegen/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"

/* ---- cutting ---- */

static int add_target(struct engine_run *run, struct plan_chain *to)
{
	if (to->data)
		return 0;
	for (unsigned int i = 0; i < run->ntargets; i++)
		if (run->target[i] == to)
			return 0;
	if (run->ntargets == ENGINE_MAX_TARGETS)
		return -ENOSPC;
	run->target[run->ntargets++] = to;
	return 0;
}

/* Adds @r to @run. -ENOSPC: it does not fit, and @run is as it was. */
static int add_rule(struct plan *p, struct engine_run *run,
		    const struct plan_rule *r)
{
	int ret = engine_admit(p, r);

	if (!ret && r->target)
		ret = add_target(run, r->target);
	if (ret)
		return ret;
	run->n++;
	run->returns |= r->verdict == VERDICT_RETURN;
	run->goes |= r->verdict == VERDICT_GOTO;
	return 0;
}

/* Keeps @run, which began at @mark, when it is long enough. */
static int end_run(struct plan *p, struct plan_chain *c,
		   const struct engine_run *run, struct engine_mark *mark,
		   unsigned int least)
{
	struct engine_run *runs;

	if (run->n < least) {
		engine_rewind(p, mark);
		return 0;
	}
	runs = realloc(c->runs, (c->nruns + 1) * sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	c->runs = runs;
	runs[c->nruns++] = *run;
	*mark = engine_mark(p);
	return 0;
}

/*
 * A chain that is one run and leads to such chains only is data from top to
 * bottom.
 */
static int cut_chain(struct plan *p, struct plan_chain *c, bool large)
{
	unsigned int least = large ? ENGINE_MIN_LARGE : ENGINE_MIN_RULES;
	struct engine_mark mark = engine_mark(p);
	struct engine_run run = {.id = -1};
	unsigned int i = 0;
	int ret = 0;

	while (i < c->live) {
		ret = add_rule(p, &run, &c->rules[i]);
		if (!ret) {
			i++;
			continue;
		}
		if (ret != -ENOSPC)
			return ret;
		/* A rule that fits into no run is passed over. */
		i += !run.n;
		ret = end_run(p, c, &run, &mark, least);
		if (ret)
			return ret;
		run = (struct engine_run){.id = -1, .first = i};
	}
	if (large && run.n == c->live)
		least = 1;
	ret = end_run(p, c, &run, &mark, least);
	c->data = c->chain != p->base && c->nruns == 1 &&
		  c->runs[0].n == c->live && !c->runs[0].ntargets;
	return ret;
}

static void uncut(struct plan *p)
{
	engine_free(p);
	for (unsigned int i = 0; i < p->nordered; i++) {
		engine_free_runs(p->order[i]);
		p->order[i]->data = p->order[i]->called =
			p->order[i]->in_tables = false;
	}
	p->nruns = 0;
}

static bool is_reached(const struct plan *p, const struct plan_chain *c)
{
	return c->callers || c->chain == p->base;
}

static int cut_all(struct plan *p, bool large)
{
	int ret = 0;

	for (unsigned int i = 0; i < p->nordered && !ret; i++)
		if (is_reached(p, p->order[i]))
			ret = cut_chain(p, p->order[i], large);
	return ret;
}

static unsigned int count_straight(const struct plan *p)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < p->nordered; i++) {
		const struct plan_chain *c = p->order[i];

		n += is_reached(p, c) ? c->live : 0;
		for (unsigned int k = 0; k < c->nruns; k++)
			n -= c->runs[k].n;
	}
	return n;
}

/* ---- which of it has a function ---- */

/* Notes who leads to whom: code, or tables. */
static void call_targets(struct plan_chain *c)
{
	unsigned int i = 0, k = 0;

	for (; i < c->live; i++) {
		struct plan_chain *to = c->rules[i].target;

		while (k < c->nruns && i >= c->runs[k].first + c->runs[k].n)
			k++;
		if (!to)
			continue;
		if (k < c->nruns && i >= c->runs[k].first && to->data)
			to->in_tables = true;
		else
			to->called = true;
	}
}

/* A short chain that only code leads to is better off as code. */
static void choose_code(struct plan_chain *c)
{
	if (!c->data || !c->called || c->in_tables ||
	    c->live >= ENGINE_MIN_LARGE)
		return;
	engine_free_runs(c);
	c->data = false;
}

/* Levels of data below the runs of @c, which callees have told already. */
static void measure_depth(struct plan *p, struct plan_chain *c)
{
	unsigned int below = 0;

	for (unsigned int k = 0; k < c->nruns; k++) {
		const struct engine_run *run = &c->runs[k];

		for (unsigned int i = run->first; i < run->first + run->n;
		     i++) {
			const struct plan_chain *to = c->rules[i].target;

			if (to && to->data && to->depth > below)
				below = to->depth;
		}
	}
	c->depth = c->data ? below + 1 : 0;
	while (p->engine.depth < below)
		p->engine.depth += p->engine.depth ? p->engine.depth : 1;
}

/* Callers come behind their callees. */
static void number_runs(struct plan *p)
{
	p->chains[0]->called = true;
	for (unsigned int i = p->nordered; i--;) {
		if (!is_reached(p, p->order[i]))
			continue;
		choose_code(p->order[i]);
		call_targets(p->order[i]);
	}
	for (unsigned int i = 0; i < p->nordered; i++) {
		struct plan_chain *c = p->order[i];

		p->engine.any |= c->nruns > 0;
		measure_depth(p, c);
		for (unsigned int k = 0; k < c->nruns && c->called; k++)
			c->runs[k].id = p->nruns++;
	}
}

/* ---- counters ---- */

/* The counters of rules, in the order in which they are numbered. */
static void number(struct plan *p, const struct plan_counter *old,
		   struct plan_rule *r)
{
	if (r->counter < 0)
		return;
	p->counters[p->ncounters] = old[r->counter];
	r->counter = p->ncounters++;
}

enum group { GROUP_INLINE, GROUP_RUNS, GROUP_DEAD, GROUPS };

static void number_chain(struct plan *p, const struct plan_counter *old,
			 struct plan_chain *c, enum group group)
{
	unsigned int i = 0, k = 0;

	while (i < c->nrules) {
		bool in_run = k < c->nruns && i == c->runs[k].first;
		unsigned int n = in_run ? c->runs[k++].n : 1;
		enum group of = i >= c->live ? GROUP_DEAD
				: in_run     ? GROUP_RUNS
					     : GROUP_INLINE;

		for (; n; n--, i++)
			if (of == group)
				number(p, old, &c->rules[i]);
	}
}

/*
 * Straight code first, then the policy, then what is data only: so that a rule
 * more in a run leaves the code as it is.
 */
static int number_counters(struct plan *p)
{
	struct plan_counter *old = p->counters;
	unsigned int n = p->ncounters, policy = p->policy;

	p->counters = calloc(n, sizeof(*p->counters));
	if (!p->counters) {
		p->counters = old;
		return -ENOMEM;
	}
	p->ncounters = 0;
	for (int g = 0; g < GROUPS; g++) {
		for (unsigned int i = 0; i < p->nchains; i++)
			number_chain(p, old, p->chains[i], g);
		if (g == GROUP_INLINE) {
			p->policy = p->ncounters;
			p->counters[p->ncounters++] = old[policy];
		}
	}
	free(old);
	return 0;
}

int engine_cut(struct plan *p, bool large)
{
	int ret;

	uncut(p);
	ret = cut_all(p, large);
	if (!ret && !large && count_straight(p) > ENGINE_MAX_SMALL) {
		uncut(p);
		ret = cut_all(p, true);
	}
	if (ret)
		return ret;
	number_runs(p);
	return p->engine.any ? number_counters(p) : 0;
}

/* ---- reading ---- */

const struct engine_run *engine_run_at(const struct plan_chain *c,
				       unsigned int i)
{
	unsigned int lo = 0, hi = c->nruns;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (c->runs[mid].first < i)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->nruns && c->runs[lo].first == i ? &c->runs[lo] : NULL;
}

void engine_free_runs(struct plan_chain *c)
{
	free(c->runs);
	c->runs = NULL;
	c->nruns = 0;
}

void engine_free(struct plan *p)
{
	while (p->engine.ntexts)
		buf_free(&p->engine.text[--p->engine.ntexts].text);
	memset(&p->engine, 0, sizeof(p->engine));
}
