// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/clang.h"
#include "loader/fragments.h"
#include "loader/guard.h"
#include "loader/hook.h"
#include "loader/job.h"
#include "loader/kick.h"
#include "loader/record.h"
#include "loader/ruleset.h"
#include "loader/swap.h"
#include "loader/sync.h"
#include "loader/sys.h"
#include "loader/wish.h"

/* After libc's netinet/in.h, which then wins. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define QUIET_MS      100 /* a ruleset unchanged for so long is quiet */
#define QUIET_MAX_MS  2000
#define QUIET_STEP_MS 20
#define MAX_RESTARTS  100
#define MAX_FAILURES  3

struct sync {
	struct place place;
	struct nft *nft;
	struct ns ns;
	struct program_env env;
	bool watched; /* a watcher runs, so tables may be exclusive */
	bool enter;   /* and may become so now */
};

static void sleep_ms(unsigned int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

/* Lets a burst of commands end, so that only its result is compiled. */
static void wait_quiet(struct nft *nft)
{
	unsigned int quiet = 0, total;
	uint32_t gen = 0, now;

	for (total = 0; total < QUIET_MAX_MS && quiet < QUIET_MS;
	     total += QUIET_STEP_MS) {
		if (nft_generation(nft, &now, NULL))
			return;
		quiet = now == gen ? quiet + QUIET_STEP_MS : 0;
		gen = now;
		sleep_ms(QUIET_STEP_MS);
	}
}

/* ---- the steps of one sync ---- */

/* Links for the chains that may run in BPF; a chain that gets none stays with
 * nft. */
static int attach_chains(struct sync *s, struct job *job, struct err *e)
{
	struct err why;
	unsigned int i;
	int err;

	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		if (!job_runs(c))
			continue;
		why.msg[0] = '\0';
		err = hook_attach(&s->ns, &s->env, c->id, &why);
		/* A kernel without what programs need concerns all chains. */
		if (err && program_env_need(&s->env, e))
			return -ENOTSUP;
		if (err)
			job_leave(c, "%s", why.msg);
	}
	return 0;
}

static void plan_guards(struct sync *s, struct job *job,
			struct guard_plan *plan)
{
	struct err why;
	unsigned int i;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < job->n; i++) {
		struct job_chain *c = &job->chain[i];

		/* Nobody would meet a dormant table's guard. */
		if (!job_runs(c) ||
		    exclusive_mask(&job->dormant) & job_table_bit(c))
			continue;
		why.msg[0] = '\0';
		if (guard_pin(&s->ns, c->id, &plan->prog[c->id], &why))
			job_leave(c, "%s", why.msg);
		else
			plan->wanted[c->id] = true;
	}
}

static uint32_t next_generation(uint32_t gen)
{
	return gen + 1 ? gen + 1 : 1;
}

/* Nobody decides any more, and no packet is between a front and its guard. */
static int stop_deciding(struct sync *s)
{
	unsigned int slot;
	uint32_t gen;

	ns_get_ctl(&s->ns, &slot, &gen);
	if (!gen)
		return 0;
	ns_set_ctl(&s->ns, slot, 0);
	return sys_grace_period();
}

/* Puts the guard rules where they belong. @generation: that of the ruleset
 * afterwards. */
static int commit_guards(struct sync *s, const struct job *job,
			 const struct guard_plan *plan, uint32_t *generation,
			 struct err *e)
{
	struct nft_batch *b = nft_batch_new();
	struct guard_change change;
	struct guard_record have;
	int err = -ENOMEM;

	*generation = job->generation;
	guard_record_read(&s->place, &have);
	if (b) {
		nft_batch_track(b);
		err = guard_batch(b, &job->rs, plan, &have, &change);
	}
	if (err || nft_batch_is_empty(b))
		goto out;
	if (change.removes)
		err = stop_deciding(s);
	if (!err)
		err = nft_batch_commit(s->nft, b, job->generation, e);
	if (err && err != -ERESTART)
		err_prefix(e, "cannot put the guard rules in place (they need "
			      "the kernel's xt_bpf and nft_compat)");
	if (!err) {
		*generation = next_generation(job->generation);
		ruleset_note_commit(&s->place, b, job->generation);
		guard_change_done(&change, b);
		guard_record_write(&s->place, &change.after);
	}
out:
	nft_batch_free(b);
	return err;
}

