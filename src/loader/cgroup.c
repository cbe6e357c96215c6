// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/limits.h>
#include <linux/netfilter/xt_cgroup.h>

#include "loader/cgroup.h"
#include "loader/sys.h"

static const unsigned char cgroup_object[] = {
#include "loader/bpf/cgroup.bpf.inc"
};

/* As in cgroup.bpf.c. */
struct query {
	uint64_t table, chain, rule;
	uint32_t nth, at;
	uint64_t id, level;
};

struct reader {
	struct bpf_object *obj; /* NULL: not loaded yet */
	bool failed;
	int prog, data;
};

/* The place of the pointer in the kernel's data; 0: not a match by path. */
static uint32_t pointer_at(const struct ext *e)
{
	const struct xt_cgroup_info_v1 *v1 = (const void *)e->data;
	const struct xt_cgroup_info_v2 *v2 = (const void *)e->data;

	if (e->native || strcmp(e->name, "cgroup"))
		return 0;
	if (e->revision == 1 && e->size >= sizeof(*v1) && v1->has_path)
		return offsetof(struct xt_cgroup_info_v1, priv);
	if (e->revision == 2 && e->size >= sizeof(*v2) && v2->has_path)
		return offsetof(struct xt_cgroup_info_v2, priv);
	return 0;
}

static bool load_reader(struct reader *r)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	if (r->obj || r->failed)
		return !r->failed;
	r->failed = true;
	r->data = -1;
	r->obj = bpf_object__open_mem(cgroup_object, sizeof(cgroup_object),
				      NULL);
	if (!r->obj || bpf_object__load(r->obj))
		return false;
	prog = bpf_object__find_program_by_name(r->obj, "read_cgroup");
	bpf_object__for_each_map(map, r->obj)
	{
		if (strstr(bpf_map__name(map), ".bss"))
			r->data = bpf_map__fd(map);
	}
	if (!prog || r->data < 0)
		return false;
	r->prog = bpf_program__fd(prog);
	r->failed = false;
	return true;
}

static void resolve(struct reader *r, struct query *q, struct ext *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	if (!load_reader(r) || sys_map_update(r->data, 0, q) ||
	    bpf_prog_test_run_opts(r->prog, &run) ||
	    sys_map_lookup(r->data, 0, q))
		return;
	if (q->id && q->id >> 56 == 0 && q->level <= UINT8_MAX)
		e->resolved = q->level << 56 | q->id;
}

static void resolve_rule(struct reader *r, const struct table *t,
			 const struct chain *c, struct rule *rule)
{
	uint32_t nth = 0;
	struct ext *e;

	list_for_each (e, &rule->matches, struct ext, node) {
		struct query q = {
			.table = t->handle,
			.chain = c->handle,
			.rule = rule->handle,
			.at = pointer_at(e),
		};

		if (e->native || strcmp(e->name, "cgroup"))
			continue;
		q.nth = nth++;
		if (q.at)
			resolve(r, &q, e);
	}
}

void cgroup_resolve(struct ruleset *rs)
{
	struct reader r = {0};
	struct table *t;
	struct chain *c;
	struct rule *rule;

	list_for_each (t, &rs->tables, struct table, node)
		list_for_each (c, &t->chains, struct chain, node)
			list_for_each (rule, &c->rules, struct rule, node)
				resolve_rule(&r, t, c, rule);
	bpf_object__close(r.obj);
}
