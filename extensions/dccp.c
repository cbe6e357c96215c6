// SPDX-License-Identifier: GPL-2.0-or-later
/* -m dccp, dccp_mt() of xt_dccp.c. */
#include <netinet/in.h>
#include <linux/netfilter/xt_dccp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define DCCP_HDR_LEN 12

static int dccp_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct xt_dccp_info *info = (const void *)e->data;
	uint64_t arg;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_DCCP))
		return lower_refuse(l, "match dccp: unexpected form");
	ret = lower_transport(l, DCCP_HDR_LEN, false, false);
	if (!ret && info->flags & XT_DCCP_SRC_PORTS)
		ret = lower_range(l, FIELD_SPORT, info->spts[0], info->spts[1],
				  info->invflags & XT_DCCP_SRC_PORTS);
	if (!ret && info->flags & XT_DCCP_DEST_PORTS)
		ret = lower_range(l, FIELD_DPORT, info->dpts[0], info->dpts[1],
				  info->invflags & XT_DCCP_DEST_PORTS);
	arg = info->typemask;
	if (!ret && info->flags & XT_DCCP_TYPE)
		ret = lower_call(l, CALL_DCCP_TYPE, &arg, 1,
				 info->invflags & XT_DCCP_TYPE);
	arg = info->option;
	if (!ret && info->flags & XT_DCCP_OPTION)
		ret = lower_call(l, CALL_DCCP_OPTION, &arg, 1,
				 info->invflags & XT_DCCP_OPTION);
	return ret;
}

const struct ext_desc match_dccp = {
	.name = "dccp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = dccp_lower,
	.doc = "ports, types, options, inverted",
};
