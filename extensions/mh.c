// SPDX-License-Identifier: GPL-2.0-or-later
/* -m mh, mh_mt6() of ip6t_mh.c. */
#include <netinet/in.h>
#include <linux/netfilter_ipv6/ip6t_mh.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define MH_HDR_LEN 6

static int mh_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ip6t_mh *info = (const void *)e->data;
	uint64_t arg[3];
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_MH))
		return lower_refuse(l, "match mh: unexpected form");
	arg[0] = info->types[0];
	arg[1] = info->types[1];
	arg[2] = !!(info->invflags & IP6T_MH_INV_TYPE);
	ret = lower_transport(l, MH_HDR_LEN, false, false);
	return ret ? ret : lower_call(l, CALL_MH, arg, 3, false);
}

const struct ext_desc match_mh = {
	.name = "mh",
	.families = EXT_IPV6,
	.lower = mh_lower,
	.doc = "types, inverted",
};
