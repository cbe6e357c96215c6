// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/exclusive.h"
#include "loader/guard.h"
#include "loader/loader.h"
#include "loader/ruleset.h"
#include "loader/slot.h"
#include "loader/sys.h"

/* After libc's netinet/in.h, which then wins. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define MAX_RESTARTS 100
#define GUARD_TRIES  3

static void file_path(const struct place *p, char *buf, size_t len)
{
	place_file(p, buf, len, "exclusive");
}

void exclusive_read(const struct place *p, struct exclusive *x)
{
	char path[PLACE_PATH_LEN];
	unsigned int id;
	uint64_t handle;
	FILE *f;

	memset(x, 0, sizeof(*x));
	file_path(p, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return;
	while (fscanf(f, "%u %" SCNu64, &id, &handle) == 2)
		if (id < ABI_TABLES)
			x->table[id] = handle;
	fclose(f);
}

int exclusive_write(const struct place *p, const struct exclusive *x)
{
	struct buf text = BUF_INIT;
	char path[PLACE_PATH_LEN];
	unsigned int i;
	int err = 0;

	file_path(p, path, sizeof(path));
	for (i = 0; i < ABI_TABLES; i++)
		if (x->table[i])
			buf_printf(&text, "%u %" PRIu64 "\n", i, x->table[i]);
	if (text.failed)
		err = -ENOMEM;
	else if (text.len)
		err = cache_write_file(path, text.data, text.len);
	else if (unlink(path) && errno != ENOENT)
		err = -errno;
	buf_free(&text);
	return err;
}

uint8_t exclusive_mask(const struct exclusive *x)
{
	uint8_t mask = 0;
	unsigned int i;

	for (i = 0; i < ABI_TABLES; i++)
		if (x->table[i])
			mask |= 1u << i;
	return mask;
}

bool exclusive_any(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	file_path(p, path, sizeof(path));
	return !access(path, F_OK);
}

int exclusive_lock(const struct place *p)
{
	return place_lock_for(p, "exclusive.lock", PLACE_PATIENCE_MS);
}

/* ---- leaving ---- */

/* One way out. */
struct leave {
	const struct place *place;
	struct nft *nft;
	struct ns ns;
	bool have_ns;
	struct exclusive recorded;
	uint8_t wanted;	     /* the tables that are to leave */
	uint8_t mask;	     /* those of them that BPF has to do with */
	uint8_t asleep;	     /* those that really sleep, by our doing */
	uint8_t marked;	     /* and say so themselves */
	uint32_t generation; /* at which that was so */
};

static uint64_t bits(uint8_t mask, unsigned int shift)
{
	return (uint64_t)mask << shift;
}

static void change_ctl(struct leave *l, uint64_t clear, uint64_t set)
{
	if (l->have_ns)
		ns_change_ctl(&l->ns, clear, set);
}

static int find_sleeper(struct leave *l, const struct table *t)
{
	int id = place_table_id(t->family, t->name), marked;

	if (id < 0 || !(l->wanted >> id & 1) ||
	    !(t->flags & NFT_TABLE_F_DORMANT))
		return 0;
	marked = exclusive_is_marked(l->nft, t);
	if (marked < 0)
		return marked;
	if (marked)
		l->marked |= 1u << id;
	if (marked || t->handle == l->recorded.table[id])
		l->asleep |= 1u << id;
	return 0;
}

/* The builtin tables of both families, of one generation. */
static int fetch_tables(struct nft *nft, struct ruleset *rs, struct err *e)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct nft_query q = {.detail = NFT_TABLES};
	uint32_t generation = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++) {
		q.family = families[i];
		err = nft_fetch(nft, &q, rs, e);
		if (!err && i && generation != rs->generation)
			err = -ERESTART;
		generation = rs->generation;
	}
	return err;
}

static int find_sleepers(struct leave *l, struct err *e)
{
	struct ruleset rs;
	struct table *t;
	int err;

	ruleset_init(&rs);
	l->asleep = l->marked = 0;
	err = fetch_tables(l->nft, &rs, e);
	l->generation = rs.generation;
	list_for_each (t, &rs.tables, struct table, node)
		if (!err)
			err = find_sleeper(l, t);
	ruleset_clear(&rs);
	l->mask |= l->asleep;
	return err;
}

