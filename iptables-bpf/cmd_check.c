// SPDX-License-Identifier: GPL-2.0-or-later
/* -C */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_RULES;
}

static int check(struct command_context *ctx, const struct command *cmd,
		 const struct rule *r, struct err *e)
{
	const struct rule *found;
	const struct chain *c;
	int ret = context_check_jump(ctx, r, e);

	if (ret)
		return ret;
	c = context_chain(ctx, cmd->chain);
	found = c ? context_find_rule(ctx, c, r) : NULL;
	if (!found)
		return command_fail(e, ENOENT, BAD_RULE);
	context_echo(ctx, cmd, found);
	return 0;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	return context_each_rule(ctx, cmd, check, e);
}

const struct command_ops cmd_check = {CMD_CHECK, need, build};
