// SPDX-License-Identifier: GPL-2.0-or-later
/* -m hl, hl_mt6() of xt_hl.c. */
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int hl_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ip6t_hl_info *info = (const void *)e->data;
	unsigned int n;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match hl: unexpected form");
	n = info->hop_limit;
	switch (info->mode) {
	case IP6T_HL_EQ:
	case IP6T_HL_NE:
		return lower_masked(l, FIELD_TTL, n, UINT8_MAX,
				    info->mode == IP6T_HL_NE);
	case IP6T_HL_LT:
		return lower_between(l, FIELD_TTL, n ? 0 : 1, n ? n - 1 : 0,
				     false);
	case IP6T_HL_GT:
		return lower_between(l, FIELD_TTL, n + 1, UINT32_MAX, false);
	}
	return lower_refuse(l, "match hl: unknown comparison");
}

const struct ext_desc match_hl = {
	.name = "hl",
	.families = EXT_IPV6,
	.lower = hl_lower,
	.doc = "equal, not equal, less, greater",
};
