// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ipv6header, ipv6header_mt6() of ip6t_ipv6header.c. */
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int ipv6header_lower(struct lower *l, const struct rule *r,
			    const struct ext *e)
{
	const struct ip6t_ipv6header_info *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match ipv6header: unexpected form");
	arg[0] = info->matchflags;
	arg[1] = info->invflags;
	arg[2] = info->modeflag;
	return lower_call(l, CALL_IPV6HEADER, arg, 3, false);
}

const struct ext_desc match_ipv6header = {
	.name = "ipv6header",
	.families = EXT_IPV6,
	.lower = ipv6header_lower,
	.doc = "in full, soft and not",
};
