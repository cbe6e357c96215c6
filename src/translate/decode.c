// SPDX-License-Identifier: GPL-2.0-or-later
/* nft expressions -> struct rule: one descriptor per expression, and what they
 * share. */
#include <net/if.h>
#include <netinet/in.h>

#include "translate/decode.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter/xt_limit.h>
#include <stdlib.h>
#include <string.h>

#include "translate/guard.h"

void decode_unknown(struct decode *d, const char *why)
{
	d->r->flags |= RULE_UNKNOWN;
	if (!d->res->why)
		d->res->why = why;
}

void decode_odd(struct decode *d)
{
	d->r->flags |= RULE_ODD_ORDER;
}

/* An expression or form that makes iptables refuse the table as a whole. */
static void incompatible(struct decode *d, const char *why)
{
	decode_unknown(d, why);
	d->res->incompatible = true;
}

void decode_core(struct decode *d, unsigned int what)
{
	if (d->seen & (what | SEEN_MATCH | SEEN_COUNTER | SEEN_ACTION))
		decode_odd(d);
	d->seen |= what;
}

void decode_add_match(struct decode *d, struct ext *m)
{
	if (!m) {
		d->nomem = true;
		return;
	}
	if (d->seen & (SEEN_COUNTER | SEEN_ACTION))
		decode_odd(d);
	d->seen |= SEEN_MATCH;
	rule_add_match(d->r, m);
}

static void set_action(struct decode *d, enum rule_action action)
{
	if (d->seen & SEEN_ACTION)
		decode_odd(d);
	d->seen |= SEEN_ACTION;
	d->r->action = action;
	if (action != ACTION_TARGET) {
		free(d->r->target);
		d->r->target = NULL;
	}
}

static void set_target(struct decode *d, struct ext *t)
{
	if (!t) {
		d->nomem = true;
		return;
	}
	set_action(d, ACTION_TARGET);
	free(d->r->target);
	d->r->target = t;
}

/* ---- registers ---- */

/* The 32-bit register that @num names, -1 when none: NFT_REG_1..4 are 16 bytes
 * each of the same file. */
static int reg_index(uint32_t num)
{
	if (num >= NFT_REG_1 && num <= NFT_REG_4)
		return (int)(num - NFT_REG_1) * NFT_REG_SIZE / NFT_REG32_SIZE;
	if (num >= NFT_REG32_00 && num <= NFT_REG32_15)
		return (int)(num - NFT_REG32_00);
	return -1;
}

/* The register numbered as in netlink, for reading; NULL when there is none
 * such. */
static struct reg *reg_find(struct decode *d, uint32_t num)
{
	int i = reg_index(num);

	return i < 0 ? NULL : &d->regs[i];
}

/*
 * The same for a load of @len bytes: what it (and any value it overlaps) held
 * is forgotten. NULL when it would not fit.
 */
static struct reg *reg_load(struct decode *d, uint32_t num, uint32_t len)
{
	int first = reg_index(num), words, i;

