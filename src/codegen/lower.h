/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule -> predicates. A rule matches when all its predicates hold, tested
 * in order. Predicates are data, so that whatever decides a run of rules
 * (straight code, a table) can look at them; nothing here knows C or BPF.
 *
 * Order matters in two places only: a predicate that can drop the packet
 * (transport.drop_short and its like) or that has state (pred_has_state) must
 * not be tested before those in front of it.
 */
#ifndef CODEGEN_LOWER_H
#define CODEGEN_LOWER_H

#include <stdbool.h>
#include <stdint.h>

#include "codegen/call.h"
#include "model/model.h"

/*
 * What a predicate looks at: bytes (in network order), a number (in host
 * order), or a question with an answer of its own (OP_HOLDS).
 */
enum pred_field {
	FIELD_NEVER, /* question: never holds */
	FIELD_SADDR, /* bytes */
	FIELD_DADDR, /* bytes */
	/* bytes: device names, NUL padded; empty when there is no device */
	FIELD_IIF,
	FIELD_OIF,
	/*
	 * number: the transport protocol. Unknown behind broken IPv6 headers:
	 * then no test of it holds, inverted or not.
	 */
	FIELD_PROTO,
	FIELD_FRAGOFF,	 /* number: IPv4 fragment offset, in 8 byte units */
	FIELD_TRANSPORT, /* question: can the transport header be read? */
	/* numbers in the transport header; FIELD_TRANSPORT comes first */
	FIELD_SPORT,
	FIELD_DPORT,
	FIELD_ANY_PORT,	  /* either of these */
	FIELD_ICMP,	  /* type << 8 | code */
	FIELD_TCP_FLAGS,  /* byte 13 */
	FIELD_TCP_OPTION, /* question: is option number.value there? */
	FIELD_TH_WORD0,	  /* the first four bytes ... */
	FIELD_TH_WORD1,	  /* ... and the next */
	FIELD_MARK,	  /* number: skb->mark */
	FIELD_TTL,	  /* number: TTL or hop limit */
	FIELD_TOS,	  /* number: TOS or traffic class */
	FIELD_LENGTH,	  /* number: of the packet, as -m length sees it */
	FIELD_PKTTYPE,	  /* number: PACKET_*, as -m pkttype sees it */
	FIELD_HAS_MAC, /* number: 1 when it came with an Ethernet header ... */
	FIELD_MAC_SOURCE, /* bytes: ... whose source this is, then 1 and 0 */
	FIELD_SADDR4,	  /* numbers: the addresses of IPv4 */
	FIELD_DADDR4,
	FIELD_CPU,	 /* numbers: the CPU this runs on, */
	FIELD_IIF_GROUP, /* the groups of the devices, */
	FIELD_OIF_GROUP,
	FIELD_REALM,	/* the realm of the route */
	FIELD_CT_STATE, /* number: CT_* bits */
	FIELD_CT_ENTRY, /* question: is there a conntrack entry? */
	/* in that entry */
	FIELD_CT_REPLY,	  /* number: 0 original direction, 1 reply */
	FIELD_CT_MARK,	  /* number */
	FIELD_CT_STATUS,  /* number: IPS_* bits */
	FIELD_CT_PROTO,	  /* number: protocol of the original tuple */
	FIELD_CT_ORIGSRC, /* bytes: the tuples' addresses */
	FIELD_CT_ORIGDST,
	FIELD_CT_REPLSRC,
	FIELD_CT_REPLDST,
	FIELD_CT_ORIGSRC_PORT, /* numbers: their ports */
	FIELD_CT_ORIGDST_PORT,
	FIELD_CT_REPLSRC_PORT,
	FIELD_CT_REPLDST_PORT,
	FIELD_LIMIT, /* question: does the token bucket give a token? */
	FIELD_CALL,  /* question: does a function of the runtime (call.h) match?
		      */
	FIELD_COUNT
};

/* Bits of FIELD_CT_STATE: those of xt_conntrack. */
#define CT_INVALID     0x001
#define CT_ESTABLISHED 0x002
#define CT_RELATED     0x004
#define CT_NEW	       0x008
#define CT_SNAT	       0x040
#define CT_DNAT	       0x080
#define CT_UNTRACKED   0x100

enum pred_op {
	OP_HOLDS,   /* the field is a question of its own */
	OP_MASKED,  /* (field & mask) == value */
	OP_ANY_BIT, /* (field & mask) != 0 */
	OP_RANGES,  /* lo <= field <= hi for one of the ranges */
	OP_BETWEEN, /* between.lo <= field <= between.hi */
};

#define PRED_MAX_RANGES 15 /* XT_MULTI_PORTS */
#define PRED_MAX_ARGS	8

struct pred_range {
	uint16_t lo, hi;
};

