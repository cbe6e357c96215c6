// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The builtin tables and chains of iptables. Priorities: enum
 * nf_ip_hook_priorities in include/uapi/linux/netfilter_ipv4.h; the order is
 * the one in which iptables creates them.
 */
#include "model/model.h"

#include <linux/netfilter.h>
#include <string.h>

const struct builtin_chain builtin_chains[] = {
	{"raw", "PREROUTING", "filter", NF_INET_PRE_ROUTING, -300},
	{"raw", "OUTPUT", "filter", NF_INET_LOCAL_OUT, -300},
	{"mangle", "PREROUTING", "filter", NF_INET_PRE_ROUTING, -150},
	{"mangle", "INPUT", "filter", NF_INET_LOCAL_IN, -150},
	{"mangle", "FORWARD", "filter", NF_INET_FORWARD, -150},
	{"mangle", "OUTPUT", "route", NF_INET_LOCAL_OUT, -150},
	{"mangle", "POSTROUTING", "filter", NF_INET_POST_ROUTING, -150},
	{"nat", "PREROUTING", "nat", NF_INET_PRE_ROUTING, -100},
	{"nat", "INPUT", "nat", NF_INET_LOCAL_IN, 100},
	{"nat", "POSTROUTING", "nat", NF_INET_POST_ROUTING, 100},
	{"nat", "OUTPUT", "nat", NF_INET_LOCAL_OUT, -100},
	{"filter", "INPUT", "filter", NF_INET_LOCAL_IN, 0},
	{"filter", "FORWARD", "filter", NF_INET_FORWARD, 0},
	{"filter", "OUTPUT", "filter", NF_INET_LOCAL_OUT, 0},
	{"security", "INPUT", "filter", NF_INET_LOCAL_IN, 150},
	{"security", "FORWARD", "filter", NF_INET_FORWARD, 150},
	{"security", "OUTPUT", "filter", NF_INET_LOCAL_OUT, 150},
};

const unsigned int builtin_chain_count =
	sizeof(builtin_chains) / sizeof(builtin_chains[0]);

const struct builtin_chain *builtin_chain_find(const char *table,
					       const char *chain)
{
	for (unsigned int i = 0; i < builtin_chain_count; i++)
		if (!strcmp(builtin_chains[i].table, table) &&
		    !strcmp(builtin_chains[i].name, chain))
			return &builtin_chains[i];
	return NULL;
}

bool builtin_table_exists(const char *table)
{
	for (unsigned int i = 0; i < builtin_chain_count; i++)
		if (!strcmp(builtin_chains[i].table, table))
			return true;
	return false;
}
