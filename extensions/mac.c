// SPDX-License-Identifier: GPL-2.0-or-later
/* -m mac, mac_mt() of xt_mac.c. */
#include <linux/netfilter/xt_mac.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int mac_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_mac_info *info = (const void *)e->data;
	uint64_t arg[2] = {0};

	if (!ext_is_xt(e, sizeof(*info)) || info->invert & ~1)
		return lower_refuse(l, "match mac: unexpected form");
	for (unsigned int i = 0; i < ETH_ALEN; i++)
		arg[0] = arg[0] << 8 | info->srcaddr[i];
	/* A packet without an address does not match, inverted or not. */
	arg[1] = info->invert;
	return lower_call(l, CALL_MAC, arg, 2, false);
}

const struct ext_desc match_mac = {
	.name = "mac",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = mac_lower,
	.doc = "source address, inverted",
};
