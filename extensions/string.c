// SPDX-License-Identifier: GPL-2.0-or-later
/* -m string, string_mt() of xt_string.c. */
#include <string.h>
#include <linux/netfilter/xt_string.h>

#include "codegen/lower.h"
#include "extensions/table.h"

/* In the kernel, upper case is Latin-1's; Boyer-Moore then gets it wrong. */
static bool folds_plainly(const struct xt_string_info *info)
{
	for (unsigned int i = 0; i < info->patlen; i++)
		if (info->pattern[i] & 0x80)
			return false;
	return true;
}

static int string_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	const struct xt_string_info *info = (const void *)e->data;
	struct pred p = {
		.field = FIELD_CALL,
		.call = {.fn = CALL_STRING, .nargs = 2, .weight = 16},
	};

	if (!ext_is_xt(e, offsetof(struct xt_string_info, config)) ||
	    !info->patlen || info->patlen > XT_STRING_MAX_PATTERN_SIZE)
		return lower_refuse(l, "match string: unexpected form");
	if (strncmp(info->algo, "bm", sizeof(info->algo)) &&
	    strncmp(info->algo, "kmp", sizeof(info->algo)))
		return lower_refuse(l, "match string: another algorithm");
	p.invert = info->u.v1.flags & XT_STRING_FLAG_INVERT;
	p.call.arg[0] = info->from_offset | (uint64_t)info->to_offset << 16;
	if (info->u.v1.flags & XT_STRING_FLAG_IGNORECASE) {
		if (!folds_plainly(info))
			return lower_refuse(l, "match string: --icase with "
					       "letters beyond ASCII");
		p.call.arg[1] = 1;
	}
	if (info->algo[0] == 'b')
		p.call.arg[1] |= 2;
	p.call.data = (const uint8_t *)info->pattern;
	p.call.size = info->patlen;
	return lower_add(l, &p);
}

const struct ext_desc match_string = {
	.name = "string",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 1,
	.lower = string_lower,
	.doc = "both algorithms; packets with hundreds of false starts, and "
	       "for bm those that are a list of others (reassembled, merged by "
	       "GRO), are handed over",
};
