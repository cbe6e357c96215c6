// SPDX-License-Identifier: GPL-2.0-or-later
/* -m bpf, bpf_mt() of xt_bpf.c. The kernel has checked the program
 * (bpf_check_classic() of net/core/filter.c); what that lets through and does
 * not look beside the packet is translated. */
#include <linux/netfilter/xt_bpf.h>

#include "codegen/lower.h"
#include "extensions/table.h"

struct program {
	const struct sock_filter *insns;
	unsigned int n;
};

static bool alu_valid(const struct sock_filter *f)
{
	bool by_k = BPF_SRC(f->code) == BPF_K;

	switch (BPF_OP(f->code)) {
	case BPF_LSH:
	case BPF_RSH:
		return !by_k || f->k < 32;
	case BPF_DIV:
	case BPF_MOD:
		return !by_k || f->k;
	}
	return BPF_OP(f->code) <= BPF_XOR;
}

/* A negative offset asks for something that is not in the packet. */
static bool load_valid(const struct sock_filter *f)
{
	bool to_x = BPF_CLASS(f->code) == BPF_LDX;
	bool word = BPF_SIZE(f->code) == BPF_W;

	switch (BPF_MODE(f->code)) {
	case BPF_IMM:
	case BPF_LEN:
		return word;
	case BPF_MEM:
		return word && f->k < BPF_MEMWORDS;
	case BPF_ABS:
		return !to_x && f->k <= INT32_MAX && BPF_SIZE(f->code) <= BPF_B;
	case BPF_IND:
		return !to_x && BPF_SIZE(f->code) <= BPF_B;
	case BPF_MSH:
		return to_x && BPF_SIZE(f->code) == BPF_B && f->k <= INT32_MAX;
	}
	return false;
}

/* Forward only, as the kernel wants it, and never behind the end. */
static bool jump_valid(const struct sock_filter *f, unsigned int left)
{
	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return f->k < left;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return f->jt < left && f->jf < left;
	}
	return false;
}

static bool insn_valid(const struct program *p, unsigned int i)
{
	const struct sock_filter *f = &p->insns[i];

	if (f->code > 0xff)
		return false;
	switch (BPF_CLASS(f->code)) {
	case BPF_LD:
	case BPF_LDX:
		return load_valid(f);
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_ALU:
		return alu_valid(f);
	case BPF_JMP:
		return jump_valid(f, p->n - i - 1);
	case BPF_RET:
		return BPF_RVAL(f->code) == BPF_A || BPF_RVAL(f->code) == BPF_K;
	}
	return BPF_MISCOP(f->code) == BPF_TAX || BPF_MISCOP(f->code) == BPF_TXA;
}

static bool program_valid(const struct program *p)
{
	if (!p->n || p->n > XT_BPF_MAX_NUM_INSTR ||
	    BPF_CLASS(p->insns[p->n - 1].code) != BPF_RET)
		return false;
	for (unsigned int i = 0; i < p->n; i++)
		if (!insn_valid(p, i))
			return false;
	return true;
}

/* False: no program of classic BPF. */
static bool find_program(const struct ext *e, struct program *p)
{
	const struct xt_bpf_info *v0 = (const void *)e->data;
	const struct xt_bpf_info_v1 *v1 = (const void *)e->data;

	if (e->revision == 0) {
		if (!ext_is_xt(e, offsetof(struct xt_bpf_info, filter)))
			return false;
		*p = (struct program){v0->bpf_program,
				      v0->bpf_program_num_elem};
		return true;
	}
	if (!ext_is_xt(e, offsetof(struct xt_bpf_info_v1, filter)) ||
	    v1->mode != XT_BPF_MODE_BYTECODE)
		return false;
	*p = (struct program){v1->bpf_program, v1->bpf_program_num_elem};
	return true;
}

static int bpf_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	struct pred p = {
		.field = FIELD_CALL,
		.call = {.fn = CALL_CBPF},
	};
	struct program prog;

	if (!find_program(e, &prog))
		return lower_refuse(l, "match bpf: a pinned program");
	if (!program_valid(&prog))
		return lower_refuse(l, "match bpf: looks beside the packet");
	p.call.data = (const uint8_t *)prog.insns;
	p.call.size = prog.n * sizeof(*prog.insns);
	p.call.weight = 2 * prog.n;
	return lower_add(l, &p);
}

const struct ext_desc match_bpf = {
	.name = "bpf",
	.families = EXT_IPV4 | EXT_IPV6,
	.max_rev = 1,
	.lower = bpf_lower,
	.doc = "classic BPF that looks at packet bytes and length only",
};
