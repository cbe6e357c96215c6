// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/ruleset.h"

#include <errno.h>
#include <string.h>

#include "loader/snapfile.h"

static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

/* What the snapshot knows, read when the first large table is met. */
struct known {
	const struct place *place;
	uint32_t generation; /* that it was looked at for; 0: not yet */
	struct snapfile file;
	struct snap_state *state; /* NULL: it does not know this generation */
	bool used;
	size_t live; /* bytes, about, that what was taken from it needs */
};

/* A rule's share of a record, roughly. */
#define RULE_SIZE 64

static void known_forget(struct known *k)
{
	if (k->generation)
		snapfile_close(&k->file);
	snap_state_free(k->state);
	k->state = NULL;
	k->generation = 0;
}

static void known_look(struct known *k, uint32_t generation)
{
	if (k->generation == generation)
		return;
	known_forget(k);
	k->generation = generation;
	if (!snapfile_read(&k->file, k->place, generation) &&
	    snap_replay(&k->file.snap, &k->state))
		k->state = NULL;
}

struct fill {
	struct table *table;
	struct chain *last;
	size_t rules;
};

static int fill_rule(const char *chain, const struct snap_content *rule,
		     void *arg)
{
	struct fill *f = arg;

	f->rules++;
	if (!f->last || strcmp(f->last->name, chain))
		f->last = table_find_chain(f->table, chain);
	/* Of a base chain that is left out. */
	return f->last ? nft_take_rule(f->table, f->last, rule) : 0;
}

static void empty(struct table *t)
{
	struct chain *c;

	list_for_each (c, &t->chains, struct chain, node)
		chain_flush(c);
}

/* nft_query.known */
static int fill_table(struct table *t, uint32_t generation, void *arg)
{
	struct fill f = {.table = t};
	struct known *k = arg;
	int err;

	known_look(k, generation);
	if (!k->state || !snap_state_knows(k->state, t->family, t->name))
		return -ESTALE;
	err = snap_state_each(k->state, t->family, t->name, fill_rule, &f);
	if (!err && !nft_uses_agree(t))
		err = -EUCLEAN;
	if (err) {
		empty(t);
		return err;
	}
	t->counters_stale = true;
	k->used = true;
	k->live += f.rules * RULE_SIZE;
	return 0;
}

/* What the kernel was asked for is worth being kept. Where that fails it is
 * asked again. */
static void keep(const struct place *place, struct known *k,
		 struct snap_record kept[2], uint32_t generation)
{
	uint64_t world = snapfile_world(place);
	struct buf out = BUF_INIT;
	unsigned int i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++)
		if (kept[i].index.len)
			err = snap_record_end(&kept[i], world, generation,
					      generation, &out);
	if (!err && out.len && k->used)
		snapfile_append(place, &out);
	else if (!err && out.len)
		snapfile_replace(place, &out, generation);
	else if (!err && k->used &&
		 snapfile_is_bloated(k->file.data.len, k->live))
		snapfile_tidy(place, k->state, generation);
	/* No large table: commands need not write what nobody reads. */
	else if (!err && !k->used)
		snapfile_remove(place);
	buf_free(&out);
}

static int read_once(struct ruleset *rs, struct nft *nft, struct known *k,
		     struct snap_record kept[2], bool *same, struct err *e)
{
	struct nft_query q = {.detail = NFT_RULES};
	uint32_t first = 0;
	unsigned int i;
	int err;

	if (k->place) {
		q.known = fill_table;
		q.arg = k;
	}
	for (i = 0; i < 2; i++) {
		q.family = families[i];
		q.keep = k->place ? &kept[i] : NULL;
		err = nft_fetch(nft, &q, rs, e);
		if (err)
			return err;
		if (i == 0)
			first = rs->generation;
	}
	*same = first == rs->generation;
	return 0;
}

int ruleset_read(struct ruleset *rs, struct nft *nft, const struct place *place,
		 struct err *e)
{
	struct snap_record kept[2];
	struct known k = {.place = place};
	unsigned int tries;
	bool same = false;
	int err = 0;

	memset(kept, 0, sizeof(kept));
	for (tries = 0; tries < 20 && !same && !err; tries++) {
		ruleset_clear(rs);
		k.used = false;
		k.live = 0;
		err = read_once(rs, nft, &k, kept, &same, e);
	}
	if (!err && same && place)
		keep(place, &k, kept, rs->generation);
	known_forget(&k);
	snap_record_free(&kept[0]);
	snap_record_free(&kept[1]);
	if (!err && !same)
		err = err_set(e, ERR_OTHER, ERESTART,
			      "the ruleset changes faster than it can be read");
	return err;
}