	if (first < 0 || !len || len > sizeof(d->regs[0].value))
		return NULL;
	words = (int)(len + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE;
	if (first + words > DECODE_REGS)
		return NULL;
	for (i = 0; i < first + words; i++)
		if (i + d->regs[i].words > first)
			d->regs[i].source = REG_UNKNOWN;
	memset(&d->regs[first], 0, sizeof(d->regs[first]));
	d->regs[first].words = (uint8_t)words;
	d->regs[first].len = (uint8_t)len;
	return &d->regs[first];
}

/* ---- one function per expression; @tb is its data, parsed ---- */

static void do_counter(struct decode *d, const struct attr *tb)
{
	if (d->seen & (SEEN_COUNTER | SEEN_ACTION))
		decode_odd(d);
	d->seen |= SEEN_COUNTER;
	d->r->has_counter = true;
	attr_u64(&tb[NFTA_COUNTER_PACKETS], &d->r->packets);
	attr_u64(&tb[NFTA_COUNTER_BYTES], &d->r->bytes);
}

static void do_payload(struct decode *d, const struct attr *tb)
{
	uint32_t dreg, base, offset, len;
	struct reg *reg;

	if (!attr_u32(&tb[NFTA_PAYLOAD_DREG], &dreg)) {
		decode_unknown(d, "payload write");
		return;
	}
	if (!attr_u32(&tb[NFTA_PAYLOAD_BASE], &base) ||
	    !attr_u32(&tb[NFTA_PAYLOAD_OFFSET], &offset) ||
	    !attr_u32(&tb[NFTA_PAYLOAD_LEN], &len) ||
	    !(reg = reg_load(d, dreg, len))) {
		decode_unknown(d, "payload expression incomplete");
		return;
	}
	reg->source = REG_PAYLOAD;
	reg->base = base;
	reg->offset = offset;
	reg->pending = true;
	d->pending++;
}

/* What was loaded into @reg is compared. */
static void use(struct decode *d, struct reg *reg)
{
	d->pending -= reg->pending;
	reg->pending = false;
}

/* Only the one register write iptables knows: nftrace, its TRACE target. */
static void meta_set(struct decode *d, uint32_t key, uint32_t sreg)
{
	const struct reg *reg = reg_find(d, sreg);

	if (!reg)
		decode_unknown(d, "Unknown register requested");
	else if (key != NFT_META_NFTRACE)
		decode_unknown(d, "meta sreg key not supported");
	else if (reg->source != REG_IMMEDIATE)
		decode_unknown(d, "meta nftrace but reg not immediate");
	else if (!reg->value[0])
		decode_unknown(d, "trace is cleared");
	else
		set_target(d, native_new(&native_trace));
}

static void do_meta(struct decode *d, const struct attr *tb)
{
	uint32_t key, regnum;
	struct reg *reg;

	if (!attr_u32(&tb[NFTA_META_KEY], &key)) {
		decode_unknown(d, "meta expression incomplete");
		return;
	}
	if (attr_u32(&tb[NFTA_META_SREG], &regnum)) {
		meta_set(d, key, regnum);
		return;
	}
	if (!attr_u32(&tb[NFTA_META_DREG], &regnum) ||
	    !(reg = reg_load(d, regnum,
			     key == NFT_META_IIFNAME || key == NFT_META_OIFNAME
				     ? IFNAMSIZ
				     : NFT_REG32_SIZE))) {
		decode_unknown(d, "Unknown register requested");
		return;
	}
	reg->source = REG_META;
	reg->key = key;
}

/* The NFTA_DATA_VALUE in @a, at most 16 bytes. */
static bool value_of(const struct attr *a, struct attr *value)
{
	struct attr tb[NFTA_DATA_MAX + 1];

	attrs_parse_nested(a, tb, NFTA_DATA_MAX);
	*value = tb[NFTA_DATA_VALUE];
	return value->data && value->len && value->len <= NFT_REG_SIZE;
}

static void do_bitwise(struct decode *d, const struct attr *tb)
{
	uint32_t sreg, dreg, op = NFT_BITWISE_BOOL;
	struct attr mask, xor;
	struct reg *from, *to;
	struct reg copy;
	unsigned int i;

	attr_u32(&tb[NFTA_BITWISE_OP], &op);
	if (op != NFT_BITWISE_BOOL ||
	    !attr_u32(&tb[NFTA_BITWISE_SREG], &sreg) ||
	    !attr_u32(&tb[NFTA_BITWISE_DREG], &dreg) ||
	    !value_of(&tb[NFTA_BITWISE_MASK], &mask) ||
	    !value_of(&tb[NFTA_BITWISE_XOR], &xor) ||
	    !(from = reg_find(d, sreg))) {
		decode_unknown(d, "bitwise expression of an unknown kind");
		return;
	}
	copy = *from;
	from->pending = false;
	to = reg_load(d, dreg, copy.len ? copy.len : mask.len);
	if (!to) {
		decode_unknown(d, "Unknown register requested");
		return;
	}
	if (copy.masked || mask.len != copy.len || xor.len != mask.len)
		decode_odd(d);
	for (i = 0; i < xor.len; i++)
		if (xor.data[i])
			decode_odd(d);
	copy.words = to->words;
	copy.len = to->len;
	copy.masked = true;
	memset(copy.mask, 0, sizeof(copy.mask));
	memcpy(copy.mask, mask.data, mask.len);
	*to = copy;
}

static void do_cmp(struct decode *d, const struct attr *tb)
{
	struct cmp c = {0};
	struct attr value;
	struct reg *reg;
	uint32_t sreg;

	if (!attr_u32(&tb[NFTA_CMP_SREG], &sreg) ||
	    !attr_u32(&tb[NFTA_CMP_OP], &c.op) ||
	    !value_of(&tb[NFTA_CMP_DATA], &value) || c.op > NFT_CMP_GTE ||
	    !(reg = reg_find(d, sreg))) {
		decode_unknown(d, "cmp expression incomplete");
		return;
	}
	use(d, reg);
	c.reg = reg;
	c.data = value.data;
	c.len = (uint8_t)value.len;
	if (c.reg->source == REG_META)
		decode_cmp_meta(d, &c);
	else if (c.reg->source == REG_UNKNOWN)
		decode_unknown(d, "cmp sreg undef");
	else if (c.reg->source != REG_PAYLOAD)
		decode_unknown(d, "cmp sreg has unknown type");
	else if (c.reg->base == NFT_PAYLOAD_NETWORK_HEADER)
		decode_cmp_network(d, &c);
	else if (c.reg->base == NFT_PAYLOAD_TRANSPORT_HEADER)
		decode_cmp_transport(d, &c);
	else
		decode_odd(d); /* iptables drops it silently */
}

static void do_range(struct decode *d, const struct attr *tb)
{
	struct attr from, to;
	struct reg *reg;
	uint32_t sreg, op;

	if (!attr_u32(&tb[NFTA_RANGE_SREG], &sreg) ||
	    !attr_u32(&tb[NFTA_RANGE_OP], &op) || op > NFT_RANGE_NEQ ||
	    !value_of(&tb[NFTA_RANGE_FROM_DATA], &from) ||
	    !value_of(&tb[NFTA_RANGE_TO_DATA], &to) ||
	    !(reg = reg_find(d, sreg))) {
		decode_unknown(d, "range expression incomplete");
		return;
	}
	use(d, reg);
	if (reg->source == REG_UNKNOWN)
		decode_unknown(d, "range sreg undef");
	else if (reg->source != REG_PAYLOAD)
		decode_unknown(d, "range sreg type unsupported");
	else if (reg->base != NFT_PAYLOAD_TRANSPORT_HEADER)
		decode_unknown(d, "range with unknown payload base");
	else if (from.len != 2 || to.len != 2)
		decode_odd(d); /* iptables drops it silently */
	else
		decode_range_transport(
			d, reg, op == NFT_RANGE_NEQ,
			(uint16_t)(from.data[0] << 8 | from.data[1]),
			(uint16_t)(to.data[0] << 8 | to.data[1]));
}

static void do_verdict(struct decode *d, const struct attr *verdict)
{
	struct attr tb[NFTA_VERDICT_MAX + 1];
	const char *chain;
	uint32_t code;

	attrs_parse_nested(verdict, tb, NFTA_VERDICT_MAX);
	if (!attr_u32(&tb[NFTA_VERDICT_CODE], &code)) {
		decode_unknown(d, "verdict incomplete");
		return;
	}
	switch ((int32_t)code) {
	case NF_ACCEPT:
		set_action(d, ACTION_ACCEPT);
		return;
	case NF_DROP:
		set_action(d, ACTION_DROP);
		return;
	case NFT_RETURN:
		set_action(d, ACTION_RETURN);
		return;
	case NFT_JUMP:
	case NFT_GOTO:
		break;
	case NFT_CONTINUE:
		return;
	default:
		/* iptables shows no target for it. */
		decode_odd(d);
		if ((code & NF_VERDICT_MASK) == NF_QUEUE)
			set_action(d, ACTION_QUEUE);
		return;
	}
	chain = attr_str(&tb[NFTA_VERDICT_CHAIN]);
	if (!chain || strlen(chain) >= sizeof(d->r->chain)) {
		decode_unknown(d, "jump to a chain with too long a name");
		return;
	}
	set_action(d, (int32_t)code == NFT_JUMP ? ACTION_JUMP : ACTION_GOTO);
	strcpy(d->r->chain, chain);
}

static void do_immediate(struct decode *d, const struct attr *tb)
{
	struct attr data[NFTA_DATA_MAX + 1];
	struct reg *reg;
	uint32_t dreg;

	attrs_parse_nested(&tb[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	if (data[NFTA_DATA_VERDICT].data) {
		do_verdict(d, &data[NFTA_DATA_VERDICT]);
		return;
	}
	if (!attr_u32(&tb[NFTA_IMMEDIATE_DREG], &dreg) ||
	    !data[NFTA_DATA_VALUE].data ||
	    !(reg = reg_load(d, dreg, data[NFTA_DATA_VALUE].len))) {
		decode_unknown(d, "immediate expression incomplete");
		return;
	}
	reg->source = REG_IMMEDIATE;
	memcpy(reg->value, data[NFTA_DATA_VALUE].data,
	       data[NFTA_DATA_VALUE].len);
}

/* NFTA_TARGET_* have the same numbers as NFTA_MATCH_*. False when it cannot be
 * one. */
static bool compat_ext(struct decode *d, const struct attr *tb,
		       struct ext **out)
{
	const struct attr *info = &tb[NFTA_MATCH_INFO];
	const char *name = attr_str(&tb[NFTA_MATCH_NAME]);
	uint32_t rev;

	if (!name || !*name || strlen(name) >= MODEL_EXT_NAME_LEN ||
	    !attr_u32(&tb[NFTA_MATCH_REV], &rev) || rev > UINT8_MAX) {
		decode_unknown(d, "match or target incomplete");
		return false;
	}
	*out = ext_new(name, (uint8_t)rev, info->data,
		       info->data ? info->len : 0);
	return true;
}

static void do_match(struct decode *d, const struct attr *tb)
{
	struct ext *m;

	if (compat_ext(d, tb, &m))
		decode_add_match(d, m);
}

static void do_target(struct decode *d, const struct attr *tb)
{
	struct ext *t;

	if (compat_ext(d, tb, &t))
		set_target(d, t);
}

/* Whether @avg stands for the same nanoseconds per packet as @rate per @unit.
 */
static bool same_rate(uint32_t avg, uint64_t rate, uint64_t unit)
{
	const uint64_t ns = 1000000000;
	uint64_t back_rate, back_unit;

	if (!avg)
		return false;
	native_limit_rate(avg, &back_rate, &back_unit);
	return back_rate && back_unit * ns / back_rate == unit * ns / rate;
}

static void do_limit(struct decode *d, const struct attr *tb)
{
	uint32_t burst = 0, type = NFT_LIMIT_PKTS, flags = 0;
	uint64_t rate = 0, unit = 0;
	struct xt_rateinfo *r;
	struct ext *e;

	attr_u64(&tb[NFTA_LIMIT_RATE], &rate);
	attr_u64(&tb[NFTA_LIMIT_UNIT], &unit);
	attr_u32(&tb[NFTA_LIMIT_BURST], &burst);
	attr_u32(&tb[NFTA_LIMIT_TYPE], &type);
	attr_u32(&tb[NFTA_LIMIT_FLAGS], &flags);
	if (type != NFT_LIMIT_PKTS || flags) {
		incompatible(d, "limit of bytes or inverted limit");
		return;
	}
	if (!rate || unit > UINT32_MAX) {
		decode_unknown(d, "limit without a rate");
		return;
	}
	e = native_new(&native_limit);
	if (e) {
		r = (void *)e->data;
		r->avg = (uint32_t)(XT_LIMIT_SCALE * unit / rate);
		r->burst = burst;
		if (!same_rate(r->avg, rate, unit))
			decode_odd(d);
	}
	decode_add_match(d, e);
}

static void do_log(struct decode *d, const struct attr *tb)
{
	const char *prefix = attr_str(&tb[NFTA_LOG_PREFIX]);
	struct nflog_info_wide info = {0};
	struct ext *e;

	if (!attr_u16(&tb[NFTA_LOG_GROUP], &info.group)) {
		incompatible(d, "log without a group");
		return;
	}
	attr_u16(&tb[NFTA_LOG_QTHRESHOLD], &info.threshold);
	if (attr_u32(&tb[NFTA_LOG_SNAPLEN], &info.len))
		info.flags = XT_NFLOG_F_COPY_LEN;
	if (prefix)
		memcpy(info.prefix, prefix,
		       strnlen(prefix, sizeof(info.prefix) - 1));
	e = ext_new(native_nflog.name, native_nflog.revision, &info,
		    sizeof(info));
	if (e)
		e->native = true;
	set_target(d, e);
}

/* iptables-nft for IP ignores set lookups silently. */
static void do_lookup(struct decode *d, const struct attr *tb)
{
	decode_odd(d);
}

#define MAX_EXPR_ATTR 16

static const struct expr_decoder {
	const char *name;
	void (*decode)(struct decode *d, const struct attr *tb);
} decoders[] = {
	{"payload", do_payload}, {"cmp", do_cmp},
	{"meta", do_meta},	 {"match", do_match},
	{"counter", do_counter}, {"immediate", do_immediate},
	{"bitwise", do_bitwise}, {"target", do_target},
	{"limit", do_limit},	 {"range", do_range},
	{"log", do_log},	 {"lookup", do_lookup},
};

static void decode_expr(struct decode *d, const struct attr *elem)
{
	struct attr expr[NFTA_EXPR_MAX + 1], tb[MAX_EXPR_ATTR + 1];
	const char *name;
	unsigned int i;

	attrs_parse_nested(elem, expr, NFTA_EXPR_MAX);
	name = attr_str(&expr[NFTA_EXPR_NAME]);
	if (!name) {
		decode_unknown(d, "expression without a name");
		return;
	}
	for (i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++)
		if (!strcmp(decoders[i].name, name)) {
			attrs_parse_nested(&expr[NFTA_EXPR_DATA], tb,
					   MAX_EXPR_ATTR);
			decoders[i].decode(d, tb);
			return;
		}
	incompatible(d, "expression that iptables does not know");
}

int rule_decode(enum family family, const void *exprs, size_t len,
		struct rule *r, struct decode_result *res)
{
	struct decode_result ignored;
	struct attr_area area = {exprs, len};
	struct decode d = {.family = family, .r = r};
	struct attr elem;

	d.res = res ? res : &ignored;
	*d.res = (struct decode_result){0};
	while (attr_next(&area, &elem))
		decode_expr(&d, &elem);
	decode_l4_end(&d);
	/* Loading alone asks for a packet that long, which the model does not
	 * say. */
	if (d.pending)
		decode_odd(&d);
	return d.nomem ? -ENOMEM : 0;
}

/* nftables' userdata: type, length, value; type 0 is a comment with its NUL. */
int rule_decode_userdata(struct rule *r, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct ext *e;

	for (; len >= 2 && p[1] <= len - 2; len -= 2u + p[1], p += 2 + p[1])
		if (p[0] == 0 && p[1] && !p[1 + p[1]]) {
			e = native_new(&native_comment);
			if (!e)
				return -ENOMEM;
			memcpy(e->data, p + 2,
			       strnlen((const char *)p + 2, e->size - 1));
			rule_add_match(r, e);
			break;
		}
	return 0;
}

void rule_mark_guard(struct rule *r)
{
	static const union model_addr any;
	const struct core_match *c = &r->core;
	const struct xt_bpf_info_v1 *bpf;
	const struct ext *m;

	if (r->action != ACTION_ACCEPT || list_empty(&r->matches) ||
	    r->matches.next != r->matches.prev || r->flags || c->has_iif ||
	    c->has_oif || c->proto || c->frag || c->inv ||
	    memcmp(&c->smsk, &any, sizeof(any)) ||
	    memcmp(&c->dmsk, &any, sizeof(any)))
		return;
	m = container_of(r->matches.next, struct ext, node);
	if (strcmp(m->name, "bpf") || m->revision != 1 ||
	    m->size < offsetof(struct xt_bpf_info_v1, filter))
		return;
	bpf = (const void *)m->data;
	if (bpf->mode == XT_BPF_MODE_PATH_PINNED &&
	    guard_path_is_ours(bpf->path, sizeof(bpf->path)))
		r->flags |= RULE_GUARD;
}

bool guard_path_is_ours(const char *path, size_t len)
{
	const size_t prefix = strlen(GUARD_PATH_PREFIX);

	return len > prefix && !strncmp(path, GUARD_PATH_PREFIX, prefix);
}
