// SPDX-License-Identifier: GPL-2.0-or-later
/* Which chains run in BPF, and which tables in BPF alone. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "loader/job.h"

/* After libc's netinet/in.h, which then wins. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

static const struct job_chain *find_chain(const struct job *job,
					  const struct chain *c)
{
	unsigned int i;

	for (i = 0; i < job->n; i++)
		if (job->chain[i].chain == c)
			return &job->chain[i];
	return NULL;
}

static void refuse(char *why, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void refuse(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
}

static bool find_trace(const struct table *t, char *why, size_t len)
{
	const struct chain *c;
	const struct rule *r;

	list_for_each (c, &t->chains, struct chain, node)
		list_for_each (r, &c->rules, struct rule, node)
			if (r->action == ACTION_TARGET && r->target &&
			    !strcmp(r->target->name, "TRACE")) {
				refuse(why, len,
				       "packets are traced by chain %s of "
				       "table %s: a dormant table has no trace",
				       c->name, t->name);
				return true;
			}
	return false;
}

static bool is_traced(const struct job *job, enum family family, char *why,
		      size_t len)
{
	const struct table *t;

	list_for_each (t, &job->rs.tables, struct table, node)
		if (t->family == family && find_trace(t, why, len))
			return true;
	return false;
}

/* Why nft must stay awake for @t; "": it need not. */
static void find_obstacle(const struct job *job, const struct table *t,
			  char *why, size_t len)
{
	const struct job_chain *jc;
	const struct chain *c;
	const char *obstacle;

	*why = '\0';
	if (t->incompatible) {
		refuse(why, len, "%s", t->incompatible);
		return;
	}
	if (t->flags & ~NFT_TABLE_F_DORMANT || t->tainted) {
		refuse(why, len, "other tools have their share in the table");
		return;
	}
	list_for_each (c, &t->chains, struct chain, node) {
		if (!c->base)
			continue;
		jc = find_chain(job, c);
		if (!jc || !jc->plan) {
			refuse(why, len, "chain %s: %s", c->name,
			       jc ? jc->reason : "not iptables' own");
			return;
		}
		obstacle = jc->can ? plan_obstacle(jc->plan) : jc->reason;
		if (obstacle) {
			refuse(why, len, "%s%s%s%s", jc->can ? "" : "chain ",
			       jc->can ? "" : c->name, jc->can ? "" : ": ",
			       obstacle);
			return;
		}
	}
	is_traced(job, t->family, why, len);
}

static void choose_table(struct job *job, const struct table *t,
			 const struct job_choice *how)
{
	int id = place_table_id(t->family, t->name);
	char *why;
	uint8_t bit;

	if (id < 0)
		return;
	why = job->obstacle[id];
	bit = 1u << id;
	find_obstacle(job, t, why, sizeof(job->obstacle[id]));
	if (*why)
		return;
	if (how->wish == WISH_HYBRID)
		refuse(why, sizeof(job->obstacle[id]),
		       "mode hybrid was asked for");
	else if (!how->watched)
		refuse(why, sizeof(job->obstacle[id]),
		       "no watcher runs: start "
		       "iptables-bpfctl watch");
	else if (!how->kernel)
		refuse(why, sizeof(job->obstacle[id]),
		       "this kernel's ways are not known well enough");
	else if (how->enter || exclusive_mask(&job->dormant) & bit)
		job->exclusive |= bit;
	else
		refuse(why, sizeof(job->obstacle[id]),
		       "the ruleset has only just changed");
}

/* @c on its own, with nft awake behind it. */
static void choose_hybrid(struct job_chain *c, enum wish wish)
{
	struct plan_cost cost;

	c->mode = CHAIN_NFT;
	c->idle = false;
	if (!c->can || plan_mode(c->plan) != CHAIN_HYBRID)
		return;
	plan_cost(c->plan, &cost);
	if (wish == WISH_AUTO && cost.nft <= cost.hybrid) {
		snprintf(c->reason, sizeof(c->reason),
			 "cheaper in nft than with BPF in front of it");
		return;
	}
	c->mode = CHAIN_HYBRID;
	*c->reason = '\0';
}

void job_choose(struct job *job, const struct job_choice *how)
{
	const struct table *t;
	unsigned int i;

	job->exclusive = 0;
	job->wish = how->wish;
	list_for_each (t, &job->rs.tables, struct table, node)
		choose_table(job, t, how);
	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		if (!(job->exclusive & job_table_bit(c))) {
			choose_hybrid(c, how->wish);
			continue;
		}
		c->mode = CHAIN_EXCLUSIVE;
		c->idle = plan_is_idle(c->plan);
		snprintf(c->reason, sizeof(c->reason), "%s",
			 c->idle ? "no rules: nothing to do" : "");
	}
}

uint8_t job_reconsider(struct job *job)
{
	uint8_t lost = 0;
	unsigned int i;
	int id;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		id = place_table_of_chain(c->id);
		if (c->can || !(job->exclusive & job_table_bit(c)))
			continue;
		lost |= job_table_bit(c);
		refuse(job->obstacle[id], sizeof(job->obstacle[id]),
		       "chain %s: %.200s", c->chain->name, c->reason);
	}
	job->exclusive &= ~lost;
	for (i = 0; i < job->n; i++)
		if (job->chain[i].can && lost & job_table_bit(&job->chain[i]))
			choose_hybrid(&job->chain[i], job->wish);
	return lost;
}
