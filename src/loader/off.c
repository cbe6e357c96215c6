// SPDX-License-Identifier: GPL-2.0-or-later
/* Back to nft alone: what BPF has counted becomes nft's, guards and pins go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/exclusive.h"
#include "loader/guard.h"
#include "loader/hook.h"
#include "loader/job.h"
#include "loader/kick.h"
#include "loader/place.h"
#include "loader/remove.h"
#include "loader/slot.h"
#include "loader/sync.h"
#include "loader/sys.h"

#define MAX_RESTARTS 100

/* Replaces a rule by itself with the sum of both counters; nft keeps the
 * handle. */
static int fold_rule(struct nft_batch *b, const struct table *t,
		     const struct chain *c, struct rule *r,
		     const struct slot_total *add)
{
	/* What cannot be written back as it is must not be touched. */
	if (r->flags & (RULE_UNKNOWN | RULE_GUARD | RULE_ODD_ORDER) ||
	    !r->has_counter)
		return 0;
	r->packets += add->packets;
	r->bytes += add->bytes;
	return nft_batch_add_rule(b, t->family, t->name, c->name, r,
				  NFT_REPLACE, r->handle, NULL);
}

static int fold_policy(struct nft_batch *b, const struct table *t,
		       const struct chain *c, const struct slot_total *add)
{
	const struct builtin_chain *builtin =
		builtin_chain_find(t->name, c->name);
	struct nft_counters sum = {c->packets + add->packets,
				   c->bytes + add->bytes};

	if (!builtin || !c->has_counters)
		return 0;
	return nft_batch_set_builtin(b, t->family, builtin, c->policy, &sum);
}

static int fold_chain(struct nft_batch *b, const struct table *t,
		      const struct chain *c, const struct slot_total *totals,
		      unsigned int n)
{
	struct slot_id id = {.table = t->handle, .handle = c->handle};
	const struct slot_total *add;
	struct rule *r;
	int err = 0;

	add = c->base ? slot_total_find(totals, n, &id) : NULL;
	if (add && add->packets)
		err = fold_policy(b, t, c, add);
	list_for_each (r, &c->rules, struct rule, node) {
		if (err)
			break;
		id.handle = r->handle;
		id.hash = slot_rule_hash(r);
		add = slot_total_find(totals, n, &id);
		if (add && add->packets)
			err = fold_rule(b, t, c, r, add);
	}
	return err;
}

static int fold(struct nft_batch *b, const struct ns *ns,
		const struct ruleset *rs)
{
	struct slot_total *totals = NULL;
	struct table *t;
	struct chain *c;
	unsigned int n = 0;
	int err = slot_totals(ns, &totals, &n);

	list_for_each (t, &rs->tables, struct table, node)
		list_for_each (c, &t->chains, struct chain, node)
			if (!err && n)
				err = fold_chain(b, t, c, totals, n);
	free(totals);
	return err;
}

/* @ns: whose counts become nft's; NULL: only guard rules are to go. */
static int commit_off(struct nft *nft, const struct ns *ns, struct err *e)
{
	const struct guard_plan none = {0};
	const struct guard_record unknown = {0};
	struct nft_batch *b = nft_batch_new();
	struct job job;
	struct guard_change change;
	int err;

	job_init(&job);
	err = b ? job_read(&job, nft, e) : -ENOMEM;
	if (!err)
		err = guard_batch(b, &job.rs, &none, &unknown, &change);
	if (!err && ns)
		err = fold(b, ns, &job.rs);
	if (!err && !nft_batch_is_empty(b))
		err = nft_batch_commit(nft, b, job.generation, e);
	job_free(&job);
	nft_batch_free(b);
	return err;
}

static int hand_back(struct nft *nft, struct ns *ns, struct err *e)
{
	unsigned int slot, tries;
	uint32_t gen;
	int err = 0;

	if (ns) {
		ns_get_ctl(ns, &slot, &gen);
		ns_set_ctl(ns, slot, 0);
		err = sys_grace_period();
		if (!err)
			err = slot_carry(ns);
		if (err)
			return err_set(e, ERR_OTHER, -err,
				       "cannot read the counters: %s",
				       strerror(-err));
	}
	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		err = commit_off(nft, ns, e);
		if (err != -ERESTART)
			break;
	}
	/* Rules that cannot be written back must not keep the guards in. */
	for (tries = 0; tries < MAX_RESTARTS && ns && err; tries++) {
		err = commit_off(nft, NULL, e);
		if (err != -ERESTART)
			break;
	}
	return err;
}

/* Also when a watcher runs: with the lock held it cannot undo this. */
static int wake_all(const struct place *p, struct nft *nft, struct err *e)
{
	return exclusive_leave(p, nft, ABI_ALL_TABLES, e);
}

static int off_locked(const struct place *p, struct err *e)
{
	struct ns ns;
	struct nft *nft;
	unsigned int slot;
	bool have_ns;
	int err, counters;

	err = nft_open(&nft, e);
	if (err)
		return err;
	err = wake_all(p, nft, e);
	if (err) {
		nft_close(nft);
		return err;
	}
	counters = place_lock(p, "counters.lock", true);
	/* Nothing pinned here: then nothing to switch off but guard rules. */
	have_ns = !ns_open(&ns, p);
	if (have_ns) {
		ns_close(&ns);
		have_ns = !ns_create(&ns, p, e);
	}
	err = hand_back(nft, have_ns ? &ns : NULL, e);
	/* First of all the counters, which are nft's now. */
	for (slot = 0; slot < ABI_SLOTS && have_ns && !err; slot++)
		slot_remove(&ns, slot);
	if (have_ns)
		ns_close(&ns);
	if (!err)
		remove_pins(p);
	if (counters >= 0)
		close(counters);
	nft_close(nft);
	return err;
}

int sync_off(struct err *e)
{
	char path[PLACE_PATH_LEN];
	struct place p;
	int lock, fd, err;

	place_join_machine();
	err = place_find(&p, e);
	if (err)
		return err;
	/* The directory may be all there is; a bpffs that cannot be mounted is
	 * no reason to stay on. */
	place_prepare(&p, NULL);
	lock = place_lock(&p, "lock", true);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock,
			       "cannot write to " PLACE_RUN ": %s",
			       strerror(-lock));
	place_file(&p, path, sizeof(path), "off");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = err_set(e, ERR_OTHER, errno, "cannot write %s: %s", path,
			      strerror(errno));
	} else {
		close(fd);
		err = off_locked(&p, e);
	}
	close(lock);
	/* The switch is a file, and has to go with its namespace. */
	if (!place_is_machine_netns(&p))
		kick_reaper();
	return err;
}

int sync_on(struct err *e)
{
	char path[PLACE_PATH_LEN];
	struct place p;
	int err;

	place_join_machine();
	err = place_find(&p, e);
	if (err)
		return err;
	place_file(&p, path, sizeof(path), "off");
	if (unlink(path) && errno != ENOENT)
		return err_set(e, ERR_OTHER, errno, "cannot remove %s: %s",
			       path, strerror(errno));
	return sync_run(false, e);
}