static void release_links(struct sync *s, const struct job *job)
{
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		if (!job_chain_runs(job, i))
			hook_release(&s->place, i);
}

static void write_record(struct sync *s, const struct job *job,
			 uint32_t generation)
{
	struct record before, now;
	bool known = !record_read(&s->place, &before);

	if (!job_record(job, known ? &before : NULL, &now)) {
		now.generation = generation;
		record_write(&s->place, &now);
	}
	record_free(&now);
	if (known)
		record_free(&before);
}

/* What the sync came to when it failed as a whole. */
static void write_failure(struct sync *s, const struct err *e)
{
	struct record r;

	if (record_read(&s->place, &r))
		memset(&r, 0, sizeof(r));
	snprintf(r.error, sizeof(r.error), "%s", e->msg);
	record_write(&s->place, &r);
	record_free(&r);
}

/* ---- exclusive tables ---- */

static void choose(struct sync *s, struct job *job)
{
	struct job_choice how = {
		.wish = wish_find(&s->place),
		.watched = s->watched,
		.enter = s->enter,
	};

	if (how.watched && how.wish != WISH_HYBRID)
		how.kernel = !program_env_need(&s->env, NULL) &&
			     s->env.nf_conn_type_id &&
			     s->env.fragments != FRAGMENTS_ASK_NFT;
	job_choose(job, &how);
}

/* Those that the control word calls exclusive. */
static uint8_t deciding_alone(const struct sync *s)
{
	return ns_ctl_word(&s->ns) >> ABI_CTL_EXCLUSIVE;
}

/* Whether the chains with a program are those that have a link. */
static bool links_fit(const struct sync *s, const struct job *job, uint8_t bit)
{
	char path[PLACE_PATH_LEN];
	unsigned int i;
	int table;
	bool runs;

	for (i = 0; i < ABI_CHAINS; i++) {
		table = place_table_of_chain(i);
		if (table < 0 || bit != 1u << table)
			continue;
		runs = job_chain_runs(job, i);
		place_pin(&s->place, path, sizeof(path), "link-%u", i);
		if (runs ? hook_check(&s->ns, i) != 0 : !access(path, F_OK))
			return false;
	}
	return true;
}

/* The tables whose exclusive mode must end before anything else is done. */
static uint8_t find_leaving(const struct sync *s, const struct job *job)
{
	uint8_t now = exclusive_mask(&job->dormant), decide = deciding_alone(s);
	uint8_t leaving = (now ^ decide) | (now & ~job->exclusive);
	uint8_t asleep = 0;
	const struct table *t;
	int id;

	list_for_each (t, &job->rs.tables, struct table, node) {
		id = place_table_id(t->family, t->name);
		if (id >= 0 && t->flags & NFT_TABLE_F_DORMANT &&
		    t->handle == job->dormant.table[id])
			asleep |= 1u << id;
	}
	leaving |= now & ~asleep;
	for (id = 0; id < ABI_TABLES; id++)
		if (now & ~leaving & 1u << id && !links_fit(s, job, 1u << id))
			leaving |= 1u << id;
	return leaving | exclusive_lost(s->nft, &job->rs, &job->dormant);
}

/* -ERESTART when tables have left: the ruleset is another one then. */
static int leave_tables(struct sync *s, uint8_t mask, struct err *e)
{
	int err;

	if (!mask)
		return 0;
	err = exclusive_leave(&s->place, s->nft, mask, e);
	return err ? err : -ERESTART;
}

static int enter_tables(struct sync *s, const struct job *job,
			uint32_t *generation, struct err *e)
{
	struct exclusive x = {0};
	const struct table *t;
	int id;

	list_for_each (t, &job->rs.tables, struct table, node) {
		id = place_table_id(t->family, t->name);
		if (id >= 0 && job->exclusive & 1u << id &&
		    !job->dormant.table[id])
			x.table[id] = t->handle;
	}
	return exclusive_mask(&x)
		       ? exclusive_enter(&s->ns, s->nft, &x, generation, e)
		       : 0;
}