static int wake_batch(struct leave *l, struct nft_batch *b)
{
	enum family family;
	const char *table;
	unsigned int i;
	int err = 0;

	nft_batch_track(b);
	for (i = 0; i < ABI_TABLES && !err; i++) {
		table = place_table_by_id(i, &family);
		if (l->asleep >> i & 1)
			err = nft_batch_set_dormant(b, family, table, false);
		if (!err && l->marked >> i & 1)
			err = nft_batch_set_mark(b, family, table,
						 EXCLUSIVE_MARK, false);
	}
	return err;
}

static int wake(struct leave *l, struct err *e)
{
	struct nft_batch *b;
	unsigned int tries;
	int err = 0;

	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		err = find_sleepers(l, e);
		if (err == -ERESTART)
			continue;
		if (err || !l->asleep)
			return err;
		b = nft_batch_new();
		err = b ? wake_batch(l, b) : -ENOMEM;
		if (!err)
			err = nft_batch_commit(l->nft, b, l->generation, e);
		if (!err)
			ruleset_note_commit(l->place, b, l->generation);
		nft_batch_free(b);
		if (err != -ERESTART)
			break;
	}
	return err;
}

/* Whether chain @id has a program that decides. */
static bool has_program(const struct leave *l, unsigned int id)
{
	char path[PLACE_PATH_LEN];
	unsigned int slot;
	uint32_t gen;

	ns_get_ctl(&l->ns, &slot, &gen);
	slot_pin_path(l->place, path, sizeof(path), slot, id, "counters");
	return !access(path, F_OK);
}

/* Guards for the chains of sleeping tables, so that nft will know what BPF has
 * accepted. */
static int insert_guards(struct leave *l)
{
	struct nft_batch *b = nft_batch_new();
	const struct builtin_chain *c;
	enum family family;
	struct rule *r;
	unsigned int i;
	int err = 0, table;

	if (b)
		nft_batch_track(b);
	for (i = 0; b && i < ABI_CHAINS && !err; i++) {
		table = place_table_of_chain(i);
		if (table < 0 || !(l->asleep >> table & 1) ||
		    !has_program(l, i))
			continue;
		c = place_chain_by_id(i, &family);
		r = guard_rule_new(family, c->table, c->name);
		err = r ? nft_batch_add_rule(b, family, c->table, c->name, r,
					     NFT_PREPEND, 0, NULL)
			: -ENOMEM;
		rule_free(r);
	}
	if (b && !err)
		err = nft_batch_commit(l->nft, b, l->generation, NULL);
	if (b && !err)
		ruleset_note_commit(l->place, b, l->generation);
	nft_batch_free(b);
	return b ? err : -ENOMEM;
}

/*
 * What loads programs needs libbpf, whose start would be a sixth of a command's
 * time. The front ends are linked without: there, missing pins stay missing.
 */
#pragma weak guard_pin

/* Pins that somebody has removed: rules with a guard could not be made. */
static void repair_guards(struct leave *l)
{
	const struct builtin_chain *c;
	char path[PLACE_PATH_LEN];
	enum family family;
	unsigned int i;
	uint32_t prog;
	struct ns ns;
	int table;

	for (i = 0; guard_pin && i < ABI_CHAINS; i++) {
		table = place_table_of_chain(i);
		if (table < 0 || !(l->asleep >> table & 1))
			continue;
		c = place_chain_by_id(i, &family);
		loader_guard_path(path, sizeof(path), family, c->table,
				  c->name);
		if (!access(path, F_OK) || !has_program(l, i) ||
		    ns_open(&ns, l->place))
			continue;
		guard_pin(&ns, i, &prog, NULL);
		ns_close(&ns);
	}
}

/*
 * What guards are for: a packet that BPF has counted is not evaluated by nft as
 * well. Where they cannot be had, some packets are.
 */
static void try_guards(struct leave *l)
{
	unsigned int tries;
	int err;

	for (tries = 0; tries < GUARD_TRIES; tries++) {
		err = find_sleepers(l, NULL);
		if (!err &&
		    !(l->asleep & ns_ctl_word(&l->ns) >> ABI_CTL_EXCLUSIVE))
			return;
		if (!err) {
			repair_guards(l);
			change_ctl(l, 0, bits(l->asleep, ABI_CTL_AWAKE));
			err = insert_guards(l);
		}
		if (err != -ERESTART)
			return;
	}
}

