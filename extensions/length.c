// SPDX-License-Identifier: GPL-2.0-or-later
/* -m length, length_mt() and length_mt6() of xt_length.c. */
#include <linux/netfilter/xt_length.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int length_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_length_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)) || info->invert > 1)
		return lower_refuse(l, "match length: unexpected form");
	return lower_between(l, FIELD_LENGTH, info->min, info->max,
			     info->invert);
}

const struct ext_desc match_length = {
	.name = "length",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = length_lower,
	.doc = "range, inverted",
};
