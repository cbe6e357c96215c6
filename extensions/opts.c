// SPDX-License-Identifier: GPL-2.0-or-later
/* -m hbh and -m dst, hbh_mt6() of ip6t_hbh.c both. */
#include <netinet/in.h>
#include <string.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define INV_LEN (IP6T_OPTS_LEN << 1)

static int opts_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct ip6t_opts *info = (const void *)e->data;
	uint64_t arg[3];
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || info->optsnr > IP6T_OPTS_OPTSNR)
		return lower_refuse(l, "match %s: unexpected form", e->name);
	arg[0] = strcmp(e->name, "hbh") ? IPPROTO_DSTOPTS : IPPROTO_HOPOPTS;
	arg[1] = info->hdrlen;
	arg[2] = (info->flags & IP6T_OPTS_LEN) |
		 (info->invflags & IP6T_OPTS_INV_LEN ? INV_LEN : 0);
	ret = lower_call(l, CALL_OPTS_HEADER, arg, 3, false);
	if (ret || !(info->flags & IP6T_OPTS_OPTS))
		return ret;
	arg[1] = info->optsnr;
	return lower_call_data(l, CALL_OPTS, arg, 2, info->opts,
			       sizeof(info->opts), false);
}

const struct ext_desc match_hbh = {
	.name = "hbh",
	.families = EXT_IPV6,
	.lower = opts_lower,
	.doc = "length, inverted, and options",
};

const struct ext_desc match_dst = {
	.name = "dst",
	.families = EXT_IPV6,
	.lower = opts_lower,
	.doc = "length, inverted, and options",
};
