// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m hashlimit, hashlimit_mt_common() of xt_hashlimit.c. Rules share tables by
 * name: what becomes of one, plan_gates.c and plan_share.c find out.
 */
#include "codegen/lower.h"
#include "codegen/rate.h"
#include "extensions/table.h"

#include <linux/limits.h>
#include <linux/netfilter/xt_hashlimit.h>

#define PORTS (XT_HASHLIMIT_HASH_SPT | XT_HASHLIMIT_HASH_DPT)

static int hashlimit_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	struct hashlimit h;

	if (!hashlimit_read(&h, e, lower_family(l)))
		return lower_refuse(l, "match hashlimit: unexpected form");
	return lower_call_ext(l, CALL_HASHLIMIT, e, h.mode & PORTS ? 4 : 0,
			      h.mode & XT_HASHLIMIT_INVERT);
}

const struct ext_desc match_hashlimit = {
	.name = "hashlimit",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 3,
	.lower = hashlimit_lower,
	.doc = "tables of its own; where packets are handed over, those within "
	       "a rate of packets are, too; other rates then are",
};
