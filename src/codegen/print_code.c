// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Matches that are small programs of a user's own, as straight C: -m u32 and
 * classic BPF. Numbers are all that gets from them into the text. What they
 * hold was checked where they were lowered.
 */
#include <linux/filter.h>
#include <linux/netfilter/xt_u32.h>

#include "codegen/print.h"

/* ---- u32_match_it() of xt_u32.c ---- */

static void u32_step(struct buf *out, const struct xt_u32_location_element *e)
{
	static const char *const ops[] = {
		[XT_U32_AND] = "&=",
		[XT_U32_LEFTSH] = "<<=",
		[XT_U32_RIGHTSH] = ">>=",
	};

	if (e->nextop != XT_U32_AT) {
		buf_printf(out, "\t\t\t\tv %s 0x%xu;\n", ops[e->nextop],
			   e->number);
		return;
	}
	buf_puts(out, "\t\t\t\tif (at + v < at)\n\t\t\t\t\tbreak;\n"
		      "\t\t\t\tat += v;\n");
	buf_printf(out,
		   "\t\t\t\tif (at + 4 < at || p->len < at + 4 ||\n"
		   "\t\t\t\t    0x%xu > p->len - at - 4)\n"
		   "\t\t\t\t\tbreak;\n"
		   "\t\t\t\tU32_LOAD(at + 0x%xu);\n",
		   e->number, e->number);
}

static void u32_values(struct buf *out, const struct xt_u32_test *t)
{
	buf_puts(out, "\t\t\t\tif (!(0");
	for (unsigned int i = 0; i < t->nvalues; i++)
		buf_printf(out, " || (v >= 0x%xu && v <= 0x%xu)",
			   t->value[i].min, t->value[i].max);
	buf_puts(out, "))\n\t\t\t\t\tbreak;\n");
}

void print_u32(struct buf *out, const struct pred *p)
{
	const struct xt_u32 *u = (const void *)p->call.data;

	buf_puts(out, "\t\t\tabi_u32 at, v;\n"
		      "\t\t\tint m = NEXT;\n"
		      "\t\t\tdo {\n");
	for (unsigned int i = 0; i < u->ntests; i++) {
		const struct xt_u32_test *t = &u->tests[i];

		buf_printf(out,
			   "\t\t\t\tat = 0;\n"
			   "\t\t\t\tif (p->len < 4 || 0x%xu > p->len - 4)\n"
			   "\t\t\t\t\tbreak;\n"
			   "\t\t\t\tU32_LOAD(0x%xu);\n",
			   t->location[0].number, t->location[0].number);
		for (unsigned int k = 1; k < t->nnums; k++)
			u32_step(out, &t->location[k]);
		u32_values(out, t);
	}
	buf_puts(out, "\t\t\t\tm = MATCH;\n\t\t\t} while (0);\n");
}

/* ---- classic BPF, as net/core/filter.c translates it ---- */

static const char *cbpf_operand(const struct sock_filter *f, char *text,
				size_t size)
{
	if (BPF_SRC(f->code) == BPF_X)
		return "X";
	snprintf(text, size, "0x%xu", f->k);
	return text;
}

static void cbpf_alu(struct buf *out, const struct sock_filter *f)
{
	static const char *const ops[] = {
		[BPF_ADD >> 4] = "+",  [BPF_SUB >> 4] = "-",
		[BPF_MUL >> 4] = "*",  [BPF_DIV >> 4] = "/",
		[BPF_OR >> 4] = "|",   [BPF_AND >> 4] = "&",
		[BPF_LSH >> 4] = "<<", [BPF_RSH >> 4] = ">>",
		[BPF_MOD >> 4] = "%",  [BPF_XOR >> 4] = "^",
	};
	unsigned int op = BPF_OP(f->code);
	char text[16];
	const char *by = cbpf_operand(f, text, sizeof(text));

	if (op == BPF_NEG) {
		buf_puts(out, "A = -A;\n");
		return;
	}
	if ((op == BPF_DIV || op == BPF_MOD) && BPF_SRC(f->code) == BPF_X)
		buf_puts(out, "if (!X) break; ");
	/* Instructions shift by the lower five bits. */
	buf_printf(out, "A = A %s (%s%s);\n", ops[op >> 4], by,
		   op == BPF_LSH || op == BPF_RSH ? " & 31" : "");
}

