// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of the ruleset: tables, chains, rules and the generation. */
#include "iptables-bpf/monitor.h"

#include <inttypes.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

#include "iptables-bpf/stock.h"
#include "translate/nft.h"
#include "translate/nlread.h"

bool monitor_wants(const struct monitor *m, unsigned int family)
{
	return !m->family || m->family == family;
}

static uint8_t message_type(const struct nlmsghdr *nlh)
{
	return (uint8_t)NFNL_MSG_TYPE(nlh->nlmsg_type);
}

static void table_event(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_table *t = nftnl_table_alloc();
	char text[4096];

	if (!t)
		return;
	if (nftnl_table_nlmsg_parse(nlh, t) >= 0 &&
	    monitor_wants(m, nftnl_table_get_u32(t, NFTNL_TABLE_FAMILY))) {
		nftnl_table_snprintf(text, sizeof(text), t,
				     NFTNL_OUTPUT_DEFAULT, 0);
		printf(" EVENT: nft: %s table: %s\n",
		       message_type(nlh) == NFT_MSG_NEWTABLE ? "NEW" : "DEL",
		       text);
	}
	nftnl_table_free(t);
}

/* User chains have a command; what has none is shown in nft's words. */
static bool has_command(const struct nftnl_chain *c)
{
	unsigned int family = nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY);

	if (nftnl_chain_is_set(c, NFTNL_CHAIN_PRIO))
		return false;
	return stock_iptables()->monitors_programs
		       ? monitor_family(family) != NULL
		       : family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
}

static void print_chain(const struct nftnl_chain *c, bool added)
{
	char text[4096];

	if (has_command(c)) {
		printf(" EVENT: %s -t %s -%c %s\n",
		       monitor_family(
			       nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)),
		       nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE),
		       added ? 'N' : 'X',
		       nftnl_chain_get_str(c, NFTNL_CHAIN_NAME));
		return;
	}
	nftnl_chain_snprintf(text, sizeof(text), c, NFTNL_OUTPUT_DEFAULT, 0);
	if (stock_iptables()->monitors_programs)
		printf(" EVENT: nft: %s chain: %s\n", added ? "NEW" : "DEL",
		       text);
	else
		printf(" EVENT: # nft: %s\n", text);
}

static void chain_event(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return;
	if (nftnl_chain_nlmsg_parse(nlh, c) >= 0 &&
	    monitor_wants(m, nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY)))
		print_chain(c, message_type(nlh) == NFT_MSG_NEWCHAIN);
	nftnl_chain_free(c);
}

static void rule_event(struct monitor *m, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	if (!monitor_wants(m, nfg->nfgen_family) || nft_message_is_guard(nlh))
		return;
	if (stock_iptables()->monitors_programs &&
	    !monitor_family(nfg->nfgen_family))
		return;
	printf(" EVENT: ");
	monitor_rule(m, nlh);
}

static void generation_event(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_GEN_MAX + 1];
	uint32_t generation = 0, pid = 0;
	const char *name;

	attrs_parse(area.data, area.len, tb, NFTA_GEN_MAX);
	attr_u32(&tb[NFTA_GEN_ID], &generation);
	attr_u32(&tb[NFTA_GEN_PROC_PID], &pid);
	name = attr_str(&tb[NFTA_GEN_PROC_NAME]);
	if (name)
		printf("NEWGEN: GENID=%" PRIu32 " PID=%" PRIu32 " NAME=%s\n",
		       generation, pid, name);
}

void monitor_message(struct monitor *m, const struct nlmsghdr *nlh)
{
	static void (*const handlers[])(struct monitor * m,
					const struct nlmsghdr *nlh) = {
		[NFT_MSG_NEWTABLE] = table_event,
		[NFT_MSG_DELTABLE] = table_event,
		[NFT_MSG_NEWCHAIN] = chain_event,
		[NFT_MSG_DELCHAIN] = chain_event,
		[NFT_MSG_NEWRULE] = rule_event,
		[NFT_MSG_DELRULE] = rule_event,
		[NFT_MSG_NEWGEN] = generation_event,
		[NFT_MSG_TRACE] = monitor_trace,
	};
	uint8_t type = message_type(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return;
	if (type < sizeof(handlers) / sizeof(handlers[0]) && handlers[type])
		handlers[type](m, nlh);
}