struct pred {
	enum pred_field field;
	enum pred_op op;
	/* The outcome is negated; what is unreadable still does not hold. */
	bool invert;
	/* Of fields in a conntrack entry: holds when there is none. */
	bool pass_no_ct;
	union {
		struct {
			uint8_t value[16], mask[16]; /* value within mask */
			uint8_t len;		     /* 4 or 16 */
		} bytes;
		struct {
			uint32_t value, mask;
		} number;
		struct {
			struct pred_range r[PRED_MAX_RANGES];
			uint8_t n;
		} ranges;
		/*
		 * Does not hold on a later fragment; but the kernel's native
		 * payload expressions may read it even there (print_pred.c).
		 */
		struct {
			uint8_t need; /* bytes */
			bool native;
			/* The packet is dropped, uncounted, when shorter ... */
			bool drop_short;
			bool drop_frag1; /* ... or at fragment offset 1 */
		} transport;
		struct {
			uint32_t lo, hi;
		} between;
		struct {
			enum pred_call fn;
			uint8_t nargs;
			uint16_t size;	 /* of data; passed on when not 0 */
			uint16_t weight; /* more than call_desc says */
			uint8_t th;	 /* likewise */
			uint64_t arg[PRED_MAX_ARGS];
			const uint8_t *data; /* the rule's, not owned */
			/* For the plan: the match itself, not owned. */
			const struct ext *ext;
			/* A bucket in front of nft's: who is within its rate
			 * is handed over. */
			bool gate;
		} call;
		struct {
			uint64_t cost; /* ns per packet, or credits */
			uint64_t max;  /* size of the bucket */
			/* Credits per jiffy, of xt_limit; 0: counts ns. */
			uint64_t per_jiffy;
		} limit;
	};
	uint32_t state; /* of what has state: ordinal in the state map */
	bool shared;	/* that state is not this program's alone */
};

/* The outcome of lowering one rule. */
struct lowered {
	struct pred *preds; /* owned */
	unsigned int n;
	/*
	 * Not empty: after @n predicates comes something that only nft can
	 * evaluate. "match hashlimit"
	 */
	char refused[96];
};

/* One rule on its way: extensions add to it. */
struct lower;

/*
 * Lowers core conditions, matches and, for ACTION_TARGET, the target of @r.
 * Returns 0 with @out filled (also when something was refused) or -ENOMEM.
 * lowered_clear() frees it.
 */
int lower_rule(enum family family, const struct rule *r, struct lowered *out);
void lowered_clear(struct lowered *l);

/*
 * The match that @p stands for if testing it cannot be undone or would give
 * another answer the next time; else NULL.
 */
const char *pred_has_state(const struct pred *p);

/* Whether @p gives tokens: what plan_flow.c may make a gate. */
bool pred_is_bucket(const struct pred *p);

/* Whether testing @p can drop the packet, or hand it over. */
bool pred_can_drop(const struct pred *p);
bool pred_can_hand_over(const struct pred *p);
/* How many function calls deep testing @p goes. */
unsigned int pred_frames(const struct pred *p);
/* What clang has to translate for @p, in comparisons. */
unsigned int pred_weight(const struct pred *p);

/* ---- for extensions; they return 0 or -ENOMEM ---- */

/* Of the table that the rule is in. */
enum family lower_family(const struct lower *l);
/*
 * Whether rule @r has "-p @proto", not inverted: what a match on its header
 * builds on.
 */
bool lower_has_proto(const struct rule *r, uint8_t proto);
/* Makes this point of the rule a hand-over, and says why. Returns 0. */
int lower_refuse(struct lower *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int lower_add(struct lower *l, const struct pred *p);

/*
 * (@field & @mask) == @value. What always holds is left out, what never can
 * becomes FIELD_NEVER.
 */
int lower_masked(struct lower *l, enum pred_field field, uint32_t value,
		 uint32_t mask, bool invert);
int lower_any_bit(struct lower *l, enum pred_field field, uint32_t mask,
		  bool invert);
int lower_range(struct lower *l, enum pred_field field, uint16_t lo,
		uint16_t hi, bool invert);
/* One of @n ranges, at most PRED_MAX_RANGES. */
int lower_ranges(struct lower *l, enum pred_field field,
		 const struct pred_range *r, unsigned int n, bool invert);
/* @len bytes of @field under @mask are @value (network order). */
int lower_bytes(struct lower *l, enum pred_field field, const void *value,
		const void *mask, unsigned int len, bool invert);
/* @lo <= @field <= @hi. */
int lower_between(struct lower *l, enum pred_field field, uint32_t lo,
		  uint32_t hi, bool invert);
/* What function @fn of the runtime answers to @nargs arguments. */
int lower_call(struct lower *l, enum pred_call fn, const uint64_t *arg,
	       unsigned int nargs, bool invert);
/* The same, with @size bytes of the rule's own data behind the arguments. */
int lower_call_data(struct lower *l, enum pred_call fn, const uint64_t *arg,
		    unsigned int nargs, const void *data, unsigned int size,
		    bool invert);
/*
 * The same without arguments, for a function that the plan makes of @e; it
 * looks at @th bytes of the transport header.
 */
int lower_call_ext(struct lower *l, enum pred_call fn, const struct ext *e,
		   unsigned int th, bool invert);
/*
 * The header of a match that the kernel evaluates natively (does not match
 * when unreadable) or by xt code (drops the packet then).
 */
int lower_transport(struct lower *l, unsigned int need, bool native,
		    bool drop_frag1);
/* For what follows: predicates on a conntrack entry hold when there is none. */
void lower_pass_no_ct(struct lower *l, bool pass);

#endif
