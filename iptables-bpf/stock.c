// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "iptables-bpf/stock.h"

#include <string.h>

static const struct stock versions[] = {
	{
		.since = "1.8.11",
		.names_options = true,
		.names_letters = true,
		.repeated = "multiple %s options not allowed",
		.wrong_way = "Can't use %s with %s",
		.long_interface = "interface name `%s' must be shorter than %d "
				  "characters",
		.lists_names = true,
		.translates_index = true,
		.translates_aliases = true,
		.monitors_programs = true,
		.deletes_decimal = true,
		.jumps_continue = true,
		.checks_new_name = true,
		.checks_policy_counters = true,
		.zeroes_absent_chains = true,
		.zero_needs_rule = true,
	},
	{
		.since = "1.8.10",
		.names_letters = true,
		.repeated = "multiple %s flags not allowed",
		.wrong_way = "Can't use %s with %s\n",
		.saves_names = true,
		.translates_index = true,
		.forgets_any_port = true,
		.checks_new_name = true,
		.checks_policy_counters = true,
	},
	/* 1.8.9 */
	{
		.since = "",
		.repeated = "multiple %s flags not allowed",
		.wrong_way = "Can't use %s with %s\n",
		.saves_names = true,
		.has_option_b = true,
		.forgets_any_port = true,
	},
};

const struct stock *stock_iptables(void)
{
	const struct stock *s = versions;

	while (strverscmp(XTABLES_COMPAT_VERSION, s->since) < 0)
		s++;
	return s;
}
