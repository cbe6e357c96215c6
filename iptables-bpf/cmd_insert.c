// SPDX-License-Identifier: GPL-2.0-or-later
/* -I */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return cmd->rulenum > 1 ? NEED_RULES : NEED_CHAINS;
}

static int insert_at(struct command_context *ctx, struct chain *c,
		     const struct rule *r, unsigned int num, struct err *e)
{
	struct rule *pos;

	if (num <= 1)
		return context_add_rule(ctx, c, r, NFT_PREPEND, NULL, e);
	pos = chain_find_rule(c, num);
	if (pos)
		return context_add_rule(ctx, c, r, NFT_BEFORE_HANDLE, pos, e);
	/* One past the last rule is its end. */
	if (chain_find_rule(c, num - 1))
		return context_add_rule(ctx, c, r, NFT_APPEND, NULL, e);
	return command_fail(e, E2BIG, "Index of insertion too big");
}

static int insert(struct command_context *ctx, const struct command *cmd,
		  const struct rule *r, struct err *e)
{
	struct chain *c;
	int ret;

	if ((ret = context_check_jump(ctx, r, e)) ||
	    (ret = context_make_builtin(ctx, cmd->chain, e)))
		return ret;
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	ret = insert_at(ctx, c, r, cmd->rulenum, e);
	if (!ret)
		context_echo(ctx, cmd, r);
	return ret;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	return context_each_rule(ctx, cmd, insert, e);
}

const struct command_ops cmd_insert = {CMD_INSERT, need, build};
