// SPDX-License-Identifier: GPL-2.0-or-later
/* After the kernel's net/netfilter/nft_payload.c, nft_meta.c, nft_cmp.c,
 * nft_bitwise.c, nft_range.c, nft_immediate.c. */
#include <net/if.h>
#include <netinet/in.h>

#include "tests/fuzz/evaluate.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>
#include <string.h>

#include "translate/nlread.h"

#define WORDS 16

struct machine {
	struct evaluate_packet *p;
	bool bend;
	uint8_t regs[WORDS * 4];
	uint8_t *source[WORDS]; /* where a register was loaded from */
	bool set[WORDS];
	struct evaluate_outcome out;
};

static bool invalid(struct machine *m)
{
	m->out.end = EVALUATE_INVALID;
	return false;
}

static bool no_match(struct machine *m)
{
	m->out.end = EVALUATE_BREAK;
	return false;
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len--; p++)
		h = (h ^ *p) * 0x100000001b3;
	return h ^ h >> 29;
}

static void effect(struct machine *m, const char *what, const void *data,
		   size_t len)
{
	m->out.effects = mix(m->out.effects, what, strlen(what));
	m->out.effects = mix(m->out.effects, data, len);
}

static bool coin(struct machine *m)
{
	m->p->seed = m->p->seed * 6364136223846793005 + 1442695040888963407;
	return m->p->seed >> 63;
}

/* The word of register attribute @a with room for @len bytes; -1: none. */
static int word_of(const struct attr *a, uint32_t len)
{
	uint32_t num;
	int word;

	if (!attr_u32(a, &num) || !len || len > 16)
		return -1;
	if (num >= NFT_REG_1 && num <= NFT_REG_4)
		word = (int)(num - NFT_REG_1) * 4;
	else if (num >= NFT_REG32_00 && num <= NFT_REG32_15)
		word = (int)(num - NFT_REG32_00);
	else
		return -1;
	return word + (int)(len + 3) / 4 <= WORDS ? word : -1;
}

static bool loaded(const struct machine *m, int word, uint32_t len)
{
	if (word < 0)
		return false;
	for (uint32_t i = 0; i < (len + 3) / 4; i++)
		if (!m->set[word + (int)i])
			return false;
	return true;
}

static bool store(struct machine *m, int word, const void *data, uint32_t len,
		  uint8_t *source)
{
	uint8_t *to = &m->regs[word * 4];

	memset(to, 0, (len + 3) / 4 * 4);
	memcpy(to, data, len);
	for (uint32_t i = 0; i < (len + 3) / 4; i++) {
		m->set[word + (int)i] = true;
		m->source[word + (int)i] = i ? NULL : source;
	}
	return true;
}

static bool do_payload(struct machine *m, const struct attr *tb)
{
	uint32_t base, offset, len;
	int word;

	if (!attr_u32(&tb[NFTA_PAYLOAD_BASE], &base) ||
	    !attr_u32(&tb[NFTA_PAYLOAD_OFFSET], &offset) ||
	    !attr_u32(&tb[NFTA_PAYLOAD_LEN], &len) || base > 2)
		return invalid(m);
	word = word_of(&tb[NFTA_PAYLOAD_DREG], len);
	if (word < 0 || offset + len > EVALUATE_HEADER)
		return invalid(m);
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && m->p->no_transport)
		return no_match(m);
	return store(m, word, &m->p->header[base][offset], len,
		     &m->p->header[base][offset]);
}

static bool do_meta(struct machine *m, const struct attr *tb)
{
	uint32_t key, len;
	int word;

	if (!attr_u32(&tb[NFTA_META_KEY], &key) || key >= 32)
		return invalid(m);
	if (tb[NFTA_META_SREG].data) {
		word = word_of(&tb[NFTA_META_SREG], 1);
		if (key != NFT_META_NFTRACE || !loaded(m, word, 1))
			return invalid(m);
		effect(m, "TRACE", &m->regs[word * 4], 1);
		return true;
	}
	len = key == NFT_META_IIFNAME || key == NFT_META_OIFNAME ? 16 : 4;
	word = word_of(&tb[NFTA_META_DREG], len);
	return word < 0 ? invalid(m)
			: store(m, word, m->p->meta[key], len, m->p->meta[key]);
}

static bool value_of(const struct attr *a, struct attr *value)
{
	struct attr tb[NFTA_DATA_MAX + 1];

	attrs_parse_nested(a, tb, NFTA_DATA_MAX);
	*value = tb[NFTA_DATA_VALUE];
	return value->data && value->len && value->len <= 16;
}

