// SPDX-License-Identifier: GPL-2.0-or-later
/* A table's chains by name. Rulesets with ten thousand chains exist, and every
 * rule names one. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16

/* FNV-1a, over the part of a name that a chain can hold. */
static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (int i = 0; i < MODEL_CHAIN_NAME_LEN - 1 && name[i]; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h;
}

static struct chain **bucket(const struct table *t, const char *name)
{
	return &t->index[hash(name) & (t->index_size - 1)];
}

static void index_chain(struct table *t, struct chain *c)
{
	struct chain **head = bucket(t, c->name);

	c->same_bucket = *head;
	*head = c;
}

static void unindex_chain(struct table *t, struct chain *c)
{
	struct chain **at = bucket(t, c->name);

	while (*at != c)
		at = &(*at)->same_bucket;
	*at = c->same_bucket;
}

/* Keeps at least as many buckets as chains; the size is a power of two. */
static bool grow(struct table *t)
{
	uint32_t size = t->index_size ? t->index_size * 2 : FIRST_SIZE;
	struct chain **index, *c;

	if (t->nchains < t->index_size)
		return true;
	index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	free(t->index);
	t->index = index;
	t->index_size = size;
	list_for_each (c, &t->chains, struct chain, node)
		index_chain(t, c);
	return true;
}

struct chain *table_find_chain(const struct table *t, const char *name)
{
	struct chain *c;

	if (!t->index_size)
		return NULL;
	for (c = *bucket(t, name); c; c = c->same_bucket)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

struct chain *table_add_chain(struct table *t, const char *name)
{
	struct chain *c;

	if (!grow(t))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	snprintf(c->name, sizeof(c->name), "%s", name);
	list_init(&c->rules);
	list_append(&t->chains, &c->node);
	index_chain(t, c);
	t->nchains++;
	return c;
}

void table_remove_chain(struct table *t, struct chain *c)
{
	unindex_chain(t, c);
	list_remove(&c->node);
	t->nchains--;
	chain_flush(c);
	free(c);
}
