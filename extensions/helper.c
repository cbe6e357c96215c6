// SPDX-License-Identifier: GPL-2.0-or-later
/* -m helper, helper_mt() of xt_helper.c. */
#include <linux/netfilter/xt_helper.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int helper_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_helper_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match helper: unexpected form");
	return lower_call_data(l, CALL_HELPER, NULL, 0, info->name,
			       sizeof(info->name), info->invert);
}

const struct ext_desc match_helper = {
	.name = "helper",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = helper_lower,
	.doc = "any helper, or by name",
};
