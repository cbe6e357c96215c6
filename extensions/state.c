// SPDX-License-Identifier: GPL-2.0-or-later
/* -m state, xt_state.c's state_mt(); no NAT bits, another number for UNTRACKED.
 */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_state.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int state_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct xt_state_info *info = (const void *)e->data;
	uint32_t mask;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match state: short data");
	mask = info->statemask &
	       (CT_INVALID | CT_ESTABLISHED | CT_RELATED | CT_NEW);
	if (info->statemask & XT_STATE_UNTRACKED)
		mask |= CT_UNTRACKED;
	return lower_any_bit(l, FIELD_CT_STATE, mask, false);
}

const struct ext_desc match_state = {
	.name = "state",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = state_lower,
	.doc = "all states",
};
