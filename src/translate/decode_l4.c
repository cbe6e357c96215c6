// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of transport header fields: tcp and udp put together from their
 * pieces, icmp types. */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <string.h>

#include "translate/decode.h"

#define TCP_FLAGS_OFFSET 13

/* tcp and udp differ in where these are. */
struct port_match {
	uint16_t *spts, *dpts;
	uint8_t *invflags;
	uint8_t inv_src, inv_dst;
};

/*
 * The native tcp or udp match that pieces are added to, made at the first of
 * them. A piece after another match or after the counter is out of order.
 */
static struct ext *l4_match(struct decode *d)
{
	bool tcp = d->r->core.proto == IPPROTO_TCP;
	struct ext *e;

	if (!d->l4) {
		if (d->r->core.inv & CORE_INV_PROTO)
			decode_odd(d);
		e = native_new(tcp ? &native_tcp : &native_udp);
		decode_add_match(d, e);
		d->l4 = e;
	} else if (d->r->matches.prev != &d->l4->node ||
		   d->seen & (SEEN_COUNTER | SEEN_ACTION)) {
		decode_odd(d);
	}
	return d->l4;
}

static bool l4_ports(struct decode *d, struct port_match *p)
{
	struct ext *e = l4_match(d);

	if (!e)
		return false;
	if (!strcmp(e->name, "tcp")) {
		struct xt_tcp *tcp = (void *)e->data;

		*p = (struct port_match){tcp->spts, tcp->dpts, &tcp->invflags,
					 XT_TCP_INV_SRCPT, XT_TCP_INV_DSTPT};
	} else {
		struct xt_udp *udp = (void *)e->data;

		*p = (struct port_match){udp->spts, udp->dpts, &udp->invflags,
					 XT_UDP_INV_SRCPT, XT_UDP_INV_DSTPT};
	}
	return true;
}

/* Notes which bounds of a port are stated; a bound stated twice is not what the
 * model says. */
static void state_bounds(struct decode *d, bool src, bool lo, bool hi)
{
	unsigned int what = (lo ? (src ? SEEN_SPORT_LO : SEEN_DPORT_LO) : 0) |
			    (hi ? (src ? SEEN_SPORT_HI : SEEN_DPORT_HI) : 0);

	if (d->seen & what)
		decode_odd(d);
	d->seen |= what;
}

static void set_range(struct decode *d, bool src, uint16_t from, uint16_t to,
		      bool invert)
{
	struct port_match p;
	uint16_t *range;

	if (!l4_ports(d, &p))
		return;
	state_bounds(d, src, true, true);
	range = src ? p.spts : p.dpts;
	range[0] = from;
	range[1] = to;
	if (invert)
		*p.invflags |= src ? p.inv_src : p.inv_dst;
}

/* A port compared with an operator, as the range the plugin would hold. */
static void set_port(struct decode *d, bool src, uint32_t op, uint16_t port)
{
	struct port_match p;
	uint16_t *range;

	if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ) {
		set_range(d, src, port, port, op == NFT_CMP_NEQ);
		return;
	}
	if (!l4_ports(d, &p))
		return;
	range = src ? p.spts : p.dpts;
	switch (op) {
	case NFT_CMP_LT:
		if (port < 2) /* below 1 there is only 0, below 0 nothing */
			decode_odd(d);
		range[1] = port > 1 ? port - 1 : 1;
		break;
	case NFT_CMP_LTE:
		range[1] = port;
		break;
	case NFT_CMP_GT:
		if (port == UINT16_MAX)
			decode_odd(d);
		range[0] = port < UINT16_MAX ? port + 1 : UINT16_MAX;
		break;
	case NFT_CMP_GTE:
		range[0] = port;
		break;
	}
	state_bounds(d, src, op == NFT_CMP_GT || op == NFT_CMP_GTE,
		     op == NFT_CMP_LT || op == NFT_CMP_LTE);
}

