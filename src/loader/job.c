// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "loader/clang.h"
#include "loader/job.h"
#include "loader/objects.h"
#include "loader/place.h"
#include "loader/rulematch.h"
#include "loader/ruleset.h"
#include "loader/spare.h"

/* After libc's netinet/in.h, which then wins. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define MANY_RULES 50000

static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

void job_init(struct job *job)
{
	memset(job, 0, sizeof(*job));
	ruleset_init(&job->rs);
}

void job_free(struct job *job)
{
	unsigned int i;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		plan_free(c->plan);
		buf_free(&c->source);
		buf_free(&c->identity);
		program_close(&c->program);
	}
	ruleset_clear(&job->rs);
	job_init(job);
}

void job_leave(struct job_chain *c, const char *fmt, ...)
{
	va_list ap;

	c->can = false;
	c->mode = CHAIN_NFT;
	va_start(ap, fmt);
	vsnprintf(c->reason, sizeof(c->reason), fmt, ap);
	va_end(ap);
	program_close(&c->program);
	c->kept = false;
}

bool job_runs(const struct job_chain *c)
{
	return c->mode != CHAIN_NFT && !c->idle;
}

bool job_chain_runs(const struct job *job, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < job->n; i++)
		if (job->chain[i].id == id)
			return job_runs(&job->chain[i]);
	return false;
}

uint8_t job_table_bit(const struct job_chain *c)
{
	int id = place_table_of_chain(c->id);

	return id < 0 ? 0 : 1u << id;
}

/* ---- reading and planning ---- */

static int plan_chain(const struct ruleset *rs, struct job_chain *c,
		      struct err *e)
{
	int err = plan_build(rs, c->table, c->chain, &c->plan, e);

	if (err)
		return err;
	c->can = plan_mode(c->plan) != CHAIN_NFT;
	c->mode = plan_mode(c->plan) == CHAIN_HYBRID ? CHAIN_HYBRID : CHAIN_NFT;
	snprintf(c->reason, sizeof(c->reason), "%s", plan_reason(c->plan));
	return 0;
}

/*
 * A chain of type nat sees the first packet of a connection only, and what it
 * decides is a mapping, not a verdict.
 */
static bool is_nat(const struct builtin_chain *b)
{
	return !strcmp(b->type, "nat");
}

static bool sleeps_for_us(const struct job *job, const struct table *t)
{
	int id = place_table_id(t->family, t->name);

	return id >= 0 && job->dormant.table[id] == t->handle;
}

static int add_chain(struct job *job, struct table *t,
		     const struct builtin_chain *b, struct err *e)
{
	struct chain *chain = table_find_chain(t, b->name);
	struct job_chain *c = &job->chain[job->n];

	if (!chain || job->n == JOB_CHAINS)
		return 0;
	job->n++;
	memset(c, 0, sizeof(*c));
	program_init(&c->program);
	c->id = place_chain_id(t->family, t->name, b->name);
	c->builtin = b;
	c->table = t;
	c->chain = chain;
	if (is_nat(b))
		job_leave(c, "nat maps addresses: BPF gives verdicts only");
	else if (t->incompatible)
		job_leave(c, "%s", t->incompatible);
	else if (t->flags & NFT_TABLE_F_DORMANT && !sleeps_for_us(job, t))
		job_leave(c, "the table is dormant");
	else if (!chain->base || chain->hook != b->hook ||
		 chain->prio != b->prio || strcmp(chain->type, b->type))
		job_leave(c, "not the base chain that iptables makes (type, "
			     "hook or priority differ)");
	else
		return plan_chain(&job->rs, c, e);
	return 0;
}

/*
 * Predicates of rules that are data now are free: of many rules, the kernel's
 * copy of the tables is to come on top of what is left, not of them.
 */
static void trim_memory(const struct job *job)
{
	unsigned int rules = 0, i;

	for (i = 0; i < job->n; i++)
		if (job->chain[i].plan)
			rules += plan_rule_count(job->chain[i].plan);
	if (rules >= MANY_RULES)
		malloc_trim(0);
}

