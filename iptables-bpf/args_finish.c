// SPDX-License-Identifier: GPL-2.0-or-later
/* What can only be checked once the whole command line was read, and the
 * result. */
#include "iptables-bpf/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/any_port.h"
#include "iptables-bpf/stock.h"

static bool is_one_of(const char *name, const char *a, const char *b)
{
	return !strcmp(name, a) || !strcmp(name, b);
}

static int check_nat_drop(struct args *a)
{
	if (strcmp(a->table, "nat"))
		return 0;
	if ((a->policy && !strcmp(a->policy, "DROP")) ||
	    (a->xt.jump && !strcmp(a->xt.jump, "DROP")))
		return args_fail(
			a, "\nThe \"nat\" table is not intended for filtering, "
			   "the use of DROP is therefore inhibited.\n\n");
	return 0;
}

static int check_complete(struct args *a)
{
	if (optind < a->argc)
		return args_fail(a, "unknown arguments found on commandline");
	if (!a->commands)
		return args_fail(a, "no command specified");
	if (a->invert)
		return args_fail(a, "nothing appropriate following !");
	return 0;
}

static int one_address(struct args *a, const char *given,
		       struct address_list *list)
{
	if (given) {
		a->ops->parse_addr(given, &list->addrs, &list->masks, &list->n);
		return 0;
	}
	/* Any address: all zero. */
	list->addrs = calloc(1, sizeof(*list->addrs));
	list->masks = calloc(1, sizeof(*list->masks));
	list->n = 1;
	return list->addrs && list->masks ? 0 : -ENOMEM;
}

static int parse_addresses(struct args *a)
{
	int ret = 0;

	if (a->source || (a->commands & CMDF_WITH_RULE))
		ret = one_address(a, a->source, &a->src);
	if (!ret && (a->destination || (a->commands & CMDF_WITH_RULE)))
		ret = one_address(a, a->destination, &a->dst);
	if (ret)
		return err_set(a->e, ERR_OTHER, -ret, "%s", strerror(-ret));
	if ((a->src.n > 1 || a->dst.n > 1) &&
	    (a->core.inv & (CORE_INV_SRC | CORE_INV_DST)))
		return args_fail(a, "! not allowed with multiple"
				    " source or destination IP addresses");
	if (a->commands == CMDF_REPLACE && (a->src.n != 1 || a->dst.n != 1))
		return args_fail(a, "Replacement rule does not "
				    "specify a unique address");
	return 0;
}

/* Incoming packets have no outgoing interface yet, outgoing ones no incoming
 * interface. */
static int check_interfaces(struct args *a)
{
	if (!(a->commands & (CMDF_WITH_RULE | CMDF_DELETE_NUM)))
		return 0;
	if (is_one_of(a->chain, "PREROUTING", "INPUT") &&
	    (a->options & OPTF_OUT))
		return args_fail(a, stock_iptables()->wrong_way,
				 option_text(OPTF_OUT), a->chain);
	if (is_one_of(a->chain, "POSTROUTING", "OUTPUT") &&
	    (a->options & OPTF_IN))
		return args_fail(a, stock_iptables()->wrong_way,
				 option_text(OPTF_IN), a->chain);
	return 0;
}

static int check_names(struct args *a)
{
	if (a->chain && strlen(a->chain) >= XT_EXTENSION_MAXNAMELEN)
		return args_fail(
			a, "chain name `%s' too long (must be under %u chars)",
			a->chain, XT_EXTENSION_MAXNAMELEN);
	return 0;
}

static int check_table(struct args *a)
{
	if (!a->translate && !builtin_table_exists(a->table))
		return err_set(a->e, ERR_VERSION, ENOENT,
			       "table '%s' does not exist", a->table);
	return 0;
}