static void cbpf_jump(struct buf *out, const struct sock_filter *f,
		      unsigned int pc)
{
	static const char *const ops[] = {
		[BPF_JEQ >> 4] = "==",
		[BPF_JGT >> 4] = ">",
		[BPF_JGE >> 4] = ">=",
		[BPF_JSET >> 4] = "&",
	};
	char text[16];

	if (BPF_OP(f->code) == BPF_JA)
		buf_printf(out, "goto L%u;\n", pc + 1 + f->k);
	else
		buf_printf(out, "if (A %s %s) goto L%u; else goto L%u;\n",
			   ops[BPF_OP(f->code) >> 4],
			   cbpf_operand(f, text, sizeof(text)), pc + 1 + f->jt,
			   pc + 1 + f->jf);
}

static void cbpf_load(struct buf *out, const struct sock_filter *f)
{
	const char *to = BPF_CLASS(f->code) == BPF_LD ? "A" : "X";
	unsigned int size = BPF_SIZE(f->code) == BPF_W	 ? 4
			    : BPF_SIZE(f->code) == BPF_H ? 2
							 : 1;

	switch (BPF_MODE(f->code)) {
	case BPF_IMM:
		buf_printf(out, "%s = 0x%xu;\n", to, f->k);
		break;
	case BPF_LEN:
		buf_printf(out, "%s = p->len;\n", to);
		break;
	case BPF_MEM:
		buf_printf(out, "%s = M[%u];\n", to, f->k);
		break;
	case BPF_ABS:
		buf_printf(out, "CBPF_LOAD(0x%xu, %u); A = r;\n", f->k, size);
		break;
	case BPF_IND: /* behind the packet's beginning only */
		buf_printf(out,
			   "if ((X + 0x%xu) >> 31) { m = HANDOVER; break; } "
			   "CBPF_LOAD(X + 0x%xu, %u); A = r;\n",
			   f->k, f->k, size);
		break;
	case BPF_MSH:
		buf_printf(out, "CBPF_LOAD(0x%xu, 1); X = (r & 15) * 4;\n",
			   f->k);
		break;
	}
}

static void cbpf_instruction(struct buf *out, const struct sock_filter *f,
			     unsigned int pc)
{
	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
	case BPF_LDX:
		cbpf_load(out, f);
		break;
	case BPF_ST:
		buf_printf(out, "M[%u] = A;\n", f->k);
		break;
	case BPF_STX:
		buf_printf(out, "M[%u] = X;\n", f->k);
		break;
	case BPF_ALU:
		cbpf_alu(out, f);
		break;
	case BPF_JMP:
		cbpf_jump(out, f, pc);
		break;
	case BPF_RET:
		if (BPF_RVAL(f->code) == BPF_A)
			buf_puts(out, "m = A ? MATCH : NEXT; break;\n");
		else
			buf_printf(out, "m = %s; break;\n",
				   f->k ? "MATCH" : "NEXT");
		break;
	case BPF_MISC:
		buf_puts(out, BPF_MISCOP(f->code) == BPF_TAX ? "X = A;\n"
							     : "A = X;\n");
		break;
	}
}

void print_cbpf(struct buf *out, const struct pred *p)
{
	const struct sock_filter *f = (const void *)p->call.data;
	unsigned int n = p->call.size / sizeof(*f);

	buf_puts(out, "\t\t\tabi_u32 A = 0, X = 0, M[16] = {0};\n"
		      "\t\t\tabi_u64 r;\n"
		      "\t\t\tint m = NEXT;\n"
		      "\t\t\tdo {\n\t\t\t\t__label__ L0");
	for (unsigned int i = 1; i < n; i++)
		buf_printf(out, ", L%u", i);
	buf_puts(out, ";\n");
	for (unsigned int i = 0; i < n; i++) {
		buf_printf(out, "\t\t\tL%u:\n\t\t\t\t", i);
		cbpf_instruction(out, &f[i], i);
	}
	buf_puts(out, "\t\t\t} while (0);\n");
}
