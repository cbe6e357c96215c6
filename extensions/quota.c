// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m quota, quota_mt() of xt_quota.c. How much is left is the kernel's, where
 * BPF can look but not count. Once nothing is left it stays so, and the answer
 * is known; until then each packet is nft's.
 */
#include <linux/netfilter/xt_quota.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int quota_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct xt_quota_info *info = (const void *)e->data;

	if (!ext_is_xt(e, offsetof(struct xt_quota_info, master)) ||
	    info->flags & ~XT_QUOTA_MASK)
		return lower_refuse(l, "match quota: unexpected form");
	if (!e->resolved)
		return lower_refuse(
			l, "match quota: only nft knows how much is left");
	return lower_call(l, CALL_QUOTA, &e->resolved, 1,
			  info->flags & XT_QUOTA_INVERT);
}

const struct ext_desc match_quota = {
	.name = "quota",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = quota_lower,
	.doc = "once it is used up; until then packets are handed over, as nft "
	       "counts them",
};
