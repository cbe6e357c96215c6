// SPDX-License-Identifier: GPL-2.0-or-later
/* What happens to traced packets: rules, policies, returns. */
#include "iptables-bpf/monitor.h"
#include "translate/nft.h"

#include <errno.h>
#include <inttypes.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

static void print_header(const struct nftnl_trace *t)
{
	printf(" TRACE: %" PRIu32 " %08" PRIx32 " %s:%s",
	       nftnl_trace_get_u32(t, NFTNL_TRACE_FAMILY),
	       nftnl_trace_get_u32(t, NFTNL_TRACE_ID),
	       nftnl_trace_get_str(t, NFTNL_TRACE_TABLE),
	       nftnl_trace_get_str(t, NFTNL_TRACE_CHAIN));
}

static void print_verdict(const struct nftnl_trace *t, uint32_t verdict)
{
	static const struct {
		uint32_t verdict;
		const char *name;
		bool to_chain;
	} verdicts[] = {
		{NF_ACCEPT, "ACCEPT", false},
		{NF_DROP, "DROP", false},
		{NF_QUEUE, "QUEUE", false},
		{NF_STOLEN, "STOLEN", false},
		{(uint32_t)NFT_BREAK, "BREAK", false},
		{(uint32_t)NFT_CONTINUE, "CONTINUE", false},
		{(uint32_t)NFT_GOTO, "GOTO", true},
		{(uint32_t)NFT_JUMP, "JUMP", true},
	};
	size_t i, n = sizeof(verdicts) / sizeof(verdicts[0]);

	for (i = 0; i < n && verdicts[i].verdict != verdict; i++)
		;
	if (i < n)
		fputs(verdicts[i].name, stdout);
	else
		printf("0x%" PRIx32, verdict);
	if (i < n && verdicts[i].to_chain &&
	    nftnl_trace_is_set(t, NFTNL_TRACE_JUMP_TARGET))
		printf(":%s", nftnl_trace_get_str(t, NFTNL_TRACE_JUMP_TARGET));
	putchar(' ');
}

/* The request for the rule that @t is about, in @buf. */
static struct nlmsghdr *build_query(struct monitor *m,
				    const struct nftnl_trace *t, char *buf)
{
	uint32_t family = nftnl_trace_get_u32(t, NFTNL_TRACE_FAMILY);
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nlmsghdr *nlh;

	if (!r)
		return NULL;
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, family);
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE,
			   nftnl_trace_get_str(t, NFTNL_TRACE_TABLE));
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN,
			   nftnl_trace_get_str(t, NFTNL_TRACE_CHAIN));
	nftnl_rule_set_u64(r, NFTNL_RULE_HANDLE,
			   nftnl_trace_get_u64(t, NFTNL_TRACE_RULE_HANDLE));
	nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETRULE, (uint16_t)family, 0,
				    ++m->seq);
	nftnl_rule_nlmsg_build_payload(nlh, r);
	nftnl_rule_free(r);
	return nlh;
}

static int open_query(struct monitor *m)
{
	if (m->query)
		return 0;
	m->query = mnl_socket_open(NETLINK_NETFILTER);
	if (!m->query)
		return -errno;
	if (mnl_socket_bind(m->query, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(m->query);
		m->query = NULL;
		return -errno;
	}
	return 0;
}

/* The rule that @t is about, valid until the next call; NULL when it is gone.
 */
static const struct nlmsghdr *fetch_rule(struct monitor *m,
					 const struct nftnl_trace *t)
{
	char request[MNL_NLMSG_HDRLEN + 1024];
	const struct nlmsghdr *nlh;
	ssize_t n;

	if (open_query(m))
		return NULL;
	nlh = build_query(m, t, request);
	if (!nlh || mnl_socket_sendto(m->query, nlh, nlh->nlmsg_len) < 0)
		return NULL;
	n = mnl_socket_recvfrom(m->query, m->answer, MONITOR_BUFFER);
	nlh = (const void *)m->answer;
	if (n <= 0 || !mnl_nlmsg_ok(nlh, (int)n) || nlh->nlmsg_seq != m->seq ||
	    nlh->nlmsg_type < NLMSG_MIN_TYPE)
		return NULL;
	return nlh;
}

static void print_rule(struct monitor *m, const struct nftnl_trace *t)
{
	const struct nlmsghdr *rule = fetch_rule(m, t);

	if (rule && nft_message_is_guard(rule))
		return;
	print_header(t);
	printf(":rule:0x%" PRIx64 ":",
	       nftnl_trace_get_u64(t, NFTNL_TRACE_RULE_HANDLE));
	print_verdict(t, nftnl_trace_get_u32(t, NFTNL_TRACE_VERDICT));
	putchar(' ');
	if (rule)
		monitor_rule(m, rule);
	else
		putchar('\n');
}

static void print_trace(struct monitor *m, const struct nftnl_trace *t)
{
	switch (nftnl_trace_get_u32(t, NFTNL_TRACE_TYPE)) {
	case NFT_TRACETYPE_RULE:
		if (nftnl_trace_is_set(t, NFTNL_TRACE_LL_HEADER) ||
		    nftnl_trace_is_set(t, NFTNL_TRACE_NETWORK_HEADER))
			monitor_packet(t);
		if (nftnl_trace_is_set(t, NFTNL_TRACE_RULE_HANDLE))
			print_rule(m, t);
		break;
	case NFT_TRACETYPE_POLICY:
		print_header(t);
		fputs(":policy:", stdout);
		print_verdict(t, nftnl_trace_get_u32(t, NFTNL_TRACE_POLICY));
		putchar('\n');
		break;
	case NFT_TRACETYPE_RETURN:
		print_header(t);
		fputs(":return:", stdout);
		if (nftnl_trace_is_set(t, NFTNL_TRACE_JUMP_TARGET))
			fputs(nftnl_trace_get_str(t, NFTNL_TRACE_JUMP_TARGET),
			      stdout);
		putchar('\n');
		break;
	}
}

void monitor_trace(struct monitor *m, const struct nlmsghdr *nlh)
{
	struct nftnl_trace *t = nftnl_trace_alloc();

	if (!t)
		return;
	if (nftnl_trace_nlmsg_parse(nlh, t) >= 0 &&
	    monitor_wants(m, nftnl_trace_get_u32(t, NFTNL_TRACE_FAMILY)))
		print_trace(m, t);
	nftnl_trace_free(t);
}
