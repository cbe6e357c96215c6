// SPDX-License-Identifier: GPL-2.0-or-later
/* How many rules can match one packet on its way through a chain. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/engine.h"
#include "codegen/plan.h"

static unsigned int max_uint(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

/* What @r adds when it matches, its target included. */
static unsigned int rule_hits(const struct plan_rule *r)
{
	return (r->counter >= 0) + (r->target ? r->target->hits : 0);
}

static bool goes_on(const struct plan_rule *r)
{
	return r->verdict == VERDICT_NEXT || r->verdict == VERDICT_JUMP;
}

static bool leaves(const struct plan_rule *r)
{
	return r->verdict == VERDICT_GOTO || r->verdict == VERDICT_RETURN;
}

/* As if a packet could match all rules. */
static unsigned int count_all(const struct plan_chain *c)
{
	unsigned int on_way = 0, most = 0;

	for (unsigned int i = 0; i < c->live; i++) {
		const struct plan_rule *r = &c->rules[i];

		if (goes_on(r))
			on_way += rule_hits(r);
		else if (leaves(r))
			most = max_uint(most, on_way + rule_hits(r));
		if (on_way > 2 * PLAN_MAX_HITS)
			return on_way;
	}
	return max_uint(most, on_way);
}

/* ---- rules of which a packet can match those of one value only ---- */

struct group {
	uint64_t value; /* a hash of it: two values in one group do no harm */
	unsigned int hits;
};

static int by_value(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* Whether @p says that the field has one certain value. */
static bool is_exact(const struct pred *p)
{
	if (p->invert)
		return false;
	if (p->field == FIELD_SADDR || p->field == FIELD_DADDR) {
		if (p->op != OP_MASKED)
			return false;
		for (unsigned int i = 0; i < p->bytes.len; i++)
			if (p->bytes.mask[i] != 0xff)
				return false;
		return true;
	}
	if (p->field == FIELD_DPORT)
		return p->op == OP_RANGES && p->ranges.n == 1 &&
		       p->ranges.r[0].lo == p->ranges.r[0].hi;
	return engine_is_whole_name(p);
}

static uint64_t value_of(const struct pred *p)
{
	uint64_t w[2] = {0, 0};

	if (p->field == FIELD_DPORT)
		return p->ranges.r[0].lo;
	memcpy(w, p->bytes.value, p->bytes.len);
	return engine_mix(engine_mix(0, w[0]), w[1]);
}

static const struct pred *find_exact(const struct plan_rule *r,
				     enum pred_field field)
{
	for (unsigned int i = 0; i < r->npreds; i++)
		if (r->preds[i].field == field && is_exact(&r->preds[i]))
			return &r->preds[i];
	return NULL;
}

static unsigned int largest(struct group *g, unsigned int n)
{
	unsigned int most = 0, sum = 0;

	if (n)
		qsort(g, n, sizeof(*g), by_value);
	for (unsigned int i = 0; i < n; i++) {
		sum = i && g[i].value == g[i - 1].value ? sum + g[i].hits
							: g[i].hits;
		most = max_uint(most, sum);
	}
	return most;
}

/* All rules but those that name a value of @field, and of these the ones of one
 * value. @g has room for all rules. */
static unsigned int count_by(const struct plan_chain *c, enum pred_field field,
			     struct group *g)
{
	unsigned int n = 0, rest = 0, last = 0;

	for (unsigned int i = 0; i < c->live; i++) {
		const struct plan_rule *r = &c->rules[i];
		const struct pred *p = find_exact(r, field);

		if (leaves(r))
			last = max_uint(last, rule_hits(r));
		if (!goes_on(r))
			continue;
		if (p)
			g[n++] = (struct group){value_of(p), rule_hits(r)};
		else if (rest <= 2 * PLAN_MAX_HITS)
			rest += rule_hits(r);
	}
	return rest + last + largest(g, n);
}

int plan_count_hits(struct plan_chain *c)
{
	static const enum pred_field fields[] = {
		FIELD_DADDR, FIELD_SADDR, FIELD_OIF, FIELD_IIF, FIELD_DPORT};
	struct group *g;

	c->hits = count_all(c);
	if (c->hits <= PLAN_MAX_HITS)
		return 0;
	g = calloc(c->live + 1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	for (unsigned int i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		unsigned int hits = count_by(c, fields[i], g);

		if (hits < c->hits)
			c->hits = hits;
	}
	free(g);
	return 0;
}
