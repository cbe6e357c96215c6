// SPDX-License-Identifier: GPL-2.0-or-later
/* Applying the records of a snapshot, one after the other: what there is in
 * the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "translate/snapshot.h"
#include "translate/snapshot_format.h"

#define CHUNK	      (1u << 20)
#define CHAIN_BUCKETS 1024

/* Strings that all go at once. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	unsigned char data[];
};

struct node {
	struct list node; /* in chain.rules */
	struct node *same_bucket;
	struct state_chain *chain;
	struct snap_content rule;
};

struct state_chain {
	struct list node;
	struct state_chain *same_bucket;
	char name[MODEL_CHAIN_NAME_LEN + 3];
	struct list rules;
};

struct state_table {
	struct list node;
	enum family family;
	char name[MODEL_TABLE_NAME_LEN];
	bool known;
	struct list chains;
	struct state_chain *chain_bucket[CHAIN_BUCKETS]; /* by name */
	struct node **bucket;				 /* by handle */
	size_t buckets, nodes;
};

struct snap_state {
	struct list tables;
	struct chunk *chunks;
};

static void *take(struct snap_state *st, size_t len)
{
	struct chunk *c = st->chunks;
	size_t size;

	len = (len + 7) & ~(size_t)7;
	if (!c || c->size - c->used < len) {
		size = len > CHUNK ? len : CHUNK;
		c = malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		c->next = st->chunks;
		c->used = 0;
		c->size = size;
		st->chunks = c;
	}
	c->used += len;
	return c->data + c->used - len;
}

void snap_state_free(struct snap_state *st)
{
	struct state_chain *c, *ctmp;
	struct state_table *t, *ttmp;
	struct chunk *next;

	if (!st)
		return;
	list_for_each_safe (t, ttmp, &st->tables, struct state_table, node) {
		list_for_each_safe (c, ctmp, &t->chains, struct state_chain,
				    node)
			free(c);
		free(t->bucket);
		free(t);
	}
	for (; st->chunks; st->chunks = next) {
		next = st->chunks->next;
		free(st->chunks);
	}
	free(st);
}

static struct state_table *find_table(const struct snap_state *st,
				      enum family family, const char *name)
{
	struct state_table *t;

	list_for_each (t, &st->tables, struct state_table, node)
		if (t->family == family && !strcmp(t->name, name))
			return t;
	return NULL;
}

static struct state_table *get_table(struct snap_state *st,
				     const struct snap_op *op)
{
	struct state_table *t = find_table(st, op->family, op->table);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->family = op->family;
	memcpy(t->name, op->table, sizeof(t->name));
	list_init(&t->chains);
	list_append(&st->tables, &t->node);
	return t;
}

static struct state_chain **chain_bucket(struct state_table *t,
					 const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return &t->chain_bucket[h % CHAIN_BUCKETS];
}

static struct state_chain *get_chain(struct state_table *t, const char *name)
{
	struct state_chain **b = chain_bucket(t, name), *c;

	for (c = *b; c; c = c->same_bucket)
		if (!strcmp(c->name, name))
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	memcpy(c->name, name, sizeof(c->name));
	list_init(&c->rules);
	list_append(&t->chains, &c->node);
	c->same_bucket = *b;
	return *b = c;
}

/* ---- rules by handle ---- */

static struct node **bucket_of(const struct state_table *t, uint64_t handle)
{
	return &t->bucket[handle & (t->buckets - 1)];
}

static int grow(struct state_table *t)
{
	size_t size = t->buckets ? t->buckets * 2 : 64, i;
	struct node **old = t->bucket, *n, *next;
	size_t had = t->buckets;

	t->bucket = calloc(size, sizeof(*t->bucket));
	if (!t->bucket) {
		t->bucket = old;
		return -ENOMEM;
	}
	t->buckets = size;
	for (i = 0; i < had; i++)
		for (n = old[i]; n; n = next) {
			struct node **b = bucket_of(t, n->rule.handle);

			next = n->same_bucket;
			n->same_bucket = *b;
			*b = n;
		}
	free(old);
	return 0;
}

static struct node *find_rule(const struct state_table *t, uint64_t handle)
{
	struct node *n = t->buckets ? *bucket_of(t, handle) : NULL;

	while (n && n->rule.handle != handle)
		n = n->same_bucket;
	return n;
}

static int remember(struct state_table *t, struct node *n)
{
	struct node **b;

	if (t->nodes >= t->buckets && grow(t))
		return -ENOMEM;
	if (find_rule(t, n->rule.handle))
		return -EUCLEAN;
	b = bucket_of(t, n->rule.handle);
	n->same_bucket = *b;
	*b = n;
	t->nodes++;
	return 0;
}

