// SPDX-License-Identifier: GPL-2.0-or-later
/* What the front ends need to show true counters, zero them, and know a guard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/loader.h"
#include "loader/place.h"
#include "loader/slot.h"

#define GUARD_PREFIX PLACE_BPFFS "/guard-"

bool loader_is_guard_path(const char *path)
{
	return !strncmp(path, GUARD_PREFIX, strlen(GUARD_PREFIX));
}

void loader_guard_path(char *buf, size_t len, enum family family,
		       const char *table, const char *chain)
{
	snprintf(buf, len, GUARD_PREFIX "%s-%s-%s", place_family_name(family),
		 table, chain);
}

static int open_here(struct ns *ns)
{
	struct place place;
	int err = place_find(&place, NULL);

	return err ? err : ns_open(ns, &place);
}

static void merge_chain(const struct table *t, struct chain *c,
			const struct slot_total *totals, unsigned int n)
{
	const struct slot_total *found;
	struct slot_id id = {.table = t->handle, .handle = c->handle};
	struct rule *r;

	found = c->base ? slot_total_find(totals, n, &id) : NULL;
	if (found) {
		c->packets += found->packets;
		c->bytes += found->bytes;
	}
	list_for_each (r, &c->rules, struct rule, node) {
		id.handle = r->handle;
		id.hash = slot_rule_hash(r);
		found = slot_total_find(totals, n, &id);
		if (!found)
			continue;
		r->packets += found->packets;
		r->bytes += found->bytes;
	}
}

void loader_merge_counters(struct ruleset *rs, int sock)
{
	struct slot_total *totals = NULL;
	struct table *t;
	struct chain *c;
	struct place place;
	unsigned int n;
	struct ns ns;

	if (list_empty(&rs->tables) || place_find_by(&place, sock, NULL) ||
	    ns_open(&ns, &place))
		return;
	if (!slot_totals(&ns, &totals, &n) && n)
		list_for_each (t, &rs->tables, struct table, node)
			list_for_each (c, &t->chains, struct chain, node)
				merge_chain(t, c, totals, n);
	free(totals);
	ns_close(&ns);
}

struct zero_what {
	uint64_t table_key, chain_key, handle;
	bool chain;
};

static bool zero_matches(const struct slot_entry *e, void *arg)
{
	const struct zero_what *w = arg;

	return e->table_key == w->table_key &&
	       (!w->chain || e->chain_key == w->chain_key) &&
	       (!w->handle || e->id.handle == w->handle);
}

void loader_zero_counters(enum family family, const char *table,
			  const char *chain, uint64_t handle)
{
	struct zero_what what = {
		.table_key = slot_table_key(family, table),
		.handle = handle,
		.chain = chain,
	};
	struct place place;
	struct ns ns;
	int lock;

	if (chain)
		what.chain_key = slot_chain_key(family, table, chain);
	if (open_here(&ns))
		return;
	/* ns_open() maps for reading; nothing here writes but slot_zero(), to
	 * the base. */
	place = ns.place;
	lock = place_lock_for(&place, "counters.lock", PLACE_PATIENCE_MS);
	if (lock >= 0) {
		slot_zero(&ns, zero_matches, &what);
		close(lock);
	}
	ns_close(&ns);
}
