// SPDX-License-Identifier: GPL-2.0-or-later
/* -m eui64, eui64_mt6() of ip6t_eui64.c. */

#include "codegen/lower.h"
#include "extensions/table.h"

static int eui64_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	if (!ext_is_xt(e, 0))
		return lower_refuse(l, "match eui64: unexpected form");
	return lower_call(l, CALL_EUI64, NULL, 0, false);
}

const struct ext_desc match_eui64 = {
	.name = "eui64",
	.families = EXT_IPV6,
	.lower = eui64_lower,
	.doc = "in full",
};
