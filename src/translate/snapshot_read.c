// SPDX-License-Identifier: GPL-2.0-or-later
/* Which records lead to a generation; searching them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translate/snapshot.h"
#include "translate/snapshot_format.h"

#define MAX_RECORDS (1u << 20)

static const struct snap_header *record_at(const unsigned char *data,
					   size_t len, size_t *size)
{
	const struct snap_header *h = (const void *)data;

	if (len < sizeof(*h) || h->magic != SNAP_MAGIC || h->index_len % 8 ||
	    h->rules_len % 8 || h->index_len > len || h->rules_len > len ||
	    h->index_len + h->rules_len > len - sizeof(*h))
		return NULL;
	*size = sizeof(*h) + (size_t)(h->index_len + h->rules_len);
	return h;
}

static unsigned int count_records(const unsigned char *data, size_t len)
{
	unsigned int n = 0;
	size_t size;

	for (; n < MAX_RECORDS && record_at(data, len, &size); n++) {
		data += size;
		len -= size;
	}
	return n;
}

/*
 * Per generation before the wanted one, how it came about; and what is said of
 * it as a whole.
 */
struct past {
	const struct snap_header *commit, *state;
	unsigned int more; /* further states, by index + 1 in all the records */
};

struct finder {
	struct past *past; /* [0]: the wanted generation */
	const struct snap_header **all;
	unsigned int *next; /* per record: the next state of its generation */
	unsigned int n;
};

static void sort_in(struct finder *f, const struct snap_header *h,
		    unsigned int i, uint32_t gen)
{
	uint32_t age = gen - h->to;
	struct past *p;

	if (age >= f->n)
		return;
	p = &f->past[age];
	if (h->from != h->to) {
		if (snap_next_generation(h->from) == h->to)
			p->commit = h;
		return;
	}
	f->next[i] = p->more;
	p->more = i + 1;
	p->state = h;
}

static void sort_all(struct finder *f, const unsigned char *data, size_t len,
		     uint64_t world, uint32_t gen)
{
	const struct snap_header *h;
	unsigned int i;
	size_t size;

	for (i = 0; i < f->n; i++) {
		h = record_at(data, len, &size);
		f->all[i] = h;
		if (h->world == world)
			sort_in(f, h, i, gen);
		data += size;
		len -= size;
	}
}

/* How far back commits follow each other without a gap. */
static unsigned int depth(const struct finder *f)
{
	unsigned int age = 0;

	while (age + 1 < f->n && f->past[age].commit)
		age++;
	/* The oldest may itself have come by a commit whose own past is not
	 * known. */
	return age;
}

static void collect(struct finder *f, struct snap *s)
{
	unsigned int age = depth(f), i;

	for (;; age--) {
		if (f->past[age].commit)
			s->rec[s->n++] = f->past[age].commit;
		for (i = f->past[age].more; i; i = f->next[i - 1])
			s->rec[s->n++] = f->all[i - 1];
		if (!age)
			break;
	}
}

int snap_open(struct snap *s, const void *data, size_t len, uint64_t world,
	      uint32_t gen)
{
	struct finder f = {.n = count_records(data, len)};
	int ret = -ENOMEM;

	memset(s, 0, sizeof(*s));
	if (!f.n)
		return -ESTALE;
	f.past = calloc(f.n, sizeof(*f.past));
	f.all = calloc(f.n, sizeof(*f.all));
	f.next = calloc(f.n, sizeof(*f.next));
	s->rec = calloc(f.n, sizeof(*s->rec));
	if (f.past && f.all && f.next && s->rec) {
		sort_all(&f, data, len, world, gen);
		collect(&f, s);
		ret = s->n ? 0 : -ESTALE;
	}
	free(f.past);
	free(f.all);
	free(f.next);
	if (ret)
		snap_close(s);
	return ret;
}

void snap_close(struct snap *s)
{
	free(s->rec);
	memset(s, 0, sizeof(*s));
}

void snap_copy_later(const void *data, size_t len, uint64_t world, uint32_t gen,
		     struct buf *out)
{
	const unsigned char *at = data;
	const struct snap_header *h;
	size_t size;

	while ((h = record_at(at, len, &size))) {
		if (h->world == world && h->from != h->to &&
		    (int32_t)(h->from - gen) >= 0)
			buf_add(out, at, size);
		at += size;
		len -= size;
	}
}

/* ---- one record ---- */

static const unsigned char *index_of(const struct snap_header *h)
{
	return (const unsigned char *)(h + 1);
}

const unsigned char *snap_rules(const struct snap_header *h)
{
	return index_of(h) + h->index_len;
}

void snap_first_op(struct snap_cursor *c, const struct snap_header *h)
{
	c->at = index_of(h);
	c->end = c->at + h->index_len;
}

bool snap_next_op(struct snap_cursor *c)
{
	size_t left = (size_t)(c->end - c->at), rules;

	if (left < sizeof(*c->op))
		return false;
	c->op = (const void *)c->at;
	c->at += sizeof(*c->op);
	left -= sizeof(*c->op);
	c->rules = (const void *)c->at;
	if (c->op->type != SNAP_ADD)
		return true;
	rules = (size_t)c->op->n * sizeof(*c->rules);
	if (rules > left)
		return false;
	c->at += rules;
	return true;
}

bool snap_check_index(const struct snap_header *h)
{
	return snap_index_sum(h, index_of(h)) == h->index_sum;
}

bool snap_check_rules(const struct snap_header *h)
{
	return snap_rules_sum(h, snap_rules(h)) == h->rules_sum;
}

/* ---- searching ---- */

struct search {
	const struct snap_place *at;
	uint32_t sketch;
	uint64_t *found;
	unsigned int n, max;
	bool knows, full;
};

static void forget(struct search *s, uint64_t handle)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (s->found[i] == handle) {
			s->found[i] = s->found[--s->n];
			return;
		}
}

static void search_rules(struct search *s, const struct snap_op *op,
			 const struct snap_rule *rules)
{
	uint32_t i;

	for (i = 0; i < op->n; i++) {
		if (rules[i].sketch != s->sketch)
			continue;
		if (s->n == s->max)
			s->full = true;
		else
			s->found[s->n++] = rules[i].handle;
	}
}

static void search_op(struct search *s, const struct snap_op *op,
		      const struct snap_rule *rules)
{
	if (op->family != s->at->family || strcmp(op->table, s->at->table))
		return;
	if (op->type == SNAP_RESET) {
		s->knows = true;
		s->full = false;
		s->n = 0;
		return;
	}
	if (strcmp(op->chain, s->at->chain))
		return;
	if (op->type == SNAP_FLUSH) {
		s->full = false;
		s->n = 0;
	} else if (op->type == SNAP_DELETE) {
		forget(s, op->ref);
	} else if (op->type == SNAP_ADD) {
		if (op->where == NFT_REPLACE)
			forget(s, op->ref);
		search_rules(s, op, rules);
	}
}

int snap_find(const struct snap *s, const struct snap_place *at,
	      uint32_t sketch, uint64_t *handles, unsigned int max)
{
	struct search search = {
		.at = at, .sketch = sketch, .found = handles, .max = max};
	struct snap_cursor c;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		if (!snap_check_index(s->rec[i]))
			return -EUCLEAN;
		for (snap_first_op(&c, s->rec[i]); snap_next_op(&c);)
			search_op(&search, c.op, c.rules);
		if (c.at != c.end)
			return -EUCLEAN;
	}
	if (!search.knows)
		return -ESTALE;
	return search.full ? -E2BIG : (int)search.n;
}
