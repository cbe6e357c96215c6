// SPDX-License-Identifier: GPL-2.0-or-later
/* -R */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_RULES;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	/* The parser has seen to it that there is exactly one. */
	const struct rule *r = container_of(cmd->rules.next, struct rule, node);
	struct rule *old;
	struct chain *c;
	int ret = context_check_jump(ctx, r, e);

	if (ret)
		return ret;
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	old = chain_find_rule(c, cmd->rulenum);
	if (!old)
		return command_fail(e, E2BIG, "Index of replacement too big");
	/* The new rule keeps the handle, not the counters. */
	if (old->handle)
		ret = context_zero_bpf(ctx, c->name, old->handle, e);
	if (!ret)
		ret = context_replace_rule(ctx, c, old, r, e);
	if (!ret)
		context_echo(ctx, cmd, r);
	return ret;
}

const struct command_ops cmd_replace = {CMD_REPLACE, need, build};
