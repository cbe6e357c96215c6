// SPDX-License-Identifier: GPL-2.0-or-later
/* -m realm, realm_mt() of xt_realm.c. */
#include <linux/netfilter/xt_realm.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int realm_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct xt_realm_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match realm: unexpected form");
	return lower_masked(l, FIELD_REALM, info->id, info->mask, info->invert);
}

const struct ext_desc match_realm = {
	.name = "realm",
	.families = EXT_IPV4,
	.lower = realm_lower,
	.doc = "value and mask, inverted",
};