static uint16_t be16_at(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void cmp_ports(struct decode *d, const struct cmp *c)
{
	bool src = c->reg->offset == 0;

	if (c->reg->masked || c->reg->len != c->len)
		decode_odd(d);
	if (c->len == 2) {
		set_port(d, src, c->op, be16_at(c->data));
	} else if (c->len == 4 && src) {
		/* For any operator but = a pair is not two conditions. */
		if (c->op != NFT_CMP_EQ)
			decode_odd(d);
		set_port(d, true, c->op, be16_at(c->data));
		set_port(d, false, c->op, be16_at(c->data + 2));
	} else {
		decode_odd(d); /* iptables drops it silently */
	}
}

static void cmp_tcp_flags(struct decode *d, const struct cmp *c)
{
	struct xt_tcp *tcp;
	struct ext *e;

	if (c->len != 1 || d->r->core.proto != IPPROTO_TCP) {
		decode_odd(d); /* iptables drops it silently */
		return;
	}
	e = l4_match(d);
	if (!e)
		return;
	/* Written flags first, then ports; evaluated in any order they are the
	 * same. */
	if (d->seen & SEEN_TCP_FLAGS || c->reg->len != 1 || c->op > NFT_CMP_NEQ)
		decode_odd(d);
	d->seen |= SEEN_TCP_FLAGS;
	tcp = (void *)e->data;
	tcp->flg_cmp = c->data[0];
	tcp->flg_mask = c->reg->masked ? c->reg->mask[0] : 0xff;
	if (c->op == NFT_CMP_NEQ)
		tcp->invflags |= XT_TCP_INV_FLAGS;
}

static void cmp_icmp(struct decode *d, const struct cmp *c)
{
	bool v4 = d->family == FAMILY_IPV4;
	struct ipt_icmp icmp = {.type = 0xff, .code = {0, 0xff}};
	struct ext *e;

	if (c->reg->offset > 1 || c->len + c->reg->offset > 2) {
		decode_unknown(d, c->reg->offset > 1
					  ? "unexpected payload offset"
					  : "unexpected RHS data length");
		return;
	}
	if (c->reg->offset == 0)
		icmp.type = c->data[0];
	if (c->reg->offset == 1 || c->len == 2)
		icmp.code[0] = icmp.code[1] = c->data[c->len - 1];
	if (!v4 && c->reg->offset == 1) {
		decode_unknown(d,
			       "icmp6 code with any type match not supported");
		return;
	}
	/*
	 * The match would also check the protocol of the family; type 255 means
	 * any to it; and iptables shows every operator as =.
	 */
	if (c->op != NFT_CMP_EQ || c->reg->masked || c->reg->len != c->len ||
	    d->r->core.proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) ||
	    d->r->core.inv & CORE_INV_PROTO ||
	    (c->reg->offset == 0 && icmp.type == 0xff))
		decode_odd(d);
	e = native_new(v4 ? &native_icmp : &native_icmp6);
	if (e)
		memcpy(e->data, &icmp, sizeof(icmp));
	decode_add_match(d, e);
}

void decode_cmp_transport(struct decode *d, const struct cmp *c)
{
	switch (d->r->core.proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		cmp_icmp(d, c);
		return;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		break;
	default:
		decode_unknown(d, "unsupported layer 4 protocol value");
		return;
	}
	if (c->reg->offset == 0 || c->reg->offset == 2)
		cmp_ports(d, c);
	else if (c->reg->offset == TCP_FLAGS_OFFSET)
		cmp_tcp_flags(d, c);
	else
		decode_odd(d); /* iptables drops it silently */
}

void decode_range_transport(struct decode *d, const struct reg *reg,
			    bool invert, uint16_t from, uint16_t to)
{
	uint16_t proto = d->r->core.proto;

	if ((proto != IPPROTO_TCP && proto != IPPROTO_UDP) ||
	    (reg->offset != 0 && reg->offset != 2)) {
		decode_odd(d); /* iptables drops it silently */
		return;
	}
	if (reg->masked || reg->len != 2)
		decode_odd(d);
	set_range(d, reg->offset == 0, from, to, invert);
}

static bool any_port(const uint16_t *range, bool inverted)
{
	return !range[0] && range[1] == UINT16_MAX && !inverted;
}

/*
 * A condition that excludes nothing still asks for a header that can be read,
 * which the model then does not say. (iptables writes none.)
 */
void decode_l4_end(struct decode *d)
{
	const bool sport = d->seen & (SEEN_SPORT_LO | SEEN_SPORT_HI);
	const bool dport = d->seen & (SEEN_DPORT_LO | SEEN_DPORT_HI);

	if (!d->l4)
		return;
	if (!strcmp(d->l4->name, "tcp")) {
		const struct xt_tcp *tcp = (const void *)d->l4->data;
		uint8_t inv = tcp->invflags;

		if ((sport && any_port(tcp->spts, inv & XT_TCP_INV_SRCPT)) ||
		    (dport && any_port(tcp->dpts, inv & XT_TCP_INV_DSTPT)) ||
		    (d->seen & SEEN_TCP_FLAGS && !tcp->flg_mask &&
		     !(inv & XT_TCP_INV_FLAGS)))
			decode_odd(d);
	} else {
		const struct xt_udp *udp = (const void *)d->l4->data;
		uint8_t inv = udp->invflags;

		if ((sport && any_port(udp->spts, inv & XT_UDP_INV_SRCPT)) ||
		    (dport && any_port(udp->dpts, inv & XT_UDP_INV_DSTPT)))
			decode_odd(d);
	}
}
