// SPDX-License-Identifier: GPL-2.0-or-later
/* -m time, time_mt() of xt_time.c. */
#include <linux/netfilter/xt_time.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int time_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct xt_time_info *info = (const void *)e->data;
	uint64_t arg[3];

	if (!ext_is_xt(e, offsetof(struct xt_time_info, flags) + 1) ||
	    info->flags & ~XT_TIME_ALL_FLAGS)
		return lower_refuse(l, "match time: unexpected form");
	if (info->flags & XT_TIME_LOCAL_TZ)
		return lower_refuse(l,
				    "match time --kerneltz: only nft knows the "
				    "kernel's time zone");
	arg[0] = info->date_start | (uint64_t)info->date_stop << 32;
	arg[1] = info->daytime_start | (uint64_t)info->daytime_stop << 32;
	arg[2] = info->monthdays_match | (uint64_t)info->weekdays_match << 32;
	if (info->flags & XT_TIME_CONTIGUOUS)
		arg[2] |= 1ULL << 40;
	return lower_call(l, CALL_TIME, arg, 3, false);
}

const struct ext_desc match_time = {
	.name = "time",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = time_lower,
	.doc = "dates, times of the day, days of week and month, contiguous; "
	       "--kerneltz is handed over",
};