static void drop_rule(struct state_table *t, struct node *n)
{
	struct node **at = bucket_of(t, n->rule.handle);

	while (*at != n)
		at = &(*at)->same_bucket;
	*at = n->same_bucket;
	t->nodes--;
	list_remove(&n->node);
}

static void flush_chain(struct state_table *t, struct state_chain *c)
{
	struct node *n, *tmp;

	list_for_each_safe (n, tmp, &c->rules, struct node, node)
		drop_rule(t, n);
}

static void reset_table(struct state_table *t)
{
	struct state_chain *c, *tmp;

	list_for_each_safe (c, tmp, &t->chains, struct state_chain, node)
		free(c);
	list_init(&t->chains);
	memset(t->chain_bucket, 0, sizeof(t->chain_bucket));
	if (t->buckets)
		memset(t->bucket, 0, t->buckets * sizeof(*t->bucket));
	t->nodes = 0;
	t->known = true;
}

/* ---- one operation ---- */

/* Where the packed rules of a record are read. */
struct unpack {
	struct delta delta;
	const unsigned char *at, *end;
};

static const void *unpack_string(struct snap_state *st, struct unpack *u,
				 size_t len, bool keep)
{
	const unsigned char *s;
	void *copy;

	if (!len)
		return NULL;
	s = delta_get(&u->delta, &u->at, u->end, len);
	copy = s && keep ? take(st, len) : NULL;
	if (copy)
		memcpy(copy, s, len);
	return keep ? copy : s;
}

/* The next rule; one that is not to be kept is only stepped over. */
static int unpack_rule(struct snap_state *st, struct unpack *u,
		       const struct snap_rule *r, bool keep,
		       struct snap_content *out)
{
	*out = (struct snap_content){
		.handle = r->handle,
		.sketch = r->sketch,
		.exprs_len = r->exprs_len,
		.udata_len = r->udata_len,
	};
	out->exprs = unpack_string(st, u, r->exprs_len, keep);
	if (r->exprs_len && !out->exprs)
		return -EUCLEAN;
	out->udata = unpack_string(st, u, r->udata_len, keep);
	return r->udata_len && !out->udata ? -EUCLEAN : 0;
}

/* Behind which element of c's list a rule goes; NULL: @op makes no sense. */
static struct list *position(struct state_table *t, struct state_chain *c,
			     const struct snap_op *op)
{
	struct list *before;
	struct node *ref;

	if (op->where == NFT_APPEND)
		return c->rules.prev;
	if (op->where == NFT_PREPEND)
		return &c->rules;
	ref = find_rule(t, op->ref);
	if (!ref || ref->chain != c)
		return NULL;
	if (op->where == NFT_AFTER_HANDLE)
		return &ref->node;
	if (op->where == NFT_BEFORE_HANDLE)
		return ref->node.prev;
	if (op->where != NFT_REPLACE)
		return NULL;
	before = ref->node.prev;
	drop_rule(t, ref);
	return before;
}

static int insert(struct snap_state *st, struct state_table *t,
		  struct state_chain *c, const struct snap_content *rule,
		  struct list **after)
{
	struct node *n = take(st, sizeof(*n));
	int ret;

	if (!n)
		return -ENOMEM;
	n->rule = *rule;
	n->chain = c;
	ret = remember(t, n);
	if (ret)
		return ret;
	list_insert_after(*after, &n->node);
	*after = &n->node;
	return 0;
}

static int apply_add(struct snap_state *st, struct state_table *t,
		     const struct snap_cursor *at, struct unpack *u, bool skip)
{
	struct state_chain *c = NULL;
	struct snap_content rule;
	struct list *after = NULL;
	uint32_t i;
	int ret = 0;

	if (!skip) {
		c = get_chain(t, at->op->chain);
		after = c ? position(t, c, at->op) : NULL;
		if (!after)
			return c ? -EUCLEAN : -ENOMEM;
	}
	for (i = 0; i < at->op->n && !ret; i++) {
		ret = unpack_rule(st, u, &at->rules[i], !skip, &rule);
		if (!ret && !skip)
			ret = insert(st, t, c, &rule, &after);
	}
	return ret;
}

static int apply_delete(struct state_table *t, const struct snap_op *op)
{
	struct node *n = find_rule(t, op->ref);

	if (!n || strcmp(n->chain->name, op->chain))
		return -EUCLEAN;
	drop_rule(t, n);
	return 0;
}

/* @skip: a later operation empties the table anyway. */
static int apply(struct snap_state *st, const struct snap_cursor *at,
		 struct unpack *u, bool skip)
{
	struct state_table *t = get_table(st, at->op);
	struct state_chain *c;

