// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/xlate.h"

#include <stdio.h>
#include <string.h>

#include "iptables-bpf/stock.h"
#include "iptables-bpf/xlate_rule.h"

/* What fits iptables-translate's buffer. */
#define XLATE_SIZE 10240

struct xlate {
	const struct family_ops *ops;
	const struct command *cmd;
	bool script;
	int argc;
	char **argv;
};

static int any_revision(const char *name, uint8_t revision, int opt)
{
	return 1;
}

void xlate_init(void)
{
	xt_params->compat_rev = any_revision;
}

static bool print_rule(const struct xlate *x, const struct rule *r)
{
	const char *tick = x->script ? "" : "'";
	const char *family = x->ops->nft_name, *set;
	const struct command *cmd = x->cmd;
	struct xt_xlate *xl = xt_xlate_alloc(XLATE_SIZE);
	bool ok;

	xl_xlate_set_family(xl, (uint8_t)x->ops->family);
	ok = xlate_rule(x->ops, r, xl);
	if (ok) {
		set = xt_xlate_set_get(xl);
		if (set[0])
			printf("%sadd set %s %s %s%s\n%s", tick, family,
			       cmd->table, set, tick, x->script ? "" : "nft ");
		printf("%s%s rule %s %s %s ", tick,
		       cmd->id == CMD_APPEND ? "add" : "insert", family,
		       cmd->table, cmd->chain);
		if (cmd->rulenum > 1 && stock_iptables()->translates_index)
			printf("index %u ", cmd->rulenum);
		printf("%s%s\n", xt_xlate_rule_get(xl), tick);
	}
	xt_xlate_free(xl);
	return ok;
}

/* "-s A,B -d C,D" became AC, AD, BC, BD: whether @r is the last with its source
 * address. */
static bool ends_source(const struct command *cmd, const struct rule *r)
{
	const struct rule *first =
		container_of(cmd->rules.next, struct rule, node);
	const struct rule *next = container_of(r->node.next, struct rule, node);

	return r->node.next != &cmd->rules &&
	       !memcmp(&next->core.dst, &first->core.dst,
		       sizeof(first->core.dst)) &&
	       !memcmp(&next->core.dmsk, &first->core.dmsk,
		       sizeof(first->core.dmsk));
}

static bool xlate_rules(const struct xlate *x)
{
	const struct rule *r;
	bool ok = true;

	list_for_each (r, &x->cmd->rules, struct rule, node) {
		ok = print_rule(x, r);
		if (!x->script && ends_source(x->cmd, r))
			fputs("nft ", stdout);
	}
	if (!ok) {
		fputs("# ", stdout);
		for (int i = 1; i < x->argc; i++)
			printf("%s ", x->argv[i]);
		putchar('\n');
	}
	return true;
}

static bool xlate_flush(const struct xlate *x)
{
	if (x->cmd->chain)
		printf("flush chain %s %s %s\n", x->ops->nft_name,
		       x->cmd->table, x->cmd->chain);
	else
		printf("flush table %s %s\n", x->ops->nft_name, x->cmd->table);
	return true;
}

static bool xlate_list(const struct xlate *x)
{
	printf("list table %s %s\n", x->ops->nft_name, x->cmd->table);
	return true;
}

static bool xlate_new_chain(const struct xlate *x)
{
	printf("add chain %s %s %s\n", x->ops->nft_name, x->cmd->table,
	       x->cmd->chain);
	return true;
}

/* All chains are "(null)" to iptables-translate. */
static bool xlate_delete_chain(const struct xlate *x)
{
	printf("delete chain %s %s %s\n", x->ops->nft_name, x->cmd->table,
	       x->cmd->chain ? x->cmd->chain : "(null)");
	return true;
}

static bool xlate_nothing(const struct xlate *x)
{
	return true;
}

static const struct {
	enum command_id id;
	bool (*print)(const struct xlate *x);
} translations[] = {
	{CMD_NONE, xlate_nothing},
	{CMD_APPEND, xlate_rules},
	{CMD_INSERT, xlate_rules},
	{CMD_FLUSH, xlate_flush},
	{CMD_LIST, xlate_list},
	{CMD_NEW_CHAIN, xlate_new_chain},
	{CMD_DELETE_CHAIN, xlate_delete_chain},
};

bool xlate_command(const struct family_ops *ops, const struct command *cmd,
		   bool script, int argc, char **argv)
{
	const struct xlate x = {ops, cmd, script, argc, argv};

	if (!script && cmd->id != CMD_NONE)
		fputs("nft ", stdout);
	for (size_t i = 0; i < sizeof(translations) / sizeof(*translations);
	     i++)
		if (translations[i].id == cmd->id)
			return translations[i].print(&x);
	return false;
}
