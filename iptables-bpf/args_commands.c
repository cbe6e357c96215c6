// SPDX-License-Identifier: GPL-2.0-or-later
/* The options that say what to do: -A, -D, … */
#include "iptables-bpf/args.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

/* Notes @flag, which may stand together with commands in @others only. */
static int add_command(struct args *a, unsigned int flag, unsigned int others)
{
	unsigned int conflict = a->commands & ~others;

	if (a->invert)
		return args_fail(a, "unexpected '!' flag");
	if (conflict)
		return args_fail(a, "Cannot use -%c with -%c",
				 command_letter(flag),
				 command_letter(conflict));
	a->commands |= flag;
	return 0;
}

static int rule_number(struct args *a)
{
	const char *word = args_word(a);

	if (!xtables_strtoui(word, NULL, &a->cmd->rulenum, 1, INT_MAX))
		return args_fail(a, "Invalid rule number `%s'", word);
	return 0;
}

/* -D's: later versions have it in common with ebtables, which knows ranges. */
static int decimal_rule_number(struct args *a)
{
	const char *word = args_word(a);
	char *end;
	long number;

	if (strchr(word, ':'))
		return args_fail(a, "Rule ranges are not supported");
	number = strtol(word, &end, 10);
	if (*end || number <= 0)
		return args_fail(a, "Invalid rule number `%s'", word);
	a->cmd->rulenum = number < INT_MAX ? (unsigned int)number : INT_MAX;
	return 0;
}

/* A chain that may be left out. */
static void optional_chain(struct args *a)
{
	if (optarg)
		a->chain = optarg;
	else if (args_has_word(a))
		a->chain = args_word(a);
}

static int do_append(struct args *a)
{
	a->chain = optarg;
	return add_command(a, CMDF_APPEND, 0);
}

static int do_check(struct args *a)
{
	a->chain = optarg;
	return add_command(a, CMDF_CHECK, 0);
}

static int do_delete(struct args *a)
{
	int ret = add_command(a, CMDF_DELETE, 0);

	if (ret)
		return ret;
	a->chain = optarg;
	if (!args_has_word(a))
		return 0;
	a->commands = CMDF_DELETE_NUM;
	return stock_iptables()->deletes_decimal ? decimal_rule_number(a)
						 : rule_number(a);
}

static int do_replace(struct args *a)
{
	int ret = add_command(a, CMDF_REPLACE, 0);

	if (ret)
		return ret;
	a->chain = optarg;
	if (!args_has_word(a))
		return args_fail(a, "-%c requires a rule number",
				 command_letter(CMDF_REPLACE));
	return rule_number(a);
}

static int do_insert(struct args *a)
{
	int ret = add_command(a, CMDF_INSERT, 0);

	if (ret)
		return ret;
	a->chain = optarg;
	a->cmd->rulenum = 1;
	return args_has_word(a) ? rule_number(a) : 0;
}

static int list_command(struct args *a, unsigned int flag)
{
	int ret = add_command(a, flag, CMDF_ZERO | CMDF_ZERO_NUM);

	if (ret)
		return ret;
	optional_chain(a);
	return args_has_word(a) ? rule_number(a) : 0;
}

static int do_list(struct args *a)
{
	return list_command(a, CMDF_LIST);
}

static int do_list_rules(struct args *a)
{
	return list_command(a, CMDF_LIST_RULES);
}

static int do_flush(struct args *a)
{
	int ret = add_command(a, CMDF_FLUSH, 0);

	if (!ret)
		optional_chain(a);
	return ret;
}

static int do_zero(struct args *a)
{
	int ret = add_command(a, CMDF_ZERO, CMDF_LIST | CMDF_LIST_RULES);

	if (ret)
		return ret;
	optional_chain(a);
	if (!args_has_word(a))
		return 0;
	/* As iptables does: -L before it is forgotten. */
	a->commands = CMDF_ZERO_NUM;
	return rule_number(a);
}

static int do_new_chain(struct args *a)
{
	xt_check_chain_name(optarg);
	a->chain = optarg;
	return add_command(a, CMDF_NEW_CHAIN, 0);
}

static int do_delete_chain(struct args *a)
{
	int ret = add_command(a, CMDF_DELETE_CHAIN, 0);

	if (!ret)
		optional_chain(a);
	return ret;
}

static int do_rename_chain(struct args *a)
{
	int ret = add_command(a, CMDF_RENAME_CHAIN, 0);

	if (ret)
		return ret;
	a->chain = optarg;
	if (!args_has_word(a))
		return args_fail(a,
				 "-%c requires old-chain-name and "
				 "new-chain-name",
				 command_letter(CMDF_RENAME_CHAIN));
	a->new_name = args_word(a);
	if (stock_iptables()->checks_new_name)
		xt_check_chain_name(a->new_name);
	return 0;
}

static int do_policy(struct args *a)
{
	int ret = add_command(a, CMDF_SET_POLICY, 0);

	if (ret)
		return ret;
	a->chain = optarg;
	if (!args_has_word(a))
		return args_fail(a, "-%c requires a chain and a policy",
				 command_letter(CMDF_SET_POLICY));
	a->policy = args_word(a);
	return 0;
}

static int do_help(struct args *a)
{
	args_help(a);
	a->cmd->id = CMD_HELP;
	return ARGS_DONE;
}

static int do_version(struct args *a)
{
	if (a->invert)
		printf("Not %s ;-)\n", xt_params->program_version);
	else
		printf("%s v%s\n", xt_params->program_name,
		       xt_params->program_version);
	a->cmd->id = CMD_VERSION;
	return ARGS_DONE;
}

args_handler args_command_handler(int c)
{
	static const args_handler handlers[] = {
		['A'] = do_append,	 ['C'] = do_check,
		['D'] = do_delete,	 ['R'] = do_replace,
		['I'] = do_insert,	 ['L'] = do_list,
		['S'] = do_list_rules,	 ['F'] = do_flush,
		['Z'] = do_zero,	 ['N'] = do_new_chain,
		['X'] = do_delete_chain, ['E'] = do_rename_chain,
		['P'] = do_policy,	 ['h'] = do_help,
		['V'] = do_version,
	};

	return (size_t)c < sizeof(handlers) / sizeof(handlers[0]) ? handlers[c]
								  : NULL;
}
