// SPDX-License-Identifier: GPL-2.0-or-later
/* Plan -> C source of one BPF program. */
#include "codegen/print.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct printer {
	const struct plan *plan;
	struct buf *out;
	plan_rule_text_fn rule_text; /* NULL: no annotations */
	void *arg;
};

static void scan_needs(const struct plan *p, struct needs *n)
{
	for (unsigned int i = 0; i < p->nchains; i++) {
		const struct plan_chain *c = p->chains[i];

		for (unsigned int k = 0; k < c->live; k++)
			for (unsigned int q = 0; q < c->rules[k].npreds; q++)
				pred_needs(&c->rules[k].preds[q], n);
	}
}

/* With tables, a rule more is to leave the code as it is. */
static unsigned int counters_room(const struct plan *p)
{
	unsigned int n = 64;

	if (!p->engine.any)
		return p->ncounters;
	while (n < p->ncounters)
		n *= 2;
	return n;
}

static void print_defines(struct buf *out, const struct plan *p)
{
	struct needs n = {0};

	if (p->needs)
		n = *p->needs;
	scan_needs(p, &n);
	/* A run knows devices by a hash of the whole name. */
	n.long_names |= p->engine.any;
	buf_printf(out, "#define FAMILY %d\n",
		   p->family == FAMILY_IPV4 ? 4 : 6);
	buf_printf(out, "#define POLICY %s\n",
		   p->base->policy == NF_DROP ? "DROP" : "ACCEPT");
	if (p->base->has_counters)
		buf_printf(out, "#define POLICY_COUNT COUNT(%u)\n", p->policy);
	else
		buf_puts(out, "#define POLICY_COUNT 0\n");
	buf_printf(out, "#define COUNTERS %u\n", counters_room(p));
	buf_printf(out, "#define STATES %u\n", p->nstates);
	/* An array needs an element. */
	buf_printf(out, "#define HITS %u\n", p->hits ? p->hits : 1);
	print_needs(out, &n);
	engine_print_defines(out, p);
	/*
	 * Where a limit or a counter decides nothing may be handed over after
	 * it: what would be goes at once.
	 */
	buf_printf(out, "#define STATE_DECIDES %d\n", p->state_decides);
	buf_printf(out, "#define NATIVE_TRANSPORT %d\n", n.native_transport);
	buf_printf(out, "#define HANDOVER_FRAGMENTS %d\n",
		   p->state_decides && n.native_transport);
}

/* Adds @text so that it can stand inside a C comment, whatever it holds. */
static void comment_text(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		/*
		 * No end or start of a comment, no line splice, no trigraph, no
		 * control character.
		 */
		if (c < ' ' || c > '~' || c == '\\' ||
		    ((c == '/' || c == '*' || c == '?') && i &&
		     (text[i - 1] == '*' || text[i - 1] == '/' ||
		      text[i - 1] == '?')))
			c = '.';
		buf_add(out, &c, 1);
	}
}

static void print_annotation(const struct printer *pr,
			     const struct plan_chain *c,
			     const struct plan_rule *r)
{
	struct buf text = BUF_INIT;

	if (!pr->rule_text)
		return;
	pr->rule_text(&text, pr->plan->table, c->chain, r->rule, pr->arg);
	if (text.failed)
		pr->out->failed = true;
	buf_printf(pr->out, "\t/* rule %u: ", r->num);
	comment_text(pr->out, text.data ? text.data : "", text.len);
	if (*r->reason) {
		buf_puts(pr->out, " (handed over: ");
		comment_text(pr->out, r->reason, strlen(r->reason));
		buf_puts(pr->out, ")");
	}
	buf_puts(pr->out, " */\n");
	buf_free(&text);
}

static void print_hit(struct buf *out, const struct plan_rule *r)
{
	if (r->counter >= 0)
		buf_printf(out, "\t\tif (hit(p, %d))\n\t\t\treturn HANDOVER;\n",
			   r->counter);
}

static void print_final(struct buf *out, const char *verdict,
			const struct plan_rule *r)
{
	if (r->counter >= 0)
		buf_printf(out, "\t\treturn %s | COUNT(%d);\n", verdict,
			   r->counter);
	else
		buf_printf(out, "\t\treturn %s;\n", verdict);
}

