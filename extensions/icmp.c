// SPDX-License-Identifier: GPL-2.0-or-later
/* -m icmp, xt_tcpudp.c's icmp_match(). */
#include <net/if.h> /* before linux/if.h, which then leaves out what this has */
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define ICMP_HDR_LEN  8
#define ICMP_ANY_TYPE 0xff

static int icmp_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct ipt_icmp *info = (const void *)e->data;
	bool invert;
	int ret;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match icmp: short data");
	if (!lower_has_proto(r, IPPROTO_ICMP))
		return lower_refuse(l, "match icmp: without -p icmp");
	if (e->native)
		return lower_refuse(l, "match icmp: native form");
	invert = info->invflags & IPT_ICMP_INV;
	ret = lower_transport(l, ICMP_HDR_LEN, false, false);
	if (ret)
		return ret;
	if (info->type == ICMP_ANY_TYPE)
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
