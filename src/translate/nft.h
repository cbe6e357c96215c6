/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule model <-> nftables: the netlink connection, dumps into the model,
 * batches out of it. Nothing here knows argv, text or BPF.
 */
#ifndef TRANSLATE_NFT_H
#define TRANSLATE_NFT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "model/model.h"

struct snap_place;
struct snap_record;
struct nft; /* a netlink connection in the caller's network namespace */

/* Negative errno with @e filled. *@out: to be closed; NULL may be closed, too.
 */
int nft_open(struct nft **out, struct err *e);
void nft_close(struct nft *nft);

/* Its socket, for questions about the network namespace. */
int nft_socket(const struct nft *nft);

/*
 * What -v tells of netlink: from the second (@verbose 2) on, the rules that are
 * read and what batches hold are described on @out, in libnftnl's words; from
 * the third on the batches' messages are, too.
 */
void nft_set_debug(struct nft *nft, unsigned int verbose, FILE *out);

/* The ruleset generation (NFT_MSG_GETGEN), what net->nft.base_seq holds. */
int nft_generation(struct nft *nft, uint32_t *gen, struct err *e);

/*
 * Whether the kernel has revision @rev of match (@opt
 * IPT_SO_GET_REVISION_MATCH) or target extension @name; the form libxtables'
 * xt_params->compat_rev wants (nft_compat, NFNL_MSG_COMPAT_GET).
 */
int nft_compatible_revision(const char *name, uint8_t rev, int opt);

/* ---- one rule ---- */

/*
 * Whether two rules are the same to iptables -C/-D: core conditions,
 * extensions (by libxtables' own idea of which bytes count, hence
 * @userspace_size), target; counters, handle and native-or-compat encoding do
 * not count.
 * @userspace_size: how many bytes of an extension's data count (struct
 * xtables_match userspacesize); NULL: all.
 */
typedef uint32_t (*ext_cmp_size_fn)(enum family family, const struct ext *e,
				    bool target);
bool rule_equal(enum family family, const struct rule *a, const struct rule *b,
		ext_cmp_size_fn userspace_size);

/* A number that any two rules share for which rule_equal() may be true. */
uint32_t rule_sketch(const struct rule *r);

/*
 * A rule as a message of the kernel's (NFT_MSG_NEWRULE, NFT_MSG_DELRULE)
 * describes it; the strings are the message's, @rule is the caller's. Rules of
 * families that are not iptables' are decoded as well as they can be. -EBADMSG:
 * it is no such message; or -ENOMEM; @out then owns nothing.
 */
struct nlmsghdr;
struct nft_rule_message {
	int family; /* NFPROTO_* */
	const char *table, *chain;
	struct rule *rule;
};
int nft_rule_from_message(const struct nlmsghdr *nlh,
			  struct nft_rule_message *out);
/* Whether such a message describes a guard rule, of which users know nothing.
 */
bool nft_message_is_guard(const struct nlmsghdr *nlh);

/* ---- dumps ---- */

enum nft_detail {
	NFT_TABLES, /* tables only */
	NFT_CHAINS, /* and chains */
	NFT_RULES,  /* and rules, decoded */
};

struct nft_query {
	enum family family;
	const char *table; /* NULL: the five iptables tables of the family */
	const char *chain; /* rules of this chain only, NULL: of all; chains are
			      always all listed */
	enum nft_detail detail;
	/*
	 * Not NULL, with @table, @chain and NFT_RULES: read only as far as the
	 * first rule that rule_equal()s this one by @userspace_size, and keep
	 * no other. Guards and rules iptables cannot print do not count.
	 */
	const struct rule *find;
	ext_cmp_size_fn userspace_size;
	/*
	 * What is known without asking the kernel, of tables and chains with
	 * many rules. All may be NULL; a negative errno of theirs means that
	 * the kernel is to be asked.
	 * @known: adds the rules of @t as of @generation (nft_take_rule()).
	 * @lookup, with @find: as snap_find(), of rules that may be it.
	 * @keep, empty: gets the rules of such tables for which the kernel was
	 * asked.
	 */
	int (*known)(struct table *t, uint32_t generation, void *arg);
	int (*lookup)(const struct snap_place *at, uint32_t generation,
		      uint32_t sketch, uint64_t *handles, unsigned int max,
		      void *arg);
	struct snap_record *keep;
	void *arg; /* of known() and lookup() */
};

/* Adds a rule to @c, a chain of @t, as a dump would. 0 or -ENOMEM. */
struct snap_content;
int nft_take_rule(struct table *t, struct chain *c,
		  const struct snap_content *rule);
/* Whether the kernel's use counts of the chains are those that the rules of
 * @t account for: else some are missing, or too many. */
bool nft_uses_agree(struct table *t);

/*
 * Reads what @q asks for and appends it to @rs (initialised by the caller,
 * freed by ruleset_clear). The whole answer is of one generation, which
 * rs->generation then holds: an interrupted dump is repeated. Tables that do
 * not exist are not an error.
 */
int nft_fetch(struct nft *nft, const struct nft_query *q, struct ruleset *rs,
	      struct err *e);

/*
 * A base chain of any family and tool, for the check that nothing sits
 * between a front program and its chain. @name and @table are valid during the
 * call only.
 */
struct nft_hook_info {
	int family; /* NFPROTO_* */
	const char *table, *name;
	uint8_t hook;
	int32_t prio;
};
int nft_each_base_chain(struct nft *nft,
			int (*cb)(const struct nft_hook_info *info, void *arg),
			void *arg, struct err *e);