static bool do_bitwise(struct machine *m, const struct attr *tb)
{
	uint32_t len, op = NFT_BITWISE_BOOL;
	struct attr mask, xor;
	uint8_t result[16];
	uint8_t *source;
	int from, to;

	attr_u32(&tb[NFTA_BITWISE_OP], &op);
	if (op != NFT_BITWISE_BOOL || !attr_u32(&tb[NFTA_BITWISE_LEN], &len) ||
	    !value_of(&tb[NFTA_BITWISE_MASK], &mask) || mask.len != len ||
	    !value_of(&tb[NFTA_BITWISE_XOR], &xor) || xor.len != len)
		return invalid(m);
	from = word_of(&tb[NFTA_BITWISE_SREG], len);
	to = word_of(&tb[NFTA_BITWISE_DREG], len);
	if (to < 0 || !loaded(m, from, len))
		return invalid(m);
	source = m->source[from];
	for (uint32_t i = 0; i < len; i++)
		result[i] = (m->regs[from * 4 + (int)i] & mask.data[i]) ^
			    xor.data[i];
	return store(m, to, result, len, source);
}

/* Makes the compared field equal, or nearly. */
static void bend(struct machine *m, int word, const struct attr *value)
{
	uint8_t *source = m->source[word];

	if (!m->bend || !source || coin(m))
		return;
	memcpy(source, value->data, value->len);
	if (coin(m) && coin(m))
		source[value->len - 1] += coin(m) ? 1 : -1;
	memcpy(&m->regs[word * 4], source, value->len);
}

static bool do_cmp(struct machine *m, const struct attr *tb)
{
	struct attr value;
	uint32_t op;
	int word, d;
	bool match;

	if (!attr_u32(&tb[NFTA_CMP_OP], &op) || op > NFT_CMP_GTE ||
	    !value_of(&tb[NFTA_CMP_DATA], &value))
		return invalid(m);
	word = word_of(&tb[NFTA_CMP_SREG], value.len);
	if (!loaded(m, word, value.len))
		return invalid(m);
	bend(m, word, &value);
	d = memcmp(&m->regs[word * 4], value.data, value.len);
	match = op == NFT_CMP_EQ    ? !d
		: op == NFT_CMP_NEQ ? d != 0
		: op == NFT_CMP_LT  ? d < 0
		: op == NFT_CMP_LTE ? d <= 0
		: op == NFT_CMP_GT  ? d > 0
				    : d >= 0;
	return match ? true : no_match(m);
}

static bool do_range(struct machine *m, const struct attr *tb)
{
	struct attr from, to;
	uint32_t op;
	bool within;
	int word;

	if (!attr_u32(&tb[NFTA_RANGE_OP], &op) || op > NFT_RANGE_NEQ ||
	    !value_of(&tb[NFTA_RANGE_FROM_DATA], &from) ||
	    !value_of(&tb[NFTA_RANGE_TO_DATA], &to) || from.len != to.len ||
	    memcmp(from.data, to.data, to.len) > 0)
		return invalid(m);
	word = word_of(&tb[NFTA_RANGE_SREG], to.len);
	if (!loaded(m, word, to.len))
		return invalid(m);
	bend(m, word, coin(m) ? &from : &to);
	within = memcmp(&m->regs[word * 4], from.data, from.len) >= 0 &&
		 memcmp(&m->regs[word * 4], to.data, to.len) <= 0;
	return within == (op == NFT_RANGE_EQ) ? true : no_match(m);
}

