// SPDX-License-Identifier: GPL-2.0-or-later
/* The C around the tables: what a run's shape decides. */
#include "codegen/engine.h"

#include "codegen/plan.h"
#include "codegen/print.h"

/* The greatest header that a rule of some run asks for, by protocol. */
struct short_headers {
	uint8_t need[UINT8_MAX + 1];
};

static void scan_rule(const struct plan_rule *r, struct short_headers *s)
{
	int proto = -1;

	for (unsigned int i = 0; i < r->npreds; i++) {
		const struct pred *p = &r->preds[i];

		if (p->field == FIELD_PROTO && !p->invert &&
		    p->op == OP_MASKED && proto < 0)
			proto = p->number.value & UINT8_MAX;
		if (p->field == FIELD_TRANSPORT && proto >= 0 &&
		    s->need[proto] < p->transport.need)
			s->need[proto] = p->transport.need;
	}
}

/*
 * Packets whose transport header some rule of a run might find too short are
 * nft's: what becomes of them depends on the order of conditions.
 */
static void print_short(struct buf *out, const struct plan *p)
{
	struct short_headers s = {0};

	for (unsigned int i = 0; i < p->nordered; i++) {
		const struct plan_chain *c = p->order[i];

		for (unsigned int k = 0; k < c->nruns; k++)
			for (unsigned int r = 0; r < c->runs[k].n; r++)
				scan_rule(&c->rules[c->runs[k].first + r], &s);
	}
	buf_puts(out, "#define TOO_SHORT(p) (");
	for (unsigned int i = 0; i <= UINT8_MAX; i++)
		if (s.need[i])
			buf_printf(out,
				   "((p)->proto == %u && (p)->avail < %u) || ",
				   i, s.need[i]);
	buf_puts(out, "0)\n");
}

void engine_print_defines(struct buf *out, const struct plan *p)
{
	if (!p->nruns)
		return;
	print_short(out, p);
	buf_printf(out, "#define TABLE_WORDS %zu\n", p->nwords);
	buf_printf(out, "#define TABLE_SLACK %d\n", ENGINE_SLACK);
	buf_printf(out, "#define ENTRY_STRIDE %u\n",
		   ENGINE_ENTRY_WORDS(p->family));
	buf_printf(out, "#define TABLE_STRIDE %u\n",
		   ENGINE_TABLE_WORDS(p->family));
	buf_printf(out,
		   "enum { ENTRY_INDEX = %d, ENTRY_VERDICT = %d, "
		   "ENTRY_COUNTER = %d, ENTRY_RESIDUALS = %d,\n"
		   "ENTRY_PROTO = %d, ENTRY_SPORT = %d, ENTRY_DPORT = %d, "
		   "ENTRY_ADDRS = %d,\n"
		   "TABLE_FIRST = %d, TABLE_LAST = %d, TABLE_BUCKETS = %d, "
		   "TABLE_HASH = %d,\n"
		   "TABLE_PORTS = %d, TABLE_PROTO = %d, TABLE_ADDRS = %d };\n",
		   ENTRY_INDEX, ENTRY_VERDICT, ENTRY_COUNTER, ENTRY_RESIDUALS,
		   ENTRY_PROTO, ENTRY_SPORT, ENTRY_DPORT, ENTRY_ADDRS,
		   TABLE_FIRST, TABLE_LAST, TABLE_BUCKETS, TABLE_HASH,
		   TABLE_PORTS, TABLE_PROTO, TABLE_ADDRS);
	buf_printf(out, "#define ENTRY_LAST 0x%xu\n", ENTRY_LAST);
}

/*
 * Residuals have a function of their own, too: which of them hold must not
 * be told apart by the verifier on the way through the rest.
 */
static void print_residuals(struct buf *out, const struct engine_run *run)
{
	buf_printf(out,
		   "GLOBAL abi_u32 residuals_%u(ARGS)\n{\n"
		   "\tabi_u32 holds = 0;\n\n"
		   "\tif (!p)\n\t\treturn 0;\n",
		   run->id);
	for (unsigned int i = 0; i < run->nresiduals; i++) {
		buf_puts(out, "\tdo {\n");
		buf_add(out, run->residual[i].text.data,
			run->residual[i].text.len);
		buf_printf(out, "\t\tholds |= 1u << %u;\n\t} while (0);\n", i);
	}
	buf_puts(out, "\treturn holds;\n}\n\n");
}

static void print_targets(struct buf *out, const struct engine_run *run)
{
	if (!run->ntargets)
		return;
	buf_printf(out,
		   "\t\tif (verdict == %d || verdict == %d) {\n"
		   "\t\t\tint r = NEXT;\n\n"
		   "\t\t\tswitch (x[ENTRY_VERDICT] >> 8 & 0xff) {\n",
		   VERDICT_JUMP, VERDICT_GOTO);
	for (unsigned int i = 0; i < run->ntargets; i++)
		buf_printf(out,
			   "\t\t\tcase %u:\n\t\t\t\tr = chain_%u(PASS);\n"
			   "\t\t\t\tbreak;\n",
			   i, run->target[i]->id);
	buf_printf(out,
		   "\t\t\t}\n\t\t\tif (r)\n\t\t\t\treturn r;\n"
		   "\t\t\tif (verdict == %d)\n\t\t\t\treturn RETURN;\n\t\t}\n",
		   VERDICT_GOTO);
}

/*
 * Each round finds a rule. One that does not end the run goes to the list of
 * matched rules, whose length thus bounds the rounds.
 */
void engine_print_run(struct buf *out, const struct engine_run *run)
{
	if (run->nresiduals)
		print_residuals(out, run);
	buf_printf(out,
		   "GLOBAL int run_%u(ARGS)\n{\n"
		   "\tabi_u32 start = 0, holds = 0;\n\n"
		   "\tif (!p || TOO_SHORT(p))\n\t\treturn HANDOVER;\n",
		   run->id);
	if (run->nresiduals)
		buf_printf(out, "\tholds = residuals_%u(PASS);\n", run->id);
	buf_printf(out,
		   "\tfor (int i = 0; i < %s; i++) {\n"
		   "\t\tabi_u32 at = search(p, %u, start, holds);\n"
		   "\t\tconst abi_u32 *x = WORD(at);\n"
		   "\t\tabi_u32 verdict, counter;\n\n"
		   "\t\tif (!at)\n\t\t\treturn NEXT;\n"
		   "\t\tverdict = x[ENTRY_VERDICT] & 7;\n"
		   "\t\tcounter = x[ENTRY_COUNTER];\n"
		   "\t\tstart = x[ENTRY_INDEX] + 1;\n",
		   run->goes_on ? "HITS + 1" : "1", run->id);
	buf_printf(out,
		   "\t\tif (verdict == %d)\n"
		   "\t\t\treturn ACCEPT | COUNT(counter);\n"
		   "\t\tif (verdict == %d)\n"
		   "\t\t\treturn DROP | COUNT(counter);\n",
		   VERDICT_ACCEPT, VERDICT_DROP);
	if (run->hands_over)
		buf_printf(out,
			   "\t\tif (verdict == %d)\n\t\t\treturn HANDOVER;\n",
			   VERDICT_HANDOVER);
	buf_puts(out, "\t\tif (hit(p, counter))\n\t\t\treturn HANDOVER;\n");
	if (run->returns)
		buf_printf(out,
			   "\t\tif (verdict == %d)\n\t\t\treturn RETURN;\n",
			   VERDICT_RETURN);
	print_targets(out, run);
	buf_puts(out, "\t}\n\treturn HANDOVER;\n}\n\n");
}