/* @in_part: the function is one of several that make up the chain. */
static void print_verdict(struct buf *out, const struct plan_rule *r,
			  bool in_part)
{
	switch (r->verdict) {
	case VERDICT_ACCEPT:
		print_final(out, "ACCEPT", r);
		return;
	case VERDICT_DROP:
		print_final(out, "DROP", r);
		return;
	case VERDICT_HANDOVER:
		buf_puts(out, "\t\treturn HANDOVER;\n");
		return;
	case VERDICT_NEXT:
		print_hit(out, r);
		return;
	case VERDICT_RETURN:
		print_hit(out, r);
		buf_printf(out, "\t\treturn %s;\n",
			   in_part ? "RETURN" : "NEXT");
		return;
	case VERDICT_JUMP:
		print_hit(out, r);
		buf_printf(out,
			   "\t\tint r = chain_%u(PASS);\n\t\tif (r)\n"
			   "\t\t\treturn r;\n",
			   r->target->id);
		return;
	case VERDICT_GOTO:
		print_hit(out, r);
		if (in_part)
			buf_printf(out,
				   "\t\tint r = chain_%u(PASS);\n"
				   "\t\treturn r ? r : RETURN;\n",
				   r->target->id);
		else
			buf_printf(out, "\t\treturn chain_%u(PASS);\n",
				   r->target->id);
		return;
	}
}

static void print_rule(const struct printer *pr, const struct plan_chain *c,
		       const struct plan_rule *r, bool in_part)
{
	bool reachable = true;

	print_annotation(pr, c, r);
	buf_puts(pr->out, "\tdo {\n");
	for (unsigned int i = 0; reachable && i < r->npreds; i++)
		reachable = print_pred(pr->out, pr->plan->family, &r->preds[i]);
	if (reachable)
		print_verdict(pr->out, r, in_part);
	buf_puts(pr->out, "\t} while (0);\n");
}

/* The rules of a run: a call of its function. */
static void print_run(const struct printer *pr, const struct plan_chain *c,
		      const struct engine_run *run)
{
	for (unsigned int i = 0; i < run->n; i++)
		print_annotation(pr, c, &c->rules[run->first + i]);
	buf_printf(pr->out,
		   "\tdo {\n\t\tint r = run_%u(PASS);\n\n\t\tif (r)\n"
		   "\t\t\treturn r == RETURN ? NEXT : r;\n\t} while (0);\n",
		   run->id);
}

/*
 * A global function is verified once by itself, knowing nothing of its
 * arguments. The base chain, which only front() calls, is expanded there: a
 * return is dear where these are guarded (return thunks).
 */
static void print_head(struct buf *out, const struct plan_chain *c, int part)
{
	bool expanded = c->inlined || (c->id == 0 && part < 0);

	if (expanded)
		buf_puts(out, "INLINE ");
	else
		buf_puts(out, "GLOBAL ");
	buf_printf(out, "int chain_%u", c->id);
	if (part >= 0)
		buf_printf(out, "_%d", part);
	buf_puts(out, "(ARGS)\n{\n");
	if (!expanded)
		buf_puts(out, "\tif (!p)\n\t\treturn HANDOVER;\n");
}

static void print_tail(struct buf *out)
{
	buf_puts(out, "\treturn NEXT;\n}\n\n");
}

