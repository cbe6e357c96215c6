// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ah of IPv4, ah_mt() of ipt_ah.c. */
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ipt_ah.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define HDR_LEN 12

static int ah_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ipt_ah *info = (const void *)e->data;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_AH))
		return lower_refuse(l, "match ah: unexpected form");
	ret = lower_transport(l, HDR_LEN, false, false);
	return ret ? ret
		   : lower_between(l, FIELD_TH_WORD1, info->spis[0],
				   info->spis[1], info->invflags & 1);
}

const struct ext_desc match_ah = {
	.name = "ah",
	.families = EXT_IPV4,
	.lower = ah_lower,
	.doc = "SPIs, inverted",
};
