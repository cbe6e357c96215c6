// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ttl, ttl_mt() of xt_hl.c. */
#include <linux/netfilter_ipv4/ipt_ttl.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int ttl_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ipt_ttl_info *info = (const void *)e->data;
	unsigned int n;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match ttl: unexpected form");
	n = info->ttl;
	switch (info->mode) {
	case IPT_TTL_EQ:
	case IPT_TTL_NE:
		return lower_masked(l, FIELD_TTL, n, UINT8_MAX,
				    info->mode == IPT_TTL_NE);
	case IPT_TTL_LT:
		return lower_between(l, FIELD_TTL, n ? 0 : 1, n ? n - 1 : 0,
				     false);
	case IPT_TTL_GT:
		return lower_between(l, FIELD_TTL, n + 1, UINT32_MAX, false);
	}
	return lower_refuse(l, "match ttl: unknown comparison");
}

const struct ext_desc match_ttl = {
	.name = "ttl",
	.families = EXT_IPV4,
	.lower = ttl_lower,
	.doc = "equal, not equal, less, greater",
};
