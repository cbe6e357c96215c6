// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>

#include "iptables-bpf/print.h"
#include "iptables-bpf/xt.h"

int command_fail(struct err *e, int errnum, const char *msg)
{
	return err_set_style(e, ERR_OTHER, ERR_STYLE_SHORT, errnum, "%s", msg);
}

int command_result(struct err *e, int ret)
{
	if (ret >= 0)
		return 0;
	return command_fail(e, -ret,
			    ret == -ENOMEM ? "Memory allocation problem"
					   : strerror(-ret));
}

struct chain *context_chain(const struct command_context *ctx, const char *name)
{
	return ctx->table ? table_find_chain(ctx->table, name) : NULL;
}

bool context_chain_exists(const struct command_context *ctx, const char *name)
{
	return builtin_chain_find(ctx->table_name, name) ||
	       context_chain(ctx, name);
}

int context_make_table(struct command_context *ctx, struct err *e)
{
	int ret;

	if (ctx->table)
		return 0;
	ret = nft_batch_add_table(ctx->batch, ctx->family, ctx->table_name);
	if (ret)
		return command_result(e, ret);
	ctx->table =
		ruleset_add_table(&ctx->image, ctx->family, ctx->table_name);
	return ctx->table ? 0 : command_result(e, -ENOMEM);
}

static int make_chain(struct command_context *ctx,
		      const struct builtin_chain *b, struct err *e)
{
	struct chain *c;
	int ret;

	if (context_chain(ctx, b->name))
		return 0;
	ret = nft_batch_set_builtin(ctx->batch, ctx->family, b, NF_ACCEPT,
				    NULL);
	if (ret)
		return command_result(e, ret);
	c = table_add_chain(ctx->table, b->name);
	if (!c)
		return command_result(e, -ENOMEM);
	c->base = true;
	c->hook = b->hook;
	c->prio = b->prio;
	c->policy = NF_ACCEPT;
	snprintf(c->type, sizeof(c->type), "%s", b->type);
	return 0;
}

int context_make_builtin(struct command_context *ctx, const char *name,
			 struct err *e)
{
	const struct builtin_chain *b;
	int ret = context_make_table(ctx, e);

	if (ret)
		return ret;
	if (name) {
		b = builtin_chain_find(ctx->table_name, name);
		return b ? make_chain(ctx, b, e) : 0;
	}
	for (unsigned int i = 0; !ret && i < builtin_chain_count; i++)
		if (!strcmp(builtin_chains[i].table, ctx->table_name))
			ret = make_chain(ctx, &builtin_chains[i], e);
	return ret;
}

int context_check_jump(const struct command_context *ctx, const struct rule *r,
		       struct err *e)
{
	if (r->action != ACTION_JUMP && r->action != ACTION_GOTO)
		return 0;
	if (context_chain_exists(ctx, r->chain))
		return 0;
	return err_set(e, ERR_PARAMETER, ENOENT, "Chain '%s' does not exist",
		       r->chain);
}

static void image_insert(struct chain *c, struct rule *r, enum nft_where where,
			 struct rule *pos)
{
	if (where == NFT_PREPEND && !list_empty(&c->rules))
		pos = container_of(c->rules.next, struct rule, node);
	if (pos)
		chain_insert_rule(c, r, pos);
	else
		chain_append_rule(c, r);
}

int context_add_rule(struct command_context *ctx, struct chain *c,
		     const struct rule *r, enum nft_where where,
		     struct rule *pos, struct err *e)
{
	struct rule *copy = NULL;
	uint64_t ref = 0;
	int ret;

	if (pos) {
		where = pos->id ? NFT_BEFORE_ID : NFT_BEFORE_HANDLE;
		ref = pos->id ? pos->id : pos->handle;
	}
	if (ctx->track) {
		copy = rule_clone(r);
		if (!copy)
			return command_result(e, -ENOMEM);
		image_insert(c, copy, where, pos);
	}
	ret = nft_batch_add_rule(ctx->batch, ctx->family, ctx->table_name,
				 c->name, r, where, ref,
				 copy ? &copy->id : NULL);
	return command_result(e, ret);
}

int context_replace_rule(struct command_context *ctx, struct chain *c,
			 struct rule *old, const struct rule *r, struct err *e)
{
	struct rule *copy;
	int ret;

	/* The kernel replaces by handle only; a rule of this batch has none
	 * yet. */
	if (old->id) {
		ret = context_add_rule(ctx, c, r, NFT_BEFORE_ID, old, e);
		return ret ? ret : context_delete_rule(ctx, c, old, e);
	}
	copy = rule_clone(r);
	if (!copy)
		return command_result(e, -ENOMEM);
	chain_insert_rule(c, copy, old);
	ret = nft_batch_add_rule(ctx->batch, ctx->family, ctx->table_name,
				 c->name, r, NFT_REPLACE, old->handle,
				 &copy->id);
	chain_remove_rule(c, old);
	return command_result(e, ret);
}

int context_delete_rule(struct command_context *ctx, struct chain *c,
			struct rule *r, struct err *e)
{
	int ret;

	if (r->id)
		ret = nft_batch_del_rule_id(ctx->batch, ctx->family,
					    ctx->table_name, c->name, r->id);
	else
		ret = nft_batch_del_rule(ctx->batch, ctx->family,
					 ctx->table_name, c->name, r->handle);
	chain_remove_rule(c, r);
	return command_result(e, ret);
}

struct rule *context_find_rule(const struct command_context *ctx,
			       const struct chain *c, const struct rule *r)
{
	struct rule *i;

	list_for_each (i, &c->rules, struct rule, node)
		if (!(i->flags & (RULE_GUARD | RULE_UNKNOWN)) &&
		    rule_equal(ctx->family, i, r, xt_userspace_size))
			return i;
	return NULL;
}

int context_zero_bpf(struct command_context *ctx, const char *chain,
		     uint64_t handle, struct err *e)
{
	struct zeroed z = {.handle = handle};

	snprintf(z.chain, sizeof(z.chain), "%s", chain ? chain : "");
	buf_add(&ctx->zeroed, &z, sizeof(z));
	return command_result(e, ctx->zeroed.failed ? -ENOMEM : 0);
}

int context_each_rule(struct command_context *ctx, const struct command *cmd,
		      context_rule_fn fn, struct err *e)
{
	struct rule *r;
	int ret = 0;

	list_for_each (r, &cmd->rules, struct rule, node) {
		ret = fn(ctx, cmd, r, e);
		if (ret)
			break;
	}
	return ret;
}

int context_each_chain(struct command_context *ctx, const struct command *cmd,
		       context_chain_fn fn, struct err *e)
{
	struct chain **chains;
	unsigned int n;
	int ret = 0;

	if (!ctx->table)
		return 0;
	chains = chains_in_order(ctx->table, &n);
	if (!chains)
		return command_result(e, -ENOMEM);
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = fn(ctx, cmd, chains[i], e);
	free(chains);
	return ret;
}

void context_echo(const struct command_context *ctx, const struct command *cmd,
		  const struct rule *r)
{
	if (cmd->verbose && !ctx->quiet)
		print_rule_echo(ctx->fe->ops, r);
}

void context_tell(const struct command_context *ctx, const struct command *cmd,
		  const char *what, const char *chain)
{
	if (cmd->verbose && !ctx->quiet)
		printf("%s chain `%s'\n", what, chain);
}