static int leave(struct leave *l, bool guarded, struct err *e)
{
	int err;

	if (guarded && l->have_ns)
		try_guards(l);
	err = wake(l, e);
	if (err) {
		change_ctl(l, bits(l->mask, ABI_CTL_AWAKE), 0);
		return err;
	}
	if (!l->have_ns)
		return 0;
	change_ctl(l, 0, bits(l->mask, ABI_CTL_QUIET));
	sys_grace_period();
	/* From here on a note that cannot be left means that nft decides. */
	change_ctl(l,
		   UINT32_MAX | bits(l->mask, ABI_CTL_EXCLUSIVE) |
			   bits(l->mask, ABI_CTL_AWAKE) |
			   bits(l->mask, ABI_CTL_QUIET),
		   0);
	return 0;
}

static void forget(struct exclusive *x, uint8_t mask)
{
	unsigned int i;

	for (i = 0; i < ABI_TABLES; i++)
		if (mask >> i & 1)
			x->table[i] = 0;
}

int exclusive_leave(const struct place *p, struct nft *nft, uint8_t mask,
		    struct err *e)
{
	return exclusive_leave_how(p, nft, mask, true, e);
}

int exclusive_leave_how(const struct place *p, struct nft *nft, uint8_t mask,
			bool guarded, struct err *e)
{
	struct leave l = {.place = p, .nft = nft, .wanted = mask};
	int lock, err;

	/*
	 * Whatever there is no lock for, be it that the state directory is gone
	 * or that somebody sits on it: to wake a table is never wrong.
	 */
	lock = exclusive_lock(p);
	exclusive_read(p, &l.recorded);
	l.have_ns = !ns_open_ctl(&l.ns, p);
	l.mask = exclusive_mask(&l.recorded);
	if (l.have_ns)
		l.mask |= ns_ctl_word(&l.ns) >> ABI_CTL_EXCLUSIVE;
	l.mask &= mask;
	err = find_sleepers(&l, e);
	if (err == -ERESTART || (!err && l.mask))
		err = leave(&l, guarded, e);
	if (!err && l.mask & exclusive_mask(&l.recorded)) {
		forget(&l.recorded, l.mask);
		err = exclusive_write(p, &l.recorded);
	}
	if (l.have_ns)
		ns_close(&l.ns);
	if (lock >= 0)
		close(lock);
	if (err)
		err_prefix(e, "cannot wake the dormant tables");
	return err;
}

/* ---- tables that sleep with nobody in their place ---- */

int exclusive_is_marked(struct nft *nft, const struct table *t)
{
	return nft_has_mark(nft, t->family, t->name, EXCLUSIVE_MARK);
}

uint8_t exclusive_lost(struct nft *nft, const struct ruleset *rs,
		       const struct exclusive *known)
{
	const struct table *t;
	uint8_t lost = 0;
	int id;

	list_for_each (t, &rs->tables, const struct table, node) {
		id = place_table_id(t->family, t->name);
		if (id >= 0 && t->flags & NFT_TABLE_F_DORMANT &&
		    t->handle != known->table[id] &&
		    exclusive_is_marked(nft, t) > 0)
			lost |= 1u << id;
	}
	return lost;
}

uint8_t exclusive_find_lost(const struct place *p, struct nft *nft)
{
	struct exclusive known;
	struct ruleset rs;
	uint8_t lost;

	ruleset_init(&rs);
	exclusive_read(p, &known);
	fetch_tables(nft, &rs, NULL);
	lost = exclusive_lost(nft, &rs, &known);
	ruleset_clear(&rs);
	return lost;
}

void loader_enforce(enum family family, const char *table, bool dormant,
		    const struct place *place)
{
	int id = place_table_id(family, table), saved = errno;
	struct nft *nft;
	struct place p;

	/* A watcher sees the change, too, but does not answer to the command.
	 */
	if (id < 0 || place_here(&p, place, NULL) ||
	    !(dormant || exclusive_any(&p)))
		return;
	if (!nft_open(&nft, NULL)) {
		exclusive_leave(&p, nft, 1u << id, NULL);
		nft_close(nft);
	}
	errno = saved;
}
