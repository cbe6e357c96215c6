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
	return place_lock(p, "exclusive.lock", true);
}

/* ---- leaving ---- */

/* One way out. */
struct leave {
	const struct place *place;
	struct nft *nft;
	struct ns ns;
	bool have_ns;
	struct exclusive recorded;
	uint8_t mask;	     /* the tables that are to leave */
	uint8_t asleep;	     /* those of them that really sleep */
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

static int find_sleepers(struct leave *l, struct err *e)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct nft_query q = {.detail = NFT_TABLES};
	struct ruleset rs;
	struct table *t;
	unsigned int i;
	int err = 0, id;

	ruleset_init(&rs);
	l->asleep = 0;
	for (i = 0; i < 2 && !err; i++) {
		q.family = families[i];
		err = nft_fetch(l->nft, &q, &rs, e);
		if (!err && i && l->generation != rs.generation)
			err = -ERESTART;
		l->generation = rs.generation;
	}
	list_for_each (t, &rs.tables, struct table, node) {
		id = place_table_id(t->family, t->name);
		if (id >= 0 && l->mask >> id & 1 &&
		    t->flags & NFT_TABLE_F_DORMANT &&
		    t->handle == l->recorded.table[id])
			l->asleep |= 1u << id;
	}
	ruleset_clear(&rs);
	return err;
}

static int wake(struct leave *l, struct err *e)
{
	struct nft_batch *b;
	enum family family;
	const char *table;
	unsigned int i, tries;
	int err = 0;

	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		err = find_sleepers(l, e);
		if (err == -ERESTART)
			continue;
		if (err || !l->asleep)
			return err;
		b = nft_batch_new();
		err = b ? 0 : -ENOMEM;
		if (b)
			nft_batch_track(b);
		for (i = 0; i < ABI_TABLES && !err; i++) {
			table = place_table_by_id(i, &family);
			if (l->asleep >> i & 1)
				err = nft_batch_set_dormant(b, family, table,
							    false);
		}
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

static int leave(struct leave *l, bool guarded, struct err *e)
{
	int err;

	/* What guards are for: a packet that BPF has counted is not evaluated.
	 */
	if (guarded && l->have_ns && !find_sleepers(l, e) && l->asleep) {
		change_ctl(l, 0, bits(l->mask, ABI_CTL_AWAKE));
		/* Without them nft's rules count these packets, too. */
		insert_guards(l);
	}
	err = wake(l, e);
	if (err) {
		change_ctl(l, bits(l->mask, ABI_CTL_AWAKE), 0);
		return err;
	}
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

static uint8_t forget(struct exclusive *x, uint8_t mask)
{
	unsigned int i;

	for (i = 0; i < ABI_TABLES; i++)
		if (mask >> i & 1)
			x->table[i] = 0;
	return exclusive_mask(x);
}

int exclusive_leave(const struct place *p, struct nft *nft, uint8_t mask,
		    bool guarded, struct err *e)
{
	struct leave l = {.place = p, .nft = nft};
	int lock, err = 0;

	lock = exclusive_lock(p);
	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock,
			       "cannot lock exclusive.lock: %s",
			       strerror(-lock));
	exclusive_read(p, &l.recorded);
	l.have_ns = !ns_open_writable(&l.ns, p);
	l.mask = exclusive_mask(&l.recorded);
	if (l.have_ns)
		l.mask |= ns_ctl_word(&l.ns) >> ABI_CTL_EXCLUSIVE;
	l.mask &= mask;
	if (l.mask)
		err = leave(&l, guarded, e);
	if (!err && l.mask) {
		forget(&l.recorded, l.mask);
		err = exclusive_write(p, &l.recorded);
	}
	if (l.have_ns)
		ns_close(&l.ns);
	close(lock);
	if (err)
		err_prefix(e, "cannot wake the dormant tables");
	return err;
}

void loader_enforce(enum family family, const char *table)
{
	int id = place_table_id(family, table), saved = errno;
	struct nft *nft;
	struct place p;

	/* A watcher sees the change, too, but does not answer to the command.
	 */
	if (id < 0 || place_find(&p, NULL) || !exclusive_any(&p))
		return;
	if (!nft_open(&nft, NULL)) {
		exclusive_leave(&p, nft, 1u << id, false, NULL);
		nft_close(nft);
	}
	errno = saved;
}
