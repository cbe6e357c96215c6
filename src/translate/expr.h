/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing single nft expressions (linux/netfilter/nf_tables.h), all through
 * register 1 as iptables-nft does. */
#ifndef TRANSLATE_EXPR_H
#define TRANSLATE_EXPR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/model.h"

/* An expression that is being written: offsets of its list element and of its
 * data. */
struct expr_nest {
	size_t elem, data;
};
/* All between the two lies in the expression's data. */
struct expr_nest expr_begin(struct buf *b, const char *name);
void expr_end(struct buf *b, struct expr_nest n);

/* reg = meta @key (NFT_META_*), or @len bytes at @offset of header @base
 * (NFT_PAYLOAD_*). */
void expr_meta(struct buf *b, uint32_t key);
void expr_payload(struct buf *b, uint32_t base, uint32_t offset, uint32_t len);
/* reg = reg & @mask; the mask is as it lies in the packet. */
void expr_bitwise(struct buf *b, const void *mask, size_t len);
/* reg @op (NFT_CMP_*, NFT_RANGE_*) @data, or what lies between @from and @to,
 * as they lie in the register: network byte order. */
void expr_cmp(struct buf *b, uint32_t op, const void *data, size_t len);
void expr_range(struct buf *b, uint32_t op, const void *from, const void *to,
		size_t len);
/* Its values to begin with. */
void expr_counter(struct buf *b, uint64_t packets, uint64_t bytes);
/* @chain: destination of a jump or goto, else NULL. */
void expr_verdict(struct buf *b, int32_t verdict, const char *chain);
/* nft_compat's "match" or "target". */
void expr_compat(struct buf *b, const char *kind, const struct ext *e);

#endif
