// SPDX-License-Identifier: GPL-2.0-or-later
/* -m frag, frag_mt6() of ip6t_frag.c. */
#include <linux/netfilter_ipv6/ip6t_frag.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int frag_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct ip6t_frag *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match frag: unexpected form");
	arg[0] = (uint64_t)info->ids[0] << 32 | info->ids[1];
	arg[1] = info->flags;
	arg[2] = info->invflags;
	return lower_call(l, CALL_FRAG, arg, 3, false);
}

const struct ext_desc match_frag = {
	.name = "frag",
	.families = EXT_IPV6,
	.lower = frag_lower,
	.doc = "in full",
};
