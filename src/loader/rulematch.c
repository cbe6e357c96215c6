// SPDX-License-Identifier: GPL-2.0-or-later
#include "codegen/rate.h" /* before the kernel's headers */
#include "loader/rulematch.h"
#include "loader/sys.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/limits.h>
#include <linux/netfilter/xt_cgroup.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_quota.h>
#include <stddef.h>
#include <string.h>

static const unsigned char rulematch_object[] = {
#include "loader/bpf/rulematch.bpf.inc"
};

/* Rules are looked for one by one: beyond so many it takes too long. */
#define MAX_QUERIES 1024

/* As in rulematch.bpf.c. */
struct query {
	uint64_t table, chain, rule;
	uint32_t nth, at;
	char name[16];
	uint64_t found;
	uint64_t id, level;
	struct hashlimit_cfg3 cfg;
};

struct reader {
	struct bpf_object *obj; /* NULL: not loaded yet */
	unsigned int queries;
	bool failed;
	int prog, data;
};

/* ---- the matches ---- */

static uint32_t cgroup_pointer(const struct ext *e)
{
	const struct xt_cgroup_info_v1 *v1 = (const void *)e->data;
	const struct xt_cgroup_info_v2 *v2 = (const void *)e->data;

	if (e->revision == 1 && e->size >= sizeof(*v1) && v1->has_path)
		return offsetof(struct xt_cgroup_info_v1, priv);
	if (e->revision == 2 && e->size >= sizeof(*v2) && v2->has_path)
		return offsetof(struct xt_cgroup_info_v2, priv);
	return 0;
}

static uint64_t cgroup_answer(const struct query *q, const struct ext *e,
			      enum family family)
{
	if (q->id && q->id >> 56 == 0 && q->level <= UINT8_MAX)
		return q->level << 56 | q->id;
	return 0;
}

static uint32_t hashlimit_pointer(const struct ext *e)
{
	switch (e->revision) {
	case 1:
		return offsetof(struct xt_hashlimit_mtinfo1, hinfo);
	case 2:
		return offsetof(struct xt_hashlimit_mtinfo2, hinfo);
	case 3:
		return offsetof(struct xt_hashlimit_mtinfo3, hinfo);
	}
	return 0;
}

static uint64_t hashlimit_answer(const struct query *q, const struct ext *e,
				 enum family family)
{
	const struct hashlimit_cfg3 *cfg = &q->cfg;
	struct hashlimit h, asked;

	if (!cfg->avg && !cfg->expire)
		return 0;
	if (!hashlimit_read(&asked, e, family))
		return HASHLIMIT_DIFFERS;
	h = asked;
	h.mode = cfg->mode;
	h.avg = cfg->avg;
	h.burst = cfg->burst;
	h.size = cfg->size;
	h.max = cfg->max;
	h.gc_interval = cfg->gc_interval;
	h.expire = cfg->expire;
	h.interval = cfg->interval;
	h.srcmask = cfg->srcmask;
	h.dstmask = cfg->dstmask;
	return hashlimit_same(&h, &asked) ? HASHLIMIT_AGREES
					  : HASHLIMIT_DIFFERS;
}

static uint32_t quota_pointer(const struct ext *e)
{
	return e->revision ? 0 : offsetof(struct xt_quota_info, master);
}

static uint64_t quota_answer(const struct query *q, const struct ext *e,
			     enum family family)
{
	return q->id;
}

static const struct kind {
	const char *name;
	/* The place of the pointer in the kernel's data; 0: nothing to ask. */
	uint32_t (*pointer_at)(const struct ext *e);
	/* What ext.resolved is to be. */
	uint64_t (*answer)(const struct query *q, const struct ext *e,
			   enum family family);
} kinds[] = {
	{"cgroup", cgroup_pointer, cgroup_answer},
	{"hashlimit", hashlimit_pointer, hashlimit_answer},
	{"quota", quota_pointer, quota_answer},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- asking ---- */

static bool load_reader(struct reader *r)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	if (r->obj || r->failed)
		return !r->failed;
	r->failed = true;
	r->data = -1;
	r->obj = bpf_object__open_mem(rulematch_object,
				      sizeof(rulematch_object), NULL);
	if (!r->obj || bpf_object__load(r->obj))
		return false;
	prog = bpf_object__find_program_by_name(r->obj, "read_match");
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

static bool ask(struct reader *r, struct query *q)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	return r->queries++ < MAX_QUERIES && load_reader(r) &&
	       !sys_map_update(r->data, 0, q) &&
	       !bpf_prog_test_run_opts(r->prog, &run) &&
	       !sys_map_lookup(r->data, 0, q) && q->found;
}

static void resolve_rule(struct reader *r, const struct table *t,
			 const struct chain *c, struct rule *rule)
{
	uint32_t nth[KINDS] = {0};
	struct ext *e;
	unsigned int k;

	list_for_each (e, &rule->matches, struct ext, node) {
		struct query q = {
			.table = t->handle,
			.chain = c->handle,
			.rule = rule->handle,
		};

		for (k = 0; k < KINDS && strcmp(e->name, kinds[k].name);)
			k++;
		if (e->native || k == KINDS)
			continue;
		strcpy(q.name, kinds[k].name);
		q.nth = nth[k]++;
		q.at = kinds[k].pointer_at(e);
		if (q.at && ask(r, &q))
			e->resolved = kinds[k].answer(&q, e, t->family);
	}
}

void rulematch_resolve(struct ruleset *rs)
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
