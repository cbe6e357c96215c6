// SPDX-License-Identifier: GPL-2.0-or-later
/* -m tcpmss, tcpmss_mt() of xt_tcpmss.c. */
#include <netinet/in.h>
#include <linux/netfilter/xt_tcpmss.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int tcpmss_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_tcpmss_match_info *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(*info)) || info->invert > 1 ||
	    !lower_has_proto(r, IPPROTO_TCP))
		return lower_refuse(l, "match tcpmss: unexpected form");
	arg[0] = info->mss_min;
	arg[1] = info->mss_max;
	arg[2] = info->invert;
	return lower_call(l, CALL_TCPMSS, arg, 3, false);
}

const struct ext_desc match_tcpmss = {
	.name = "tcpmss",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = tcpmss_lower,
	.doc = "range, inverted",
};
