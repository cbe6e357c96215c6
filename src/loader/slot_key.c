// SPDX-License-Identifier: GPL-2.0-or-later
/* By what a counter's rule, chain and table are known again. */
#include <string.h>

#include "loader/hash.h"
#include "loader/slot.h"

uint64_t slot_table_key(enum family family, const char *table)
{
	uint64_t h = hash_add(HASH_INIT, &(uint8_t){family}, 1);

	return hash_add(h, table, strlen(table) + 1);
}

uint64_t slot_chain_key(enum family family, const char *table,
			const char *chain)
{
	return hash_add(slot_table_key(family, table), chain,
			strlen(chain) + 1);
}

/* Eight bytes at a time: all rules are hashed at each sync and listing. */
static uint64_t hash_content(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t w;

	while (len) {
		size_t n = len < sizeof(w) ? len : sizeof(w);

		w = len;
		memcpy(&w, p, n);
		h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
		p += n;
		len -= n;
	}
	return h;
}

static uint64_t hash_ext(uint64_t h, const struct ext *e)
{
	h = hash_content(h, e->name, strlen(e->name) + 1);
	h = hash_content(h, &e->revision, sizeof(e->revision));
	h = hash_content(h, &e->size, sizeof(e->size));
	return hash_content(h, e->data, e->size);
}

/* Field by field: padding and what lies behind a string's end are not content.
 */
static uint64_t hash_core(uint64_t h, const struct core_match *c)
{
	const uint8_t small[] = {c->iif_len, c->oif_len, c->has_iif,
				 c->has_oif, c->frag,	 c->inv};

	h = hash_content(h, &c->src, sizeof(c->src));
	h = hash_content(h, &c->dst, sizeof(c->dst));
	h = hash_content(h, &c->smsk, sizeof(c->smsk));
	h = hash_content(h, &c->dmsk, sizeof(c->dmsk));
	h = hash_content(h, c->iif, strnlen(c->iif, sizeof(c->iif)));
	h = hash_content(h, c->oif, strnlen(c->oif, sizeof(c->oif)));
	h = hash_content(h, &c->proto, sizeof(c->proto));
	return hash_content(h, small, sizeof(small));
}

uint64_t slot_rule_hash(const struct rule *r)
{
	uint64_t h = hash_core(HASH_INIT, &r->core);
	const struct ext *e;
	uint8_t action = r->action;

	list_for_each (e, &r->matches, struct ext, node)
		h = hash_ext(h, e);
	h = hash_content(h, &action, 1);
	h = hash_content(h, r->chain, strlen(r->chain) + 1);
	if (r->action == ACTION_TARGET && r->target)
		h = hash_ext(h, r->target);
	return h ? h : 1;
}
