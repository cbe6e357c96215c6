// SPDX-License-Identifier: GPL-2.0-or-later
/* -m dscp, dscp_mt() of xt_dscp.c. */
#include <linux/netfilter/xt_dscp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int dscp_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct xt_dscp_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match dscp: unexpected form");
	return lower_masked(l, FIELD_TOS, info->dscp << XT_DSCP_SHIFT,
			    XT_DSCP_MASK, info->invert);
}

const struct ext_desc match_dscp = {
	.name = "dscp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = dscp_lower,
	.doc = "value, inverted",
};
