// SPDX-License-Identifier: GPL-2.0-or-later
/* -D, by rule and by number */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_RULES;
}

static int delete_equal(struct command_context *ctx, const struct command *cmd,
			const struct rule *r, struct err *e)
{
	struct rule *found;
	struct chain *c;
	int ret = context_check_jump(ctx, r, e);

	if (ret)
		return ret;
	c = context_chain(ctx, cmd->chain);
	found = c ? context_find_rule(ctx, c, r) : NULL;
	if (!found)
		return command_fail(e, ENOENT, BAD_RULE);
	context_echo(ctx, cmd, found);
	return context_delete_rule(ctx, c, found, e);
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	return context_each_rule(ctx, cmd, delete_equal, e);
}

static int build_num(struct command_context *ctx, struct command *cmd,
		     struct err *e)
{
	struct chain *c = context_chain(ctx, cmd->chain);
	struct rule *r;

	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	r = chain_find_rule(c, cmd->rulenum);
	if (!r)
		return command_fail(e, E2BIG, "Index of deletion too big");
	return context_delete_rule(ctx, c, r, e);
}

const struct command_ops cmd_delete = {CMD_DELETE, need, build};
const struct command_ops cmd_delete_num = {CMD_DELETE_NUM, need, build_num};
