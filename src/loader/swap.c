// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/entries.h"
#include "loader/slot.h"
#include "loader/spare.h"
#include "loader/swap.h"
#include "loader/sys.h"

static unsigned int live_slot(const struct ns *ns)
{
	unsigned int slot;
	uint32_t gen;

	ns_get_ctl(ns, &slot, &gen);
	return slot;
}

/* ---- keeping programs ---- */

/* Whether program @id uses the present maps: a pin may have been removed and
 * made anew. */
static bool uses_maps(const struct ns *ns, uint32_t id)
{
	uint32_t maps[64], nmaps = 64, i, notes = 0, stats = 0, ctl = 0;
	struct bpf_prog_info info;
	int fd = sys_prog_by_id(id), err;

	if (fd < 0)
		return false;
	err = sys_prog_info(fd, &info, maps, &nmaps);
	close(fd);
	for (i = 0; i < nmaps && !err; i++) {
		notes |= maps[i] == ns->id[NS_NOTES];
		ctl |= maps[i] == ns->id[NS_CTL];
		stats |= maps[i] == ns->id[NS_STATS];
	}
	return notes && stats && ctl;
}

/*
 * Whether the program of @c in slot @num was made from this source and is still
 * where it belongs.
 */
static bool same_program(const struct job_chain *c, const struct ns *ns,
			 unsigned int num)
{
	char path[PLACE_PATH_LEN];
	struct buf old = BUF_INIT;
	uint32_t id;
	bool same;

	slot_pin_path(&ns->place, path, sizeof(path), num, c->id, "counters");
	if (access(path, F_OK) ||
	    sys_map_lookup(ns->fd[NS_PROGS], num * ABI_CHAINS + c->id, &id) ||
	    !uses_maps(ns, id))
		return false;
	spare_source_path(&ns->place, num, c->id, path, sizeof(path));
	same = !c->identity.failed && !cache_read_file(path, &old) &&
	       old.len == c->source.len + c->identity.len &&
	       !memcmp(old.data, c->source.data, c->source.len) &&
	       (!c->identity.len || !memcmp(old.data + c->source.len,
					    c->identity.data, c->identity.len));
	buf_free(&old);
	return same;
}

bool swap_unneeded(const struct job *job, const struct ns *ns)
{
	struct entries want = {0};
	unsigned int num = live_slot(ns), i;
	struct slot live;
	bool same;

	if (slot_open(&live, ns, num, false))
		return false;
	same = slot_valid(&live) && !entries_of_job(&want, job) &&
	       entries_same(&want, &live, ENTRIES_ALL);
	for (i = 0; i < job->n && same; i++)
		if (job_runs(&job->chain[i]))
			same = same_program(&job->chain[i], ns, num);
	free(want.e);
	slot_close(&live);
	return same;
}

static int open_pin(const struct ns *ns, unsigned int num, unsigned int chain,
		    const char *what)
{
	char path[PLACE_PATH_LEN];

	slot_pin_path(&ns->place, path, sizeof(path), num, chain, what);
	return sys_obj_get(path);
}

/* Opens what runs for @c in slot @num. */
static void keep_program(struct job_chain *c, const struct ns *ns,
			 unsigned int num)
{
	struct program *p = &c->program;
	uint32_t id;

	if (sys_map_lookup(ns->fd[NS_PROGS], num * ABI_CHAINS + c->id, &id))
		return;
	p->fd = sys_prog_by_id(id);
	p->counters_fd = open_pin(ns, num, c->id, "counters");
	p->state_fd = open_pin(ns, num, c->id, "state");
	p->tables_fd = open_pin(ns, num, c->id, "tables");
	c->kept = p->fd >= 0 && p->counters_fd >= 0 &&
		  (p->state_fd >= 0 || p->state_fd == -ENOENT) &&
		  !kept_of_slot(&p->kept, ns, num, c->id);
	if (!c->kept)
		program_close(p);
}

