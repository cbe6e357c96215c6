// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules become tables: runs, their residual predicates and targets. */
#include "codegen/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"
#include "codegen/print.h"

/* ---- what a rule asks for ---- */

static bool is_address(const struct pred *p)
{
	return (p->field == FIELD_SADDR || p->field == FIELD_DADDR) &&
	       p->op == OP_MASKED && !p->invert;
}

static bool is_proto(const struct pred *p)
{
	return p->field == FIELD_PROTO && p->op == OP_MASKED && !p->invert &&
	       (p->number.mask & UINT16_MAX) == UINT16_MAX &&
	       p->number.value <= UINT8_MAX;
}

static bool is_port(const struct pred *p)
{
	return (p->field == FIELD_SPORT || p->field == FIELD_DPORT) &&
	       p->op == OP_RANGES && p->ranges.n == 1 && !p->invert;
}

/* Has no outcome but to hold or not, and no trace. */
static bool is_pure(const struct pred *p)
{
	return p->field != FIELD_NEVER && p->field != FIELD_TCP_OPTION &&
	       p->field != FIELD_CALL && !pred_can_drop(p) &&
	       !pred_can_hand_over(p) && !pred_has_state(p);
}

/* Which parts of a key are taken already: a second one is a residual. */
struct taken {
	bool addr[2], proto, port[2];
};

/* The part that @p becomes, or NULL: it is a residual. */
static bool *key_part(struct taken *t, const struct pred *p)
{
	bool *part = NULL;

	if (is_address(p))
		part = &t->addr[p->field == FIELD_DADDR];
	else if (is_proto(p))
		part = &t->proto;
	else if (is_port(p))
		part = &t->port[p->field == FIELD_DPORT];
	return part && !*part ? part : NULL;
}

/*
 * A header that may be unreadable is looked at only behind its protocol: then
 * packets that are too short for any rule of a run need not come in
 * (engine_short()), and what is left of the condition always holds.
 */
bool engine_takes(const struct plan_rule *r)
{
	struct taken t = {0};

	if (r->counter < 0)
		return false;
	for (unsigned int i = 0; i < r->npreds; i++) {
		const struct pred *p = &r->preds[i];
		bool *part = key_part(&t, p);

		if (part)
			*part = true;
		else if (p->field == FIELD_TRANSPORT ? !t.proto : !is_pure(p))
			return false;
	}
	return true;
}

/*
 * -ENOSPC: it is none, after all. A residual is tested for all packets at the
 * door of the run, so nothing may follow from it but a bit.
 */
static int residual_text(struct buf *text, enum family family,
			 const struct pred *p)
{
	bool falls_through = print_pred(text, family, p);

	if (text->failed)
		return -ENOMEM;
	return !falls_through || strstr(text->data, "return") ? -ENOSPC : 0;
}

/*
 * The number of residual @p in @run; -1: it has none. Equal bytes are the quick
 * way; what a union leaves undefined may differ, hence the texts.
 */
static int find_residual(const struct engine_run *run, enum family family,
			 const struct pred *p)
{
	struct buf text = BUF_INIT;
	int found = -1;

	for (unsigned int i = 0; i < run->nresiduals; i++)
		if (!memcmp(run->residual[i].pred, p, sizeof(*p)))
			return i;
	if (!residual_text(&text, family, p))
		for (unsigned int i = 0; i < run->nresiduals && found < 0; i++)
			if (text.len == run->residual[i].text.len &&
			    !memcmp(text.data, run->residual[i].text.data,
				    text.len))
				found = i;
	buf_free(&text);
	return found;
}

static void key_add(struct engine_key *k, const struct pred *p)
{
	uint8_t *value = p->field == FIELD_SADDR ? k->saddr : k->daddr;
	uint8_t *mask = p->field == FIELD_SADDR ? k->smask : k->dmask;
	uint16_t *port = p->field == FIELD_SPORT ? k->sport : k->dport;

	if (is_address(p)) {
		memcpy(value, p->bytes.value, p->bytes.len);
		memcpy(mask, p->bytes.mask, p->bytes.len);
	} else if (is_proto(p)) {
		k->has_proto = true;
		k->proto = p->number.value;
	} else {
		port[0] = p->ranges.r[0].lo;
		port[1] = p->ranges.r[0].hi;
	}
}

