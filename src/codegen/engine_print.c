// SPDX-License-Identifier: GPL-2.0-or-later
/* The C around the tables: what a run's shape decides. */
#include "codegen/engine.h"

#include "codegen/plan.h"
#include "codegen/print.h"

/*
 * Where it is not known whether nft finds a header in a later fragment when a
 * rule of some run asks natively for one, such fragments are nft's, by
 * protocol (print_pred.c does the same in straight code).
 */
static void print_fragments(struct buf *out, const struct plan *p)
{
	buf_puts(out, "#define NATIVE_FRAGMENT(p) ((p)->fragoff && "
		      "fragments == FRAGMENTS_ASK_NFT && (");
	for (unsigned int i = 0; i <= UINT8_MAX; i++)
		if (p->engine.native[i])
			buf_printf(out, "(p)->proto == %u || ", i);
	buf_puts(out, "0))\n");
}

/* What a condition may look at: a case for each field. */
static void print_fields(struct buf *out, const struct plan *p)
{
	buf_puts(out, "#define COND_NUMBERS");
	for (unsigned int f = 0; f < FIELD_COUNT; f++)
		if (p->engine.numbers >> f & 1)
			pred_print_number_case(out, f);
	buf_puts(out, "\n#define COND_WORDS");
	for (unsigned int f = 0; f < FIELD_COUNT; f++)
		if (p->engine.bytes >> f & 1)
			pred_print_bytes_case(out, p->family, f);
	buf_puts(out, "\n");
}

struct name {
	const char *name;
	unsigned int value;
};

#define NAME(x)                                                                \
	{                                                                      \
#x, x                                                          \
	}
static const struct name names[] = {
	NAME(ENTRY_INDEX),	  NAME(ENTRY_VERDICT),
	NAME(ENTRY_MORE),	  NAME(ENTRY_PROTO),
	NAME(ENTRY_SPORT),	  NAME(ENTRY_DPORT),
	NAME(ENTRY_ADDRS),	  NAME(ENTRY_LAST),
	NAME(ENTRY_FOREIGN),	  NAME(ENTRY_UNCOUNTED),
	NAME(ENTRY_CONDS),	  NAME(ENTRY_BOXED),
	NAME(ENTRY_SADDR_SHIFT),  NAME(ENTRY_DADDR_SHIFT),
	NAME(ENTRY_ADDR_BITS),	  NAME(ENTRY_PROTO_KNOWN),
	NAME(ENTRY_PROTO_SHORT),  NAME(ENTRY_PROTO_FRAG1),
	NAME(ENTRY_PROTO_NATIVE), NAME(LIST_ENTRIES),
	NAME(BOX_TARGET),	  NAME(BOX_CONDS),
	NAME(TABLE_FIRST),	  NAME(TABLE_LAST),
	NAME(TABLE_LINES),	  NAME(TABLE_NLINES),
	NAME(TABLE_BITS),	  NAME(TABLE_MASK),
	NAME(TABLE_IFACES),	  NAME(TABLE_REST),
	NAME(TABLE_ADDRS),	  NAME(COND_TEXT),
	NAME(COND_MASKED),	  NAME(COND_BETWEEN),
	NAME(COND_RANGES),	  NAME(COND_BYTES),
	NAME(COND_KIND),	  NAME(COND_INVERT),
	NAME(COND_LAST),	  NAME(COND_STRIDE),
	NAME(WALK_END),		  NAME(WALK_HANDOVER),
	NAME(WALK_LEFT),	  NAME(WALK_ON),
	NAME(ENGINE_IIF),	  NAME(ENGINE_OIF),
	NAME(WORD_ZERO),	  NAME(WORD_ONES),
	NAME(WORD_ZERO64),	  NAME(WORD_MASKS),
	NAME(VERDICT_NEXT),	  NAME(VERDICT_ACCEPT),
	NAME(VERDICT_DROP),	  NAME(VERDICT_RETURN),
	NAME(VERDICT_JUMP),	  NAME(VERDICT_GOTO),
	NAME(VERDICT_HANDOVER),
};

void engine_print_defines(struct buf *out, const struct plan *p)
{
	if (!p->engine.any)
		return;
	print_fragments(out, p);
	print_fields(out, p);
	buf_printf(out, "#define TABLE_WORDS %zu\n", p->nwords);
	buf_printf(out, "#define TABLE_SLACK %d\n", ENGINE_SLACK);
	buf_printf(out, "#define ENTRY_STRIDE %u\n",
		   ENGINE_ENTRY_WORDS(p->family));
	buf_printf(out, "#define TABLE_STRIDE %u\n",
		   ENGINE_TABLE_WORDS(p->family));
	buf_printf(out, "#define LINE_WORDS %u\n", ENGINE_LINE_WORDS);
	buf_printf(out, "#define COND_TEXTS %u\n", p->engine.ntexts);
	buf_printf(out, "#define CONDITIONS %d\n",
		   p->engine.ntexts || p->engine.numbers || p->engine.bytes);
	buf_printf(out, "#define WALK_DEPTH %u\n", p->engine.depth);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		buf_printf(out, "#define %s 0x%xu\n", names[i].name,
			   names[i].value);
}

