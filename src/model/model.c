// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ruleset_init(struct ruleset *rs)
{
	rs->generation = 0;
	list_init(&rs->tables);
}

void chain_flush(struct chain *c)
{
	struct rule *r, *tmp;

	list_for_each_safe (r, tmp, &c->rules, struct rule, node)
		rule_free(r);
	list_init(&c->rules);
	c->nrules = 0;
}

static void chain_free(struct chain *c)
{
	chain_flush(c);
	free(c);
}

static void table_free(struct table *t)
{
	struct chain *c, *tmp;

	list_for_each_safe (c, tmp, &t->chains, struct chain, node)
		chain_free(c);
	free(t->index);
	free(t->incompatible);
	free(t);
}

void ruleset_remove_table(struct table *t)
{
	list_remove(&t->node);
	table_free(t);
}

void ruleset_clear(struct ruleset *rs)
{
	struct table *t, *tmp;

	list_for_each_safe (t, tmp, &rs->tables, struct table, node)
		table_free(t);
	ruleset_init(rs);
}

struct table *ruleset_find_table(const struct ruleset *rs, enum family family,
				 const char *name)
{
	struct table *t;

	list_for_each (t, &rs->tables, struct table, node)
		if (t->family == family && !strcmp(t->name, name))
			return t;
	return NULL;
}

struct rule *chain_find_rule(const struct chain *c, unsigned int num)
{
	struct rule *r;
	unsigned int n = 0;

	list_for_each (r, &c->rules, struct rule, node)
		if (!(r->flags & RULE_GUARD) && ++n == num)
			return r;
	return NULL;
}

unsigned int chain_visible_rules(const struct chain *c)
{
	struct rule *r;
	unsigned int n = 0;

	list_for_each (r, &c->rules, struct rule, node)
		n += !(r->flags & RULE_GUARD);
	return n;
}

struct table *ruleset_add_table(struct ruleset *rs, enum family family,
				const char *name)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->family = family;
	snprintf(t->name, sizeof(t->name), "%s", name);
	list_init(&t->chains);
	list_append(&rs->tables, &t->node);
	return t;
}

static struct ext *ext_clone(const struct ext *e)
{
	struct ext *copy = ext_new(e->name, e->revision, e->data, e->size);

	if (copy)
		copy->native = e->native;
	return copy;
}

struct rule *rule_new(void)
{
	struct rule *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	list_init(&r->node);
	list_init(&r->matches);
	return r;
}

void rule_free(struct rule *r)
{
	struct ext *m, *tmp;

	if (!r)
		return;
	list_for_each_safe (m, tmp, &r->matches, struct ext, node)
		free(m);
	free(r->target);
	free(r->raw);
	free(r);
}

void chain_append_rule(struct chain *c, struct rule *r)
{
	list_append(&c->rules, &r->node);
	c->nrules++;
}

void chain_insert_rule(struct chain *c, struct rule *r, struct rule *pos)
{
	list_insert_after(pos->node.prev, &r->node);
	c->nrules++;
}

void chain_remove_rule(struct chain *c, struct rule *r)
{
	list_remove(&r->node);
	c->nrules--;
	rule_free(r);
}

static struct rule_raw *raw_clone(const struct rule_raw *raw)
{
	size_t size = sizeof(*raw) + raw->exprs_len + raw->udata_len;
	struct rule_raw *copy = malloc(size);

	if (copy)
		memcpy(copy, raw, size);
	return copy;
}

struct rule *rule_clone(const struct rule *r)
{
	struct rule *copy = malloc(sizeof(*copy));
	struct ext *m, *n;

	if (!copy)
		return NULL;
	*copy = *r;
	copy->handle = 0;
	copy->id = 0;
	list_init(&copy->node);
	list_init(&copy->matches);
	copy->target = r->target ? ext_clone(r->target) : NULL;
	copy->raw = r->raw ? raw_clone(r->raw) : NULL;
	if ((r->target && !copy->target) || (r->raw && !copy->raw))
		goto fail;
	list_for_each (m, &r->matches, struct ext, node) {
		n = ext_clone(m);
		if (!n)
			goto fail;
		rule_add_match(copy, n);
	}
	return copy;
fail:
	rule_free(copy);
	return NULL;
}

struct ext *ext_new(const char *name, uint8_t revision, const void *data,
		    uint32_t size)
{
	struct ext *e = calloc(1, sizeof(*e) + size);

	if (!e)
		return NULL;
	list_init(&e->node);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->revision = revision;
	e->size = size;
	if (size)
		memcpy(e->data, data, size);
	return e;
}

void rule_add_match(struct rule *r, struct ext *match)
{
	list_append(&r->matches, &match->node);
}