static bool do_immediate(struct machine *m, const struct attr *tb)
{
	struct attr data[NFTA_DATA_MAX + 1], verdict[NFTA_VERDICT_MAX + 1];
	const char *chain;
	uint32_t code;
	int word;

	attrs_parse_nested(&tb[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	if (data[NFTA_DATA_VALUE].data) {
		word = word_of(&tb[NFTA_IMMEDIATE_DREG],
			       data[NFTA_DATA_VALUE].len);
		return word < 0 ? invalid(m)
				: store(m, word, data[NFTA_DATA_VALUE].data,
					data[NFTA_DATA_VALUE].len, NULL);
	}
	attrs_parse_nested(&data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	if (!attr_u32(&verdict[NFTA_VERDICT_CODE], &code))
		return invalid(m);
	if ((int32_t)code == NFT_CONTINUE)
		return true;
	if ((int32_t)code == NFT_BREAK)
		return no_match(m);
	chain = attr_str(&verdict[NFTA_VERDICT_CHAIN]);
	if (chain)
		effect(m, "chain", chain, strlen(chain));
	m->out.end = EVALUATE_VERDICT;
	m->out.verdict = (int32_t)code;
	return false;
}

static bool do_counter(struct machine *m, const struct attr *tb)
{
	m->out.counted = true;
	return true;
}

/* Limits at the same rate are the same, whatever unit it is told in. */
static bool do_limit(struct machine *m, const struct attr *tb)
{
	uint64_t rate = 0, unit = 0, ns;
	uint32_t burst = 0;

	attr_u64(&tb[NFTA_LIMIT_RATE], &rate);
	attr_u64(&tb[NFTA_LIMIT_UNIT], &unit);
	attr_u32(&tb[NFTA_LIMIT_BURST], &burst);
	if (!rate || unit > UINT32_MAX)
		return invalid(m);
	ns = unit * 1000000000 / rate;
	burst = burst ? burst : 5;
	effect(m, "limit", &ns, sizeof(ns));
	effect(m, "burst", &burst, sizeof(burst));
	return m->out.effects & 1 ? true : no_match(m);
}

static bool do_log(struct machine *m, const struct attr *tb)
{
	static const unsigned int all[] = {NFTA_LOG_GROUP, NFTA_LOG_PREFIX,
					   NFTA_LOG_SNAPLEN,
					   NFTA_LOG_QTHRESHOLD};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct attr *a = &tb[all[i]];
		bool says_nothing = true; /* a zero, an empty string */

		for (unsigned int k = 0; k < a->len; k++)
			says_nothing &= !a->data[k];
		if (a->data && (all[i] == NFTA_LOG_SNAPLEN || !says_nothing))
			effect(m, "log", a->data, a->len);
		effect(m, "log", &all[i], sizeof(all[i]));
	}
	return true;
}

/* The matches that the decoder knows a native form of. -1: another one. */
static int known_match(const struct machine *m, const char *name,
		       const struct attr *info)
{
	struct ip6t_hl_info hl;
	struct xt_pkttype_info type;
	struct ipt_icmp icmp;
	const uint8_t *head = m->p->header[NFT_PAYLOAD_NETWORK_HEADER];
	const uint8_t *transport = m->p->header[NFT_PAYLOAD_TRANSPORT_HEADER];
	uint8_t have;

	if ((!strcmp(name, "ttl") || !strcmp(name, "hl")) &&
	    info->len >= sizeof(hl)) {
		memcpy(&hl, info->data, sizeof(hl));
		have = head[!strcmp(name, "ttl") ? 8 : 7];
		return hl.mode == IP6T_HL_EQ   ? have == hl.hop_limit
		       : hl.mode == IP6T_HL_NE ? have != hl.hop_limit
		       : hl.mode == IP6T_HL_LT ? have < hl.hop_limit
		       : hl.mode == IP6T_HL_GT ? have > hl.hop_limit
					       : 0;
	}
	if (!strcmp(name, "pkttype") && info->len >= sizeof(type)) {
		memcpy(&type, info->data, sizeof(type));
		return (m->p->meta[NFT_META_PKTTYPE][0] == type.pkttype) !=
		       !!type.invert;
	}
	if ((!strcmp(name, "icmp") || !strcmp(name, "icmp6")) &&
	    info->len >= sizeof(icmp)) {
		memcpy(&icmp, info->data, sizeof(icmp));
		if (m->p->no_transport)
			return 0;
		return ((icmp.type == 0xff && !strcmp(name, "icmp")) ||
			(transport[0] == icmp.type &&
			 transport[1] >= icmp.code[0] &&
			 transport[1] <= icmp.code[1])) !=
		       !!(icmp.invflags & IPT_ICMP_INV);
	}
	return -1;
}

static bool foreign(struct machine *m, const struct attr *tb, bool target)
{
	const char *name = attr_str(&tb[NFTA_MATCH_NAME]);
	const struct attr *info = &tb[NFTA_MATCH_INFO];
	int answer;

	if (!name)
		return invalid(m);
	answer = target ? -1 : known_match(m, name, info);
	if (answer >= 0)
		return answer ? true : no_match(m);
	effect(m, name, info->data, info->len);
	return target || m->out.effects & 1 ? true : no_match(m);
}

static bool do_match(struct machine *m, const struct attr *tb)
{
	return foreign(m, tb, false);
}

static bool do_target(struct machine *m, const struct attr *tb)
{
	return foreign(m, tb, true);
}

static const struct {
	const char *name;
	bool (*run)(struct machine *m, const struct attr *tb);
} kinds[] = {
	{"payload", do_payload}, {"meta", do_meta},
	{"bitwise", do_bitwise}, {"cmp", do_cmp},
	{"range", do_range},	 {"immediate", do_immediate},
	{"counter", do_counter}, {"limit", do_limit},
	{"log", do_log},	 {"match", do_match},
	{"target", do_target},
};

static bool run_one(struct machine *m, const struct attr *elem)
{
	struct attr expr[NFTA_EXPR_MAX + 1], tb[17];
	const char *name;

	attrs_parse_nested(elem, expr, NFTA_EXPR_MAX);
	name = attr_str(&expr[NFTA_EXPR_NAME]);
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		attrs_parse_nested(&expr[NFTA_EXPR_DATA], tb, 16);
		return kinds[i].run(m, tb);
	}
	return invalid(m);
}

struct evaluate_outcome evaluate(const void *exprs, size_t len,
				 struct evaluate_packet *p, bool bend)
{
	struct machine m = {
		.p = p,
		.bend = bend,
		.out = {.end = EVALUATE_CONTINUE, .effects = p->seed}};
	struct attr_area area = {exprs, len};
	struct attr elem;

	if (!bend)
		m.out.effects = 1469598103934665603;
	while (attr_next(&area, &elem))
		if (!run_one(&m, &elem))
			break;
	return m.out;
}
