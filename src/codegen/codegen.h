/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules -> plan -> C. The input is a ruleset as the kernel holds it; the output
 * a plan (which packets are decided how, and where evaluation is handed over to
 * nft) and, from the plan alone, the C source of one BPF program per base
 * chain.
 */
#ifndef CODEGEN_CODEGEN_H
#define CODEGEN_CODEGEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

struct plan; /* for one base chain and the user chains it reaches */

/*
 * Of a plan: CHAIN_HYBRID can run in BPF, CHAIN_EXCLUSIVE, too, but there is no
 * point while nft is awake.
 */
enum chain_mode { CHAIN_NFT, CHAIN_HYBRID, CHAIN_EXCLUSIVE };

/*
 * A counter of the compiled program: ordinal i of its counters map belongs to
 * this rule. Rule NULL: the base chain's policy.
 */
struct plan_counter {
	const struct chain *chain;
	const struct rule *rule;
};

/* A rule at which the program hands the packet over to nft. */
struct plan_handover {
	const struct chain *chain;
	unsigned int rule; /* from 1, as a user counts */
	char reason[96];   /* "target LOG" */
};

/*
 * Plans @base and all it reaches in @t. Returns 0 also when the chain must
 * stay with nft: plan_mode() then is CHAIN_NFT and plan_reason() says why.
 * The plan refers into @t, which must outlive it. plan_free() frees it. @rs:
 * what other tables there are; NULL: none that matters.
 */
int plan_build(const struct ruleset *rs, const struct table *t,
	       const struct chain *base, struct plan **out, struct err *e);
void plan_free(struct plan *p);

/* What the rules allow: CHAIN_NFT or CHAIN_HYBRID. */
enum chain_mode plan_mode(const struct plan *p);
/* Why it is CHAIN_NFT; never NULL, "" when there is nothing to say. */
const char *plan_reason(const struct plan *p);
/*
 * Why the program cannot decide every packet, so that nft must stay awake
 * behind it; NULL: it can.
 */
const char *plan_obstacle(const struct plan *p);
/* No packet is decided or counted: there are no rules, and the policy accepts.
 */
bool plan_is_idle(const struct plan *p);
/* Rules of the base chain and what it reaches. */
unsigned int plan_rule_count(const struct plan *p);
/* An estimate of what a packet costs, in ns, by who decides it. */
struct plan_cost {
	unsigned int nft, hybrid, exclusive;
};
void plan_cost(const struct plan *p, struct plan_cost *out);

/* Arrays of the plan's, of *@n elements: the counters by ordinal, and the
 * hand-overs chain by chain in the order of rules. */
const struct plan_counter *plan_counters(const struct plan *p, unsigned int *n);
const struct plan_handover *plan_handovers(const struct plan *p,
					   unsigned int *n);
/*
 * Stateful predicates (token buckets): ordinal i of the program's "state" map
 * belongs to this rule, so that its state survives a recompile.
 */
const struct plan_counter *plan_states(const struct plan *p, unsigned int *n);

/*
 * What the program's map ".bss.tables" is to hold: the rules that are data.
 * @size is 0 when it has no such map.
 */
const void *plan_tables(const struct plan *p, size_t *size);

/*
 * Prints the C source of @p. With @annotate, each rule is preceded by a
 * comment with its number and text, made safe for a C comment; that form is for
 * people, never for clang. @rule_text may be NULL without @annotate.
 */
typedef void (*plan_rule_text_fn)(struct buf *out, const struct table *t,
				  const struct chain *c, const struct rule *r,
				  void *arg);
int plan_print_c(const struct plan *p, struct buf *out, bool annotate,
		 plan_rule_text_fn rule_text, void *arg);

#endif
