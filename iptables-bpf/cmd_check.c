// SPDX-License-Identifier: GPL-2.0-or-later
/* -C */
#include "iptables-bpf/context.h"

#include <errno.h>

#include "iptables-bpf/xt.h"

/* Alone and without the echo of what was found, it is enough to let the chain
 * go by. */
static bool only_asks(const struct command *cmd)
{
	return !cmd->line && !cmd->verbose;
}

static enum command_need need(const struct command *cmd)
{
	return only_asks(cmd) ? NEED_CHAINS : NEED_RULES;
}

static int find(struct command_context *ctx, const struct chain *c,
		const struct rule *r, struct err *e)
{
	int ret = nft_find_rule(ctx->fe->nft, ctx->family, ctx->table_name,
				c->name, r, xt_userspace_size, NULL, NULL, e);

	return ret == -ENOENT ? command_fail(e, ENOENT, BAD_RULE) : ret;
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
	if (c && only_asks(cmd))
		return find(ctx, c, r, e);
	found = c ? context_find_rule(ctx, c, r) : NULL;
	if (!found)
		return command_fail(e, ENOENT, BAD_RULE);
	context_echo(ctx, cmd, found);
	return 0;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	struct rule *r;
	int ret;

	list_for_each (r, &cmd->rules, struct rule, node) {
		ret = check(ctx, cmd, r, e);
		if (ret)
			return ret;
	}
	return 0;
}

const struct command_ops cmd_check = {CMD_CHECK, need, build};
