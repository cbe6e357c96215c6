// SPDX-License-Identifier: GPL-2.0-or-later
/* -N */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_CHAINS;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	int ret = context_make_table(ctx, e);

	if (ret)
		return ret;
	if (context_chain_exists(ctx, cmd->chain))
		return command_fail(e, EEXIST, "Chain already exists");
	ret = nft_batch_add_chain(ctx->batch, ctx->family, ctx->table_name,
				  cmd->chain);
	if (!ret && !table_add_chain(ctx->table, cmd->chain))
		ret = -ENOMEM;
	return command_result(e, ret);
}

const struct command_ops cmd_new_chain = {CMD_NEW_CHAIN, need, build};
