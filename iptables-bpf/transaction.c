// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/transaction.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/context.h"
#include "iptables-bpf/xt.h"

static const struct command_ops *const all_commands[] = {
	&cmd_append,	   &cmd_check,	       &cmd_delete,
	&cmd_delete_chain, &cmd_delete_num,    &cmd_flush,
	&cmd_flush_table,  &cmd_insert,	       &cmd_list,
	&cmd_list_rules,   &cmd_new_chain,     &cmd_rename_chain,
	&cmd_replace,	   &cmd_restore_chain, &cmd_set_policy,
	&cmd_zero,	   &cmd_zero_num,
};

/* NULL for CMD_NONE, CMD_VERSION and CMD_HELP: nothing to run. */
static const struct command_ops *find_ops(enum command_id id)
{
	for (size_t i = 0; i < sizeof(all_commands) / sizeof(*all_commands);
	     i++)
		if (all_commands[i]->id == id)
			return all_commands[i];
	return NULL;
}

void transaction_init(struct transaction *t)
{
	t->line = 0;
	list_init(&t->commands);
}

void transaction_add(struct transaction *t, struct command *cmd)
{
	list_append(&t->commands, &cmd->node);
}

void transaction_clear(struct transaction *t)
{
	struct command *cmd, *tmp;

	list_for_each_safe (cmd, tmp, &t->commands, struct command, node) {
		command_clear(cmd);
		free(cmd);
	}
	transaction_init(t);
}

/* What all commands together have to know before the first one is built. */
struct needs {
	enum command_need fetch; /* from the kernel */
	bool rules;		 /* in the image */
	const char *chain;	 /* rules of this chain only; NULL: of all */
	const struct rule *find; /* this rule only, when it is all they want */
	bool several_chains;
	bool changes;	      /* whether anything may be committed */
	unsigned int verbose; /* how many -v */
};

static bool may_change(const struct command *cmd)
{
	if (cmd->id == CMD_LIST || cmd->id == CMD_LIST_RULES)
		return cmd->also_zero;
	return cmd->id != CMD_CHECK;
}

static void add_chain_need(struct needs *n, const struct command *cmd)
{
	if (!cmd->chain || (n->chain && strcmp(n->chain, cmd->chain)))
		n->several_chains = true;
	n->chain = cmd->chain;
}

/* The rule that a lone -C or -D looks for: the others need not be read. */
static const struct rule *lone_search(const struct transaction *t)
{
	const struct command *cmd =
		container_of(t->commands.next, const struct command, node);

	if (cmd->node.next != &t->commands || list_empty(&cmd->rules) ||
	    (cmd->id != CMD_CHECK && cmd->id != CMD_DELETE) ||
	    cmd->rules.next != cmd->rules.prev)
		return NULL;
	return container_of(cmd->rules.next, const struct rule, node);
}

static void collect_needs(const struct transaction *t, struct needs *n)
{
	const struct command_ops *ops;
	const struct command *cmd;
	bool emptied = false; /* by CMD_FLUSH_TABLE: the kernel's state no
				 longer matters */

	memset(n, 0, sizeof(*n));
	list_for_each (cmd, &t->commands, const struct command, node) {
		enum command_need need;

		ops = find_ops(cmd->id);
		if (!ops)
			continue;
		need = ops->need(cmd);
		n->changes |= may_change(cmd);
		if (need == NEED_RULES) {
			n->rules = true;
			add_chain_need(n, cmd);
		}
		if (cmd->id == CMD_FLUSH_TABLE)
			emptied = true;
		if (!emptied && need > n->fetch)
			n->fetch = need;
	}
	if (n->several_chains)
		n->chain = NULL;
	cmd = container_of(t->commands.next, const struct command, node);
	/* A listing, which reads by itself, has shown what there is. */
	n->verbose = cmd->also_zero ? 0 : cmd->verbose;
	/* -vv shows the other rules, too. */
	n->find = n->verbose > 1 ? NULL : lone_search(t);
}

/* Where there is nothing to do, whether we might is still asked. */
static int ask_permission(struct frontend *fe, struct err *e)
{
	struct nft *nft = frontend_nft(fe, e);
	uint32_t generation;

	return nft ? nft_generation(nft, &generation, e) : -EIO;
}

static int fetch(struct command_context *ctx, const struct needs *n,
		 struct err *e)
{
	static const enum nft_detail details[] = {
		[NEED_TABLE] = NFT_TABLES,
		[NEED_CHAINS] = NFT_CHAINS,
		[NEED_RULES] = NFT_RULES,
	};
	const struct nft_query q = {
		.family = ctx->family,
		.table = ctx->table_name,
		.chain = n->chain,
		.detail = details[n->fetch],
		.find = n->find,
		.userspace_size = xt_userspace_size,
		.lookup = loader_snapshot_lookup,
		.arg = &ctx->fe->snapshot,
	};
	struct nft *nft = ctx->fe->nft;
	int ret;

