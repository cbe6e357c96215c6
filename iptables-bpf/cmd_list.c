// SPDX-License-Identifier: GPL-2.0-or-later
/* -L and -S, also with -Z */
#include "iptables-bpf/context.h"
#include "iptables-bpf/zero.h"

#include "iptables-bpf/print.h"

/* Alone, a listing reads the ruleset itself; in a saved file it shows what the
 * lines before it lead to. */
static enum command_need need(const struct command *cmd)
{
	return cmd->also_zero || cmd->line ? NEED_RULES : NEED_NOTHING;
}

static int zero(struct command_context *ctx, struct command *cmd, struct err *e)
{
	if (!cmd->also_zero)
		return 0;
	return cmd->also_zero_rule ? zero_one(ctx, cmd, e)
				   : zero_all(ctx, cmd, e);
}

static int list(struct command_context *ctx, struct command *cmd, struct err *e)
{
	int ret = 0;

	if (!ctx->quiet)
		ret = ctx->single ? print_list(ctx->fe, cmd, e)
				  : print_list_ruleset(ctx->fe->ops, cmd,
						       &ctx->image, e);
	return ret ? ret : zero(ctx, cmd, e);
}

static int list_rules(struct command_context *ctx, struct command *cmd,
		      struct err *e)
{
	int ret = 0;

	if (!ctx->quiet)
		ret = ctx->single ? print_list_rules(ctx->fe, cmd, e)
				  : print_list_rules_ruleset(ctx->fe->ops, cmd,
							     &ctx->image, e);
	return ret ? ret : zero(ctx, cmd, e);
}

const struct command_ops cmd_list = {CMD_LIST, need, list};
const struct command_ops cmd_list_rules = {CMD_LIST_RULES, need, list_rules};
