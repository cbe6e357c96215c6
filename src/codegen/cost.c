// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a packet costs in nft, in BPF in front of nft, and in BPF alone: rough
 * figures of one machine (forwarding path, retpolines on), good enough to tell
 * a chain of two rules from one of twenty.
 */
#include "codegen/plan.h"

/* Nanoseconds. */
enum {
	NFT_HOOK = 65,	  /* an nft base chain without rules */
	NFT_RULE = 5,	  /* one of nft's own conditions that does not hold */
	NFT_MATCH = 40,	  /* a match through nft_compat */
	BPF_HOOK = 37,	  /* dispatcher and program */
	BPF_RULE = 1,	  /* straight code */
	BPF_MATCH = 1,	  /* each further condition of it */
	BPF_TABLE = 40,	  /* a run of rules that is looked up */
	BPF_GUARDED = 93, /* note, nft's hook, and the guard in it */
};

static unsigned int nft_cost(const struct plan_rule *r)
{
	unsigned int ns = NFT_RULE;
	const struct ext *e;

	list_for_each (e, &r->rule->matches, struct ext, node)
		ns += e->native ? NFT_RULE : NFT_MATCH;
	return ns;
}

static void add_chain(const struct plan_chain *c, struct plan_cost *sum)
{
	unsigned int run = 0;

	for (unsigned int i = 0; i < c->nrules; i++)
		sum->nft += nft_cost(&c->rules[i]);
	for (unsigned int i = 0; i < c->live; i++) {
		if (run < c->nruns && i == c->runs[run].first) {
			/* Not halved below. */
			sum->exclusive += 2 * BPF_TABLE;
			i += c->runs[run++].n - 1;
			continue;
		}
		sum->exclusive += BPF_RULE + BPF_MATCH * c->rules[i].npreds;
	}
}

void plan_cost(const struct plan *p, struct plan_cost *out)
{
	struct plan_cost sum = {0};

	for (unsigned int i = 0; i < p->nchains; i++)
		add_chain(p->chains[i], &sum);
	/* On average a packet is decided half-way. */
	out->nft = NFT_HOOK + sum.nft / 2;
	out->exclusive = plan_is_idle(p) ? 0 : BPF_HOOK + sum.exclusive / 2;
	out->hybrid = BPF_HOOK + BPF_GUARDED + sum.exclusive / 2;
}
