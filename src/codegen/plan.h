/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of one base chain: which rules the program evaluates, with what
 * predicates and verdicts, and where it hands over. Built by plan.c, refined by
 * plan_flow.c, read by print*.c.
 */
#ifndef CODEGEN_PLAN_H
#define CODEGEN_PLAN_H

#include "codegen/codegen.h"
#include "codegen/engine.h"
#include "codegen/lower.h"
#include "codegen/rate.h"

/*
 * Bounds of this code generator. BPF allows 8 frames and 256 functions. Clang
 * takes 0.1 to 0.2 ms per condition, in proportion as long as functions stay
 * small: a second for PLAN_MAX_CONDITIONS.
 */
#define PLAN_MAX_CONDITIONS 6000
#define PLAN_MAX_RULES	    1000000
/* Outside of tables (engine.h). */
#define PLAN_MAX_STRAIGHT  2000
#define PLAN_MAX_FUNCTIONS 200
/* Of chains, below front(). */
#define PLAN_MAX_FRAMES 7
/* A longer chain becomes several functions. */
#define PLAN_PART_RULES 64
/* A chain with one caller up to this size is expanded there. */
#define PLAN_INLINE_RULES 24
/* Rules that match one packet without deciding it. */
#define PLAN_MAX_HITS 24

enum plan_verdict {
	VERDICT_NEXT, /* count and go on */
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_RETURN,
	VERDICT_JUMP, /* into plan_rule.target */
	VERDICT_GOTO,
	VERDICT_HANDOVER,
};

struct plan_rule {
	const struct rule *rule;
	unsigned int num;   /* from 1, as a user counts */
	struct pred *preds; /* owned */
	unsigned int npreds;
	enum plan_verdict verdict;
	struct plan_chain *target; /* of a jump or goto */
	int counter;		   /* ordinal, -1: the rule has none */
	char reason[96];	   /* of a hand-over */
};

struct plan_chain {
	const struct chain *chain;
	unsigned int id;	 /* place in plan.chains; 0 is the base chain */
	struct plan_rule *rules; /* owned; guards left out */
	unsigned int nrules;
	unsigned int live; /* rules up to the first that no packet gets past */
	unsigned int callers;	 /* how many rules jump or go here */
	struct engine_run *runs; /* owned: rules that become tables */
	unsigned int nruns;
	bool data; /* as do all chains it leads to */
	unsigned int
		depth;	/* how many levels of such chains, itself included */
	bool called;	/* from code: it has a function */
	bool in_tables; /* some entry leads here */

	bool shared; /* other base chains lead here, too (plan_share.c) */

	/* plan_flow.c's findings */
	bool inlined;	     /* expanded where its one caller jumps to it */
	unsigned int frames; /* of the functions on its deepest way, itself
				included */
	unsigned int size;   /* rules, those of inlined callees included */
	unsigned int
		hits; /* most entries it can add to the list of matched rules */
	bool handover_inside; /* it or a callee can hand over */
	bool handover_after; /* something its callers do after it returns can */
	bool may_decide;     /* some packet may meet its verdict in it */
	bool may_return;     /* some packet may come back to the caller */
	enum { WALK_NEW, WALK_OPEN, WALK_DONE } walk;
};

/* A table of -m hashlimit. */
struct plan_hashlimit {
	struct hashlimit h;
	bool gate; /* in front of nft's */
};

struct needs;

struct plan {
	enum family family;
	const struct ruleset *ruleset; /* all that there is; may be NULL */
	const struct table *table;
	const struct chain *base;
	enum chain_mode mode;
	char reason[128];
	char obstacle[256];	    /* to deciding every packet; "" */
	struct plan_chain **chains; /* owned */
	unsigned int nchains;
	struct plan_chain **order; /* owned: callees before their callers, the
				      base chain last */
	unsigned int nordered;
	unsigned int nrules;
	struct plan_counter *counters;
	unsigned int ncounters;
	unsigned int policy; /* ordinal of the policy's counter */
	struct engine engine;
	struct needs *needs; /* owned: of rules whose predicates are gone */
	unsigned int nruns;  /* that have functions */
	uint32_t *words;     /* owned: the tables of all runs */
	size_t nwords, words_cap;
	struct plan_handover *handovers;
	unsigned int nhandovers;
	struct plan_counter *states;
	unsigned int nstates;
	struct plan_hashlimit *hashlimits;
	unsigned int nhashlimits;
	unsigned int hits; /* length of the list of matched rules */
	bool gates; /* limits only stand in front of nft's own (plan_flow.c)
		     */
	bool state_decides; /* some match has state of its own: no hand-over can
			       follow it */
	bool may_overflow; /* more rules than that can match on one packet's way
			    */
};

#define PLAN_MAX_HASHLIMITS 40 /* a map each, of 64 that a program may have */

/* How many rules are printed for @r: it and what is expanded in it. */
static inline unsigned int plan_rule_size(const struct plan_rule *r)
{
	return r->target && r->target->inlined ? 1 + r->target->size : 1;
}

/*
 * c->hits: the most entries that a packet adds to the list of matched rules on
 * its way through @c; callees are done. 0 or -ENOMEM.
 */
int plan_count_hits(struct plan_chain *c);

/*
 * Finds depth, sizes and hand-overs of all chains; turns limits into
 * gates where packets are handed over; decides the mode. -ENOMEM or 0.
 */
int plan_flow(struct plan *p);
/* Says in @p why nft must stay awake behind its program, if it must. */
void plan_find_obstacle(struct plan *p);
/*
 * Finds what state is not the program's alone (pred.shared), and hands over at
 * hashlimit rules that do not agree. -ENOMEM or 0.
 */
int plan_share(struct plan *p);
/*
 * Turns limits into gates where packets are handed over, or where their state
 * is not the program's alone; hands over at what has other state there.
 */
void plan_gates(struct plan *p);
/* The bucket of a gate in front of nft's @c. */
void plan_widen(struct rate_credits *c);
/* Whether testing @r changes what a later packet meets, and cannot be undone:
 * the match's name, or NULL. */
const char *plan_state_decides(const struct plan *p, const struct pred *r);
/* Whether a rule of @c from @from on hands over. */
bool plan_rest_hands_over(const struct plan_chain *c, unsigned int from);
/* Sets plan_chain.handover_inside and handover_after. */
void plan_find_handovers(struct plan *p);
/* The number of the hashlimit table that @pred is about. Negative errno. */
int plan_hashlimit(struct plan *p, const struct pred *pred);
/* Makes @r a hand-over before its predicate @k, for this reason, unless it is
 * one already. */
void plan_hand_over_at(struct plan_rule *r, unsigned int k, const char *fmt,
		       ...) __attribute__((format(printf, 3, 4)));
/* Keeps the chain with nft, for this reason. */
void plan_refuse(struct plan *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
