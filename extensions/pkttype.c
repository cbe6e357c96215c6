// SPDX-License-Identifier: GPL-2.0-or-later
/* -m pkttype, pkttype_mt() of xt_pkttype.c. */
#include <linux/netfilter/xt_pkttype.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int pkttype_lower(struct lower *l, const struct rule *r,
			 const struct ext *e)
{
	const struct xt_pkttype_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)) || info->invert & ~1)
		return lower_refuse(l, "match pkttype: unexpected form");
	if (info->pkttype < 0 || info->pkttype > UINT8_MAX)
		return lower_between(l, FIELD_PKTTYPE, 1, 0, info->invert);
	return lower_masked(l, FIELD_PKTTYPE, info->pkttype, UINT32_MAX,
			    info->invert);
}

const struct ext_desc match_pkttype = {
	.name = "pkttype",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = pkttype_lower,
	.doc = "unicast, broadcast, multicast, inverted",
};
