// SPDX-License-Identifier: GPL-2.0-or-later
/* -m owner, owner_mt() of xt_owner.c. */
#include <linux/netfilter/xt_owner.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int owner_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct xt_owner_match_info *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match owner: unexpected form");
	arg[0] = (uint64_t)info->uid_max << 32 | info->uid_min;
	arg[1] = (uint64_t)info->gid_max << 32 | info->gid_min;
	arg[2] = info->match | info->invert << 8;
	return lower_call(l, CALL_OWNER, arg, 3, false);
}

const struct ext_desc match_owner = {
	.name = "owner",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = owner_lower,
	.doc = "users, groups, supplementary groups, whether there is a socket",
};
