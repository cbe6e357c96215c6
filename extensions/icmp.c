// SPDX-License-Identifier: GPL-2.0-or-later
/* -m icmp and -m icmp6, xt_tcpudp.c's icmp_match() and icmp6_match(). */
#include <assert.h>
#include <net/if.h> /* before linux/if.h, which then leaves out what this has */
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define ICMP_HDR_LEN  8
#define ICMP_ANY_TYPE 0xff /* of IPv4 only */

static_assert(sizeof(struct ipt_icmp) == sizeof(struct ip6t_icmp) &&
		      IPT_ICMP_INV == IP6T_ICMP_INV,
	      "both families have the same structure");

static int icmp_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct ipt_icmp *info = (const void *)e->data;
	const bool v4 = lower_family(l) == FAMILY_IPV4;
	bool invert;
	int ret;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match %s: short data", e->name);
	if (!lower_has_proto(r, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return lower_refuse(l, "match %s: without -p %s", e->name,
				    v4 ? "icmp" : "icmpv6");
	if (e->native)
		return lower_refuse(l, "match %s: native form", e->name);
	invert = info->invflags & IPT_ICMP_INV;
	ret = lower_transport(l, ICMP_HDR_LEN, false, false);
	if (ret)
		return ret;
	if (v4 && info->type == ICMP_ANY_TYPE)
		return lower_masked(l, FIELD_ICMP, 0, 0, invert);
	if (info->code[0] > info->code[1])
		return lower_ranges(l, FIELD_ICMP, NULL, 0, invert);
	return lower_range(l, FIELD_ICMP, info->type << 8 | info->code[0],
			   info->type << 8 | info->code[1], invert);
}

const struct ext_desc match_icmp = {
	.name = "icmp",
	.families = EXT_IPV4,
	.lower = icmp_lower,
	.doc = "type and code, any, inverted",
};

const struct ext_desc match_icmp6 = {
	.name = "icmp6",
	.families = EXT_IPV6,
	.lower = icmp_lower,
	.doc = "type and code, inverted",
};
