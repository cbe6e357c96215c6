// SPDX-License-Identifier: GPL-2.0-or-later
/* What xtables-monitor makes of a traced packet's headers, whole and cut off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>

#include "iptables-bpf/monitor.h"

struct headers {
	uint8_t family;
	uint16_t iiftype; /* 0: no link header */
	const void *link, *network, *transport;
	uint16_t link_len, network_len, transport_len;
	uint32_t mark;
};

/* 10.0.0.1 -> 10.0.0.2, TCP, don't fragment, four bytes of options. */
static const unsigned char ipv4[24] = {
	0x46, 0x08, 0x00, 0x3c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00,
	10,   0,    0,	  1,	10,   0,    0,	  2,	0x94, 0x04, 0x00, 0x00};
/* fe80::1 -> fe80::2, UDP, traffic class 1, flow label 2. */
static const unsigned char ipv6[40] = {
	0x60, 0x10, 0x00, 0x02,	    0x00, 0x08, 0x11,
	0x40, 0xfe, 0x80, [23] = 1, 0xfe, 0x80, [39] = 2};
/* Ports 1000 and 22, SYN and ACK. */
static const unsigned char tcp[20] = {0x03, 0xe8,	 0x00,
				      0x16, [12] = 0x50, 0x12};
static const unsigned char ethernet[14] = {2, 0, 0, 0, 0, 1, 2,
					   0, 0, 0, 0, 2, 8, 0};

static struct nlmsghdr *build(char *buf, const struct headers *h)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = h->family;
	mnl_attr_put_u32(nlh, NFTA_TRACE_ID, htonl(0xabc));
	mnl_attr_put_u32(nlh, NFTA_TRACE_TYPE, htonl(NFT_TRACETYPE_RULE));
	if (h->iiftype)
		mnl_attr_put_u16(nlh, NFTA_TRACE_IIFTYPE, htons(h->iiftype));
	if (h->iiftype)
		mnl_attr_put(nlh, NFTA_TRACE_LL_HEADER, h->link_len, h->link);
	if (h->network)
		mnl_attr_put(nlh, NFTA_TRACE_NETWORK_HEADER, h->network_len,
			     h->network);
	if (h->transport)
		mnl_attr_put(nlh, NFTA_TRACE_TRANSPORT_HEADER, h->transport_len,
			     h->transport);
	mnl_attr_put_u32(nlh, NFTA_TRACE_MARK, htonl(h->mark));
	return nlh;
}

/* What monitor_packet() prints; the caller frees it. */
static char *printed(const struct headers *h)
{
	static char buf[4096];
	struct nftnl_trace *t = nftnl_trace_alloc();
	FILE *saved = stdout;
	char *text;
	size_t len;

	assert_non_null(t);
	assert_int_not_equal(nftnl_trace_nlmsg_parse(build(buf, h), t), -1);
	stdout = open_memstream(&text, &len);
	monitor_packet(t);
	fclose(stdout);
	stdout = saved;
	nftnl_trace_free(t);
	return text;
}

static void check(const struct headers *h, const char *expected)
{
	char *text = printed(h);

	assert_string_equal(text, expected);
	free(text);
}

static void whole_packets(void **state)
{
	check(&(struct headers){.family = AF_INET,
				.network = ipv4,
				.network_len = sizeof(ipv4),
				.transport = tcp,
				.transport_len = sizeof(tcp),
				.mark = 0x10},
	      "PACKET: 2 00000abc SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x8 "
	      "TTL=64 ID=4660 DF OPT (94040000) SPORT=1000 DPORT=22 SYN ACK "
	      "MARK=0x10 \n");
	check(&(struct headers){.family = AF_INET6,
				.network = ipv6,
				.network_len = sizeof(ipv6),
				.transport = tcp,
				.transport_len = 8},
	      "PACKET: 10 00000abc SRC=fe80::1 DST=fe80::2 LEN=28 TC=1 "
	      "HOPLIMIT=64 FLOWLBL=2 SPORT=1000 DPORT=22 \n");
}

static void link_headers(void **state)
{
	struct headers h = {.family = AF_INET,
			    .iiftype = ARPHRD_ETHER,
			    .link = ethernet,
			    .link_len = sizeof(ethernet)};

	check(&h, "PACKET: 2 00000abc MACSRC=2:0:0:0:0:2 MACDST=2:0:0:0:0:1 "
		  "MACPROTO=0800 \n");
	h.iiftype = ARPHRD_LOOPBACK;
	check(&h, "PACKET: 2 00000abc LOOPBACK \n");
	h.iiftype = 0x200;
	h.link_len = 3;
	check(&h, "PACKET: 2 00000abc LL=0x200 020000 \n");
}

static void other_families(void **state)
{
	check(&(struct headers){.family = 7, .network = ipv4, .network_len = 4},
	      "PACKET: 7 00000abc NH=4608003c \n");
}

/* Nothing is read behind the end (under ASan), nor shown of half a header. */
static void cut_off(void **state)
{
	struct headers h = {.family = AF_INET};
	unsigned char *exact;
	char *text;

	for (uint16_t len = 1; len <= sizeof(ipv4); len++) {
		exact = malloc(len);
		assert_non_null(exact);
		memcpy(exact, ipv4, len);
		h.network = exact;
		h.network_len = len;
		h.transport = tcp;
		h.transport_len = len < sizeof(tcp) ? len : sizeof(tcp);
		text = printed(&h);
		assert_int_equal(!!strstr(text, "SRC="), len >= 20);
		assert_int_equal(!!strstr(text, "OPT ("), len > 20);
		assert_int_equal(!!strstr(text, "SYN "), len >= 20);
		free(text);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_packets),
		cmocka_unit_test(link_headers),
		cmocka_unit_test(other_families),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
