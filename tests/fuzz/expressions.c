// SPDX-License-Identifier: GPL-2.0-or-later
#include <net/if.h>
#include <netinet/in.h>

#include "tests/fuzz/expressions.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <stdlib.h>

#include "translate/expr.h"
#include "translate/nlwrite.h"

#define MAX_EXPRESSIONS 24
#define PICK(in, table)                                                        \
	((table)[input_below(in, sizeof(table) / sizeof(*(table)))])

static uint32_t reg(struct input *in)
{
	static const uint32_t regs[] = {1, 1, 1, 1, 1, 2, 3, 8, 9, 10, 12, 23};

	return PICK(in, regs);
}

static void data(struct buf *b, uint16_t type, const void *bytes, size_t len)
{
	size_t nest = nlw_nest(b, type);

	nlw_put(b, NFTA_DATA_VALUE, bytes, len);
	nlw_nest_end(b, nest);
}

static uint8_t length(struct input *in)
{
	static const uint8_t lengths[] = {1, 1, 2, 2, 4, 4, 4, 3, 8, 16};

	return PICK(in, lengths);
}

static void write_payload(struct buf *b, struct input *in)
{
	static const uint8_t offsets[] = {9, 12, 16, 6, 8, 24, 7, 0, 1, 2, 13};
	static const uint32_t bases[] = {
		NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_NETWORK_HEADER,
		NFT_PAYLOAD_TRANSPORT_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER,
		NFT_PAYLOAD_LL_HEADER};

	nlw_u32(b, NFTA_PAYLOAD_DREG, reg(in));
	nlw_u32(b, NFTA_PAYLOAD_BASE, PICK(in, bases));
	nlw_u32(b, NFTA_PAYLOAD_OFFSET, PICK(in, offsets));
	nlw_u32(b, NFTA_PAYLOAD_LEN, length(in));
}

static void write_meta(struct buf *b, struct input *in)
{
	static const uint32_t keys[] = {
		NFT_META_L4PROTO, NFT_META_L4PROTO, NFT_META_IIFNAME,
		NFT_META_OIFNAME, NFT_META_MARK,    NFT_META_PKTTYPE,
		NFT_META_IIF,	  NFT_META_NFPROTO, NFT_META_LEN};

	nlw_u32(b, NFTA_META_KEY, PICK(in, keys));
	nlw_u32(b, NFTA_META_DREG, reg(in));
}

static void write_bitwise(struct buf *b, struct input *in)
{
	uint8_t mask[16],
		xor[16] =
			{
				0},
		len = length(in);

	nlw_u32(b, NFTA_BITWISE_SREG, reg(in));
	nlw_u32(b, NFTA_BITWISE_DREG, reg(in));
	nlw_u32(b, NFTA_BITWISE_LEN, len);
	input_bytes(in, mask, len);
	data(b, NFTA_BITWISE_MASK, mask, len);
	if (!input_below(in, 16))
		input_bytes(in, xor, len);
	data(b, NFTA_BITWISE_XOR, xor, len);
}

static void write_cmp(struct buf *b, struct input *in)
{
	static const uint32_t ops[] = {NFT_CMP_EQ,  NFT_CMP_EQ, NFT_CMP_EQ,
				       NFT_CMP_NEQ, NFT_CMP_LT, NFT_CMP_LTE,
				       NFT_CMP_GT,  NFT_CMP_GTE};
	static const uint8_t protocols[] = {6, 17, 1, 58, 0, 132};
	uint8_t value[16], len = length(in);

	nlw_u32(b, NFTA_CMP_SREG, reg(in));
	nlw_u32(b, NFTA_CMP_OP, PICK(in, ops));
	if (len == 1 && input_below(in, 2))
		value[0] = PICK(in, protocols);
	else
		input_bytes(in, value, len);
	data(b, NFTA_CMP_DATA, value, len);
}

static void write_range(struct buf *b, struct input *in)
{
	uint8_t from[16], to[16], len = input_below(in, 8) ? 2 : length(in);

	nlw_u32(b, NFTA_RANGE_SREG, reg(in));
	nlw_u32(b, NFTA_RANGE_OP, input_below(in, 2));
	input_bytes(in, from, len);
	input_bytes(in, to, len);
	data(b, NFTA_RANGE_FROM_DATA, from, len);
	data(b, NFTA_RANGE_TO_DATA, to, len);
}

