/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long runs of rules as tables. The generated code asks "which is the first
 * rule at or after i that matches?", and the cost of the answer hardly grows
 * with the number of rules (doc/ENGINE.md). Code depends on the shape only:
 * which runs there are, their residual predicates and the chains they lead to.
 * The rules themselves are data.
 */
#ifndef CODEGEN_ENGINE_H
#define CODEGEN_ENGINE_H

#include "base/buf.h"
#include "codegen/lower.h"

struct plan;
struct plan_chain;
struct plan_rule;

/* Fewer rules than this are cheaper as straight code. */
#define ENGINE_MIN_RULES 48
/* Bits of a word: other conditions that a run's rules may ask for. */
#define ENGINE_MAX_RESIDUALS 32
/* Chains that a run may lead to. */
#define ENGINE_MAX_TARGETS 64

/* A predicate as the printer spells it: its identity. */
struct engine_residual {
	const struct pred *pred; /* some rule's */
	struct buf text;
};

/* Rules first .. first + n - 1 of a chain. */
struct engine_run {
	unsigned int id; /* in the program */
	unsigned int first, n;
	struct engine_residual residual[ENGINE_MAX_RESIDUALS];
	unsigned int nresiduals;
	struct plan_chain *target[ENGINE_MAX_TARGETS];
	unsigned int ntargets;
	bool returns;	 /* some rule's verdict is RETURN */
	bool goes_on;	 /* some rule matches without ending the run */
	bool hands_over; /* some rule's verdict is HANDOVER */
};

/* What the tables hold of one rule. Addresses in network order. */
struct engine_key {
	uint8_t saddr[16], smask[16], daddr[16], dmask[16];
	uint16_t sport[2], dport[2]; /* lo, hi; host order */
	uint16_t proto;
	bool has_proto;
	uint32_t residuals;
};

/* Which words of the entries and table descriptors mean what; the same in
 * engine.bpf.h. */
enum {
	ENTRY_INDEX,
	ENTRY_VERDICT, /* verdict | target << 8 | ENTRY_LAST */
	ENTRY_COUNTER,
	ENTRY_RESIDUALS,
	ENTRY_PROTO, /* value | mask << 16 */
	ENTRY_SPORT, /* lo | hi << 16 */
	ENTRY_DPORT,
	ENTRY_PAD,
	ENTRY_ADDRS, /* saddr, its mask, daddr, its mask */
};
#define ENTRY_LAST 0x80000000u

enum {
	TABLE_FIRST,   /* least index in it; all ones: the end of the list */
	TABLE_LAST,    /* greatest index */
	TABLE_BUCKETS, /* where they begin */
	TABLE_HASH,    /* number of buckets - 1 */
	TABLE_PORTS,   /* masks: sport | dport << 16 */
	TABLE_PROTO,   /* mask */
	TABLE_PAD1,
	TABLE_PAD2,
	TABLE_ADDRS, /* masks: saddr, daddr */
};

/* Words of an entry, of a table, and of an address. */
#define ENGINE_ADDR_WORDS(family)  ((family) == FAMILY_IPV4 ? 1u : 4u)
#define ENGINE_ENTRY_WORDS(family) (8 + 4 * ENGINE_ADDR_WORDS(family))
#define ENGINE_TABLE_WORDS(family) (8 + 2 * ENGINE_ADDR_WORDS(family))
/* Behind the last word that an index can name. */
#define ENGINE_SLACK 32

/*
 * Cuts the live rules of all chains into runs and straight code, numbers the
 * runs. 0 or -ENOMEM.
 */
int engine_cut(struct plan *p);
/* The run that begins at rule @i of @c, or NULL. */
const struct engine_run *engine_run_at(const struct plan_chain *c,
				       unsigned int i);
void engine_free(struct plan_chain *c);

/* Whether all of @r can be looked up. */
bool engine_takes(const struct plan_rule *r);
/* What @r asks for; residuals are those of @run. 0 or -ENOMEM. */
int engine_key(enum family family, const struct engine_run *run,
	       const struct plan_rule *r, struct engine_key *k);

/* Builds the tables of all runs: p->words. 0 or -ENOMEM. */
int engine_build(struct plan *p);

/* Printing: the program's #defines, and the function of one run. */
void engine_print_defines(struct buf *out, const struct plan *p);
void engine_print_run(struct buf *out, const struct engine_run *run);

/* What stands behind runtime_head in programs with tables. */
extern const char *const runtime_engine;

#endif
