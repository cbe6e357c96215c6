// SPDX-License-Identifier: GPL-2.0-or-later
/* -E */
#include "iptables-bpf/context.h"

#include <errno.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_CHAINS;
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	struct chain *c;

	if (context_chain_exists(ctx, cmd->new_name))
		return command_fail(e, EEXIST, "File exists");
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	/*
	 * The kernel renames by handle, which a chain of this very batch does
	 * not have, and at the end of the batch: up to there the chain has its
	 * old name.
	 */
	return command_result(e, nft_batch_rename_chain(ctx->batch, ctx->family,
							ctx->table_name, c,
							cmd->new_name));
}

const struct command_ops cmd_rename_chain = {CMD_RENAME_CHAIN, need, build};
