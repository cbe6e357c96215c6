/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extensions that iptables-nft writes as native nft expressions. One
 * descriptor each, for encoding; decoding recognises their expressions
 * (decode_*.c) and asks native_new() for the structure the libxtables plugin
 * would have.
 */
#ifndef TRANSLATE_NATIVE_H
#define TRANSLATE_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/netfilter/xt_NFLOG.h>

#include "base/buf.h"
#include "model/model.h"

struct native_desc {
	const char *name;
	uint8_t revision; /* the plugin's that the structure belongs to */
	bool target;
	uint16_t size; /* XT_ALIGN of the kernel structure */
	const void
		*init; /* its defaults as the plugin sets them, NULL: zeros */
	uint16_t init_size; /* bytes of them */
	uint8_t proto;	    /* needs -p this in its native form, 0: nothing */
	/*
	 * Whether iptables-nft 1.8.9 writes @e natively; NULL: always.
	 * encode NULL: never, the descriptor is for decoding only.
	 */
	bool (*applies)(const struct ext *e);
	void (*encode)(struct buf *b, const struct ext *e);
	/*
	 * Turns the structure at @data into what decoding its expressions
	 * gives, where that is not the same. NULL: it always is.
	 */
	void (*read_back)(void *data);
};

/* The descriptor that encodes @e natively, NULL when @e goes through
 * nft_compat. */
const struct native_desc *native_find(const struct ext *e, bool target);

/* An extension of @desc with the plugin's defaults, marked native. NULL: out of
 * memory. */
struct ext *native_new(const struct native_desc *desc);

extern const struct native_desc native_tcp, native_udp, native_mark,
	native_limit, native_pkttype, native_icmp, native_icmp6, native_ttl,
	native_hl, native_comment, native_trace, native_nflog;

/* xt_limit's @avg (not 0) as @rate packets per @unit seconds. */
void native_limit_rate(uint32_t avg, uint64_t *rate, uint64_t *unit);

/*
 * NFLOG's data with room for nft's longer prefix: xt_nflog_info holds 63
 * characters, the log expression 127. NFLOG extensions of either size are
 * accepted everywhere.
 */
struct nflog_info_wide {
	uint32_t len;
	uint16_t group, threshold, flags, pad;
	char prefix[128];
} __attribute__((aligned(8)));

#endif
