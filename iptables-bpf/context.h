/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of a transaction work with: an image of their table, kept
 * in step with the batch they fill, so that a later command sees what an
 * earlier one will have done. One descriptor (struct command_ops) per command,
 * each in its own cmd_*.c.
 */
#ifndef FRONTEND_CONTEXT_H
#define FRONTEND_CONTEXT_H

#include "base/err.h"
#include "iptables-bpf/command.h"

/* How much of the kernel's ruleset a command has to know. */
enum command_need { NEED_NOTHING, NEED_TABLE, NEED_CHAINS, NEED_RULES };

struct command_context {
	struct frontend *fe;
	enum family family;
	const char *table_name;
	struct nft_batch *batch;
	struct ruleset image;
	struct table *table; /* in the image; NULL: it does not exist (yet) */
	bool track;  /* some command asks for rules: the image has them */
	bool single; /* the transaction has one command */
	bool quiet;  /* a repetition: what there is to print was printed */
	bool dry;    /* nothing is committed */
	struct buf zeroed; /* of struct zeroed */
	bool tracked;	   /* what is committed goes into fe->snapshot */
};

/* BPF's counters to forget once the batch is committed; as
 * loader_zero_counters() wants it. */
struct zeroed {
	char chain[MODEL_CHAIN_NAME_LEN]; /* "": the whole table */
	uint64_t handle;
};

struct command_ops {
	enum command_id id;
	enum command_need (*need)(const struct command *cmd);
	/* Adds the command's operations to ctx->batch and applies them to the
	 * image. */
	int (*build)(struct command_context *ctx, struct command *cmd,
		     struct err *e);
};

extern const struct command_ops cmd_append, cmd_check, cmd_delete,
	cmd_delete_chain, cmd_delete_num, cmd_flush, cmd_flush_table,
	cmd_insert, cmd_list, cmd_list_rules, cmd_new_chain, cmd_rename_chain,
	cmd_replace, cmd_restore_chain, cmd_set_policy, cmd_zero, cmd_zero_num;

/* "iptables: MSG.", exit status 1. */
int command_fail(struct err *e, int errnum, const char *msg);
/* The same from a batch or model function that failed with -errno @ret (0 stays
 * 0). */
int command_result(struct err *e, int ret);
/* What most missing things are to iptables. */
#define NO_CHAIN "No chain/target/match by that name"
#define BAD_RULE "Bad rule (does a matching rule exist in that chain?)"

/* The chain as users see it; NULL when there is none (or a base chain that is
 * none of iptables'). */
struct chain *context_chain(const struct command_context *ctx,
			    const char *name);
/* Whether @name exists to iptables, which has builtin chains even while the
 * kernel has not. */
bool context_chain_exists(const struct command_context *ctx, const char *name);
/* Creates the table unless it exists. */
int context_make_table(struct command_context *ctx, struct err *e);
/* And, when @name is one of the table's builtin chains, that chain; NULL: all
 * of them. */
int context_make_builtin(struct command_context *ctx, const char *name,
			 struct err *e);
/* Fails when @r jumps to a chain that does not exist. */
int context_check_jump(const struct command_context *ctx, const struct rule *r,
		       struct err *e);

/* Adds @r to @c at its end (@where NFT_APPEND), at its beginning (NFT_PREPEND)
 * or before @pos. */
int context_add_rule(struct command_context *ctx, struct chain *c,
		     const struct rule *r, enum nft_where where,
		     struct rule *pos, struct err *e);
int context_replace_rule(struct command_context *ctx, struct chain *c,
			 struct rule *old, const struct rule *r, struct err *e);
int context_delete_rule(struct command_context *ctx, struct chain *c,
			struct rule *r, struct err *e);
/* The first rule that users see and that equals @r; NULL: none. */
struct rule *context_find_rule(const struct command_context *ctx,
			       const struct chain *c, const struct rule *r);

/* Remembers to forget BPF's counters: of a rule (@handle), of @chain, of the
 * table (NULL). */
int context_zero_bpf(struct command_context *ctx, const char *chain,
		     uint64_t handle, struct err *e);

/* Runs @fn on each rule of @cmd, until one fails. */
typedef int (*context_rule_fn)(struct command_context *ctx,
			       const struct command *cmd, const struct rule *r,
			       struct err *e);
int context_each_rule(struct command_context *ctx, const struct command *cmd,
		      context_rule_fn fn, struct err *e);

/* Runs @fn on each chain of the table, in the order iptables shows them, until
 * one fails. @fn may remove its chain. */
typedef int (*context_chain_fn)(struct command_context *ctx,
				const struct command *cmd, struct chain *c,
				struct err *e);
int context_each_chain(struct command_context *ctx, const struct command *cmd,
		       context_chain_fn fn, struct err *e);

/* The -v echo of a rule. */
void context_echo(const struct command_context *ctx, const struct command *cmd,
		  const struct rule *r);
/* A line of -v about a chain, @fmt with one %s for its name. */
void context_tell(const struct command_context *ctx, const struct command *cmd,
		  const char *what, const char *chain);

#endif