/* Chains may have been left to nft since the modes were chosen. */
static int reconsider(struct sync *s, struct job *job, struct err *e)
{
	return leave_tables(
		s, job_reconsider(job) & exclusive_mask(&job->dormant), e);
}

/* ---- one sync ---- */

/* Everything up to loaded programs. @keep: those that run can go on. */
static int prepare(struct sync *s, struct job *job, bool *keep, struct err *e)
{
	int err;

	err = swap_recover(&s->ns, e);
	exclusive_read(&s->place, &job->dormant);
	if (!err)
		err = job_read(job, s->nft, e);
	if (!err)
		err = job_check_hooks(job, s->nft, e);
	if (err)
		return err;
	choose(s, job);
	err = leave_tables(s, find_leaving(s, job), e);
	if (!err)
		err = job_print(job, e);
	if (!err)
		err = attach_chains(s, job, e);
	/* Once more: whoever came before the link could not know of it. */
	if (!err)
		err = job_check_hooks(job, s->nft, e);
	if (!err)
		err = reconsider(s, job, e);
	if (err)
		return err;
	*keep = swap_unneeded(job, &s->ns);
	if (!*keep) {
		swap_keep(job, &s->ns);
		err = job_load(job, &s->ns, &s->env, e);
	}
	return err;
}

/* Guards and programs in place, with transitions held off. */
static int go_live(struct sync *s, struct job *job, bool keep,
		   const struct guard_plan *guards, uint32_t *generation,
		   struct err *e)
{
	struct exclusive now;
	int err;

	exclusive_read(&s->place, &now);
	if (memcmp(&now, &job->dormant, sizeof(now)))
		return -ERESTART;
	err = commit_guards(s, job, guards, generation, e);
	if (err)
		return err;
	/* A guard that could not be pinned leaves a chain to nft: not what
	 * runs. */
	if (keep && swap_unneeded(job, &s->ns))
		return swap_restamp(job, &s->ns, *generation, e);
	if (keep)
		return -ERESTART;
	return swap_in(job, &s->ns, *generation, e);
}

static int sync_job(struct sync *s, struct job *job, struct err *e)
{
	struct guard_plan guards;
	uint32_t generation;
	bool keep;
	int lock, err;

	err = prepare(s, job, &keep, e);
	if (err)
		return err;
	plan_guards(s, job, &guards);
	err = reconsider(s, job, e);
	if (err)
		return err;
	lock = exclusive_lock(&s->place);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock, "cannot lock: %s",
			       strerror(-lock));
	err = go_live(s, job, keep, &guards, &generation, e);
	close(lock);
	if (!err)
		err = enter_tables(s, job, &generation, e);
	if (err)
		return err;
	release_links(s, job);
	write_record(s, job, generation);
	if (!keep)
		job_spares(job, &s->ns, &s->env);
	job->generation = generation;
	if (job->no_clang)
		return err_set(e, ERR_OTHER, ENOENT, CLANG_MISSING);
	return 0;
}

/* One ruleset, whichever is there. @generation: the one that is now live. */
static int sync_once(struct sync *s, bool background, uint32_t *generation,
		     struct err *e)
{
	unsigned int tries;
	struct job job;
	int err = 0;

	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		if (background)
			wait_quiet(s->nft);
		job_init(&job);
		job.place = &s->place;
		err = sync_job(s, &job, e);
		*generation = job.generation;
		job_free(&job);
		if (err != -ERESTART)
			break;
	}
	if (err == -ERESTART)
		err_set(e, ERR_OTHER, ERESTART,
			"the ruleset changes faster than it can be compiled");
	return err;
}

/* ---- around it ---- */

static bool has_guards(const struct ruleset *rs)
{
	struct table *t;
	struct chain *c;
	struct rule *r;

	list_for_each (t, &rs->tables, struct table, node)
		list_for_each (c, &t->chains, struct chain, node)
			list_for_each (r, &c->rules, struct rule, node)
				if (r->flags & RULE_GUARD)
					return true;
	return false;
}

/* Namespaces without a filter table, of containers say, get neither pins nor a
 * reaper. */
