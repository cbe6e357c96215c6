/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule model: one in-memory ruleset, tables -> chains -> rules. It knows
 * neither netlink nor text nor BPF: translate/ fills it from the kernel and
 * turns it into nft expressions, the front ends parse into it and print it,
 * codegen/ compiles it.
 *
 * Addresses and masks are in network byte order; counters, handles and
 * numbers in host byte order. A ruleset owns its tables, those their chains,
 * those their rules.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/* Families carry the kernel's NFPROTO_ numbers. */
enum family { FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 };

#define MODEL_EXT_NAME_LEN   29 /* XT_EXTENSION_MAXNAMELEN */
#define MODEL_TABLE_NAME_LEN 32
#define MODEL_CHAIN_NAME_LEN 29 /* iptables' limit, with the NUL */

/* One match or target extension: the kernel's structure, as nft_compat carries
 * it. */
struct ext {
	struct list node; /* in rule.matches; unused for targets */
	char name[MODEL_EXT_NAME_LEN];
	uint8_t revision;
	/*
	 * The kernel holds native nft expressions for it, not an nft_compat
	 * one: what is unreadable then does not match instead of dropping the
	 * packet.
	 */
	bool native;
	uint32_t size; /* of data, bytes; the aligned size (XT_ALIGN) of the
			  kernel structure */
	/*
	 * What the kernel's rule refers to and no dump tells; 0: not known.
	 * cgroup --path: level << 56 | id of the control group. hashlimit:
	 * HASHLIMIT_* of codegen/rate.h. quota: where the kernel keeps what
	 * is left.
	 */
	uint64_t resolved;
	unsigned char data[] __attribute__((aligned(8)));
};

/* What struct ipt_ip / ip6t_ip6 hold; the flag bits are the same in both
 * families. */
#define CORE_INV_IIF   0x01
#define CORE_INV_OIF   0x02
#define CORE_INV_SRC   0x08
#define CORE_INV_DST   0x10
#define CORE_INV_FRAG  0x20
#define CORE_INV_PROTO 0x40

struct core_match {
	union model_addr {
		uint32_t ip;	 /* network byte order */
		uint32_t ip6[4]; /* network byte order */
		struct in_addr in;
		struct in6_addr in6;
	} src, dst, smsk, dmsk;
	/*
	 * Interface name, "" when none is asked for, and how many of its bytes
	 * count: strlen + 1 for an exact name, strlen of what precedes the '+'
	 * for a wildcard (0 for "+" alone). The name is stored without '+'.
	 */
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
	uint8_t iif_len, oif_len;
	bool has_iif, has_oif; /* an interface condition exists ("+" alone is
				  none unless inverted) */
	uint16_t proto;	       /* 0: any */
	bool frag;	       /* IPv4 -f */
	uint8_t inv;	       /* CORE_INV_* */
};

enum rule_action {
	ACTION_NONE, /* no target: counts only */
	ACTION_ACCEPT,
	ACTION_DROP,
	ACTION_RETURN,
	ACTION_QUEUE,  /* bare -j QUEUE verdict, if ever met */
	ACTION_JUMP,   /* rule.chain */
	ACTION_GOTO,   /* rule.chain */
	ACTION_TARGET, /* rule.target */
};

/* Why a rule from the kernel needs care. */
#define RULE_GUARD   0x01 /* our guard rule: hidden from users */
#define RULE_UNKNOWN 0x02 /* holds expressions no iptables front end writes */
#define RULE_ODD_ORDER                                                         \
	0x04 /* conditions not in an order iptables writes: not compilable */

/*
 * A rule as the kernel gave it, kept for those that the model does not carry
 * whole: @exprs_len bytes of nft expressions, then @udata_len of user data.
 */
struct rule_raw {
	uint32_t exprs_len, udata_len;
	unsigned char data[];
};

struct rule {
	struct list node; /* in chain.rules */
	uint64_t handle;  /* nft's, unique in its table; 0 when not from the
			     kernel */
	uint32_t id;	  /* in the batch that adds it, 0 when none does */
	uint32_t flags;	  /* RULE_* */
	struct core_match core;
	struct list matches; /* of struct ext, in evaluation order */
	enum rule_action action;
	char chain[MODEL_CHAIN_NAME_LEN]; /* jump/goto destination */
	struct ext *target;		  /* ACTION_TARGET */
	bool has_counter;
	uint64_t packets, bytes;
	/* Not NULL: what is written when the rule is replaced by itself, with
	 * the counters above. */
	struct rule_raw *raw;
};

