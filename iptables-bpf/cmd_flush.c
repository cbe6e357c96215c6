// SPDX-License-Identifier: GPL-2.0-or-later
/* -F */
#include "iptables-bpf/context.h"

#include <errno.h>
#include <stdlib.h>

#include "iptables-bpf/print.h"

static enum command_need need(const struct command *cmd)
{
	return cmd->chain || cmd->verbose ? NEED_CHAINS : NEED_TABLE;
}

static int flush_chain(struct command_context *ctx, const struct command *cmd,
		       struct chain *c, struct err *e)
{
	context_tell(ctx, cmd, "Flushing", c->name);
	chain_flush(c);
	return command_result(e, nft_batch_flush(ctx->batch, ctx->family,
						 ctx->table_name, c->name));
}

/* With -v each chain is named, so each is flushed by itself. */
static int flush_each(struct command_context *ctx, const struct command *cmd,
		      struct err *e)
{
	struct chain **chains;
	unsigned int n;
	int ret = context_make_builtin(ctx, NULL, e);

	if (ret)
		return ret;
	chains = chains_in_order(ctx->table, &n);
	if (!chains)
		return command_result(e, -ENOMEM);
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = flush_chain(ctx, cmd, chains[i], e);
	free(chains);
	return ret;
}

static int flush_table(struct command_context *ctx, struct err *e)
{
	struct chain *c;

	if (!ctx->table)
		return 0;
	list_for_each (c, &ctx->table->chains, struct chain, node)
		chain_flush(c);
	return command_result(e, nft_batch_flush(ctx->batch, ctx->family,
						 ctx->table_name, NULL));
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	struct chain *c;
	int ret;

	if (!cmd->chain)
		return cmd->verbose ? flush_each(ctx, cmd, e)
				    : flush_table(ctx, e);
	ret = context_make_builtin(ctx, cmd->chain, e);
	if (ret)
		return ret;
	c = context_chain(ctx, cmd->chain);
	if (!c)
		return command_fail(e, ENOENT, NO_CHAIN);
	return flush_chain(ctx, cmd, c, e);
}

const struct command_ops cmd_flush = {CMD_FLUSH, need, build};
