// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of a run: a few hash tables, each over one combination of masks,
 * as in TupleMerge (Daly et al., "TupleMerge: Fast Software Packet
 * Processing for Online Packet Classification", 2019), but built at once. A
 * rule is in one table whose masks it has, the more specific the better, and
 * the fewer tables the better: so tables are made greedily, each the
 * combination that takes most of the rules left without overfull buckets.
 */
#include "codegen/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/engine_lines.h"
#include "codegen/plan.h"

/* Prefix lengths that a table's address masks may have. */
#define LEVELS 8
static const uint8_t levels4[LEVELS] = {0, 8, 16, 20, 24, 28, 32, 255};
static const uint8_t levels6[LEVELS] = {0, 16, 32, 48, 56, 64, 96, 128};

/*
 * A combination of masks: level of saddr, of daddr; whether proto, sport,
 * dport, the names of the devices count.
 */
enum { SADDR, DADDR, PROTO, SPORT, DPORT, IIF, OIF, DIMS };
#define KINDS (LEVELS * LEVELS << (DIMS - PROTO))

/* A bucket should not hold more entries than this. */
#define BUCKET_LIMIT 5
/* So few are looked at one by one. */
#define LIST_LIMIT 6

struct kind {
	uint8_t dim[DIMS];
};

struct item {
	uint64_t hash; /* under the masks at hand */
	uint16_t kind; /* the most specific combination it could be in */
};

struct probe {
	uint32_t first, last; /* indices */
	struct engine_lines at;
	struct kind kind;
};

struct builder {
	struct plan *plan;
	const struct plan_chain *chain;
	struct engine_run *run;
	struct engine_keys keys;
	struct item *item;     /* of each key */
	uint32_t *left, nleft; /* keys without a table, ascending */
	struct probe *table;
	unsigned int ntables;
	uint32_t *count; /* of a bucket */
	size_t room;	 /* of count */
};

/* ---- kinds ---- */

/* Digits of a kind's number: each a field of bits of its own. */
static const struct {
	uint8_t shift, levels;
} digits[DIMS] = {
	[SADDR] = {8, LEVELS}, [DADDR] = {5, LEVELS}, [PROTO] = {4, 2},
	[SPORT] = {3, 2},      [DPORT] = {2, 2},      [IIF] = {1, 2},
	[OIF] = {0, 2},
};

static unsigned int digit(unsigned int kind, unsigned int d)
{
	return kind >> digits[d].shift & (digits[d].levels - 1);
}

static unsigned int kind_number(const struct kind *k)
{
	unsigned int n = 0;

	for (unsigned int d = 0; d < DIMS; d++)
		n |= (unsigned int)k->dim[d] << digits[d].shift;
	return n;
}

static struct kind kind_of(unsigned int n)
{
	struct kind k;

	for (unsigned int d = 0; d < DIMS; d++)
		k.dim[d] = digit(n, d);
	return k;
}

/* Whether all masks of @k are within those of @of. */
static bool kind_within(const struct kind *k, const struct kind *of)
{
	for (unsigned int i = 0; i < DIMS; i++)
		if (k->dim[i] > of->dim[i])
			return false;
	return true;
}

static const uint8_t *levels_of(const struct builder *b)
{
	return b->plan->family == FAMILY_IPV4 ? levels4 : levels6;
}

static unsigned int level_of(const struct builder *b, unsigned int bits)
{
	const uint8_t *levels = levels_of(b);
	unsigned int level = LEVELS - 1;

	while (levels[level] > bits)
		level--;
	return level;
}

static unsigned int kind_of_key(const struct builder *b,
				const struct engine_key *k)
{
	struct kind kind = {{
		level_of(b, k->sbits),
		level_of(b, k->dbits),
		k->has_proto,
		k->sport[0] == k->sport[1],
		k->dport[0] == k->dport[1],
		(k->ifaces & ENGINE_IIF) != 0,
		(k->ifaces & ENGINE_OIF) != 0,
	}};

	return kind_number(&kind);
}

/* ---- hashing, as in engine.bpf.h ---- */

static void mask_of(const struct builder *b, unsigned int level,
		    uint8_t mask[16])
{
	unsigned int bits = levels_of(b)[level];

	memset(mask, 0, 16);
	for (unsigned int i = 0; i < bits && bits <= 128; i++)
		mask[i / 8] |= 0x80 >> i % 8;
}

/* 64-bit words of both addresses. */
static unsigned int addr_words(const struct builder *b)
{
	return b->plan->family == FAMILY_IPV4 ? 1 : 4;
}

static void pack_addrs(const struct builder *b, const uint8_t *s,
		       const uint8_t *d, uint64_t out[4])
{
	uint32_t s4, d4;

	if (b->plan->family == FAMILY_IPV4) {
		memcpy(&s4, s, sizeof(s4));
		memcpy(&d4, d, sizeof(d4));
		out[0] = s4 | (uint64_t)d4 << 32;
	} else {
		memcpy(out, s, 16);
		memcpy(out + 2, d, 16);
	}
}

struct masks {
	uint64_t addrs[4]; /* IPv4: one, of saddr and daddr << 32 */
	uint64_t rest;
	uint32_t ifaces;
};

static struct masks masks_of(const struct builder *b, const struct kind *k)
{
	struct masks m = {
		.rest = (k->dim[SPORT] ? 0xffffu : 0) |
			(k->dim[DPORT] ? 0xffff0000u : 0) |
			(k->dim[PROTO] ? 0xffffULL << 32 : 0),
		.ifaces = (k->dim[IIF] ? ENGINE_IIF : 0) |
			  (k->dim[OIF] ? ENGINE_OIF : 0),
	};
	uint8_t s[16], d[16];

	mask_of(b, k->dim[SADDR], s);
	mask_of(b, k->dim[DADDR], d);
	pack_addrs(b, s, d, m.addrs);
	return m;
}

uint64_t engine_mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static uint64_t hash_of(const struct builder *b, const struct masks *m,
			const struct engine_key *k)
{
	uint64_t h = 0, addrs[4], rest = (uint64_t)k->proto << 32;

	rest |= k->sport[0] | (uint32_t)k->dport[0] << 16;
	pack_addrs(b, k->saddr, k->daddr, addrs);
	for (unsigned int i = 0; i < addr_words(b); i++)
		h = engine_mix(h, addrs[i] & m->addrs[i]);
	if (m->ifaces)
		h = engine_mix(h, (m->ifaces & ENGINE_IIF ? k->iif : 0) |
					  (m->ifaces & ENGINE_OIF
						   ? (uint64_t)k->oif << 32
						   : 0));
	return engine_mix(h, rest & m->rest);
}

/* ---- choosing the next table ---- */

/* Buckets for @n entries; -ENOMEM, or 0 with all counts 0. */
static int reset_counts(struct builder *b, uint32_t n, uint32_t *hash)
{
	size_t size = 2;
	uint32_t *c;

	while (size < 2ULL * n)
		size *= 2;
	if (size > b->room) {
		c = realloc(b->count, size * sizeof(*c));
		if (!c)
			return -ENOMEM;
		b->count = c;
		b->room = size;
	}
	memset(b->count, 0, size * sizeof(*b->count));
	*hash = size - 1;
	return 0;
}

/*
 * How many of the rules left fit into a table of kind @k, @n of which have its
 * masks, with at most @limit a bucket. Their hashes are noted.
 */
static int try_kind(struct builder *b, const struct kind *k, uint32_t n,
		    uint32_t limit, uint32_t *hash)
{
	struct masks m = masks_of(b, k);
	int taken = 0;

	if (reset_counts(b, n, hash))
		return -ENOMEM;
	for (uint32_t i = 0; i < b->nleft; i++) {
		struct item *it = &b->item[b->left[i]];
		struct kind own = kind_of(it->kind);
		uint32_t *count;

		if (!kind_within(k, &own))
			continue;
		it->hash = hash_of(b, &m, &b->keys.key[b->left[i]]);
		count = &b->count[it->hash & *hash];
		if (*count < limit) {
			++*count;
			taken++;
		}
	}
	return taken;
}

struct candidate {
	struct kind kind;
	uint32_t n; /* rules left that have its masks */
};

static int by_promise(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return memcmp(&y->kind, &x->kind, sizeof(x->kind));
}

/* The next kind along @d; KINDS: there is none. */
static unsigned int next_kind(unsigned int k, unsigned int d)
{
	return digit(k, d) + 1 < digits[d].levels ? k + (1u << digits[d].shift)
						  : KINDS;
}

/* @of[k]: how many of the rules left have the masks of kind k, or more. */
static void count_kinds(const struct builder *b, uint32_t of[KINDS])
{
	memset(of, 0, KINDS * sizeof(*of));
	for (uint32_t i = 0; i < b->nleft; i++)
		of[b->item[b->left[i]].kind]++;
	for (unsigned int d = 0; d < DIMS; d++)
		for (unsigned int k = KINDS; k--;)
			if (next_kind(k, d) != KINDS)
				of[k] += of[next_kind(k, d)];
}

/*
 * Kinds that some rule could be in; of two that the same rules could be in,
 * only the more specific.
 */
static unsigned int list_all(const struct builder *b, struct candidate *out)
{
	uint32_t of[KINDS];
	unsigned int n = 0;

	count_kinds(b, of);
	for (unsigned int k = 0; k < KINDS; k++) {
		bool better = !of[k];

		for (unsigned int d = 0; d < DIMS && !better; d++)
			better = next_kind(k, d) != KINDS &&
				 of[next_kind(k, d)] == of[k];
		if (!better)
			out[n++] = (struct candidate){kind_of(k), of[k]};
	}
	return n;
}

/* With few rules left: the kinds that they have, and what two of them have in
 * common. */
#define FEW	  256
#define FEW_KINDS 16

static unsigned int meet(unsigned int a, unsigned int b)
{
	unsigned int n = 0;

	for (unsigned int d = 0; d < DIMS; d++) {
		unsigned int x = digit(a, d), y = digit(b, d);

		n |= (x < y ? x : y) << digits[d].shift;
	}
	return n;
}

static bool is_listed(const struct candidate *c, unsigned int n,
		      const struct kind *k)
{
	for (unsigned int i = 0; i < n; i++)
		if (!memcmp(&c[i].kind, k, sizeof(*k)))
			return true;
	return false;
}

/* 0: they are of too many kinds. */
static unsigned int list_few(const struct builder *b, struct candidate *out)
{
	unsigned int own[FEW_KINDS], count[FEW_KINDS], m = 0, n = 0;

	for (uint32_t i = 0; i < b->nleft; i++) {
		unsigned int kind = b->item[b->left[i]].kind, k = 0;

		while (k < m && own[k] != kind)
			k++;
		if (k == FEW_KINDS)
			return 0;
		if (k == m) {
			own[m] = kind;
			count[m++] = 0;
		}
		count[k]++;
	}
	for (unsigned int i = 0; i < m; i++) {
		for (unsigned int j = i; j < m; j++) {
			struct kind kind = kind_of(meet(own[i], own[j]));

			if (is_listed(out, n, &kind))
				continue;
			out[n] = (struct candidate){.kind = kind};
			for (unsigned int k = 0; k < m; k++) {
				struct kind of = kind_of(own[k]);

				if (kind_within(&kind, &of))
					out[n].n += count[k];
			}
			n++;
		}
	}
	return n;
}

static unsigned int list_candidates(const struct builder *b,
				    struct candidate *out)
{
	unsigned int n = b->nleft <= FEW ? list_few(b, out) : 0;

	if (!n)
		n = list_all(b, out);
	qsort(out, n, sizeof(*out), by_promise);
	return n;
}

/* The best next table for at most @limit entries a bucket, 0 or -ENOMEM. */
static int choose(struct builder *b, uint32_t limit, struct candidate *best,
		  int *taken)
{
	struct candidate c[KINDS];
	unsigned int n = list_candidates(b, c);
	uint32_t hash;

	*taken = 0;
	for (unsigned int i = 0; i < n && c[i].n > (uint32_t)*taken; i++) {
		int t = try_kind(b, &c[i].kind, c[i].n, limit, &hash);

		if (t < 0)
			return t;
		if (t > *taken) {
			*taken = t;
			*best = c[i];
		}
	}
	return 0;
}

/* ---- making a table ---- */

/* Moves the keys that fit from those left to @out, by index. */
static uint32_t take(struct builder *b, const struct candidate *c,
		     uint32_t limit, uint32_t hash, struct engine_hashed *out)
{
	uint32_t kept = 0, n = 0;

	memset(b->count, 0, (hash + 1ULL) * sizeof(*b->count));
	for (uint32_t i = 0; i < b->nleft; i++) {
		uint32_t key = b->left[i];
		struct kind own = kind_of(b->item[key].kind);
		uint32_t *count = &b->count[b->item[key].hash & hash];

		if (!kind_within(&c->kind, &own) || *count == limit) {
			b->left[kept++] = key;
			continue;
		}
		++*count;
		out[n++] = (struct engine_hashed){b->item[key].hash, key};
	}
	b->nleft = kept;
	return n;
}

/*
 * What is but a little more than fits is not worth a table of its own: mostly
 * they are different hashes that meet in one bucket.
 */
#define FEW_LEFT    32
#define BUCKET_MORE 3

/* Moves the rules that fit from the list of those left into a table. */
static int make_table(struct builder *b, const struct candidate *c,
		      uint32_t limit)
{
	struct engine_rules rules = {b->plan, b->chain, b->run, &b->keys};
	uint32_t hash, n;
	int taken = try_kind(b, &c->kind, c->n, limit, &hash), ret;
	struct engine_hashed *order;
	struct probe *t, *tables;

	tables = realloc(b->table, (b->ntables + 1) * sizeof(*tables));
	if (tables)
		b->table = tables;
	order = malloc((c->n + 1ULL) * sizeof(*order));
	if (taken < 0 || !tables || !order) {
		free(order);
		return -ENOMEM;
	}
	t = &tables[b->ntables++];
	*t = (struct probe){.kind = c->kind};
	if ((c->n - taken) * FEW_LEFT <= (uint32_t)taken)
		limit += BUCKET_MORE;
	n = take(b, c, limit, hash, order);
	t->first = b->keys.index[order[0].key];
	t->last = b->keys.index[order[n - 1].key];
	ret = engine_write_lines(&rules, order, n, &t->at);
	free(order);
	return ret;
}

/* ---- one run ---- */

static int by_first(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int write_tables(struct builder *b)
{
	const struct plan_rule *rules = b->chain->rules + b->run->first;
	unsigned int stride = ENGINE_TABLE_WORDS(b->plan->family);
	uint32_t at =
		engine_add_words(b->plan, (b->ntables + 1) * (size_t)stride);

	if (!at)
		return -ENOMEM;
	b->run->at = at;
	qsort(b->table, b->ntables, sizeof(*b->table), by_first);
	for (unsigned int i = 0; i < b->ntables; i++, at += stride) {
		const struct probe *t = &b->table[i];
		struct masks m = masks_of(b, &t->kind);
		uint32_t *w = b->plan->words + at;

		w[TABLE_FIRST] = rules[t->first].counter;
		w[TABLE_LAST] = rules[t->last].counter;
		w[TABLE_LINES] = t->at.lines;
		w[TABLE_NLINES] = t->at.nlines;
		w[TABLE_BITS] = t->at.bits;
		w[TABLE_MASK] = t->at.mask;
		w[TABLE_IFACES] = m.ifaces;
		memcpy(w + TABLE_REST, &m.rest, sizeof(m.rest));
		memcpy(w + TABLE_ADDRS, m.addrs,
		       addr_words(b) * sizeof(*m.addrs));
	}
	b->plan->words[at + TABLE_FIRST] = UINT32_MAX;
	return 0;
}

static int fill_tables(struct builder *b)
{
	uint32_t limit = BUCKET_LIMIT;
	struct engine_rules rules = {b->plan, b->chain, b->run, &b->keys};
	struct candidate best = {.n = 0};
	int taken, ret = 0;

	if (b->nleft <= LIST_LIMIT)
		return engine_write_list(&rules, b->left, b->nleft,
					 &b->run->at);
	while (b->nleft && !ret) {
		ret = choose(b, limit, &best, &taken);
		if (ret)
			break;
		if ((uint32_t)taken * 8 < b->nleft)
			limit *= 2;
		else
			ret = make_table(b, &best, limit);
	}
	return ret ? ret : write_tables(b);
}

static int read_rules(struct builder *b, struct engine_conds *conds)
{
	const struct plan_rule *r = b->chain->rules + b->run->first;
	int ret = 0;

	for (unsigned int i = 0; i < b->run->n && !ret; i++)
		ret = engine_add_keys(b->plan, conds, &r[i], i, &b->keys);
	if (ret)
		return ret;
	b->item = calloc(b->keys.n + 1, sizeof(*b->item));
	b->left = calloc(b->keys.n + 1, sizeof(*b->left));
	if (!b->item || !b->left)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->keys.n; i++) {
		b->item[i].kind = kind_of_key(b, &b->keys.key[i]);
		b->left[b->nleft++] = i;
	}
	return 0;
}

int engine_build_run(struct plan *p, const struct plan_chain *c,
		     struct engine_run *run, struct engine_conds *conds)
{
	struct builder b = {.plan = p, .chain = c, .run = run};
	int ret = read_rules(&b, conds);

	if (!ret) {
		engine_release_preds(p, c, run);
		ret = fill_tables(&b);
	}
	if (!ret && run->id >= 0)
		p->words[ENGINE_RUN_WORD(p->family) + run->id] = run->at;
	free(b.keys.key);
	free(b.keys.index);
	free(b.item);
	free(b.left);
	free(b.table);
	free(b.count);
	return ret;
}
