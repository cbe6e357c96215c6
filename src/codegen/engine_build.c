// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The array of words that holds the tables of all runs of a program, and what
 * is no longer needed once they are in it.
 */
#include "codegen/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"
#include "codegen/print.h"

static uint32_t add_words(struct plan *p, size_t n, unsigned int align)
{
	size_t at = (p->nwords + align - 1) / align * align, cap = p->words_cap;
	uint32_t *w;

	if (at + n > cap) {
		while (at + n > cap)
			cap = cap ? cap * 2 : 4096;
		w = realloc(p->words, (cap + ENGINE_SLACK) * sizeof(*w));
		if (!w)
			return 0;
		p->words = w;
		p->words_cap = cap;
	}
	memset(p->words + p->nwords, 0, (at + n - p->nwords) * sizeof(*w));
	p->nwords = at + n;
	return at;
}

uint32_t engine_add_words(struct plan *p, size_t n)
{
	return add_words(p, n, 2);
}

uint32_t engine_add_lines(struct plan *p, size_t n)
{
	return add_words(p, n, ENGINE_LINE_WORDS);
}

static void note_native(struct plan *p, const struct plan_rule *r)
{
	int proto = -1;

	for (unsigned int i = 0; i < r->npreds; i++) {
		const struct pred *q = &r->preds[i];

		if (q->field == FIELD_PROTO && !q->invert &&
		    q->op == OP_MASKED && proto < 0)
			proto = q->number.value & UINT8_MAX;
		if (q->field == FIELD_TRANSPORT && proto >= 0)
			p->engine.native[proto] |= q->transport.native;
	}
}

/* What was said by predicates is in the tables now. */
void engine_release_preds(struct plan *p, const struct plan_chain *c,
			  const struct engine_run *run)
{
	for (unsigned int i = 0; i < run->n; i++) {
		struct plan_rule *r = &c->rules[run->first + i];

		note_native(p, r);
		for (unsigned int k = 0; k < r->npreds; k++)
			pred_needs(&r->preds[k], p->needs);
		free(r->preds);
		r->preds = NULL;
		r->npreds = 0;
	}
}

/* Callees first: entries say where the tables are that they lead to. */
static int build_runs(struct plan *p)
{
	struct engine_conds *conds = engine_conds_new();
	int ret = conds ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < p->nordered && !ret; i++)
		for (unsigned int k = 0; k < p->order[i]->nruns && !ret; k++)
			ret = engine_build_run(p, p->order[i],
					       &p->order[i]->runs[k], conds);
	engine_conds_free(conds);
	return ret;
}

static int write_first(struct plan *p)
{
	unsigned int runs = ENGINE_RUN_WORD(p->family);
	uint8_t *mask;

	engine_add_words(p, runs + p->nruns);
	if (!p->words)
		return -ENOMEM;
	p->words[WORD_ONES] = UINT32_MAX;
	mask = (uint8_t *)(p->words + WORD_MASKS);
	for (unsigned int w = WORD_MASKS, bits = 0; w < runs; w += 4, bits++)
		for (unsigned int i = 0; i < bits; i++)
			mask[16 * bits + i / 8] |= 0x80 >> i % 8;
	return 0;
}

int engine_build(struct plan *p)
{
	size_t size = 1024;
	uint32_t *w;
	int ret;

	if (!p->engine.any)
		return 0;
	p->needs = calloc(1, sizeof(*p->needs));
	if (!p->needs)
		return -ENOMEM;
	ret = write_first(p);
	if (!ret)
		ret = build_runs(p);
	if (ret)
		return ret;
	while (size < p->nwords)
		size *= 2;
	w = realloc(p->words, (size + ENGINE_SLACK) * sizeof(*w));
	if (!w)
		return -ENOMEM;
	memset(w + p->nwords, 0,
	       (size + ENGINE_SLACK - p->nwords) * sizeof(*w));
	p->words = w;
	p->nwords = size;
	return 0;
}