int job_read(struct job *job, struct nft *nft, struct err *e)
{
	struct table *t;
	unsigned int i, b;
	int err = ruleset_read(&job->rs, nft, job->place, e);

	job->generation = job->rs.generation;

	if (!err)
		rulematch_resolve(&job->rs);
	for (i = 0; i < 2 && !err; i++) {
		for (b = 0; b < builtin_chain_count && !err; b++) {
			t = ruleset_find_table(&job->rs, families[i],
					       builtin_chains[b].table);
			if (t)
				err = add_chain(job, t, &builtin_chains[b], e);
		}
	}
	trim_memory(job);
	return err;
}

/* ---- other chains on the same hook ---- */

static bool sees_family(int nfproto, enum family family)
{
	return nfproto == (int)family || nfproto == NFPROTO_INET;
}

/* A chain at P-1 or P would miss what the front drops. */
static int check_hook(const struct nft_hook_info *other, void *arg)
{
	struct job *job = arg;
	unsigned int i;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		if (!c->can || !sees_family(other->family, c->table->family) ||
		    other->hook != c->builtin->hook ||
		    other->prio < c->builtin->prio - 1 ||
		    other->prio > c->builtin->prio)
			continue;
		if (other->family == (int)c->table->family &&
		    !strcmp(other->table, c->table->name) &&
		    !strcmp(other->name, c->chain->name))
			continue;
		job_leave(c,
			  "chain %s of %s table %s sits on the same hook at "
			  "priority %d",
			  other->name,
			  other->family == NFPROTO_INET
				  ? "inet"
				  : place_family_name(other->family),
			  other->table, other->prio);
	}
	return 0;
}

/*
 * Whether iptables-legacy has a table of this name in this network namespace:
 * its hooks have the priorities of nft's.
 */
static bool legacy_table(enum family family, const char *table)
{
	const char *path = family == FAMILY_IPV6
				   ? "/proc/self/net/ip6_tables_names"
				   : "/proc/self/net/ip_tables_names";
	char name[64];
	bool found = false;
	FILE *f = fopen(path, "re");

	while (f && !found && fgets(name, sizeof(name), f)) {
		name[strcspn(name, "\n")] = '\0';
		found = !strcmp(name, table);
	}
	if (f)
		fclose(f);
	return found;
}

int job_check_hooks(struct job *job, struct nft *nft, struct err *e)
{
	unsigned int i;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		if (c->can && legacy_table(c->table->family, c->table->name))
			job_leave(c,
				  "iptables-legacy's table %s sits on the "
				  "same hook",
				  c->table->name);
	}
	return nft_each_base_chain(nft, check_hook, job, e);
}

/* ---- compiling ---- */

/* Without clang, only what somebody else has compiled can run. */
static bool can_compile(const struct job_chain *c)
{
	struct buf object = BUF_INIT;
	bool can = c->stamp_len ||
		   !objects_get(c->source.data, c->source.len, &object);

	buf_free(&object);
	return can;
}

int job_print(struct job *job, struct err *e)
{
	unsigned int i;
	int err;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		if (!job_runs(c))
			continue;
		if (!clang_stamp(&c->source))
			c->stamp_len = c->source.len;
		err = plan_print_c(c->plan, &c->source, false, NULL, NULL);
		if (err || c->source.failed)
			return err_set(e, ERR_OTHER, err ? -err : ENOMEM,
				       "cannot print the program of chain %s",
				       c->chain->name);
		if (!can_compile(c)) {
			job_leave(c, CLANG_MISSING);
			job->no_clang = true;
			continue;
		}
		c->tables.data = plan_tables(c->plan, &c->tables.size);
		tables_stamp(&c->tables, &c->identity);
	}
	return 0;
}

int job_compile(const struct job_chain *c, const char *dir,
		struct clang_result *result, struct err *e)
{
	memset(result, 0, sizeof(*result));
	if (!objects_get(c->source.data + c->stamp_len,
			 c->source.len - c->stamp_len, &result->object)) {
		result->hit = true;
		return 0;
	}
	return clang_compile(dir, &c->source, result, e);
}

static void load_chain(struct job_chain *c, const struct ns *ns,
		       struct program_env *env)
{
	struct clang_result result;
	char dir[PLACE_PATH_LEN];
	struct err why = {0};
	int err;

