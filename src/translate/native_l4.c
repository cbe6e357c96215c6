// SPDX-License-Identifier: GPL-2.0-or-later
/* tcp and udp: ports and flags as payload expressions; icmp only when decoding.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "translate/expr.h"
#include "translate/native.h"

#define TCP_FLAGS_OFFSET 13
#define UDP_CONDITIONS	 (offsetof(struct xt_udp, invflags) + 1)

static const struct xt_tcp tcp_any = {.spts = {0, 0xffff}, .dpts = {0, 0xffff}};
static const struct xt_udp udp_any = {.spts = {0, 0xffff}, .dpts = {0, 0xffff}};
static const struct ipt_icmp icmp_any = {.type = 0xff, .code = {0, 0xff}};
static const struct icmp6_any {
	uint8_t type, code[2], invflags;
} icmp6_any = {.type = 0xff, .code = {0, 0xff}};

/* A port range at @offset of the transport header, or nothing when it is any
 * port. */
static void encode_ports(struct buf *b, uint32_t offset,
			 const uint16_t range[2], bool invert)
{
	uint16_t lo = htons(range[0]), hi = htons(range[1]);

	if (!range[0] && range[1] == UINT16_MAX && !invert)
		return;
	expr_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, offset, sizeof(lo));
	if (range[0] == range[1])
		expr_cmp(b, invert ? NFT_CMP_NEQ : NFT_CMP_EQ, &lo, sizeof(lo));
	else if (!range[0] && range[1] < UINT16_MAX)
		expr_cmp(b, invert ? NFT_CMP_GT : NFT_CMP_LTE, &hi, sizeof(hi));
	else
		expr_range(b, invert ? NFT_RANGE_NEQ : NFT_RANGE_EQ, &lo, &hi,
			   sizeof(lo));
}

/*
 * Two single ports are one comparison of four bytes, but only when neither
 * is inverted: "neither port" is not "not this pair" (1.8.9 gets that wrong).
 */
static void encode_port_pair(struct buf *b, const uint16_t src[2], bool inv_src,
			     const uint16_t dst[2], bool inv_dst)
{
	if (!inv_src && !inv_dst && src[0] && src[0] == src[1] && dst[0] &&
	    dst[0] == dst[1]) {
		uint16_t both[2] = {htons(src[0]), htons(dst[0])};

		expr_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(both));
		expr_cmp(b, NFT_CMP_EQ, both, sizeof(both));
		return;
	}
	encode_ports(b, 0, src, inv_src);
	encode_ports(b, 2, dst, inv_dst);
}

/* "Not below N" is written, and read back, as "above N". */
static void read_back_ports(uint16_t range[2], uint8_t *invflags, uint8_t inv)
{
	if (!(*invflags & inv) || range[0] || !range[1] ||
	    range[1] == UINT16_MAX)
		return;
	range[0] = range[1] + 1;
	range[1] = UINT16_MAX;
	*invflags &= (uint8_t)~inv;
}

static void tcp_read_back(void *data)
{
	struct xt_tcp *tcp = data;

	read_back_ports(tcp->spts, &tcp->invflags, XT_TCP_INV_SRCPT);
	read_back_ports(tcp->dpts, &tcp->invflags, XT_TCP_INV_DSTPT);
	if (!tcp->flg_mask) {
		tcp->flg_cmp = 0;
		tcp->invflags &= (uint8_t)~XT_TCP_INV_FLAGS;
	}
}

static void udp_read_back(void *data)
{
	struct xt_udp *udp = data;

	read_back_ports(udp->spts, &udp->invflags, XT_UDP_INV_SRCPT);
	read_back_ports(udp->dpts, &udp->invflags, XT_UDP_INV_DSTPT);
}

/* Without any condition there would be no expression, and nothing to list: it
 * stays a match. */
static bool tcp_applies(const struct ext *e)
{
	const struct xt_tcp *tcp = (const void *)e->data;
	const uint8_t known = XT_TCP_INV_SRCPT | XT_TCP_INV_DSTPT |
			      XT_TCP_INV_FLAGS;

	return !(tcp->invflags & ~known) && !tcp->option &&
	       memcmp(tcp, &tcp_any, sizeof(tcp_any));
}

static void tcp_encode(struct buf *b, const struct ext *e)
{
	const struct xt_tcp *tcp = (const void *)e->data;

	if (tcp->flg_mask) {
		expr_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, TCP_FLAGS_OFFSET,
			     1);
		expr_bitwise(b, &tcp->flg_mask, 1);
		expr_cmp(b,
			 tcp->invflags & XT_TCP_INV_FLAGS ? NFT_CMP_NEQ
							  : NFT_CMP_EQ,
			 &tcp->flg_cmp, 1);
	}
	encode_port_pair(b, tcp->spts, tcp->invflags & XT_TCP_INV_SRCPT,
			 tcp->dpts, tcp->invflags & XT_TCP_INV_DSTPT);
}

static bool udp_applies(const struct ext *e)
{
	const struct xt_udp *udp = (const void *)e->data;

	return udp->invflags <= XT_UDP_INV_MASK &&
	       memcmp(udp, &udp_any, UDP_CONDITIONS);
}

static void udp_encode(struct buf *b, const struct ext *e)
{
	const struct xt_udp *udp = (const void *)e->data;

	encode_port_pair(b, udp->spts, udp->invflags & XT_UDP_INV_SRCPT,
			 udp->dpts, udp->invflags & XT_UDP_INV_DSTPT);
}

const struct native_desc native_tcp = {
	.name = "tcp",
	.size = XT_ALIGN(sizeof(struct xt_tcp)),
	.init = &tcp_any,
	.init_size = sizeof(tcp_any),
	.proto = IPPROTO_TCP,
	.applies = tcp_applies,
	.encode = tcp_encode,
	.read_back = tcp_read_back,
};

const struct native_desc native_udp = {
	.name = "udp",
	.size = XT_ALIGN(sizeof(struct xt_udp)),
	.init = &udp_any,
	.init_size = sizeof(udp_any),
	.proto = IPPROTO_UDP,
	.applies = udp_applies,
	.encode = udp_encode,
	.read_back = udp_read_back,
};

const struct native_desc native_icmp = {
	.name = "icmp",
	.size = XT_ALIGN(sizeof(struct ipt_icmp)),
	.init = &icmp_any,
	.init_size = sizeof(icmp_any),
};

const struct native_desc native_icmp6 = {
	.name = "icmp6",
	.size = XT_ALIGN(sizeof(struct ip6t_icmp)),
	.init = &icmp6_any,
	.init_size = sizeof(icmp6_any),
};
