// SPDX-License-Identifier: GPL-2.0-or-later
/* -m multiport, xt_multiport.c's multiport_mt(). */
#include <netinet/in.h>
#include <linux/netfilter/xt_multiport.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define PORTS_LEN 4

/* The list as ranges; returns how many. */
static unsigned int to_ranges(const struct xt_multiport_v1 *info,
			      struct pred_range *r)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < info->count; i++) {
		r[n].lo = r[n].hi = info->ports[i];
		if (info->pflags[i] && i + 1 < info->count)
			r[n].hi = info->ports[++i];
		n++;
	}
	return n;
}

static int multiport_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	static const enum pred_field fields[] = {
		[XT_MULTIPORT_SOURCE] = FIELD_SPORT,
		[XT_MULTIPORT_DESTINATION] = FIELD_DPORT,
		[XT_MULTIPORT_EITHER] = FIELD_ANY_PORT,
	};
	const struct xt_multiport_v1 *info = (const void *)e->data;
	struct pred_range ranges[XT_MULTI_PORTS];
	int ret;

	if (e->size < sizeof(*info) || info->count > XT_MULTI_PORTS ||
	    info->flags > XT_MULTIPORT_EITHER)
		return lower_refuse(l, "match multiport: bad data");
	if (!r->core.proto || r->core.inv & CORE_INV_PROTO)
		return lower_refuse(l, "match multiport: without -p");
	if (e->native)
		return lower_refuse(l, "match multiport: native form");
	ret = lower_transport(l, PORTS_LEN, false, false);
	return ret ? ret
		   : lower_ranges(l, fields[info->flags], ranges,
				  to_ranges(info, ranges), info->invert);
}

const struct ext_desc match_multiport = {
	.name = "multiport",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = multiport_lower,
	.doc = "source, destination or either port, with ranges, inverted",
};
