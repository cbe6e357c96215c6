// SPDX-License-Identifier: GPL-2.0-or-later
/* -Z, of a table, a chain or a rule */
#include "iptables-bpf/context.h"
#include "iptables-bpf/zero.h"

#include <errno.h>

#include "iptables-bpf/print_fields.h"
#include "iptables-bpf/stock.h"

static enum command_need need(const struct command *cmd)
{
	return NEED_RULES;
}

/* nf_tables has no way to set a rule's counters but to replace it by itself. */
static int zero_rule(struct command_context *ctx, struct chain *c,
		     struct rule *r, struct err *e)
{
	r->packets = 0;
	r->bytes = 0;
	/* One that this very batch adds: its counters are what it was given. */
	if (r->id)
		return context_replace_rule(ctx, c, r, r, e);
	return command_result(e,
			      nft_batch_add_rule(ctx->batch, ctx->family,
						 ctx->table_name, c->name, r,
						 NFT_REPLACE, r->handle, NULL));
}

/* Rules of other tools are written back as they are, whatever they hold. */
static bool can_zero(const struct rule *r)
{
	return r->has_counter && !(r->flags & RULE_GUARD);
}

static int zero_policy(struct command_context *ctx, struct chain *c,
		       struct err *e)
{
	const struct builtin_chain *b;
	const struct nft_counters none = {0};

	if (!c->base)
		return 0;
	b = builtin_chain_find(ctx->table_name, c->name);
	c->packets = 0;
	c->bytes = 0;
	return command_result(e, nft_batch_set_builtin(ctx->batch, ctx->family,
						       b, -1, &none));
}

static int zero_chain(struct command_context *ctx, const struct command *cmd,
		      struct chain *c, struct err *e)
{
	struct rule *r, *tmp;
	int ret;

	context_tell(ctx, cmd, "Zeroing", c->name);
	ret = zero_policy(ctx, c, e);
	if (ret)
		return ret;
	list_for_each_safe (r, tmp, &c->rules, struct rule, node) {
		if (!can_zero(r) || (!r->packets && !r->bytes))
			continue;
		ret = zero_rule(ctx, c, r, e);
		if (ret)
			return ret;
	}
	return context_zero_bpf(ctx, c->name, 0, e);
}

/* Builtin chains that the kernel has not: there is nothing to zero, but one
 * that was listed is named. */
static bool names_absent(const struct command *cmd)
{
	return cmd->also_zero || stock_iptables()->zeroes_absent_chains;
}

static int zero_table(struct command_context *ctx, const struct command *cmd,
		      struct err *e)
{
	struct chain_view v;
	int ret = chain_view_init(&v, ctx->table_name, ctx->table);

	if (ret)
		return command_result(e, ret);
	for (unsigned int i = 0; !ret && i < v.n; i++) {
		struct chain *c = v.chains[i];

		if (context_chain(ctx, c->name))
			ret = zero_chain(ctx, cmd, c, e);
		else if (names_absent(cmd))
			context_tell(ctx, cmd, "Zeroing", c->name);
	}
	chain_view_clear(&v);
	return ret;
}

int zero_all(struct command_context *ctx, struct command *cmd, struct err *e)
{
	struct chain *c;

	if (!cmd->chain)
		return zero_table(ctx, cmd, e);
	c = context_chain(ctx, cmd->chain);
	if (c)
		return zero_chain(ctx, cmd, c, e);
	if (!names_absent(cmd) || !context_chain_exists(ctx, cmd->chain))
		return command_fail(e, ENOENT, NO_CHAIN);
	context_tell(ctx, cmd, "Zeroing", cmd->chain);
	return 0;
}

int zero_one(struct command_context *ctx, struct command *cmd, struct err *e)
{
	struct chain *c = context_chain(ctx, cmd->chain);
	struct rule *r;
	int ret;

	if (!c && cmd->also_zero && context_chain_exists(ctx, cmd->chain))
		return 0;
	if (!c)
		return command_fail(e, ENOENT, BAD_RULE);
	r = chain_find_rule(c, cmd->rulenum);
	if (!r && stock_iptables()->zero_needs_rule)
		return command_fail(e, ENOENT, BAD_RULE);
	if (!r || !can_zero(r))
		return 0;
	ret = r->handle ? context_zero_bpf(ctx, c->name, r->handle, e) : 0;
	return ret ? ret : zero_rule(ctx, c, r, e);
}

const struct command_ops cmd_zero = {CMD_ZERO, need, zero_all};
const struct command_ops cmd_zero_num = {CMD_ZERO_NUM, need, zero_one};