	nft_set_debug(nft, ctx->quiet ? 0 : n->verbose, stdout);
	/* But whether we may; a listing finds out by itself. */
	if (n->fetch == NEED_NOTHING)
		return n->changes ? ask_permission(ctx->fe, e) : 0;
	ret = nft_fetch(nft, &q, &ctx->image, e);
	ctx->table =
		ruleset_find_table(&ctx->image, ctx->family, ctx->table_name);
	return ret;
}

/* Where iptables-restore says the error is: the command's line, or COMMIT's
 * when the message is a long one. */
static void locate(struct err *e, const struct transaction *t,
		   const struct command *cmd)
{
	e->line = e->style == ERR_STYLE_SHORT ? cmd->line : t->line;
}

static int build(struct command_context *ctx, struct transaction *t,
		 struct err *e)
{
	const struct command_ops *ops;
	struct command *cmd;
	int ret;

	list_for_each (cmd, &t->commands, struct command, node) {
		ops = find_ops(cmd->id);
		if (!ops)
			continue;
		nft_batch_set_line(ctx->batch, cmd->line);
		ret = ops->build(ctx, cmd, e);
		if (ret) {
			locate(e, t, cmd);
			return ret;
		}
	}
	return 0;
}

static void zero_bpf(const struct command_context *ctx)
{
	const char *at = ctx->zeroed.data;
	struct zeroed z;

	for (size_t i = 0; i + sizeof(z) <= ctx->zeroed.len; i += sizeof(z)) {
		memcpy(&z, at + i, sizeof(z));
		loader_zero_counters(ctx->family, ctx->table_name,
				     z.chain[0] ? z.chain : NULL, z.handle);
	}
}

static int commit(struct command_context *ctx, struct err *e)
{
	uint32_t generation = ctx->image.generation;
	int ret;

	if (!nft_batch_is_empty(ctx->batch)) {
		ret = nft_batch_commit(ctx->fe->nft, ctx->batch, generation, e);
		if (ret)
			return ret;
		ctx->fe->committed = true;
		if (ctx->tracked)
			loader_snapshot_note(&ctx->fe->snapshot, ctx->batch,
					     generation);
		loader_enforce(ctx->family, ctx->table_name,
			       ctx->table &&
				       ctx->table->flags & NFT_TABLE_F_DORMANT,
			       frontend_place(ctx->fe));
	}
	zero_bpf(ctx);
	return 0;
}

static int attempt(struct command_context *ctx, struct transaction *t,
		   const struct needs *n, struct err *e)
{
	int ret;

	ruleset_init(&ctx->image);
	ctx->table = NULL;
	ctx->batch = nft_batch_new();
	if (!ctx->batch)
		return command_result(e, -ENOMEM);
	if (ctx->tracked)
		nft_batch_track(ctx->batch);
	ret = fetch(ctx, n, e);
	if (!ret)
		ret = build(ctx, t, e);
	if (!ret && !ctx->dry)
		ret = commit(ctx, e);
	nft_batch_free(ctx->batch);
	ruleset_clear(&ctx->image);
	buf_free(&ctx->zeroed);
	return ret;
}

static size_t count_commands(const struct transaction *t)
{
	const struct list *i;
	size_t n = 0;

	for (i = t->commands.next; i != &t->commands; i = i->next)
		n++;
	return n;
}

static int run(struct frontend *fe, struct transaction *t, bool dry,
	       struct err *e)
{
	const struct command *first =
		container_of(t->commands.next, struct command, node);
	struct command_context ctx = {
		.fe = fe,
		.family = fe->ops->family,
		.quiet = dry,
		.dry = dry,
	};
	struct needs n;
	struct nft *nft;
	int ret;

	if (list_empty(&t->commands))
		return dry ? 0 : ask_permission(fe, e);
	ctx.table_name = first->table;
	ctx.single = first->node.next == &t->commands;
	collect_needs(t, &n);
	ctx.track = n.rules;
	nft = frontend_nft(fe, e);
	if (!nft)
		return -EIO;
	ctx.tracked = !dry && n.changes &&
		      loader_snapshot_begin(&fe->snapshot, count_commands(t),
					    nft_socket(nft));
	while ((ret = attempt(&ctx, t, &n, e)) == -ERESTART)
		ctx.quiet = true;
	return ret;
}

int transaction_run(struct frontend *fe, struct transaction *t, struct err *e)
{
	return run(fe, t, false, e);
}

int transaction_check(struct frontend *fe, struct transaction *t, struct err *e)
{
	return run(fe, t, true, e);
}

int command_run(struct frontend *fe, struct command *cmd, struct err *e)
{
	struct transaction t;
	int ret;

	transaction_init(&t);
	transaction_add(&t, cmd);
	ret = transaction_run(fe, &t, e);
	list_remove(&cmd->node);
	return ret;
}