void swap_keep(struct job *job, const struct ns *ns)
{
	struct entries want = {0};
	unsigned int num = live_slot(ns), i;
	struct slot live;

	if (slot_open(&live, ns, num, false))
		return;
	if (slot_valid(&live) && !entries_of_job(&want, job))
		for (i = 0; i < job->n; i++)
			if (job_runs(&job->chain[i]) &&
			    entries_same(&want, &live, job->chain[i].id) &&
			    same_program(&job->chain[i], ns, num))
				keep_program(&job->chain[i], ns, num);
	free(want.e);
	slot_close(&live);
}

static bool was_reset(const struct slot_entry *e, void *arg)
{
	const struct entries *now = arg;
	const struct slot_entry *n = entries_find(now, &e->id);

	return n && n->nft_packets < e->nft_packets;
}

int swap_restamp(const struct job *job, struct ns *ns, uint32_t generation,
		 struct err *e)
{
	struct entries now = {0};
	unsigned int num = live_slot(ns), i;
	const struct slot_entry *n;
	struct slot live;
	int lock, err;

	lock = place_lock(&ns->place, "counters.lock", true);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock, "cannot lock the counters");
	err = entries_of_job(&now, job);
	if (!err) {
		entries_sort(&now);
		err = slot_zero(ns, was_reset, &now);
	}
	if (!err)
		err = slot_open(&live, ns, num, true);
	if (!err) {
		for (i = 0; i < live.n; i++) {
			n = entries_find(&now, &live.entries[i].id);
			if (n)
				live.entries[i].nft_packets =
					entries_nft_packets(n,
							    &live.entries[i]);
		}
		slot_close(&live);
		ns_set_ctl(ns, num, generation);
	}
	free(now.e);
	close(lock);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot update the counters: %s",
			strerror(-err));
	return err;
}

/* ---- changing programs ---- */

static int pin_map(const struct ns *ns, unsigned int num, unsigned int chain,
		   const char *what, int fd)
{
	char path[PLACE_PATH_LEN];

	if (fd < 0)
		return 0;
	slot_pin_path(&ns->place, path, sizeof(path), num, chain, what);
	return sys_obj_pin(fd, path);
}

/* The source, and what tells it from others with the same source. */
static int write_source(const char *path, const struct job_chain *c)
{
	struct buf text = BUF_INIT;
	int err;

	buf_add(&text, c->source.data, c->source.len);
	if (c->identity.len)
		buf_add(&text, c->identity.data, c->identity.len);
	err = text.failed || c->identity.failed
		      ? -ENOMEM
		      : cache_write_file(path, text.data, text.len);
	buf_free(&text);
	return err;
}

static int place_program(const struct job_chain *c, const struct ns *ns,
			 unsigned int num)
{
	char path[PLACE_PATH_LEN];
	int err;

	err = pin_map(ns, num, c->id, "counters", c->program.counters_fd);
	if (!err)
		err = pin_map(ns, num, c->id, "state", c->program.state_fd);
	if (!err)
		err = pin_map(ns, num, c->id, "tables", c->program.tables_fd);
	if (!err)
		err = kept_pin(&c->program.kept, ns, num, c->id);
	if (!err) {
		spare_source_path(&ns->place, num, c->id, path, sizeof(path));
		err = write_source(path, c);
	}
	if (!err)
		err = sys_map_update(ns->fd[NS_PROGS], num * ABI_CHAINS + c->id,
				     &c->program.fd);
	return err;
}

static void clear_slot(const struct ns *ns, unsigned int num)
{
	char path[PLACE_PATH_LEN];
	unsigned int i;

	slot_remove(ns, num);
	for (i = 0; i < ABI_CHAINS; i++) {
		spare_source_path(&ns->place, num, i, path, sizeof(path));
		unlink(path);
	}
}

