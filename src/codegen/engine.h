/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long runs of rules as tables. The generated code asks "which is the first
 * rule at or after i that matches?", and the cost of the answer hardly grows
 * with the number of rules (doc/ENGINE.md). Code depends on the shape only:
 * which runs there are, the fields that their rules look at, and the chains
 * of straight code they lead to. The rules themselves are data.
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
/* With more straight rules than this all that can be data is. */
#define ENGINE_MAX_SMALL 256
#define ENGINE_MIN_LARGE 8
/* Conditions that are code, in one program. */
#define ENGINE_MAX_TEXTS 128
/* Conditions behind the key of a rule. */
#define ENGINE_MAX_CONDS 16
/* Entries that one rule may become. */
#define ENGINE_MAX_KEYS 48
/* Chains of straight code that a run may lead to. */
#define ENGINE_MAX_TARGETS 64

/* A predicate as the printer spells it: its identity. */
struct engine_text {
	struct pred pred;
	struct buf text;
};

/* What all runs of a program share. */
struct engine {
	struct engine_text text[ENGINE_MAX_TEXTS];
	unsigned int ntexts;
	uint64_t numbers, bytes; /* fields that conditions look at */
	/* Protocols behind which some rule natively asks for a header. */
	bool native[UINT8_MAX + 1];
	bool any; /* there are runs */
	/* How deep chains of entries lead to each other, a power of two; 0:
	 * none do. */
	unsigned int depth;
};

/* Rules first .. first + n - 1 of a chain. */
struct engine_run {
	int id; /* of its function in the program, -1: it has none */
	unsigned int first, n;
	/* Chains that are code. */
	struct plan_chain *target[ENGINE_MAX_TARGETS];
	unsigned int ntargets;
	bool returns; /* some rule's verdict is RETURN */
	bool goes;    /* some rule's verdict is GOTO */
	uint32_t at;  /* its list of tables */
};

/* One entry's key. Addresses in network order. */
struct engine_key {
	uint8_t saddr[16], daddr[16]; /* but for their prefixes 0 */
	uint8_t sbits, dbits;
	uint16_t sport[2], dport[2]; /* lo, hi; host order */
	uint8_t proto;
	bool has_proto;
	/*
	 * Bytes of transport header that must be there; is_native: or be what
	 * nft takes for them in a later fragment. With is_short the entry is
	 * about packets that have them but not all of @below: those that the
	 * rule drops.
	 */
	uint8_t need, below;
	bool is_native, is_short, frag1;
	uint8_t ifaces;	   /* ENGINE_IIF, ENGINE_OIF: the whole name is known */
	uint32_t iif, oif; /* hashes of names */
	uint32_t conds;	   /* where the list begins, 0: none */
};
#define ENGINE_IIF 1
#define ENGINE_OIF 2

/*
 * Which words of entries and tables mean what; the same in engine.bpf.h. An
 * entry never lies in two cache lines: of IPv4's there are two in a line, one
 * of IPv6's fills it.
 */
enum {
	ENTRY_INDEX,   /* of the rule and of its counter; all ones: no entry */
	ENTRY_VERDICT, /* verdict | ENTRY_* bits | prefix lengths, see below */
	ENTRY_MORE,    /* conditions; of a jump the target; or a box of both */
	ENTRY_PROTO, /* value | need << 8 | below << 16 | ENTRY_PROTO_* bits */
	ENTRY_SPORT, /* lo | hi << 16 */
	ENTRY_DPORT,
	ENTRY_ADDRS, /* saddr, daddr; of IPv4 in host order */
};
#define ENTRY_LAST	   0x80000000u /* nothing to be found behind it */
#define ENTRY_FOREIGN	   0x10u       /* the target is code */
#define ENTRY_UNCOUNTED	   0x20u
#define ENTRY_CONDS	   0x40u
#define ENTRY_BOXED	   0x80u /* a target and conditions */
#define ENTRY_PROTO_KNOWN  0x1000000u
#define ENTRY_PROTO_SHORT  0x2000000u
#define ENTRY_PROTO_FRAG1  0x4000000u
#define ENTRY_PROTO_NATIVE 0x8000000u
/* Of IPv4: bits that do not count. Of IPv6: those that do. */
#define ENTRY_SADDR_SHIFT 8
#define ENTRY_DADDR_SHIFT 16
#define ENTRY_ADDR_BITS	  0xffu

/* A list of tables; or, with LIST_ENTRIES, of entries by index. A target that
 * is code: its number in the run. */
#define LIST_ENTRIES 1u
/* Two words: target, conditions. */
enum { BOX_TARGET, BOX_CONDS };

enum {
	TABLE_FIRST,  /* least index in it; all ones: the end of the list */
	TABLE_LAST,   /* greatest index */
	TABLE_LINES,  /* where its lines of entries begin */
	TABLE_NLINES, /* over which hashes are spread */
	TABLE_BITS,   /* where its bitmap of hashes begins */
	TABLE_MASK,   /* bits in it - 1 */
	TABLE_IFACES, /* ENGINE_IIF, ENGINE_OIF */
	TABLE_PAD,
	TABLE_REST,		      /* masks: sport | dport << 16, protocol */
	TABLE_ADDRS = TABLE_REST + 2, /* masks: saddr, daddr */
};

