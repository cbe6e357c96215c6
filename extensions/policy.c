// SPDX-License-Identifier: GPL-2.0-or-later
/* -m policy, policy_mt() of xt_policy.c. */
#include <netinet/in.h> /* before linux/in.h */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_policy.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int policy_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_policy_info *info = (const void *)e->data;
	uint64_t out;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match policy: unexpected form");
	out = !(info->flags & XT_POLICY_MATCH_IN);
	return lower_call(l,
			  info->flags & XT_POLICY_MATCH_NONE
				  ? CALL_POLICY_NONE
				  : CALL_POLICY_IPSEC,
			  &out, 1, false);
}

const struct ext_desc match_policy = {
	.name = "policy",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = policy_lower,
	.doc = "--pol none; --pol ipsec for packets without a transformation; "
	       "of what was transformed nft compares the states",
};
