// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares what the snapshot of the present network namespace says with what
 * the kernel says: every rule of every table that the snapshot knows, as the
 * compiler and the counters would see it. Exit status: 0 equal, 1 different
 * (told on stderr), 2 the snapshot knows nothing of the present generation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/place.h"
#include "loader/slot.h"
#include "loader/snapfile.h"
#include "translate/codec.h"

static int add_rule(const char *chain, const struct snap_content *rule,
		    void *arg)
{
	struct table *t = arg;
	struct chain *c = table_find_chain(t, chain);
	struct rule *last;
	int err;

	if (!c)
		c = table_add_chain(t, chain);
	err = c ? nft_take_rule(t, c, rule) : -1;
	if (err)
		return err;
	last = container_of(c->rules.prev, struct rule, node);
	if (rule_sketch(last) == rule->sketch)
		return 0;
	fprintf(stderr, "%s %s: handle %llu: the sketch is another\n", t->name,
		chain, (unsigned long long)rule->handle);
	return -1;
}

/* What differs, or NULL. */
static const char *difference(enum family family, const struct rule *a,
			      const struct rule *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct rule *ca = rule_clone(a), *cb = rule_clone(b);
	const char *what = NULL;

	ca->packets = cb->packets = ca->bytes = cb->bytes = 0;
	if (a->handle != b->handle)
		what = "handle";
	else if (a->flags != b->flags || !a->raw != !b->raw)
		what = "flags";
	else if (slot_rule_hash(a) != slot_rule_hash(b))
		what = "content";
	else if (a->has_counter != b->has_counter)
		what = "counter";
	else if (rule_encode(&x, family, ca) != rule_encode(&y, family, cb) ||
		 x.len != y.len)
		what = "encoding";
	else if (!a->raw && x.len && memcmp(x.data, y.data, x.len))
		what = "encoded bytes";
	buf_free(&x);
	buf_free(&y);
	rule_free(ca);
	rule_free(cb);
	return what;
}

static int compare_chains(const struct table *t, const struct chain *a,
			  const struct chain *b)
{
	const struct list *i = a->rules.next, *j = b ? b->rules.next : NULL;
	unsigned int n = 0;
	const char *what;

	for (; i != &a->rules && j && j != &b->rules;
	     i = i->next, j = j->next) {
		n++;
		what = difference(t->family, container_of(i, struct rule, node),
				  container_of(j, struct rule, node));
		if (!what)
			continue;
		fprintf(stderr, "%s %s: rule %u: %s differs\n", t->name,
			a->name, n, what);
		return -1;
	}
	if (i == &a->rules && (!j || j == &b->rules))
		return (int)n;
	fprintf(stderr, "%s %s: the kernel has %s rules\n", t->name, a->name,
		i == &a->rules ? "fewer" : "more");
	return -1;
}

/* How many rules are equal; -1: not all. */
static int compare_table(const struct snap_state *st, const struct table *t)
{
	struct ruleset other;
	struct table *u;
	struct chain *c;
	int n = 0, got;

	ruleset_init(&other);
	u = ruleset_add_table(&other, t->family, t->name);
	if (!u || snap_state_each(st, t->family, t->name, add_rule, u)) {
		fprintf(stderr, "%s: cannot read the snapshot\n", t->name);
		n = -1;
	}
	if (n >= 0)
		list_for_each (c, &t->chains, struct chain, node) {
			got = compare_chains(t, c,
					     table_find_chain(u, c->name));
			n = got < 0 ? -1 : n + got;
			if (n < 0)
				break;
		}
	if (n >= 0)
		list_for_each (c, &u->chains, struct chain, node)
			if (c->nrules && !table_find_chain(t, c->name)) {
				fprintf(stderr, "%s: no chain %s\n", t->name,
					c->name);
				n = -1;
			}
	ruleset_clear(&other);
	return n;
}

static int compare(const struct snap_state *st, const struct ruleset *rs)
{
	unsigned int tables = 0, rules = 0;
	struct table *t;
	int n;

	list_for_each (t, &rs->tables, struct table, node) {
		if (!snap_state_knows(st, t->family, t->name))
			continue;
		n = compare_table(st, t);
		if (n < 0)
			return 1;
		tables++;
		rules += (unsigned int)n;
	}
	printf("%u rules in %u tables\n", rules, tables);
	return 0;
}

int main(void)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct nft_query q = {.detail = NFT_RULES};
	struct snap_state *st = NULL;
	struct snapfile f;
	struct err e = {0};
	struct ruleset rs;
	struct place p;
	struct nft *nft;
	int status = 1, i, err = 0;

	ruleset_init(&rs);
	place_join_machine();
	if (place_find(&p, &e) || nft_open(&nft, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	for (i = 0; i < 2 && !err; i++) {
		q.family = families[i];
		err = nft_fetch(nft, &q, &rs, &e);
	}
	if (err)
		fprintf(stderr, "%s\n", e.msg);
	else if (snapfile_read(&f, &p, rs.generation))
		status = 2;
	else if (snap_replay(&f.snap, &st))
		fprintf(stderr, "the snapshot is damaged\n");
	else
		status = compare(st, &rs);
	if (!err)
		snapfile_close(&f);
	snap_state_free(st);
	ruleset_clear(&rs);
	nft_close(nft);
	return status;
}