struct chain {
	struct list node;	   /* in table.chains */
	struct chain *same_bucket; /* table.index */
	char name[MODEL_CHAIN_NAME_LEN];
	uint64_t handle;
	bool base;    /* the members down to type are valid */
	uint8_t hook; /* NF_INET_* */
	int32_t prio;
	char type[16];	   /* "filter", "nat", "route" */
	uint8_t policy;	   /* NF_ACCEPT or NF_DROP */
	bool has_counters; /* the kernel keeps policy counters for it */
	uint64_t packets, bytes;
	uint32_t
		use; /* nft's use count: rules it holds plus references to it */
	uint32_t nrules; /* elements of rules, guards included */
	struct list rules;
};

struct table {
	struct list node; /* in ruleset.tables */
	enum family family;
	char name[MODEL_TABLE_NAME_LEN];
	uint64_t handle;
	uint32_t flags;	      /* NFT_TABLE_F_* (dormant) */
	struct list chains;   /* in the kernel's (creation) order */
	struct chain **index; /* hash of their names; table_*_chain() keep it */
	uint32_t index_size, nchains;
	/* Other tools' base chains are in it; they and their rules are left out
	 * here. */
	bool tainted;
	bool builtin_tainted; /* one of them is called like one of iptables' */
	/* The rules' counters are not the kernel's present ones, but older. */
	bool counters_stale;
	/* Not NULL when an iptables front end cannot handle this table
	 * ("incompatible"): why. */
	char *incompatible;
};

struct ruleset {
	uint32_t generation; /* nft generation it was read at, 0 for a file */
	struct list tables;
};

/* An empty one, at generation 0. */
void ruleset_init(struct ruleset *rs);
/* Frees all that @rs owns and leaves it empty; @rs itself belongs to the
 * caller. */
void ruleset_clear(struct ruleset *rs);

/* NULL when there is none. */
struct table *ruleset_find_table(const struct ruleset *rs, enum family family,
				 const char *name);
struct chain *table_find_chain(const struct table *t, const char *name);
/* The @num-th rule (from 1) a user sees, guards not counted; NULL when out of
 * range. */
struct rule *chain_find_rule(const struct chain *c, unsigned int num);
/* How many rules a user sees (guards not counted). */
unsigned int chain_visible_rules(const struct chain *c);

/* Take out of the owner and free. */
void ruleset_remove_table(struct table *t);
void table_remove_chain(struct table *t, struct chain *c);
void chain_remove_rule(struct chain *c, struct rule *r);
void chain_flush(struct chain *c);

/* Allocate, append to the owner and return; NULL when out of memory. */
struct table *ruleset_add_table(struct ruleset *rs, enum family family,
				const char *name);
struct chain *table_add_chain(struct table *t, const char *name);

/* A rule that belongs to the caller until it is appended to a chain. NULL when
 * out of memory. */
struct rule *rule_new(void);
void rule_free(struct rule *r);
void chain_append_rule(struct chain *c, struct rule *r);
/* Puts @r before @pos, a rule of @c. */
void chain_insert_rule(struct chain *c, struct rule *r, struct rule *pos);
/* A copy that belongs to the caller (no handle, no id, nothing resolved); NULL
 * when out of memory. */
struct rule *rule_clone(const struct rule *r);

/* A copy of @data, @size bytes; NULL when out of memory. Belongs to the caller.
 */
struct ext *ext_new(const char *name, uint8_t revision, const void *data,
		    uint32_t size);
void rule_add_match(struct rule *r, struct ext *match);

/*
 * The builtin chains of iptables (include/linux/netfilter*.h, iptables/nft.c):
 * table, chain, nft chain type, hook, priority; the same for both families.
 */
struct builtin_chain {
	const char *table, *name, *type;
	uint8_t hook;
	int32_t prio;
};

extern const struct builtin_chain builtin_chains[];
extern const unsigned int builtin_chain_count;
/* NULL when @table has no such builtin chain. */
const struct builtin_chain *builtin_chain_find(const char *table,
					       const char *chain);
bool builtin_table_exists(const char *table);

#endif
