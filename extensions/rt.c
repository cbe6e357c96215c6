// SPDX-License-Identifier: GPL-2.0-or-later
/* -m rt, rt_mt6() of ip6t_rt.c. */
#include <linux/netfilter_ipv6/ip6t_rt.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define NO_TYPE 0x100 /* what a type of more than a byte is */

static int rt_addrs(struct lower *l, const struct ip6t_rt *info)
{
	uint64_t arg[2] = {!(info->flags & IP6T_RT_FST_NSTRICT), info->addrnr};

	return lower_call_data(l, CALL_RT_ADDRS, arg, 2, info->addrs,
			       sizeof(info->addrs), false);
}

static int rt_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ip6t_rt *info = (const void *)e->data;
	uint64_t arg[2], type;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || info->addrnr > IP6T_RT_HOPS)
		return lower_refuse(l, "match rt: unexpected form");
	type = info->rt_type < NO_TYPE ? info->rt_type : NO_TYPE;
	arg[0] = (uint64_t)info->segsleft[0] << 32 | info->segsleft[1];
	arg[1] = (uint64_t)info->hdrlen << 32 | type << 16 |
		 info->invflags << 8 | info->flags;
	ret = lower_call(l, CALL_RT, arg, 2, false);
	return !ret && info->flags & IP6T_RT_FST ? rt_addrs(l, info) : ret;
}

const struct ext_desc match_rt = {
	.name = "rt",
	.families = EXT_IPV6,
	.lower = rt_lower,
	.doc = "in full",
};
