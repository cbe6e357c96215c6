// SPDX-License-Identifier: GPL-2.0-or-later
/* "*table" of a saved file that is to replace what is there */
#include "iptables-bpf/context.h"

static enum command_need need(const struct command *cmd)
{
	return NEED_NOTHING;
}

/*
 * Deleted whether it exists or not: the batch then depends on nothing that was
 * read, and no change by others in the meantime makes it start over.
 */
static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	int ret;

	ret = nft_batch_add_table(ctx->batch, ctx->family, ctx->table_name);
	if (!ret)
		ret = nft_batch_del_table(ctx->batch, ctx->family,
					  ctx->table_name);
	if (ctx->table)
		ruleset_remove_table(ctx->table);
	ctx->table = NULL;
	return command_result(e, ret);
}

const struct command_ops cmd_flush_table = {CMD_FLUSH_TABLE, need, build};