/* A function of their own: verified once. */
void engine_print_texts(struct buf *out, const struct plan *p)
{
	const struct engine *e = &p->engine;

	if (!e->ntexts)
		return;
	buf_puts(out, "GLOBAL int text_holds(struct pkt *p, abi_u32 i)\n{\n"
		      "\tif (!p)\n\t\treturn 0;\n"
		      "\tswitch (i) {\n");
	for (unsigned int i = 0; i < e->ntexts; i++) {
		buf_printf(out, "\tcase %u:\n\tdo {\n", i);
		buf_add(out, e->text[i].text.data, e->text[i].text.len);
		buf_puts(out, "\t\treturn 1;\n\t} while (0);\n\tbreak;\n");
	}
	buf_puts(out, "\t}\n\treturn 0;\n}\n\n");
}

/* A rule whose target is code: jump, or go to it. */
static void print_targets(struct buf *out, const struct engine_run *run)
{
	buf_puts(out, "\t\tif (hit(p, x[ENTRY_INDEX]))\n"
		      "\t\t\treturn HANDOVER;\n"
		      "\t\tr = NEXT;\n"
		      "\t\tswitch (entry_target(x)) {\n");
	for (unsigned int i = 0; i < run->ntargets; i++)
		buf_printf(out,
			   "\t\tcase %u:\n\t\t\tr = chain_%u(PASS);\n"
			   "\t\t\tbreak;\n",
			   i, run->target[i]->id);
	buf_puts(out, "\t\t}\n\t\tif (r)\n\t\t\treturn r;\n");
	if (run->goes)
		buf_puts(out, "\t\tif (verdict == VERDICT_GOTO)\n"
			      "\t\t\treturn RETURN;\n");
	buf_puts(out, "\t\tstart = x[ENTRY_INDEX] + 1;\n");
}

/*
 * walk() stops where the packet is decided, where the run or its chain ends,
 * or where a rule leads to code. That rule goes to the list of matched rules,
 * whose length thus bounds the rounds.
 */
void engine_print_run(struct buf *out, enum family family,
		      const struct engine_run *run)
{
	buf_printf(out,
		   "GLOBAL int run_%u(ARGS)\n{\n"
		   "\tabi_u32 start = 0;\n"
		   "\tint r;\n\n"
		   "\tif (!p || NATIVE_FRAGMENT(p))\n\t\treturn HANDOVER;\n"
		   "\tfor (int i = 0; i < %s; i++) {\n"
		   "\t\tabi_u32 at = walk(p, %u, start), verdict;\n"
		   "\t\tconst abi_u32 *x = WORD(at);\n\n"
		   "\t\tif (at < WALK_ON)\n"
		   "\t\t\treturn at == WALK_END ? NEXT\n"
		   "\t\t\t       : at == WALK_LEFT ? RETURN : HANDOVER;\n"
		   "\t\tverdict = x[ENTRY_VERDICT] & 7;\n"
		   "\t\tr = x[ENTRY_VERDICT] & ENTRY_UNCOUNTED\n"
		   "\t\t\t    ? 0 : COUNT(x[ENTRY_INDEX]);\n"
		   "\t\tif (verdict == VERDICT_ACCEPT)\n"
		   "\t\t\treturn ACCEPT | r;\n"
		   "\t\tif (verdict == VERDICT_DROP)\n"
		   "\t\t\treturn DROP | r;\n",
		   run->id, run->ntargets ? "HITS + 1" : "1",
		   ENGINE_RUN_WORD(family) + run->id);
	if (run->returns)
		buf_puts(out, "\t\tif (verdict == VERDICT_RETURN)\n"
			      "\t\t\treturn hit(p, x[ENTRY_INDEX]) ? HANDOVER\n"
			      "\t\t\t       : RETURN;\n");
	if (run->ntargets) {
		buf_puts(out, "\t\tif (verdict == VERDICT_HANDOVER)\n"
			      "\t\t\treturn HANDOVER;\n");
		print_targets(out, run);
	}
	buf_puts(out, "\t}\n\treturn HANDOVER;\n}\n\n");
}
