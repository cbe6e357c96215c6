// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m statistic, statistic_mt() of xt_statistic.c. Who was refused here must not
 * get a second chance from nft: what can be handed over later is handed over
 * here already (plan_gates.c).
 */
#include <string.h>
#include <linux/netfilter/xt_statistic.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int statistic_random(struct lower *l,
			    const struct xt_statistic_info *info, bool invert)
{
	struct pred never = {.field = FIELD_NEVER};
	uint64_t probability = info->u.random.probability;

	/* Always, or never. */
	if (probability > INT32_MAX || !probability)
		return !probability == invert ? 0 : lower_add(l, &never);
	return lower_call(l, CALL_RANDOM, &probability, 1, invert);
}

static int statistic_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	struct xt_statistic_info info;
	uint64_t arg[2];
	bool invert;

	if (!ext_is_xt(e, offsetof(struct xt_statistic_info, master)))
		return lower_refuse(l, "match statistic: unexpected form");
	memcpy(&info, e->data, offsetof(struct xt_statistic_info, master));
	invert = info.flags & XT_STATISTIC_INVERT;
	if (info.mode == XT_STATISTIC_MODE_RANDOM)
		return statistic_random(l, &info, invert);
	if (info.mode != XT_STATISTIC_MODE_NTH)
		return lower_refuse(l, "match statistic: unknown mode");
	arg[0] = info.u.nth.every;
	arg[1] = info.u.nth.count;
	return lower_call(l, CALL_NTH, arg, 2, invert);
}

const struct ext_desc match_statistic = {
	.name = "statistic",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = statistic_lower,
	.doc = "random, where no hand-over can follow; nth, with a counter of "
	       "its own, where nothing is handed over",
};