	if (!spare_take(&c->program, ns, c->id, &c->source, &c->tables)) {
		c->compile_ms = 0;
		c->cache_hit = true;
		return;
	}
	place_file(&ns->place, dir, sizeof(dir), "");
	err = job_compile(c, dir, &result, &why);
	if (!err)
		err = program_load_front(&c->program, ns, env, c->id,
					 &result.object, &c->tables, &why);
	c->compile_ms = result.ms;
	c->cache_hit = result.hit;
	buf_free(&result.object);
	if (err)
		job_leave(c, "%s", *why.msg ? why.msg : strerror(-err));
}

int job_load(struct job *job, const struct ns *ns, struct program_env *env,
	     struct err *e)
{
	unsigned int i;

	for (i = 0; i < job->n; i++)
		if (job_runs(&job->chain[i]) && !job->chain[i].kept)
			load_chain(&job->chain[i], ns, env);
	return 0;
}

static void make_spare(const struct job_chain *c, const struct ns *ns,
		       struct program_env *env)
{
	struct clang_result result;
	char dir[PLACE_PATH_LEN];
	struct program p;

	place_file(&ns->place, dir, sizeof(dir), "");
	if (!job_compile(c, dir, &result, NULL) &&
	    !program_load_front(&p, ns, env, c->id, &result.object, &c->tables,
				NULL)) {
		spare_put(ns, c->id, &p, &c->source);
		program_close(&p);
	}
	buf_free(&result.object);
}

void job_spares(const struct job *job, const struct ns *ns,
		struct program_env *env)
{
	bool wanted[ABI_CHAINS] = {false};
	unsigned int i;

	for (i = 0; i < job->n; i++) {
		const struct job_chain *c = &job->chain[i];

		wanted[c->id] = job_runs(c) && c->tables.size &&
				spare_possible(ns, &c->program);
		if (wanted[c->id] && !spare_fits(ns, c->id, &c->source))
			make_spare(c, ns, env);
	}
	for (i = 0; i < ABI_CHAINS; i++)
		if (!wanted[i])
			spare_drop(ns, i);
}

/* ---- the record ---- */

static int record_handovers(const struct job_chain *c, struct record *out)
{
	const struct plan_handover *h;
	struct record_handover *r;
	unsigned int n, i;

	if (!c->plan || c->mode == CHAIN_NFT)
		return 0;
	h = plan_handovers(c->plan, &n);
	for (i = 0; i < n; i++) {
		r = record_add_handover(out);
		if (!r)
			return -ENOMEM;
		r->chain_id = c->id;
		r->rule = h[i].rule;
		snprintf(r->chain, sizeof(r->chain), "%s", h[i].chain->name);
		snprintf(r->reason, sizeof(r->reason), "%s", h[i].reason);
	}
	return 0;
}

int job_record(const struct job *job, const struct record *before,
	       struct record *out)
{
	unsigned int i;
	int err = 0, table;

	memset(out, 0, sizeof(*out));
	out->generation = job->generation;
	for (i = 0; i < job->n && !err; i++) {
		const struct job_chain *c = &job->chain[i];
		const struct record_chain *old;
		struct record_chain *r = record_add_chain(out);

		if (!r)
			return -ENOMEM;
		old = before ? record_find_chain(before, c->id) : NULL;
		if (old && c->mode != CHAIN_NFT &&
		    (c->kept || c->program.fd < 0))
			*r = *old;
		r->id = c->id;
		r->mode = c->mode;
		snprintf(r->reason, sizeof(r->reason), "%s", c->reason);
		r->rules = c->plan ? plan_rule_count(c->plan)
				   : chain_visible_rules(c->chain);
		if (c->program.fd >= 0 && !c->kept) {
			r->insns = c->program.insns;
			r->jited_bytes = c->program.jited_bytes;
			r->compile_ms = c->compile_ms;
			r->load_ms = c->program.load_ms;
			r->cache_hit = c->cache_hit;
		}
		r->idle = c->idle;
		memset(&r->cost, 0, sizeof(r->cost));
		if (c->plan)
			plan_cost(c->plan, &r->cost);
		table = place_table_of_chain(c->id);
		snprintf(r->obstacle, sizeof(r->obstacle), "%s",
			 table < 0 ? "" : job->obstacle[table]);
		err = record_handovers(c, out);
	}
	return err;
}
