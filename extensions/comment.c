// SPDX-License-Identifier: GPL-2.0-or-later
/* -m comment: matches every packet. */
#include "extensions/table.h"

static int comment_lower(struct lower *l, const struct rule *r,
			 const struct ext *e)
{
	return 0;
}

const struct ext_desc match_comment = {
	.name = "comment",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = comment_lower,
	.doc = "matches always; costs nothing",
};
