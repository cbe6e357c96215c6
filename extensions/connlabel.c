// SPDX-License-Identifier: GPL-2.0-or-later
/* -m connlabel, connlabel_mt() of xt_connlabel.c. */
#include <linux/netfilter/xt_connlabel.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int connlabel_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	const struct xt_connlabel_mtinfo *info = (const void *)e->data;
	uint64_t bit;

	if (!ext_is_xt(e, sizeof(*info)) || info->bit > 127)
		return lower_refuse(l, "match connlabel: unexpected form");
	if (info->options & XT_CONNLABEL_OP_SET)
		return lower_refuse(l, "match connlabel --set");
	bit = info->bit;
	return lower_call(l, CALL_CONNLABEL, &bit, 1,
			  info->options & XT_CONNLABEL_OP_INVERT);
}

const struct ext_desc match_connlabel = {
	.name = "connlabel",
	.families = EXT_IPV4 | EXT_IPV6,
	.max_rev = 1,
	.lower = connlabel_lower,
	.doc = "without --set",
};
