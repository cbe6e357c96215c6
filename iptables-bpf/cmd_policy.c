// SPDX-License-Identifier: GPL-2.0-or-later
/* -P, and ":CHAIN POLICY [counters]" of a saved file */
#include "iptables-bpf/context.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>

static enum command_need need(const struct command *cmd)
{
	return NEED_CHAINS;
}

/* NF_*, -1 to leave it as it is, -EINVAL for what is no policy. */
static int policy_number(const char *name)
{
	if (!strcmp(name, "ACCEPT"))
		return NF_ACCEPT;
	if (!strcmp(name, "DROP"))
		return NF_DROP;
	return strcmp(name, "-") ? -EINVAL : -1;
}

/* Policy counters start again, at zero unless the command says otherwise. */
static int set_policy(struct command_context *ctx, const struct command *cmd,
		      struct err *e)
{
	const struct nft_counters none = {0};
	const struct nft_counters *counters = &none;
	const struct builtin_chain *b;
	struct chain *c;
	int policy, ret;

	policy = policy_number(cmd->policy);
	if (policy == -EINVAL)
		return command_fail(e, EINVAL, "Bad policy name");
	ret = context_make_builtin(ctx, cmd->chain, e);
	if (ret)
		return ret;
	b = builtin_chain_find(cmd->table, cmd->chain);
	if (!b)
		return command_fail(e, ENOENT, "Bad built-in chain name");
	if (cmd->id == CMD_RESTORE_CHAIN && cmd->counters_given)
		counters = &cmd->counters;
	c = context_chain(ctx, cmd->chain);
	if (policy >= 0)
		c->policy = (uint8_t)policy;
	c->packets = counters->packets;
	c->bytes = counters->bytes;
	ret = command_result(e, nft_batch_set_builtin(ctx->batch, ctx->family,
						      b, policy, counters));
	/* A policy's counters go by the handle of its chain. */
	return !ret && c->handle ? context_zero_bpf(ctx, c->name, c->handle, e)
				 : ret;
}

static int flush_or_create(struct command_context *ctx,
			   const struct command *cmd, struct err *e)
{
	struct chain *c;
	int ret = context_make_table(ctx, e);

	if (ret)
		return ret;
	c = context_chain(ctx, cmd->chain);
	if (c) {
		chain_flush(c);
		return command_result(
			e, nft_batch_flush(ctx->batch, ctx->family,
					   ctx->table_name, cmd->chain));
	}
	ret = nft_batch_add_chain(ctx->batch, ctx->family, ctx->table_name,
				  cmd->chain);
	if (!ret && !table_add_chain(ctx->table, cmd->chain))
		ret = -ENOMEM;
	return command_result(e, ret);
}

static int restore_chain(struct command_context *ctx, struct command *cmd,
			 struct err *e)
{
	if (builtin_chain_find(cmd->table, cmd->chain))
		return set_policy(ctx, cmd, e);
	return flush_or_create(ctx, cmd, e);
}

static int build(struct command_context *ctx, struct command *cmd,
		 struct err *e)
{
	return set_policy(ctx, cmd, e);
}

const struct command_ops cmd_set_policy = {CMD_SET_POLICY, need, build};
const struct command_ops cmd_restore_chain = {CMD_RESTORE_CHAIN, need,
					      restore_chain};
