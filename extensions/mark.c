// SPDX-License-Identifier: GPL-2.0-or-later
/* -m mark, xt_mark.c's mark_mt(); the native meta mark form means the same. */
#include <linux/netfilter/xt_mark.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int mark_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct xt_mark_mtinfo1 *info = (const void *)e->data;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match mark: short data");
	return lower_masked(l, FIELD_MARK, info->mark, info->mask,
			    info->invert);
}

const struct ext_desc match_mark = {
	.name = "mark",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = mark_lower,
	.doc = "value and mask, inverted",
};
