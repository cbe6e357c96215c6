// SPDX-License-Identifier: GPL-2.0-or-later
/* -m mac, mac_mt() of xt_mac.c. */
#include <string.h>
#include <linux/netfilter/xt_mac.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int mac_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_mac_info *info = (const void *)e->data;
	uint8_t value[8] = {0}, mask[8];
	int ret = 0;

	if (!ext_is_xt(e, sizeof(*info)) || info->invert & ~1)
		return lower_refuse(l, "match mac: unexpected form");
	memcpy(value, info->srcaddr, ETH_ALEN);
	value[ETH_ALEN] = 1;
	memset(mask, 0xff, sizeof(mask));
	/* A packet without an address does not match, inverted or not. */
	if (info->invert)
		ret = lower_masked(l, FIELD_HAS_MAC, 1, UINT8_MAX, false);
	return ret ? ret
		   : lower_bytes(l, FIELD_MAC_SOURCE, value, mask,
				 sizeof(value), info->invert);
}

const struct ext_desc match_mac = {
	.name = "mac",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = mac_lower,
	.doc = "source address, inverted",
};
