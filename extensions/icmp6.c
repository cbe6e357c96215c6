// SPDX-License-Identifier: GPL-2.0-or-later
/* -m icmp6, xt_tcpudp.c's icmp6_match(). */
#include <net/if.h> /* before linux/if.h, which then leaves out what this has */
#include <netinet/in.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define ICMP6_HDR_LEN 8

static int icmp6_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct ip6t_icmp *info = (const void *)e->data;
	bool invert;
	int ret;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match icmp6: short data");
	if (!lower_has_proto(r, IPPROTO_ICMPV6))
		return lower_refuse(l, "match icmp6: without -p icmpv6");
	if (e->native)
		return lower_refuse(l, "match icmp6: native form");
	invert = info->invflags & IP6T_ICMP_INV;
	ret = lower_transport(l, ICMP6_HDR_LEN, false, false);
	if (ret)
		return ret;
	if (info->code[0] > info->code[1])
		return lower_ranges(l, FIELD_ICMP, NULL, 0, invert);
	return lower_range(l, FIELD_ICMP, info->type << 8 | info->code[0],
			   info->type << 8 | info->code[1], invert);
}

const struct ext_desc match_icmp6 = {
	.name = "icmp6",
	.families = EXT_IPV6,
	.lower = icmp6_lower,
	.doc = "type and code, inverted",
};