static void write_limit(struct buf *b, struct input *in)
{
	nlw_u64(b, NFTA_LIMIT_RATE,
		input_below(in, 8) ? input_u8(in) : input_u32(in));
	nlw_u64(b, NFTA_LIMIT_UNIT, input_below(in, 8) ? 3600 : input_u32(in));
	nlw_u32(b, NFTA_LIMIT_BURST, input_u8(in));
	nlw_u32(b, NFTA_LIMIT_TYPE, !input_below(in, 16));
	nlw_u32(b, NFTA_LIMIT_FLAGS, !input_below(in, 16));
}

static void write_log(struct buf *b, struct input *in)
{
	char prefix[128];

	nlw_u16(b, NFTA_LOG_GROUP, input_u8(in));
	if (input_below(in, 2)) {
		input_bytes(in, prefix, sizeof(prefix) - 1);
		prefix[sizeof(prefix) - 1] = '\0';
		nlw_str(b, NFTA_LOG_PREFIX, prefix);
	}
	if (input_below(in, 2))
		nlw_u32(b, NFTA_LOG_SNAPLEN, input_u32(in));
	if (input_below(in, 2))
		nlw_u16(b, NFTA_LOG_QTHRESHOLD, input_u8(in));
}

static void write_lookup(struct buf *b, struct input *in)
{
	nlw_str(b, NFTA_LOOKUP_SET, "set");
	nlw_u32(b, NFTA_LOOKUP_SREG, reg(in));
}

static const struct {
	const char *name;
	void (*write)(struct buf *b, struct input *in);
} kinds[] = {
	{"payload", write_payload}, {"payload", write_payload},
	{"meta", write_meta},	    {"meta", write_meta},
	{"cmp", write_cmp},	    {"cmp", write_cmp},
	{"cmp", write_cmp},	    {"bitwise", write_bitwise},
	{"range", write_range},	    {"limit", write_limit},
	{"log", write_log},	    {"lookup", write_lookup},
};

static void write_verdict(struct buf *b, struct input *in)
{
	static const int32_t codes[] = {NF_ACCEPT, NF_DROP,  NFT_RETURN,
					NFT_JUMP,  NFT_GOTO, NFT_CONTINUE,
					NF_QUEUE,  NFT_BREAK};
	int32_t code = PICK(in, codes);

	expr_verdict(b, code,
		     code == NFT_JUMP || code == NFT_GOTO ? "chain" : NULL);
}

static void write_compat(struct buf *b, struct input *in)
{
	static const struct {
		const char *name, *kind;
		uint8_t size, revision;
	} all[] = {
		{"tcp", "match", 16, 0},    {"udp", "match", 16, 0},
		{"mark", "match", 16, 1},   {"ttl", "match", 8, 0},
		{"limit", "match", 40, 0},  {"icmp", "match", 8, 0},
		{"hl", "match", 8, 0},	    {"pkttype", "match", 8, 0},
		{"LOG", "target", 32, 0},   {"TRACE", "target", 0, 0},
		{"NFLOG", "target", 80, 0},
	};
	unsigned int i = input_below(in, sizeof(all) / sizeof(*all));
	uint8_t info[80];
	struct ext *e;

	input_bytes(in, info, all[i].size);
	e = ext_new(all[i].name, all[i].revision, info, all[i].size);
	if (e)
		expr_compat(b, all[i].kind, e);
	free(e);
}

void expressions_write(struct buf *out, struct input *in)
{
	const unsigned int known = sizeof(kinds) / sizeof(*kinds);

	for (int n = 0; n < MAX_EXPRESSIONS && in->len; n++) {
		unsigned int kind = input_below(in, known + 3);
		struct expr_nest nest;

		if (kind == known) {
			expr_counter(out, input_u8(in), input_u8(in));
		} else if (kind == known + 1) {
			write_verdict(out, in);
		} else if (kind == known + 2) {
			write_compat(out, in);
		} else {
			nest = expr_begin(out, kinds[kind].name);
			kinds[kind].write(out, in);
			expr_end(out, nest);
		}
	}
}
