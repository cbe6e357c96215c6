// SPDX-License-Identifier: GPL-2.0-or-later
/* -m connbytes, connbytes_mt() of xt_connbytes.c. */
#include <string.h>
#include <linux/netfilter/xt_connbytes.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int connbytes_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	struct xt_connbytes_info info;
	uint64_t arg[3];

	if (!ext_is_xt(e, sizeof(info)))
		return lower_refuse(l, "match connbytes: unexpected form");
	memcpy(&info, e->data, sizeof(info));
	if (info.what > XT_CONNBYTES_AVGPKT ||
	    info.direction > XT_CONNBYTES_DIR_BOTH)
		return lower_refuse(l, "match connbytes: unknown count");
	arg[0] = info.what | info.direction << 8;
	arg[1] = info.count.from;
	arg[2] = info.count.to;
	return lower_call(l, CALL_CONNBYTES, arg, 3, false);
}

const struct ext_desc match_connbytes = {
	.name = "connbytes",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = connbytes_lower,
	.doc = "packets, bytes, average; each direction",
};
