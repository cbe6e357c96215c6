// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ipcomp, comp_mt() of xt_ipcomp.c: the CPI lies where a port would. */
#include <netinet/in.h>
#include <linux/netfilter/xt_ipcomp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define HDR_LEN 4

static int ipcomp_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_ipcomp *info = (const void *)e->data;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_COMP))
		return lower_refuse(l, "match ipcomp: unexpected form");
	ret = lower_transport(l, HDR_LEN, false, false);
	return ret ? ret
		   : lower_between(l, FIELD_DPORT, info->spis[0], info->spis[1],
				   info->invflags & 1);
}

const struct ext_desc match_ipcomp = {
	.name = "ipcomp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = ipcomp_lower,
	.doc = "CPIs, inverted",
};
