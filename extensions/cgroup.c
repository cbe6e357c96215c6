// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m cgroup, xt_cgroup.c. The kernel resolved a path when the rule was made and
 * keeps to that group, also when another one has its name by now. Which one it
 * was is not to be had from a dump: the loader reads it from the kernel's rule.
 */
#include <string.h>
#include <linux/limits.h>
#include <linux/netfilter/xt_cgroup.h>

#include "codegen/lower.h"
#include "extensions/table.h"

/* @arg: the class, and whether the match is inverted. */
static bool cgroup_read(const struct ext *e, bool *by_path, uint64_t arg[2])
{
	struct xt_cgroup_info_v0 v0;
	struct xt_cgroup_info_v1 v1;
	struct xt_cgroup_info_v2 v2;

	switch (e->revision) {
	case 0:
		if (!ext_is_xt(e, sizeof(v0)))
			return false;
		memcpy(&v0, e->data, sizeof(v0));
		*by_path = false;
		arg[0] = v0.id;
		arg[1] = v0.invert != 0;
		return true;
	case 1:
		if (!ext_is_xt(e, sizeof(v1)))
			return false;
		memcpy(&v1, e->data, sizeof(v1));
		*by_path = v1.has_path;
		arg[0] = v1.classid;
		arg[1] = v1.has_path ? v1.invert_path : v1.invert_classid;
		return true;
	default:
		if (!ext_is_xt(e, sizeof(v2)))
			return false;
		memcpy(&v2, e->data, sizeof(v2));
		*by_path = v2.has_path;
		arg[0] = v2.classid;
		arg[1] = v2.has_path ? v2.invert_path : v2.invert_classid;
		return true;
	}
}

static int cgroup_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	uint64_t arg[2];
	bool by_path;

	if (!cgroup_read(e, &by_path, arg))
		return lower_refuse(l, "match cgroup: unexpected form");
	if (by_path && !e->resolved)
		return lower_refuse(l, "match cgroup --path: only the kernel "
				       "knows which group it was");
	/* Inverted in the call: without a socket neither form matches. */
	if (by_path) {
		arg[0] = e->resolved;
		return lower_call(l, CALL_CGROUP_PATH, arg, 2, false);
	}
	return lower_call(l, CALL_CGROUP_CLASSID, arg, 2, false);
}

const struct ext_desc match_cgroup = {
	.name = "cgroup",
	.families = EXT_IPV4 | EXT_IPV6,
	.max_rev = 2,
	.lower = cgroup_lower,
	.doc = "--cgroup (the class) and --path: the group that the kernel's "
	       "own rule holds",
};