/* Whether @table has a mark of this name (nft_batch_set_mark()): 1, 0 or a
 * negative errno. */
int nft_has_mark(struct nft *nft, enum family family, const char *table,
		 const char *name);

/* ---- batches ---- */

struct nft_batch;

/* A batch of operations, committed atomically. NULL when out of memory. What is
 * added to it is copied; the functions that add return 0 or a negative errno,
 * -ENOMEM where nothing else is said. */
struct nft_batch *nft_batch_new(void);
void nft_batch_free(struct nft_batch *b);
bool nft_batch_is_empty(const struct nft_batch *b);

struct nft_counters {
	uint64_t packets, bytes;
};

int nft_batch_add_table(struct nft_batch *b, enum family family,
			const char *table);
/*
 * Puts a table to sleep (its rules are listed, not evaluated), or wakes it. A
 * table that does not exist would be made: commit with a generation. Not twice
 * in one batch, and not behind a policy's change.
 */
int nft_batch_set_dormant(struct nft_batch *b, enum family family,
			  const char *table, bool dormant);
/*
 * A named counter that counts nothing, in @table: it is listed by nft (and is
 * in what is saved of that), and no concern of iptables. Made where @there and
 * there is none yet, removed (there must be one) where not.
 */
int nft_batch_set_mark(struct nft_batch *b, enum family family,
		       const char *table, const char *name, bool there);
int nft_batch_del_table(struct nft_batch *b, enum family family,
			const char *table);
/*
 * Creates a builtin chain or changes policy and counters of an existing one.
 * @policy: NF_ACCEPT, NF_DROP or -1 to leave it; @counters NULL to leave them.
 */
int nft_batch_set_builtin(struct nft_batch *b, enum family family,
			  const struct builtin_chain *chain, int policy,
			  const struct nft_counters *counters);
int nft_batch_add_chain(struct nft_batch *b, enum family family,
			const char *table, const char *chain);
int nft_batch_del_chain(struct nft_batch *b, enum family family,
			const char *table, const char *chain);
int nft_batch_rename_chain(struct nft_batch *b, enum family family,
			   const char *table, const struct chain *chain,
			   const char *newname);
/* All rules of @chain, or of the whole table when @chain is NULL. */
int nft_batch_flush(struct nft_batch *b, enum family family, const char *table,
		    const char *chain);

enum nft_where {
	NFT_APPEND,	   /* at the end of the chain */
	NFT_PREPEND,	   /* at its beginning */
	NFT_BEFORE_HANDLE, /* before the rule with handle @ref */
	NFT_AFTER_HANDLE,  /* after it */
	NFT_BEFORE_ID,	   /* before the rule of this batch with id @ref */
	NFT_REPLACE,	   /* in place of the rule with handle @ref */
};
/*
 * Why @r has no nft form, worded for the user ("TCP match requires '-p tcp'",
 * ERR_PARAMETER), or 0. To be asked when a rule is parsed; nft_batch_add_rule()
 * refuses such a rule with -EPROTOTYPE.
 */
int rule_check(const struct rule *r, struct err *e);

/*
 * NFLOG: prefixes of up to 127 characters are nft's. A target extension "NFLOG"
 * may therefore be larger than struct xt_nflog_info, its prefix continuing
 * where that structure's starts (as libxt_NFLOG keeps the whole prefix in its
 * udata); fetched ones always have that room.
 *
 * Adds @r; @id, when not NULL, gets its batch-wide id for NFT_BEFORE_ID. @r
 * stays the caller's. */
int nft_batch_add_rule(struct nft_batch *b, enum family family,
		       const char *table, const char *chain,
		       const struct rule *r, enum nft_where where, uint64_t ref,
		       uint32_t *id);
int nft_batch_del_rule(struct nft_batch *b, enum family family,
		       const char *table, const char *chain, uint64_t handle);
/* As nft_batch_del_rule, of a rule that this batch added (NFTA_RULE_ID). */
int nft_batch_del_rule_id(struct nft_batch *b, enum family family,
			  const char *table, const char *chain, uint32_t id);
/*
 * What is added from now on comes from this line of the user's file (0: none):
 * an error of the kernel then begins "\nline N: RULE_APPEND failed" instead of
 * " RULE_APPEND failed".
 */
void nft_batch_set_line(struct nft_batch *b, int line);

/*
 * Sends the batch and waits for the kernel's answer. @gen is the generation
 * the batch was built on, 0 for "any". Returns 0; -ERESTART when the ruleset
 * has changed meanwhile (rebuild the batch on a new dump and try again); or
 * another negative errno with @e filled the way iptables words it
 * (ERR_RESOURCE, " CHAIN_DEL failed (Device or resource busy): chain c1").
 * Nothing has changed in the kernel unless 0 is returned.
 */
int nft_batch_commit(struct nft *nft, struct nft_batch *b, uint32_t gen,
		     struct err *e);

/* To be called before anything is added: nft_batch_change() is to tell what
 * was changed. */
void nft_batch_track(struct nft_batch *b);
/*
 * After a commit: adds to @r what it changed. -ENODATA, -EOPNOTSUPP: that is
 * not known (a change of kinds that records do not have, or too much to ask the
 * kernel about); @r is then of no use.
 */
int nft_batch_change(const struct nft_batch *b, struct snap_record *r);
/* The generation that the commit of a tracked batch has led to; 0: not known.
 */
uint32_t nft_batch_generation(const struct nft_batch *b);
/* The handle that the rule with this batch-wide id got; 0: not known. */
uint64_t nft_batch_handle(const struct nft_batch *b, uint32_t id);

#endif