	if (!t)
		return -ENOMEM;
	skip |= !t->known && at->op->type != SNAP_RESET;
	if (at->op->type == SNAP_ADD)
		return apply_add(st, t, at, u, skip);
	if (skip)
		return 0;
	if (at->op->type == SNAP_RESET) {
		reset_table(t);
		return 0;
	}
	if (at->op->type == SNAP_DELETE)
		return apply_delete(t, at->op);
	if (at->op->type != SNAP_FLUSH)
		return -EUCLEAN;
	c = get_chain(t, at->op->chain);
	if (!c)
		return -ENOMEM;
	flush_chain(t, c);
	return 0;
}

/* ---- all of them ---- */

/* Numbers of operations, counted over all records: what is before the last
 * reset of its table need not be kept. */
struct resets {
	struct {
		const struct snap_op *op;
		uint64_t at;
	} last[32];
	unsigned int n;
};

static bool same_table(const struct snap_op *a, const struct snap_op *b)
{
	return a->family == b->family && !strcmp(a->table, b->table);
}

static uint64_t last_reset(const struct resets *r, const struct snap_op *op)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (same_table(r->last[i].op, op))
			return r->last[i].at;
	return 0;
}

static void note_reset(struct resets *r, const struct snap_op *op, uint64_t at)
{
	unsigned int i = 0;

	while (i < r->n && !same_table(r->last[i].op, op))
		i++;
	if (i == sizeof(r->last) / sizeof(r->last[0]))
		return;
	r->last[i].op = op;
	r->last[i].at = at;
	if (i == r->n)
		r->n++;
}

static bool names_end(const struct snap_op *op)
{
	return memchr(op->table, 0, sizeof(op->table)) &&
	       memchr(op->chain, 0, sizeof(op->chain));
}

/* Also whether all records can be read. */
static int find_resets(const struct snap *s, struct resets *r)
{
	struct snap_cursor c;
	uint64_t number = 0;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < s->n; i++) {
		if (!snap_check_index(s->rec[i]) ||
		    !snap_check_rules(s->rec[i]))
			return -EUCLEAN;
		for (snap_first_op(&c, s->rec[i]); snap_next_op(&c);) {
			number++;
			if (!names_end(c.op))
				return -EUCLEAN;
			if (c.op->type == SNAP_RESET)
				note_reset(r, c.op, number);
		}
		if (c.at != c.end)
			return -EUCLEAN;
	}
	return 0;
}

static int apply_record(struct snap_state *st, const struct snap_header *h,
			const struct resets *resets, uint64_t *number)
{
	struct unpack u = {.at = snap_rules(h)};
	struct snap_cursor c;
	int ret = 0;

	u.end = u.at + h->rules_len;
	for (snap_first_op(&c, h); !ret && snap_next_op(&c);)
		ret = apply(st, &c, &u, ++*number < last_reset(resets, c.op));
	delta_free(&u.delta);
	return ret;
}

int snap_replay(const struct snap *s, struct snap_state **out)
{
	struct snap_state *st;
	struct resets resets;
	uint64_t number = 0;
	unsigned int i;
	int ret = find_resets(s, &resets);

	if (ret)
		return ret;
	st = calloc(1, sizeof(*st));
	if (!st)
		return -ENOMEM;
	list_init(&st->tables);
	for (i = 0; i < s->n && !ret; i++)
		ret = apply_record(st, s->rec[i], &resets, &number);
	if (ret)
		snap_state_free(st);
	else
		*out = st;
	return ret;
}

bool snap_state_knows(const struct snap_state *st, enum family family,
		      const char *table)
{
	const struct state_table *t = find_table(st, family, table);

	return t && t->known;
}

int snap_state_each(const struct snap_state *st, enum family family,
		    const char *table, snap_rule_cb cb, void *arg)
{
	const struct state_table *t = find_table(st, family, table);
	struct state_chain *c;
	struct node *n;
	int ret;

	if (!t)
		return 0;
	list_for_each (c, &t->chains, struct state_chain, node)
		list_for_each (n, &c->rules, struct node, node) {
			ret = cb(c->name, &n->rule, arg);
			if (ret)
				return ret;
		}
	return 0;
}

void snap_state_write(const struct snap_state *st, struct snap_record *r)
{
	struct state_table *t;
	struct state_chain *c;
	struct node *n;

	list_for_each (t, &st->tables, struct state_table, node) {
		if (!t->known)
			continue;
		snap_reset(r, t->family, t->name);
		list_for_each (c, &t->chains, struct state_chain, node) {
			const struct snap_place at = {t->family, t->name,
						      c->name};

			list_for_each (n, &c->rules, struct node, node)
				snap_add(r, &at, NFT_APPEND, 0, &n->rule);
		}
	}
}
