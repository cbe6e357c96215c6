// SPDX-License-Identifier: GPL-2.0-or-later
/* -m hl and -m ttl, hl_mt6() and ttl_mt() of xt_hl.c. */
#include <assert.h>
#include <stddef.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static_assert(sizeof(struct ipt_ttl_info) == sizeof(struct ip6t_hl_info) &&
		      offsetof(struct ipt_ttl_info, ttl) ==
			      offsetof(struct ip6t_hl_info, hop_limit) &&
		      (int)IPT_TTL_EQ == IP6T_HL_EQ &&
		      (int)IPT_TTL_NE == IP6T_HL_NE &&
		      (int)IPT_TTL_LT == IP6T_HL_LT &&
		      (int)IPT_TTL_GT == IP6T_HL_GT,
	      "both families have the same structure");

static int hl_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ip6t_hl_info *info = (const void *)e->data;
	unsigned int n;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match %s: unexpected form", e->name);
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
	return lower_refuse(l, "match %s: unknown comparison", e->name);
}

const struct ext_desc match_hl = {
	.name = "hl",
	.families = EXT_IPV6,
	.lower = hl_lower,
	.doc = "equal, not equal, less, greater",
};

const struct ext_desc match_ttl = {
	.name = "ttl",
	.families = EXT_IPV4,
	.lower = hl_lower,
	.doc = "equal, not equal, less, greater",
};