/* In a chain of several functions: the call of one of them. */
static void print_call_of(struct buf *calls, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void print_call_of(struct buf *calls, const char *fmt, ...)
{
	char name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	buf_printf(calls,
		   "\tr = %s(PASS);\n\tif (r)\n"
		   "\t\treturn r == RETURN ? NEXT : r;\n",
		   name);
}

/*
 * Several functions for the rules after the first @from: one of each run, and
 * others of about PLAN_PART_RULES rules each. Prints their calls to @calls.
 */
static void print_parts(const struct printer *pr, const struct plan_chain *c,
			unsigned int from, struct buf *calls)
{
	unsigned int size = PLAN_PART_RULES;
	bool open = false;
	int parts = 0;

	for (unsigned int i = from; i < c->live;) {
		const struct engine_run *run = engine_run_at(c, i);

		if (open && (run || size >= PLAN_PART_RULES)) {
			print_tail(pr->out);
			open = false;
		}
		if (run) {
			for (unsigned int k = 0; k < run->n; k++)
				print_annotation(pr, c, &c->rules[i + k]);
			print_call_of(calls, "run_%u", run->id);
			i += run->n;
			continue;
		}
		if (!open) {
			print_call_of(calls, "chain_%u_%d", c->id, parts);
			print_head(pr->out, c, parts++);
			open = true;
			size = 0;
		}
		print_rule(pr, c, &c->rules[i], true);
		size += plan_rule_size(&c->rules[i++]);
	}
	if (open)
		print_tail(pr->out);
}

/* Whether @r depends on nothing but the state of the packet's connection, and
 * leads nowhere. */
static bool needs_no_header(const struct plan_rule *r)
{
	if (r->target || r->verdict == VERDICT_RETURN)
		return false;
	for (unsigned int i = 0; i < r->npreds; i++)
		if (r->preds[i].field != FIELD_CT_STATE)
			return false;
	return true;
}

/*
 * How many rules the base chain begins with that are asked before any header is
 * read. None where the note is claimed before the rules are asked.
 */
static unsigned int leading_rules(const struct plan *p,
				  const struct plan_chain *c)
{
	unsigned int n = 0;

	if (c->id || p->state_decides)
		return 0;
	while (n < c->live && !engine_run_at(c, n) &&
	       needs_no_header(&c->rules[n]))
		n++;
	return n;
}

static unsigned int print_leading(const struct printer *pr,
				  const struct plan_chain *c)
{
	unsigned int n = leading_rules(pr->plan, c);

	if (c->id)
		return 0;
	buf_puts(pr->out, "INLINE int leading(ARGS)\n{\n");
	for (unsigned int i = 0; i < n; i++)
		print_rule(pr, c, &c->rules[i], false);
	print_tail(pr->out);
	return n;
}

static void print_chain(const struct printer *pr, const struct plan_chain *c)
{
	struct buf *out = pr->out;
	bool parts = c->size > PLAN_PART_RULES && !c->inlined;
	struct buf calls = BUF_INIT;
	unsigned int from;

	for (unsigned int i = 0; i < c->nruns; i++)
		engine_print_run(out, pr->plan->family, &c->runs[i]);
	if (pr->rule_text) {
		buf_puts(out, "/* chain ");
		comment_text(out, c->chain->name, strlen(c->chain->name));
		buf_puts(out, " */\n");
	}
	from = print_leading(pr, c);
	if (parts)
		print_parts(pr, c, from, &calls);
	print_head(out, c, -1);
	if (parts) {
		buf_puts(out, "\tint r;\n\n");
		buf_add(out, calls.data, calls.len);
	}
	for (unsigned int i = from; !parts && i < c->live;) {
		const struct engine_run *run = engine_run_at(c, i);

		if (run)
			print_run(pr, c, run);
		else
			print_rule(pr, c, &c->rules[i], false);
		i += run ? run->n : 1;
	}
	print_tail(out);
	out->failed |= calls.failed;
	buf_free(&calls);
}

/* One that only tables lead to. */
static void print_data_chain(const struct printer *pr,
			     const struct plan_chain *c)
{
	if (!pr->rule_text)
		return;
	buf_puts(pr->out, "/* chain ");
	comment_text(pr->out, c->chain->name, strlen(c->chain->name));
	buf_puts(pr->out, ", in tables only */\n");
	for (unsigned int i = 0; i < c->live; i++)
		print_annotation(pr, c, &c->rules[i]);
	buf_puts(pr->out, "\n");
}

int plan_print_c(const struct plan *p, struct buf *out, bool annotate,
		 plan_rule_text_fn rule_text, void *arg)
{
	struct printer pr = {
		.plan = p,
		.out = out,
		.rule_text = annotate ? rule_text : NULL,
		.arg = arg,
	};

	if (p->mode == CHAIN_NFT)
		return -EINVAL;
	print_defines(out, p);
	buf_puts(out, "\n");
	buf_puts(out, runtime_head);
	if (p->engine.any) {
		engine_print_texts(out, p);
		buf_puts(out, runtime_engine);
	}
	print_hashlimits(out, p);
	buf_puts(out, "\n/* ---- chains ---- */\n\n");
	for (unsigned int i = 0; i < p->nordered; i++)
		if (p->order[i]->called)
			print_chain(&pr, p->order[i]);
		else if (p->order[i]->data)
			print_data_chain(&pr, p->order[i]);
	buf_puts(out, runtime_tail);
	return out->failed ? -ENOMEM : 0;
}
