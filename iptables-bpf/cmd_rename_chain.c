// SPDX-License-Identifier: GPL-2.0-or-later
/* -E */
#include "iptables-bpf/context.h"

#include <errno.h>
#include <string.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_CHAINS;
}

static int no_such_chain(struct err *e, const struct command *cmd)
{
	return err_set(e, ERR_RESOURCE, ENOENT,
		       "\nline %d: CHAIN_RENAME failed (%s): chain %s",
		       cmd->line, strerror(ENOENT), cmd->new_name);
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	struct chain *c;
	int ret;

	if (context_chain_exists(ctx, cmd->new_name))
		return command_fail(e, EEXIST, "File exists");
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	/* The kernel renames by handle; a chain of this very batch has none
	 * yet. */
	if (!c->handle)
		return no_such_chain(e, cmd);
	ret = nft_batch_rename_chain(ctx->batch, ctx->family, ctx->table_name,
				     c, cmd->new_name);
	if (!ret)
		table_rename_chain(ctx->table, c, cmd->new_name);
	return command_result(e, ret);
}

const struct command_ops cmd_rename_chain = {CMD_RENAME_CHAIN, need, build};
