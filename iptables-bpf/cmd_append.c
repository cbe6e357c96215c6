// SPDX-License-Identifier: GPL-2.0-or-later
/* -A */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_CHAINS;
}

static int append(struct command_context *ctx, const struct command *cmd,
		  const struct rule *r, struct err *e)
{
	struct chain *c;
	int ret;

	if ((ret = context_check_jump(ctx, r, e)) ||
	    (ret = context_make_builtin(ctx, cmd->chain, e)))
		return ret;
	c = context_chain(ctx, cmd->chain);
	if (!c) {
		/* iptables finds out after it has told. */
		context_echo(ctx, cmd, r);
		return command_fail(e, ENOENT, NO_CHAIN);
	}
	ret = context_add_rule(ctx, c, r, NFT_APPEND, NULL, e);
	if (!ret)
		context_echo(ctx, cmd, r);
	return ret;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	return context_each_rule(ctx, cmd, append, e);
}

const struct command_ops cmd_append = {CMD_APPEND, need, build};
