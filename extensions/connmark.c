// SPDX-License-Identifier: GPL-2.0-or-later
/* -m connmark, connmark_mt() of xt_connmark.c. */
#include <linux/netfilter/xt_connmark.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int connmark_lower(struct lower *l, const struct rule *r,
			  const struct ext *e)
{
	const struct xt_connmark_mtinfo1 *info = (const void *)e->data;
	struct pred entry = {.field = FIELD_CT_ENTRY};
	int ret;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match connmark: unexpected form");
	ret = lower_add(l, &entry);
	if (ret)
		return ret;
	return lower_masked(l, FIELD_CT_MARK, info->mark, info->mask,
			    info->invert);
}

const struct ext_desc match_connmark = {
	.name = "connmark",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = connmark_lower,
	.doc = "value and mask, inverted",
};
