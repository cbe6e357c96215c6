// SPDX-License-Identifier: GPL-2.0-or-later
/* -m physdev, physdev_mt() of xt_physdev.c. */
#include <net/if.h> /* before any linux/if.h */
#include <linux/netfilter/xt_physdev.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int physdev_lower(struct lower *l, const struct rule *r,
			 const struct ext *e)
{
	const struct xt_physdev_info *info = (const void *)e->data;
	uint64_t answer;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match physdev: unexpected form");
	/*
	 * A packet that met no bridge matches when every condition is inverted.
	 */
	answer = !(info->bitmask & ~info->invert & XT_PHYSDEV_OP_MASK);
	return lower_call(l, CALL_PHYSDEV, &answer, 1, false);
}

const struct ext_desc match_physdev = {
	.name = "physdev",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = physdev_lower,
	.doc = "for packets that met no bridge; others are handed over",
};
