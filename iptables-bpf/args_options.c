// SPDX-License-Identifier: GPL-2.0-or-later
/* The options that describe the rule, and those that say how to print or wait.
 */
#include "iptables-bpf/args.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iptables-bpf/interface.h"
#include "iptables-bpf/stock.h"

static int set_option(struct args *a, enum option_flag flag)
{
	unsigned int inverse;

	if (a->options & flag)
		return args_fail(a, stock_iptables()->repeated,
				 option_text(flag));
	a->options |= flag;
	if (!a->invert)
		return 0;
	inverse = option_inverse(flag);
	if (!inverse)
		return args_fail(a, "cannot have ! before %s",
				 option_text(flag));
	a->core.inv |= (uint8_t)inverse;
	return 0;
}

static int opt_protocol(struct args *a)
{
	int ret = set_option(a, OPTF_PROTOCOL);

	if (ret)
		return ret;
	for (char *p = optarg; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	a->xt.protocol = optarg;
	a->core.proto = xtables_parse_protocol(optarg);
	if (!a->core.proto && (a->core.inv & CORE_INV_PROTO))
		return args_fail(a, "rule would never match protocol");
	a->ops->entry_set_proto(&a->xt.entry, a->core.proto, a->core.inv);
	if (a->ops->never_upper_layer(a->core.proto) &&
	    !(a->core.inv & CORE_INV_PROTO))
		fprintf(stderr,
			"Warning: never matched protocol: %s. "
			"use extension match instead.\n",
			optarg);
	return 0;
}

static int opt_source(struct args *a)
{
	a->source = optarg;
	return set_option(a, OPTF_SOURCE);
}

static int opt_destination(struct args *a)
{
	a->destination = optarg;
	return set_option(a, OPTF_DESTINATION);
}

static int opt_in(struct args *a)
{
	int ret;

	if (!*optarg)
		return args_fail(a,
				 "Empty interface is likely to be undesired");
	ret = set_option(a, OPTF_IN);
	if (!ret)
		interface_parse(optarg, a->invert, a->core.iif,
				&a->core.iif_len, &a->core.has_iif);
	return ret;
}

static int opt_out(struct args *a)
{
	int ret;

	if (!*optarg)
		return args_fail(a,
				 "Empty interface is likely to be undesired");
	ret = set_option(a, OPTF_OUT);
	if (!ret)
		interface_parse(optarg, a->invert, a->core.oif,
				&a->core.oif_len, &a->core.has_oif);
	return ret;
}

static int opt_fragment(struct args *a)
{
	if (!a->ops->has_fragment)
		return args_fail(a, "`-f' is not supported in IPv6, "
				    "use -m frag instead");
	a->core.frag = true;
	return set_option(a, OPTF_FRAGMENT);
}

static int opt_match(struct args *a)
{
	if (a->invert)
		return args_fail(a, "unexpected ! flag before --match");
	xt_rule_match(&a->xt, optarg);
	return 0;
}

static int opt_jump(struct args *a)
{
	int ret = set_option(a, OPTF_JUMP);

	if (ret)
		return ret;
	if (strcmp(optarg, "CONTINUE") || !stock_iptables()->jumps_continue)
		xt_rule_jump(&a->xt, optarg);
	return 0;
}

static int opt_goto(struct args *a)
{
	int ret = set_option(a, OPTF_JUMP);

	if (ret)
		return ret;
	a->is_goto = true;
	xt_rule_goto(&a->xt, optarg);
	return 0;
}

/* -c PACKETS BYTES, or -c PACKETS,BYTES */
static int opt_counters(struct args *a)
{
	unsigned long long packets, bytes;
	const char *second;
	int ret = set_option(a, OPTF_COUNTERS);

	if (ret)
		return ret;
	second = strchr(optarg, ',');
	if (second)
		second++;
	else if (args_has_word(a))
		second = args_word(a);
	else
		return args_fail(a, "%s requires packet and byte counter",
				 option_text(OPTF_COUNTERS));
	if (sscanf(optarg, "%llu", &packets) != 1)
		return args_fail(a, "%s packet counter not numeric",
				 option_text(OPTF_COUNTERS));
	if (sscanf(second, "%llu", &bytes) != 1)
		return args_fail(a, "%s byte counter not numeric",
				 option_text(OPTF_COUNTERS));
	a->cmd->counters_given = true;
	a->cmd->counters.packets = packets;
	a->cmd->counters.bytes = bytes;
	return 0;
}

static int opt_table(struct args *a)
{
	if (a->invert)
		return args_fail(a, "unexpected ! flag before --table");
	/* The first one is what iptables-restore itself put there. */
	if (a->restore && a->table_set)
		return args_fail(a, "The -t option cannot be used in %s.\n",
				 xt_params->program_name);
	a->table = optarg;
	a->table_set = true;
	return 0;
}

static int opt_verbose(struct args *a)
{
	int ret = a->cmd->verbose ? 0 : set_option(a, OPTF_VERBOSE);

	a->cmd->verbose++;
	return ret;
}

static int opt_numeric(struct args *a)
{
	a->cmd->numeric = true;
	return set_option(a, OPTF_NUMERIC);
}

static int opt_exact(struct args *a)
{
	a->cmd->exact = true;
	return set_option(a, OPTF_EXACT);
}

static int opt_line_numbers(struct args *a)
{
	a->cmd->line_numbers = true;
	return set_option(a, OPTF_LINE_NUMBERS);
}

/*
 * -w and -W are for the lock of the legacy kernel interface. nf_tables needs
 * none, so they are checked like iptables checks them and then forgotten.
 */
static int opt_wait(struct args *a)
{
	const char *word = optarg;
	int seconds = -1;

	if (a->restore)
		return args_fail(a,
				 "You cannot use `-w' from iptables-restore");
	if (!word && args_has_word(a))
		word = args_word(a);
	if (word && sscanf(word, "%i", &seconds) != 1)
		return args_fail(a, "wait seconds not numeric");
	a->wait_set = seconds != 0;
	return 0;
}

static int opt_wait_interval(struct args *a)
{
	const char *word = optarg;
	unsigned int usec;

	if (a->restore)
		return args_fail(a,
				 "You cannot use `-W' from iptables-restore");
	if (!word && args_has_word(a))
		word = args_word(a);
	if (!word)
		return args_fail(a, "wait interval value required");
	if (sscanf(word, "%u", &usec) != 1)
		return args_fail(a, "wait interval not numeric");
	if (usec > 999999)
		return args_fail(a, "too long usec wait %u > 999999 usec",
				 usec);
	fprintf(stderr, "Ignoring deprecated --wait-interval option.\n");
	a->interval_set = true;
	return 0;
}

/* The kernel loads the modules that nf_tables needs by itself. */
static int opt_modprobe(struct args *a)
{
	return 0;
}

static int family_option(struct args *a, char option)
{
	if (a->ops->option == option)
		return 0;
	if (!a->restore)
		return args_fail_plain(a, "%s", "");
	/* One file may serve both families: this line is the other's. */
	a->cmd->id = CMD_NONE;
	return command_set_names(a->cmd, a->table, NULL, NULL, NULL)
		       ? err_set(a->e, ERR_OTHER, ENOMEM, "%s",
				 strerror(ENOMEM))
		       : ARGS_DONE;
}

static int opt_ipv4(struct args *a)
{
	return family_option(a, '4');
}

static int opt_ipv6(struct args *a)
{
	return family_option(a, '6');
}

args_handler args_option_handler(int c)
{
	static const args_handler handlers[] = {
		['p'] = opt_protocol,	   ['s'] = opt_source,
		['d'] = opt_destination,   ['i'] = opt_in,
		['o'] = opt_out,	   ['f'] = opt_fragment,
		['m'] = opt_match,	   ['j'] = opt_jump,
		['g'] = opt_goto,	   ['c'] = opt_counters,
		['t'] = opt_table,	   ['v'] = opt_verbose,
		['n'] = opt_numeric,	   ['x'] = opt_exact,
		['0'] = opt_line_numbers,  ['w'] = opt_wait,
		['W'] = opt_wait_interval, ['M'] = opt_modprobe,
		['4'] = opt_ipv4,	   ['6'] = opt_ipv6,
	};

	return (size_t)c < sizeof(handlers) / sizeof(handlers[0]) ? handlers[c]
								  : NULL;
}