int engine_key(enum family family, const struct engine_run *run,
	       const struct plan_rule *r, struct engine_key *k)
{
	struct taken t = {0};
	int found;

	memset(k, 0, sizeof(*k));
	k->sport[1] = k->dport[1] = UINT16_MAX;
	for (unsigned int i = 0; i < r->npreds; i++) {
		const struct pred *p = &r->preds[i];
		bool *part = key_part(&t, p);

		if (part) {
			*part = true;
			key_add(k, p);
		} else if (p->field != FIELD_TRANSPORT) {
			found = find_residual(run, family, p);
			if (found < 0) /* it was there: no memory to see it */
				return -ENOMEM;
			k->residuals |= 1u << found;
		}
	}
	return 0;
}

/* ---- cutting ---- */

static int add_residual(struct engine_run *run, enum family family,
			const struct pred *p)
{
	struct engine_residual *r = &run->residual[run->nresiduals];

	if (find_residual(run, family, p) >= 0)
		return 0;
	if (run->nresiduals == ENGINE_MAX_RESIDUALS)
		return -ENOSPC;
	*r = (struct engine_residual){.pred = p};
	run->nresiduals++; /* the caller takes it back after a failure */
	return residual_text(&r->text, family, p);
}

static int add_target(struct engine_run *run, struct plan_chain *to)
{
	for (unsigned int i = 0; i < run->ntargets; i++)
		if (run->target[i] == to)
			return 0;
	if (run->ntargets == ENGINE_MAX_TARGETS)
		return -ENOSPC;
	run->target[run->ntargets++] = to;
	return 0;
}

static void drop_residuals(struct engine_run *run, unsigned int from)
{
	while (run->nresiduals > from)
		buf_free(&run->residual[--run->nresiduals].text);
}

/* Adds @r to @run. -ENOSPC: it does not fit, and @run is as it was. */
static int add_rule(struct engine_run *run, enum family family,
		    const struct plan_rule *r)
{
	unsigned int residuals = run->nresiduals;
	struct taken t = {0};
	int ret = 0;

	for (unsigned int i = 0; i < r->npreds && !ret; i++) {
		const struct pred *p = &r->preds[i];
		bool *part = key_part(&t, p);

		if (part)
			*part = true;
		else if (p->field != FIELD_TRANSPORT)
			ret = add_residual(run, family, p);
	}
	if (!ret && r->target)
		ret = add_target(run, r->target);
	if (ret) {
		drop_residuals(run, residuals);
		return ret;
	}
	run->n++;
	run->returns |= r->verdict == VERDICT_RETURN;
	run->goes_on |= r->verdict == VERDICT_NEXT ||
			r->verdict == VERDICT_JUMP;
	run->hands_over |= r->verdict == VERDICT_HANDOVER;
	return 0;
}

/* Keeps @run when it is long enough; its residuals are its own then. */
static int end_run(struct plan *p, struct plan_chain *c, struct engine_run *run)
{
	struct engine_run *runs;

	if (run->n < ENGINE_MIN_RULES) {
		drop_residuals(run, 0);
		return 0;
	}
	runs = realloc(c->runs, (c->nruns + 1) * sizeof(*runs));
	if (!runs) {
		drop_residuals(run, 0);
		return -ENOMEM;
	}
	c->runs = runs;
	run->id = p->nruns++;
	runs[c->nruns++] = *run;
	return 0;
}

static int cut_chain(struct plan *p, struct plan_chain *c)
{
	struct engine_run run = {0};
	unsigned int i = 0;
	int ret = 0;

	while (i < c->live && !ret) {
		ret = engine_takes(&c->rules[i])
			      ? add_rule(&run, p->family, &c->rules[i])
			      : -ENOSPC;
		if (!ret) {
			i++;
			continue;
		}
		if (ret != -ENOSPC)
			break;
		/* A rule that fits into no run is passed over. */
		i += !run.n;
		ret = end_run(p, c, &run);
		memset(&run, 0, sizeof(run));
		run.first = i;
	}
	if (ret) {
		drop_residuals(&run, 0);
		return ret;
	}
	return end_run(p, c, &run);
}

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
	unsigned int n = p->ncounters;

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
			p->counters[p->ncounters++] = old[n - 1];
		}
	}
	free(old);
	return 0;
}

int engine_cut(struct plan *p)
{
	int ret = 0;

	for (unsigned int i = 0; i < p->nordered && !ret; i++)
		ret = cut_chain(p, p->order[i]);
	if (!ret && p->nruns)
		ret = number_counters(p);
	return ret;
}

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

void engine_free(struct plan_chain *c)
{
	for (unsigned int i = 0; i < c->nruns; i++)
		drop_residuals(&c->runs[i], 0);
	free(c->runs);
}
