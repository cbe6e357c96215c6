// SPDX-License-Identifier: GPL-2.0-or-later
/* -X */
#include "iptables-bpf/context.h"

#include <errno.h>

#include <linux/netfilter.h>

#include "iptables-bpf/print.h"

static enum command_need need(const struct command *cmd)
{
	/* Builtin chains go only when they are empty. */
	if (!cmd->chain || builtin_chain_find(cmd->table, cmd->chain))
		return NEED_RULES;
	return NEED_CHAINS;
}

/* -X without a name leaves alone what is in use; with one, whether rules are in
 * it is for the kernel to say. */
static bool may_delete_builtin(const struct chain *c, bool named)
{
	return c->policy == NF_ACCEPT && (named || !chain_visible_rules(c));
}

/* To users a chain that holds nothing but our guard is empty, to the kernel it
 * is not. */
static int delete_guards(struct command_context *ctx, struct chain *c,
			 struct err *e)
{
	struct rule *r, *tmp;
	int ret;

	list_for_each_safe (r, tmp, &c->rules, struct rule, node) {
		ret = context_delete_rule(ctx, c, r, e);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Out of the image all the same: as in iptables, what follows in a saved file
 * creates it anew, and so its policy is ACCEPT again unless the file says
 * otherwise.
 */
static int keep_builtin(struct command_context *ctx, const struct command *cmd,
			struct chain *c, struct err *e)
{
	table_remove_chain(ctx->table, c);
	return cmd->chain ? command_fail(e, EBUSY, "Directory not empty") : 0;
}

static int delete_chain(struct command_context *ctx, const struct command *cmd,
			struct chain *c, struct err *e)
{
	int ret;

	if (c->base && !may_delete_builtin(c, cmd->chain))
		return keep_builtin(ctx, cmd, c, e);
	if (!c->base)
		context_tell(ctx, cmd, "Deleting", c->name);
	ret = chain_visible_rules(c) ? 0 : delete_guards(ctx, c, e);
	if (ret)
		return ret;
	ret = nft_batch_del_chain(ctx->batch, ctx->family, ctx->table_name,
				  c->name);
	table_remove_chain(ctx->table, c);
	return command_result(e, ret);
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	struct chain *c;

	if (!cmd->chain)
		return context_each_chain(ctx, cmd, delete_chain, e);
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	return delete_chain(ctx, cmd, c, e);
}

const struct command_ops cmd_delete_chain = {CMD_DELETE_CHAIN, need, build};
