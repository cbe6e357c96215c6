// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/expr.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "translate/nlwrite.h"

struct expr_nest expr_begin(struct buf *b, const char *name)
{
	struct expr_nest n;

	n.elem = nlw_nest(b, NFTA_LIST_ELEM);
	nlw_str(b, NFTA_EXPR_NAME, name);
	n.data = nlw_nest(b, NFTA_EXPR_DATA);
	return n;
}

/* Each nest but the compat ones is short; those are checked by the rule's own
 * nest. */
void expr_end(struct buf *b, struct expr_nest n)
{
	nlw_nest_end(b, n.data);
	nlw_nest_end(b, n.elem);
}

static void put_value(struct buf *b, uint16_t type, const void *data,
		      size_t len)
{
	size_t nest = nlw_nest(b, type);

	nlw_put(b, NFTA_DATA_VALUE, data, len);
	nlw_nest_end(b, nest);
}

void expr_meta(struct buf *b, uint32_t key)
{
	struct expr_nest n = expr_begin(b, "meta");

	nlw_u32(b, NFTA_META_KEY, key);
	nlw_u32(b, NFTA_META_DREG, NFT_REG_1);
	expr_end(b, n);
}

void expr_payload(struct buf *b, uint32_t base, uint32_t offset, uint32_t len)
{
	struct expr_nest n = expr_begin(b, "payload");

	nlw_u32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nlw_u32(b, NFTA_PAYLOAD_BASE, base);
	nlw_u32(b, NFTA_PAYLOAD_OFFSET, offset);
	nlw_u32(b, NFTA_PAYLOAD_LEN, len);
	expr_end(b, n);
}

void expr_bitwise(struct buf *b, const void *mask, size_t len)
{
	static const unsigned char zero[NFT_REG_SIZE];
	struct expr_nest n = expr_begin(b, "bitwise");

	nlw_u32(b, NFTA_BITWISE_SREG, NFT_REG_1);
	nlw_u32(b, NFTA_BITWISE_DREG, NFT_REG_1);
	nlw_u32(b, NFTA_BITWISE_LEN, (uint32_t)len);
	put_value(b, NFTA_BITWISE_MASK, mask, len);
	put_value(b, NFTA_BITWISE_XOR, zero, len);
	expr_end(b, n);
}

void expr_cmp(struct buf *b, uint32_t op, const void *data, size_t len)
{
	struct expr_nest n = expr_begin(b, "cmp");

	nlw_u32(b, NFTA_CMP_SREG, NFT_REG_1);
	nlw_u32(b, NFTA_CMP_OP, op);
	put_value(b, NFTA_CMP_DATA, data, len);
	expr_end(b, n);
}

void expr_range(struct buf *b, uint32_t op, const void *from, const void *to,
		size_t len)
{
	struct expr_nest n = expr_begin(b, "range");

	nlw_u32(b, NFTA_RANGE_SREG, NFT_REG_1);
	nlw_u32(b, NFTA_RANGE_OP, op);
	put_value(b, NFTA_RANGE_FROM_DATA, from, len);
	put_value(b, NFTA_RANGE_TO_DATA, to, len);
	expr_end(b, n);
}

void expr_counter(struct buf *b, uint64_t packets, uint64_t bytes)
{
	struct expr_nest n = expr_begin(b, "counter");

	nlw_u64(b, NFTA_COUNTER_BYTES, bytes);
	nlw_u64(b, NFTA_COUNTER_PACKETS, packets);
	expr_end(b, n);
}

void expr_verdict(struct buf *b, int32_t verdict, const char *chain)
{
	struct expr_nest n = expr_begin(b, "immediate");
	size_t data, nest;

	nlw_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nlw_nest(b, NFTA_IMMEDIATE_DATA);
	nest = nlw_nest(b, NFTA_DATA_VERDICT);
	nlw_u32(b, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		nlw_str(b, NFTA_VERDICT_CHAIN, chain);
	nlw_nest_end(b, nest);
	nlw_nest_end(b, data);
	expr_end(b, n);
}

void expr_compat(struct buf *b, const char *kind, const struct ext *e)
{
	struct expr_nest n = expr_begin(b, kind);

	/* NFTA_TARGET_* have the same numbers as NFTA_MATCH_*. */
	nlw_str(b, NFTA_MATCH_NAME, e->name);
	nlw_u32(b, NFTA_MATCH_REV, e->revision);
	nlw_put(b, NFTA_MATCH_INFO, e->data, e->size);
	expr_end(b, n);
}
