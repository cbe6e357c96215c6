// SPDX-License-Identifier: GPL-2.0-or-later
/* -m iprange, iprange_mt4() and iprange_mt6() of xt_iprange.c. */
#include <netinet/in.h>
#include <endian.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_iprange.h>

#include "codegen/lower.h"
#include "extensions/table.h"

/* @dst: of the destination. */
static int range6(struct lower *l, bool dst, const union nf_inet_addr *min,
		  const union nf_inet_addr *max, bool invert)
{
	uint64_t arg[5] = {dst};

	memcpy(arg + 1, min, 16);
	memcpy(arg + 3, max, 16);
	for (unsigned int i = 1; i < 5; i++)
		arg[i] = be64toh(arg[i]);
	return lower_call(l, CALL_ADDR6_BETWEEN, arg, 5, invert);
}

static int range(struct lower *l, bool dst, const union nf_inet_addr *min,
		 const union nf_inet_addr *max, bool invert)
{
	if (lower_family(l) == FAMILY_IPV6)
		return range6(l, dst, min, max, invert);
	return lower_between(l, dst ? FIELD_DADDR4 : FIELD_SADDR4,
			     be32toh(min->ip), be32toh(max->ip), invert);
}

static int iprange_lower(struct lower *l, const struct rule *r,
			 const struct ext *e)
{
	const struct xt_iprange_mtinfo *info = (const void *)e->data;
	int ret = 0;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match iprange: unexpected form");
	if (info->flags & IPRANGE_SRC)
		ret = range(l, false, &info->src_min, &info->src_max,
			    info->flags & IPRANGE_SRC_INV);
	if (!ret && info->flags & IPRANGE_DST)
		ret = range(l, true, &info->dst_min, &info->dst_max,
			    info->flags & IPRANGE_DST_INV);
	return ret;
}

const struct ext_desc match_iprange = {
	.name = "iprange",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = iprange_lower,
	.doc = "source and destination, inverted",
};
