/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder's insides. Expressions are replayed over a model of nft's
 * registers; a comparison is understood from what its register was loaded with.
 */
#ifndef TRANSLATE_DECODE_H
#define TRANSLATE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"
#include "translate/codec.h"
#include "translate/native.h"
#include "translate/nlread.h"

#define DECODE_REGS 16 /* 32-bit data registers */

enum reg_source { REG_UNKNOWN, REG_META, REG_PAYLOAD, REG_IMMEDIATE };

struct reg {
	enum reg_source source;
	uint8_t words;	       /* how many 32-bit registers the value covers */
	uint8_t len;	       /* bytes of it */
	uint32_t key;	       /* REG_META */
	uint32_t base, offset; /* REG_PAYLOAD */
	bool masked;	       /* a bitwise expression was applied */
	bool pending;	       /* REG_PAYLOAD: not compared with anything yet */
	unsigned char mask[16];
	unsigned char value[16]; /* REG_IMMEDIATE */
};

/* What a rule may state once only; twice is not what iptables writes. */
enum decode_seen {
	SEEN_IIF = 1 << 0,
	SEEN_OIF = 1 << 1,
	SEEN_SRC = 1 << 2,
	SEEN_DST = 1 << 3,
	SEEN_PROTO = 1 << 4,
	SEEN_FRAG = 1 << 5,
	SEEN_MATCH = 1 << 6,   /* any match: core conditions must not follow */
	SEEN_COUNTER = 1 << 7, /* conditions must not follow */
	SEEN_ACTION = 1 << 8,  /* nothing must follow */
	/* of the native tcp or udp match being put together: */
	SEEN_SPORT_LO = 1 << 9,
	SEEN_SPORT_HI = 1 << 10,
	SEEN_DPORT_LO = 1 << 11,
	SEEN_DPORT_HI = 1 << 12,
	SEEN_TCP_FLAGS = 1 << 13,
};

struct decode {
	enum family family;
	struct rule *r;
	struct decode_result *res;
	unsigned int seen; /* enum decode_seen */
	struct ext *l4;	   /* the native tcp/udp match being put together */
	bool nomem;
	unsigned int pending; /* loads of payload that nothing was done with */
	struct reg regs[DECODE_REGS];
};

/* A comparison: register @reg, an NFT_CMP_* @op, @len bytes of @data. */
struct cmp {
	const struct reg *reg;
	uint32_t op;
	const unsigned char *data;
	uint8_t len;
};

/* iptables would refuse to print this rule. */
void decode_unknown(struct decode *d, const char *why);
/* Printable, but the model does not carry the exact meaning: not to be
 * compiled. */
void decode_odd(struct decode *d);
/* Notes the core condition @what (enum decode_seen); odd when it is out of
 * order or there already. */
void decode_core(struct decode *d, unsigned int what);

/* Takes ownership of @m; NULL means out of memory. */
void decode_add_match(struct decode *d, struct ext *m);

/* decode_core.c */
void decode_cmp_meta(struct decode *d, const struct cmp *c);
void decode_cmp_network(struct decode *d, const struct cmp *c);
/* decode_l4.c */
void decode_cmp_transport(struct decode *d, const struct cmp *c);
/* To be called after the last expression. */
void decode_l4_end(struct decode *d);
void decode_range_transport(struct decode *d, const struct reg *reg,
			    bool invert, uint16_t from, uint16_t to);

#endif
