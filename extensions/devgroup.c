// SPDX-License-Identifier: GPL-2.0-or-later
/* -m devgroup, devgroup_mt() of xt_devgroup.c. */
#include <linux/netfilter/xt_devgroup.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int devgroup_lower(struct lower *l, const struct rule *r,
			  const struct ext *e)
{
	const struct xt_devgroup_info *info = (const void *)e->data;
	int ret = 0;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match devgroup: unexpected form");
	/* The kernel masks the difference: other bits do not count. */
	if (info->flags & XT_DEVGROUP_MATCH_SRC)
		ret = lower_masked(
			l, FIELD_IIF_GROUP, info->src_group & info->src_mask,
			info->src_mask, info->flags & XT_DEVGROUP_INVERT_SRC);
	if (!ret && info->flags & XT_DEVGROUP_MATCH_DST)
		ret = lower_masked(
			l, FIELD_OIF_GROUP, info->dst_group & info->dst_mask,
			info->dst_mask, info->flags & XT_DEVGROUP_INVERT_DST);
	return ret;
}

const struct ext_desc match_devgroup = {
	.name = "devgroup",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = devgroup_lower,
	.doc = "both groups with masks, inverted",
};
