// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ah of IPv6, ah_mt6() of ip6t_ah.c. It needs no -p: the header may come
 * anywhere. */
#include <linux/netfilter_ipv6/ip6t_ah.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define TEST_RESERVED 4 /* beside IP6T_AH_INV_SPI and IP6T_AH_INV_LEN */

static int ah6_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct ip6t_ah *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match ah: unexpected form");
	arg[0] = (uint64_t)info->spis[0] << 32 | info->spis[1];
	arg[1] = info->hdrlen;
	arg[2] = (info->invflags & IP6T_AH_INV_MASK) |
		 (info->hdrres ? TEST_RESERVED : 0);
	return lower_call(l, CALL_AH6, arg, 3, false);
}

const struct ext_desc match_ah6 = {
	.name = "ah",
	.families = EXT_IPV6,
	.lower = ah6_lower,
	.doc = "SPIs, length, reserved field, inverted",
};
