// SPDX-License-Identifier: GPL-2.0-or-later
/* -m cpu, cpu_mt() of xt_cpu.c. */
#include <linux/netfilter/xt_cpu.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int cpu_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_cpu_info *info = (const void *)e->data;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match cpu: unexpected form");
	return lower_masked(l, FIELD_CPU, info->cpu, UINT32_MAX, info->invert);
}

const struct ext_desc match_cpu = {
	.name = "cpu",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = cpu_lower,
	.doc = "inverted, too",
};
