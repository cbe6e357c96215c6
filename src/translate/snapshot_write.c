// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of a snapshot: building them, and their checksums. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "translate/snapshot.h"
#include "translate/snapshot_format.h"

/* Larger ones are not worth the memory that /run is. */
#define MAX_RECORD (256u << 20)

/* A 64-bit multiply-and-fold over words; against damage, not against malice:
 * who can write there is root. @len is a multiple of 8. */
static uint64_t checksum(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t w;

	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * 0x9fb21c651e98df25ULL;
		h ^= h >> 29;
	}
	return h;
}

uint64_t snap_index_sum(const struct snap_header *h, const void *index)
{
	struct snap_header copy = *h;

	copy.index_sum = 0;
	return checksum(checksum(SNAP_MAGIC, &copy, sizeof(copy)), index,
			(size_t)h->index_len);
}

uint64_t snap_rules_sum(const struct snap_header *h, const void *rules)
{
	return checksum(h->world, rules, (size_t)h->rules_len);
}

void snap_record_free(struct snap_record *r)
{
	buf_free(&r->index);
	buf_free(&r->rules);
	delta_free(&r->delta);
	memset(r, 0, sizeof(*r));
}

static void put_op(struct snap_record *r, enum snap_op_type type,
		   const struct snap_place *at, enum nft_where where,
		   uint64_t ref)
{
	struct snap_op op = {
		.type = (uint8_t)type,
		.family = (uint8_t)at->family,
		.where = (uint8_t)where,
		.ref = ref,
	};

	if (snprintf(op.table, sizeof(op.table), "%s", at->table) >=
		    (int)sizeof(op.table) ||
	    snprintf(op.chain, sizeof(op.chain), "%s",
		     at->chain ? at->chain : "") >= (int)sizeof(op.chain))
		r->failed = true;
	r->op = r->index.len;
	buf_add(&r->index, &op, sizeof(op));
}

void snap_reset(struct snap_record *r, enum family family, const char *table)
{
	const struct snap_place at = {family, table, NULL};

	put_op(r, SNAP_RESET, &at, NFT_APPEND, 0);
}

void snap_flush(struct snap_record *r, const struct snap_place *at)
{
	put_op(r, SNAP_FLUSH, at, NFT_APPEND, 0);
}

void snap_delete(struct snap_record *r, const struct snap_place *at,
		 uint64_t handle)
{
	put_op(r, SNAP_DELETE, at, NFT_APPEND, handle);
}

/* Whether the last operation appends to the same chain. */
static bool continues(const struct snap_record *r, const struct snap_place *at,
		      enum nft_where where)
{
	const struct snap_op *op = (const void *)(r->index.data + r->op);

	return where == NFT_APPEND && r->index.len && !r->index.failed &&
	       op->type == SNAP_ADD && op->where == NFT_APPEND &&
	       op->family == at->family && !strcmp(op->table, at->table) &&
	       !strcmp(op->chain, at->chain);
}

static int pack(struct snap_record *r, const struct snap_content *rule)
{
	if (rule->exprs_len > DELTA_MAX_LEN || rule->udata_len > UINT16_MAX)
		return -EOVERFLOW;
	if (rule->exprs_len &&
	    delta_put(&r->delta, &r->rules, rule->exprs, rule->exprs_len))
		return -ENOMEM;
	return rule->udata_len ? delta_put(&r->delta, &r->rules, rule->udata,
					   rule->udata_len)
			       : 0;
}

void snap_add(struct snap_record *r, const struct snap_place *at,
	      enum nft_where where, uint64_t ref,
	      const struct snap_content *rule)
{
	struct snap_rule entry = {
		.handle = rule->handle,
		.sketch = rule->sketch,
		.exprs_len = (uint32_t)rule->exprs_len,
		.udata_len = (uint16_t)rule->udata_len,
	};
	size_t start = r->rules.len;
	struct snap_op *op;

	if (r->failed)
		return;
	if (pack(r, rule)) {
		r->failed = true;
		return;
	}
	entry.packed_len = (uint32_t)(r->rules.len - start);
	if (!continues(r, at, where))
		put_op(r, SNAP_ADD, at, where, ref);
	buf_add(&r->index, &entry, sizeof(entry));
	if (r->index.failed)
		return;
	op = (struct snap_op *)(void *)(r->index.data + r->op);
	op->n++;
}

static void pad(struct buf *b)
{
	static const char zeros[8];

	buf_add(b, zeros, (8 - b->len % 8) % 8);
}

int snap_record_end(struct snap_record *r, uint64_t world, uint32_t from,
		    uint32_t to, struct buf *out)
{
	struct snap_header h = {
		.magic = SNAP_MAGIC,
		.world = world,
		.from = from,
		.to = to,
	};

	pad(&r->rules);
	if (r->failed || r->index.failed || r->rules.failed)
		return -ENOMEM;
	if (r->index.len + r->rules.len > MAX_RECORD)
		return -EOVERFLOW;
	h.index_len = r->index.len;
	h.rules_len = r->rules.len;
	h.rules_sum = snap_rules_sum(&h, r->rules.data);
	h.index_sum = snap_index_sum(&h, r->index.data);
	buf_add(out, &h, sizeof(h));
	if (r->index.len)
		buf_add(out, r->index.data, r->index.len);
	if (r->rules.len)
		buf_add(out, r->rules.data, r->rules.len);
	return out->failed ? -ENOMEM : 0;
}

uint32_t snap_next_generation(uint32_t gen)
{
	return gen + 1 ? gen + 1 : 1;
}