/* Copies the token buckets of rules that both slots limit. */
static void carry_states(const struct ns *ns, const struct slot *from,
			 const struct slot *to)
{
	char path[PLACE_PATH_LEN];
	struct bpf_map_info a, b;
	const struct slot_entry *old;
	unsigned int i, j;
	int fd1, fd2;
	void *value;

	for (i = 0; i < to->n; i++) {
		const struct slot_entry *new = &to->entries[i];

		if (new->kind != SLOT_STATE || new->kept)
			continue;
		for (j = 0, old = NULL; j < from->n && !old; j++)
			if (from->entries[j].kind == SLOT_STATE &&
			    from->entries[j].chain == new->chain &&
			    !slot_compare_ids(&from->entries[j].id, &new->id))
				old = &from->entries[j];
		if (!old)
			continue;
		slot_pin_path(&ns->place, path, sizeof(path), from->num,
			      old->chain, "state");
		fd1 = sys_obj_get(path);
		slot_pin_path(&ns->place, path, sizeof(path), to->num,
			      new->chain, "state");
		fd2 = sys_obj_get(path);
		if (fd1 >= 0 && fd2 >= 0 && !sys_map_info(fd1, &a) &&
		    !sys_map_info(fd2, &b) && a.value_size == b.value_size) {
			value = malloc(a.value_size);
			if (value && !sys_map_lookup(fd1, old->ordinal, value))
				sys_map_update(fd2, new->ordinal, value);
			free(value);
		}
		if (fd1 >= 0)
			close(fd1);
		if (fd2 >= 0)
			close(fd2);
	}
}

/* Everything of the new slot but the write that makes it live. */
static int fill_slot(const struct job *job, struct ns *ns, unsigned int idle)
{
	struct entries all = {0};
	struct slot slot, live;
	bool have_live;
	unsigned int i;
	int err = 0;

	clear_slot(ns, idle);
	for (i = 0; i < job->n && !err; i++)
		if (job_runs(&job->chain[i]))
			err = place_program(&job->chain[i], ns, idle);
	if (!err)
		err = entries_of_job(&all, job);
	have_live = !slot_open(&live, ns, !idle, false);
	if (!err && have_live)
		err = entries_add_rest(&all, job, ns, &live);
	for (i = 0; i < all.n && !have_live; i++)
		all.e[i].nft_packets = entries_nft_packets(&all.e[i], NULL);
	if (!err)
		err = slot_create(&slot, ns, idle, all.e, all.n);
	if (!err) {
		if (have_live)
			carry_states(ns, &live, &slot);
		slot_close(&slot);
	}
	if (have_live)
		slot_close(&live);
	free(all.e);
	return err;
}

int swap_in(const struct job *job, struct ns *ns, uint32_t generation,
	    struct err *e)
{
	struct slot_used used = {0};
	unsigned int idle = !live_slot(ns);
	int lock, err;

	/* Nobody may zero counters between what is read of the old slot and its
	 * end. */
	lock = place_lock(&ns->place, "counters.lock", true);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock, "cannot lock the counters");
	err = fill_slot(job, ns, idle);
	if (!err)
		err = ns_next_epoch(ns);
	if (!err) {
		ns_set_ctl(ns, idle, generation);
		err = slot_settle(ns, &used);
		if (err > 0)
			spare_retire(ns, !idle, &used);
		free(used.counter);
		err = err < 0 ? err : 0;
	}
	close(lock);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot make the programs live: %s",
			strerror(-err));
	else
		clear_slot(ns, !idle);
	return err;
}

int swap_recover(struct ns *ns, struct err *e)
{
	int lock, err;

	lock = place_lock(&ns->place, "counters.lock", true);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock, "cannot lock the counters");
	err = slot_carry(ns);
	close(lock);
	if (err)
		return err_set(e, ERR_OTHER, -err,
			       "cannot read the counters: %s", strerror(-err));
	clear_slot(ns, !live_slot(ns));
	return 0;
}
