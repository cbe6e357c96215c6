// SPDX-License-Identifier: GPL-2.0-or-later
/* -m tos, tos_mt() of xt_dscp.c. */
#include <linux/netfilter/xt_dscp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int tos_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_tos_match_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match tos: unexpected form");
	return lower_masked(l, FIELD_TOS, info->tos_value, info->tos_mask,
			    info->invert);
}

const struct ext_desc match_tos = {
	.name = "tos",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = tos_lower,
	.doc = "value and mask, inverted",
};