/*
 * A condition: COND_STRIDE words. The first is its kind | field << 8 | bits;
 * then operands.
 */
enum {
	COND_TEXT,    /* number of the text */
	COND_MASKED,  /* mask, value */
	COND_BETWEEN, /* lo, hi */
	COND_RANGES,  /* 15 times lo | hi << 16 */
	COND_BYTES,   /* (from word 2) 16 bytes of value, 16 of mask */
};
#define COND_KIND   7u
#define COND_INVERT 0x10u
#define COND_LAST   0x20u /* of the list */
#define COND_STRIDE 16u
#define COND_EMPTY  1u /* a range that holds nothing: 1 to 0 */

/*
 * The first words: two numbers, the end of a list of tables that is none, each
 * run's list. Of IPv6 the masks of all prefix lengths stand in front of the
 * latter.
 */
enum { WORD_ZERO, WORD_ONES, WORD_ZERO64, WORD_MASKS = 4 };
#define ENGINE_MASK_WORDS(family) ((family) == FAMILY_IPV4 ? 0u : 129u * 4)
#define ENGINE_RUN_WORD(family)	  (WORD_MASKS + ENGINE_MASK_WORDS(family))

/* What walk() answers but for an entry. */
enum { WALK_END, WALK_HANDOVER, WALK_LEFT, WALK_ON };

/* Words of an entry, of a table, of an address, and of a cache line. */
#define ENGINE_ADDR_WORDS(family)  ((family) == FAMILY_IPV4 ? 1u : 4u)
#define ENGINE_ENTRY_WORDS(family) ((family) == FAMILY_IPV4 ? 8u : 16u)
#define ENGINE_TABLE_WORDS(family) (TABLE_ADDRS + 2 * ENGINE_ADDR_WORDS(family))
#define ENGINE_LINE_WORDS	   16u
/* Behind the last word that an index can name. */
#define ENGINE_SLACK 32

/*
 * Cuts the live rules of all chains into runs and straight code, numbers the
 * runs. May be asked again; with @large all becomes data that can. 0 or
 * -ENOMEM.
 */
int engine_cut(struct plan *p, bool large);
/* The run that begins at rule @i of @c, or NULL. */
const struct engine_run *engine_run_at(const struct plan_chain *c,
				       unsigned int i);
void engine_free_runs(struct plan_chain *c);
void engine_free(struct plan *p);

/* What was noted up to here, to go back to it. */
struct engine_mark {
	unsigned int ntexts;
	uint64_t numbers, bytes;
};
struct engine_mark engine_mark(const struct plan *p);
void engine_rewind(struct plan *p, const struct engine_mark *m);

/*
 * Notes what @r needs of the program: fields, texts. -ENOSPC: it cannot be
 * looked up, or there is no more room. -ENOMEM.
 */
int engine_admit(struct plan *p, const struct plan_rule *r);

/* The keys of a rule and their conditions, written to the tables. */
struct engine_keys {
	struct engine_key *key; /* freed by the caller */
	uint32_t *index;	/* the rule of each */
	uint32_t n, room;
};
struct engine_conds; /* lists that were written already */
int engine_add_keys(struct plan *p, struct engine_conds *conds,
		    const struct plan_rule *r, uint32_t index,
		    struct engine_keys *out);
struct engine_conds *engine_conds_new(void);
void engine_conds_free(struct engine_conds *c);

/* Whether @p asks for the exact name of a device, not just its beginning. */
bool engine_is_whole_name(const struct pred *p);

/*
 * Room for @n words more in p->words, zeroed; where they begin, 0 on failure.
 * Reading of eight bytes may begin there; of engine_add_lines(), a cache line.
 */
uint32_t engine_add_words(struct plan *p, size_t n);
uint32_t engine_add_lines(struct plan *p, size_t n);
uint64_t engine_mix(uint64_t h, uint64_t w);

/*
 * Builds the tables of @run, rules of @c, behind the words that are there. The
 * rules' predicates are gone then. 0 or -ENOMEM.
 */
int engine_build_run(struct plan *p, const struct plan_chain *c,
		     struct engine_run *run, struct engine_conds *conds);
/* Frees what @run's rules asked for; what it needs of the program is noted. */
void engine_release_preds(struct plan *p, const struct plan_chain *c,
			  const struct engine_run *run);
/* Builds the tables of all runs: p->words. 0 or -ENOMEM. */
int engine_build(struct plan *p);

/* Printing: the program's #defines, texts, and the function of one run. */
void engine_print_defines(struct buf *out, const struct plan *p);
void engine_print_texts(struct buf *out, const struct plan *p);
void engine_print_run(struct buf *out, enum family family,
		      const struct engine_run *run);

/* What stands behind runtime_head in programs with tables. */
extern const char *const runtime_engine;

#endif