static const struct {
	unsigned int flag;
	enum command_id id;
} command_ids[] = {
	/* -L and -S before -Z, with which they combine. */
	{CMDF_LIST, CMD_LIST},
	{CMDF_LIST_RULES, CMD_LIST_RULES},
	{CMDF_INSERT, CMD_INSERT},
	{CMDF_DELETE, CMD_DELETE},
	{CMDF_DELETE_NUM, CMD_DELETE_NUM},
	{CMDF_REPLACE, CMD_REPLACE},
	{CMDF_APPEND, CMD_APPEND},
	{CMDF_FLUSH, CMD_FLUSH},
	{CMDF_ZERO, CMD_ZERO},
	{CMDF_NEW_CHAIN, CMD_NEW_CHAIN},
	{CMDF_DELETE_CHAIN, CMD_DELETE_CHAIN},
	{CMDF_SET_POLICY, CMD_SET_POLICY},
	{CMDF_RENAME_CHAIN, CMD_RENAME_CHAIN},
	{CMDF_ZERO_NUM, CMD_ZERO_NUM},
	{CMDF_CHECK, CMD_CHECK},
};

static void set_id(struct args *a)
{
	size_t i = 0;

	while (!(a->commands & command_ids[i].flag))
		i++;
	a->cmd->id = command_ids[i].id;
	if (a->commands & (CMDF_LIST | CMDF_LIST_RULES)) {
		a->cmd->also_zero = a->commands & (CMDF_ZERO | CMDF_ZERO_NUM);
		a->cmd->also_zero_rule = a->commands & CMDF_ZERO_NUM;
	}
}

static int add_rule(struct args *a, unsigned int src, unsigned int dst)
{
	struct rule *r = rule_new();
	int ret;

	if (!r)
		return -ENOMEM;
	list_append(&a->cmd->rules, &r->node);
	r->core = a->core;
	r->core.src = a->src.addrs[src];
	r->core.smsk = a->src.masks[src];
	r->core.dst = a->dst.addrs[dst];
	r->core.dmsk = a->dst.masks[dst];
	r->has_counter = true;
	r->packets = a->cmd->counters.packets;
	r->bytes = a->cmd->counters.bytes;
	ret = xt_rule_to_model(&a->xt, a->is_goto, r);
	if (!ret && !a->translate && stock_iptables()->forgets_any_port)
		rule_forget_any_port(r);
	return ret;
}

/* Every source with every destination, as iptables orders them. */
static int add_rules(struct args *a)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < a->src.n; i++)
		for (unsigned int j = 0; !ret && j < a->dst.n; j++)
			ret = add_rule(a, i, j);
	return ret;
}

/* Whether nf_tables can express it; the rules differ in their addresses only.
 */
static int check_rule(struct args *a)
{
	if (list_empty(&a->cmd->rules))
		return 0;
	if (a->translate)
		return 0;
	return rule_check(container_of(a->cmd->rules.next, struct rule, node),
			  a->e);
}

static int fill_command(struct args *a)
{
	int ret;

	set_id(a);
	a->cmd->table_given = a->table_set;
	ret = command_set_names(a->cmd, a->table, a->chain, a->new_name,
				a->policy);
	if (!ret && (a->commands & CMDF_WITH_RULE))
		ret = add_rules(a);
	if (ret)
		return err_set(a->e, ERR_OTHER, -ret, "%s", strerror(-ret));
	return check_rule(a);
}

int args_finish(struct args *a)
{
	int ret = check_nat_drop(a);

	if (ret)
		return ret;
	if (a->interval_set && !a->wait_set)
		return args_fail(
			a, "--wait-interval only makes sense with --wait\n");
	xt_rule_check(&a->xt);
	if ((ret = check_complete(a)) || (ret = parse_addresses(a)) ||
	    (ret = options_check(a->commands, a->options, a->e)) ||
	    (ret = check_names(a)) || (ret = check_interfaces(a)) ||
	    (ret = check_table(a)))
		return ret;
	return fill_command(a);
}