static bool nothing_to_do(struct sync *s, bool background, uint32_t *generation)
{
	struct job job;
	unsigned int i;
	bool nothing;

	if (place_has_pins(&s->place) || exclusive_any(&s->place))
		return false;
	if (background)
		wait_quiet(s->nft);
	job_init(&job);
	job.place = &s->place;
	nothing = !job_read(&job, s->nft, NULL) &&
		  !job_check_hooks(&job, s->nft, NULL) && !has_guards(&job.rs);
	if (nothing)
		choose(s, &job);
	for (i = 0; i < job.n && nothing; i++)
		nothing = job.chain[i].mode == CHAIN_NFT;
	if (nothing) {
		*generation = job.generation;
		write_record(s, &job, job.generation);
	}
	job_free(&job);
	return nothing;
}

static int sync_locked(struct sync *s, bool background, uint32_t *generation,
		       struct err *e)
{
	char dir[PLACE_PATH_LEN];
	uint8_t lost;
	int err;

	/* Whatever else can not be done. */
	lost = exclusive_find_lost(&s->place, s->nft);
	if (lost)
		exclusive_leave(&s->place, s->nft, lost, NULL);
	if (nothing_to_do(s, background, generation))
		return 0;
	place_file(&s->place, dir, sizeof(dir), "");
	clang_tidy(dir);
	err = place_prepare_pins(&s->place, e);
	if (!err)
		err = ns_create(&s->ns, &s->place, e);
	if (err)
		goto fail;
	if (!place_is_machine_netns(&s->place))
		kick_reaper();
	err = sync_once(s, background, generation, e);
	ns_close(&s->ns);
	if (!err)
		return 0;
fail:
	write_failure(s, e);
	return err;
}

/*
 * Under the lock as long as the ruleset changes. The generation is read again
 * after the lock is released: a kick that found it held relies on that.
 */
static int sync_loop(struct sync *s, bool background, struct err *e)
{
	uint32_t done = 0, now;
	unsigned int failures = 0;
	int lock, err;

	for (;;) {
		lock = place_lock(&s->place, "lock", !background);
		if (lock == -EWOULDBLOCK)
			return 0;
		if (lock < 0)
			return err_set(e, ERR_OTHER, -lock, "cannot lock: %s",
				       strerror(-lock));
		if (place_is_off(&s->place)) {
			close(lock);
			return err_set(
				e, ERR_OTHER, ECANCELED,
				"switched off in this network namespace: "
				"iptables-bpfctl on");
		}
		err = sync_locked(s, background, &done, e);
		close(lock);
		if (nft_generation(s->nft, &now, NULL) || now == done)
			return err;
		/* What failed for one ruleset may do for the next. */
		if (err && (!background || ++failures == MAX_FAILURES))
			return err;
	}
}

static int run(struct sync *s, bool background, struct err *e)
{
	int err;

	err = place_prepare(&s->place, e);
	if (!err)
		err = nft_open(&s->nft, e);
	if (err)
		return err;
	err = sync_loop(s, background, e);
	nft_close(s->nft);
	return err;
}

int sync_run(bool background, struct err *e)
{
	struct sync s = {0};
	int err;

	place_join_machine();
	err = place_find(&s.place, e);
	if (!err && place_is_off(&s.place))
		return err_set(e, ERR_OTHER, ECANCELED,
			       "switched off in this network namespace: "
			       "iptables-bpfctl on");
	if (err)
		return err;
	s.watched = place_is_locked(&s.place, "watch.lock");
	return run(&s, background, e);
}

int sync_watched(const struct place *p, bool enter, bool stop, struct err *e)
{
	struct sync s = {.place = *p, .watched = !stop, .enter = enter};

	return run(&s, false, e);
}

int sync_get_mode(enum wish *w, struct err *e)
{
	struct place p;
	int err;

	place_join_machine();
	err = place_find(&p, e);
	if (!err)
		*w = wish_find(&p);
	return err;
}

int sync_set_mode(enum wish w, struct err *e)
{
	struct place p;
	int err;

	place_join_machine();
	err = place_find(&p, e);
	if (!err)
		err = place_prepare(&p, e);
	if (!err)
		err = wish_keep(&p, w, e);
	if (!err && !place_is_off(&p))
		err = sync_run(false, e);
	return err;
}
