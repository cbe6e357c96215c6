// SPDX-License-Identifier: GPL-2.0-or-later
/* -m u32, u32_mt() of xt_u32.c. */
#include <linux/netfilter/xt_u32.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define LOCATIONS (XT_U32_MAXSIZE + 1)

/* What u32_mt_checkentry() asks for, and operators there are. */
static bool test_valid(const struct xt_u32_test *t)
{
	if (t->nnums > LOCATIONS || t->nvalues > LOCATIONS)
		return false;
	for (unsigned int i = 1; i < t->nnums; i++)
		if (t->location[i].nextop > XT_U32_AT ||
		    ((t->location[i].nextop == XT_U32_LEFTSH ||
		      t->location[i].nextop == XT_U32_RIGHTSH) &&
		     t->location[i].number > 31))
			return false;
	return true;
}

static int u32_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_u32 *info = (const void *)e->data;
	struct pred p = {
		.field = FIELD_CALL,
		.call = {.fn = CALL_U32, .data = e->data},
	};

	if (!ext_is_xt(e, sizeof(*info)) || info->ntests > LOCATIONS ||
	    info->invert > 1)
		return lower_refuse(l, "match u32: unexpected form");
	for (unsigned int i = 0; i < info->ntests; i++) {
		if (!test_valid(&info->tests[i]))
			return lower_refuse(l, "match u32: unexpected form");
		p.call.weight +=
			2 * info->tests[i].nnums + 2 * info->tests[i].nvalues;
	}
	p.invert = info->invert;
	return lower_add(l, &p);
}

const struct ext_desc match_u32 = {
	.name = "u32",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = u32_lower,
	.doc = "in full",
};
