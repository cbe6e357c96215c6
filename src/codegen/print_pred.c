// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One predicate as C. A table says how each field is spelled; the operators are
 * generic.
 */
#include "codegen/print.h"

#include <string.h>

/* How a field is read in the generated program. */
struct spelling {
	const char *number; /* expression of a number */
	const char *word;   /* format of word %u of a byte string */
	unsigned int word_size;
	uint32_t full_mask; /* a mask that leaves the number as it is */
	bool of_ct;	    /* read from a conntrack entry */
	/* What the runtime must read for it: NEED_<need> is defined. */
	const char *need;
	uint8_t th; /* bytes of the transport header */
};

/* What comes first of the header is needed for everything that lies in it. */
#define TH_PORTS 4
#define TH_WORD1 8
#define TH_FLAGS 14

#define CT_WORD(tuple, end)                                                    \
	{                                                                      \
		.word = tuple "(p)->" end ".u3.all[%u]", .word_size = 4,       \
		.of_ct = true                                                  \
	}
#define CT_U16(tuple, end)                                                     \
	{                                                                      \
		.number = "ntoh16(" tuple "(p)->" end ".u.all)",               \
		.full_mask = UINT16_MAX, .of_ct = true                         \
	}

static const struct spelling spellings[FIELD_COUNT] = {
	[FIELD_SADDR] = {.word = "p->saddr[%u]"},
	[FIELD_DADDR] = {.word = "p->daddr[%u]"},
	[FIELD_IIF] = {.word = "p->iif[%u]", .word_size = 8, .need = "IIF"},
	[FIELD_OIF] = {.word = "p->oif[%u]", .word_size = 8, .need = "OIF"},
	[FIELD_PROTO] = {"p->proto", .full_mask = UINT16_MAX},
	[FIELD_FRAGOFF] = {"p->fragoff", .full_mask = UINT16_MAX},
	[FIELD_SPORT] = {"p->sport", .full_mask = UINT16_MAX, .th = TH_PORTS},
	[FIELD_DPORT] = {"p->dport", .full_mask = UINT16_MAX, .th = TH_PORTS},
	[FIELD_ICMP] = {"p->sport", .full_mask = UINT16_MAX, .th = TH_PORTS},
	[FIELD_ANY_PORT] = {.th = TH_PORTS},
	[FIELD_TCP_FLAGS] = {"p->tcpflags", .full_mask = UINT8_MAX,
			     .th = TH_FLAGS},
	[FIELD_TCP_OPTION] = {.need = "TCPOPT"},
	[FIELD_MARK] = {"p->mark", .full_mask = UINT32_MAX, .need = "MARK"},
	[FIELD_TH_WORD0] = {"((abi_u32)p->sport << 16 | p->dport)",
			    .full_mask = UINT32_MAX, .th = TH_PORTS},
	[FIELD_TH_WORD1] = {"p->word1", .full_mask = UINT32_MAX, .th = TH_WORD1,
			    .need = "TH_WORD1"},
	[FIELD_TTL] = {"p->ttl", .full_mask = UINT8_MAX, .need = "TTL"},
	[FIELD_TOS] = {"p->tos", .full_mask = UINT8_MAX, .need = "TOS"},
	[FIELD_LENGTH] = {"p->length", .full_mask = UINT32_MAX,
			  .need = "LENGTH"},
	[FIELD_PKTTYPE] = {"p->pkttype", .full_mask = UINT8_MAX,
			   .need = "PKTTYPE"},
	[FIELD_HAS_MAC] = {"((const abi_u8 *)p->mac)[6]",
			   .full_mask = UINT8_MAX, .need = "MAC_SOURCE"},
	[FIELD_MAC_SOURCE] = {.word = "p->mac[%u]",
			      .word_size = 8,
			      .need = "MAC_SOURCE"},
	[FIELD_SADDR4] = {"ntoh32(p->saddr[0])", .full_mask = UINT32_MAX},
	[FIELD_DADDR4] = {"ntoh32(p->daddr[0])", .full_mask = UINT32_MAX},
	[FIELD_CPU] = {"p->cpu", .full_mask = UINT32_MAX, .need = "CPU"},
	[FIELD_IIF_GROUP] = {"p->iif_group", .full_mask = UINT32_MAX,
			     .need = "IIF_GROUP"},
	[FIELD_OIF_GROUP] = {"p->oif_group", .full_mask = UINT32_MAX,
			     .need = "OIF_GROUP"},
	[FIELD_REALM] = {"p->realm", .full_mask = UINT32_MAX, .need = "REALM"},
	[FIELD_CT_STATE] = {"p->ctstate", .full_mask = UINT32_MAX,
			    .need = "CT"},
	[FIELD_CT_ENTRY] = {.need = "CT"},
	[FIELD_CT_REPLY] = {"(p->ctinfo >= 3)", .full_mask = 1, .of_ct = true},
	[FIELD_CT_MARK] = {"ct_entry(p)->mark", .full_mask = UINT32_MAX,
			   .of_ct = true},
	[FIELD_CT_STATUS] = {"(abi_u32)ct_entry(p)->status",
			     .full_mask = UINT32_MAX, .of_ct = true},
	[FIELD_CT_PROTO] = {"(abi_u32)ct_orig(p)->dst.protonum",
			    .full_mask = UINT16_MAX, .of_ct = true},
	[FIELD_CT_ORIGSRC] = CT_WORD("ct_orig", "src"),
	[FIELD_CT_ORIGDST] = CT_WORD("ct_orig", "dst"),
	[FIELD_CT_REPLSRC] = CT_WORD("ct_reply", "src"),
	[FIELD_CT_REPLDST] = CT_WORD("ct_reply", "dst"),
	[FIELD_CT_ORIGSRC_PORT] = CT_U16("ct_orig", "src"),
	[FIELD_CT_ORIGDST_PORT] = CT_U16("ct_orig", "dst"),
	[FIELD_CT_REPLSRC_PORT] = CT_U16("ct_reply", "src"),
	[FIELD_CT_REPLDST_PORT] = CT_U16("ct_reply", "dst"),
};

/* Whether a device's name is compared beyond its first eight bytes. */
static bool compares_long_name(const struct pred *p)
{
	if (p->field != FIELD_IIF && p->field != FIELD_OIF)
		return false;
	for (unsigned int i = 8; i < p->bytes.len; i++)
		if (p->bytes.mask[i])
			return true;
	return false;
}

void pred_needs(const struct pred *p, struct needs *n)
{
	const struct spelling *s = &spellings[p->field];

	n->field[p->field] = true;
	n->long_names |= compares_long_name(p);
	if (n->th < s->th)
		n->th = s->th;
	if (p->field == FIELD_TRANSPORT)
		n->native_transport |= p->transport.native;
	if (p->field == FIELD_CALL) {
		n->call[p->call.fn] = true;
		if (n->th < call_descs[p->call.fn].th)
			n->th = call_descs[p->call.fn].th;
		if (n->th < p->call.th)
			n->th = p->call.th;
	}
	n->ct_entry |= s->of_ct;
	if (p->field == FIELD_CT_STATE)
		n->ct_entry |= (p->number.mask & (CT_SNAT | CT_DNAT)) != 0;
}

static void print_need(struct buf *out, const char *name)
{
	if (name)
		buf_printf(out, "#define NEED_%s 1\n", name);
}

void print_needs(struct buf *out, const struct needs *n)
{
	for (unsigned int i = 0; i < FIELD_COUNT; i++)
		if (n->field[i])
			print_need(out, spellings[i].need);
	for (unsigned int i = 0; i < CALL_COUNT; i++)
		if (n->call[i]) {
			print_need(out, call_descs[i].need);
			print_need(out, "CTX");
		}
	if (n->ct_entry) {
		print_need(out, "CT");
		print_need(out, "CT_ENTRY");
	}
	buf_printf(out, "#define NEED_TH %u\n", n->th);
	buf_printf(out, "#define NAME_WORDS %d\n", n->long_names ? 2 : 1);
}

/*
 * "(w & mask) == value", value and mask as this machine loads them from packet
 * memory.
 */
static void print_word(struct buf *out, const char *fmt, unsigned int i,
		       unsigned int size, const struct pred *p)
{
	uint64_t value = 0, mask = 0, full = UINT64_MAX;
	const char *u = "ULL";

	if (size == 4) {
		uint32_t v, m;

		memcpy(&v, p->bytes.value + 4 * i, 4);
		memcpy(&m, p->bytes.mask + 4 * i, 4);
		value = v;
		mask = m;
		full = UINT32_MAX;
		u = "u";
	} else {
		memcpy(&value, p->bytes.value + 8 * i, 8);
		memcpy(&mask, p->bytes.mask + 8 * i, 8);
	}
	if (mask != full)
		buf_puts(out, "(");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(out, fmt, i);
#pragma GCC diagnostic pop
	if (mask != full)
		buf_printf(out, " & 0x%llx%s)", (unsigned long long)mask, u);
	buf_printf(out, " == 0x%llx%s", (unsigned long long)value, u);
}

static void print_bytes(struct buf *out, const struct spelling *s,
			const struct pred *p)
{
	unsigned int size = s->word_size;
	bool first = true;

	if (!size)
		size = p->bytes.len == 4 ? 4 : 8;
	for (unsigned int i = 0; i < p->bytes.len / size; i++) {
		const uint8_t *mask = p->bytes.mask + size * i;
		unsigned int b = 0;

		while (b < size && !mask[b])
			b++;
		if (b == size)
			continue;
		if (!first)
			buf_puts(out, " && ");
		first = false;
		print_word(out, s->word, i, size, p);
	}
	if (first)
		buf_puts(out, "1");
}

static void print_masked(struct buf *out, const struct spelling *s,
			 const struct pred *p)
{
	uint32_t mask = p->number.mask, value = p->number.value;

	if (value & ~mask)
		buf_puts(out, "0");
	else if ((mask & s->full_mask) == s->full_mask)
		buf_printf(out, "%s == 0x%x", s->number, value);
	else
		buf_printf(out, "(%s & 0x%x) == 0x%x", s->number, mask, value);
}

/*
 * Never a comparison whose outcome its types already tell: clang warns of
 * those.
 */
static void print_range(struct buf *out, const char *x,
			const struct pred_range *r)
{
	if (r->lo == r->hi)
		buf_printf(out, "%s == %u", x, r->lo);
	else if (r->lo && r->hi != UINT16_MAX)
		buf_printf(out, "(%s >= %u && %s <= %u)", x, r->lo, x, r->hi);
	else if (r->lo)
		buf_printf(out, "%s >= %u", x, r->lo);
	else if (r->hi != UINT16_MAX)
		buf_printf(out, "%s <= %u", x, r->hi);
	else
		buf_puts(out, "1");
}

static void print_ranges(struct buf *out, const struct pred *p)
{
	bool either = p->field == FIELD_ANY_PORT;
	const char *x = either ? "p->sport" : spellings[p->field].number;

	for (unsigned int i = 0; i < p->ranges.n; i++) {
		if (i)
			buf_puts(out, " || ");
		print_range(out, x, &p->ranges.r[i]);
		if (!either)
			continue;
		buf_puts(out, " || ");
		print_range(out, "p->dport", &p->ranges.r[i]);
	}
	if (!p->ranges.n)
		buf_puts(out, "0");
}

/* As above: nothing that the field's width already tells. */
static void print_between(struct buf *out, const struct spelling *s,
			  const struct pred *p)
{
	uint32_t lo = p->between.lo, hi = p->between.hi;

	if (lo > s->full_mask)
		buf_puts(out, "0");
	else if (lo && hi < s->full_mask)
		buf_printf(out, "%s >= 0x%xu && %s <= 0x%xu", s->number, lo,
			   s->number, hi);
	else if (lo)
		buf_printf(out, "%s >= 0x%xu", s->number, lo);
	else if (hi < s->full_mask)
		buf_printf(out, "%s <= 0x%xu", s->number, hi);
	else
		buf_puts(out, "1");
}

static void print_condition(struct buf *out, const struct pred *p)
{
	const struct spelling *s = &spellings[p->field];

	if (p->op == OP_RANGES)
		print_ranges(out, p);
	else if (p->op == OP_BETWEEN)
		print_between(out, s, p);
	else if (p->op == OP_ANY_BIT)
		buf_printf(out, "%s & 0x%x", s->number, p->number.mask);
	else if (s->word)
		print_bytes(out, s, p);
	else
		print_masked(out, s, p);
}

static void print_transport(struct buf *out, const struct pred *p)
{
	buf_printf(out, "\t\tif (p->avail < %u", p->transport.need);
	if (p->transport.native)
		buf_printf(out, " && p->fast < %u", p->transport.need);
	buf_puts(out, ") {\n");
	if (p->transport.native) {
		buf_puts(out, "\t\t\tif (p->fragoff && "
			      "fragments == FRAGMENTS_ASK_NFT)\n"
			      "\t\t\t\treturn HANDOVER;\n"
			      "\t\t\tbreak;\n");
	} else {
		if (p->transport.drop_frag1)
			buf_puts(out, "\t\t\tif (p->fragoff == 1)\n"
				      "\t\t\t\treturn DROP;\n");
		buf_puts(out, "\t\t\tif (p->fragoff)\n"
			      "\t\t\t\tbreak;\n"
			      "\t\t\treturn DROP;\n");
	}
	buf_puts(out, "\t\t}\n");
}

static void print_option(struct buf *out, const struct pred *p)
{
	buf_puts(out, "\t\tif (p->bad_options)\n\t\t\treturn DROP;\n");
	buf_printf(out, "\t\tif (%s(p->options[%u] >> %u & 1))\n\t\t\tbreak;\n",
		   p->invert ? "" : "!", p->number.value / 64,
		   p->number.value % 64);
}

void print_data(struct buf *out, const uint8_t *data, unsigned int size)
{
	buf_puts(out, "\t\t\tstatic const abi_u8 data[]\n"
		      "\t\t\t\t__attribute__((aligned(8))) = {");
	for (unsigned int i = 0; i < size; i++)
		buf_printf(out, "%u,", data[i]);
	buf_puts(out, "};\n");
}

static void print_function_call(struct buf *out, const struct pred *p)
{
	const struct call_desc *d = &call_descs[p->call.fn];

	if (p->call.size)
		print_data(out, p->call.data, p->call.size);
	buf_printf(out, "\t\t\tint m = %s(ctx, p", d->name);
	if (d->state)
		buf_printf(out, ", %u", p->state);
	for (unsigned int i = 0; i < p->call.nargs; i++)
		buf_printf(out, ", 0x%llxULL",
			   (unsigned long long)p->call.arg[i]);
	if (p->call.size)
		buf_printf(out, ", data, %u", p->call.size);
	buf_puts(out, ");\n");
}

/* A call answers NEXT (it does not match), MATCH, or how the packet ends. */
static void print_call(struct buf *out, const struct pred *p)
{
	const struct call_desc *d = &call_descs[p->call.fn];

	buf_puts(out, "\t\t{\n");
	if (d->print)
		d->print(out, p);
	else
		print_function_call(out, p);
	if (d->drops || d->hands_over)
		buf_puts(out, "\t\t\tif (m != NEXT && m != MATCH)\n"
			      "\t\t\t\treturn m;\n");
	buf_printf(out, "\t\t\tif (m %s NEXT)\n\t\t\t\tbreak;\n\t\t}\n",
		   p->invert ? "!=" : "==");
}

static void print_limit(struct buf *out, const struct pred *p)
{
	if (p->limit.per_jiffy)
		buf_printf(out, "\t\tif (!xt_limit_take(%u, %llu, ", p->state,
			   (unsigned long long)p->limit.per_jiffy);
	else
		buf_printf(out, "\t\tif (!limit_take(%u, ", p->state);
	buf_printf(out, "%lluULL, %lluULL))\n\t\t\tbreak;\n",
		   (unsigned long long)p->limit.cost,
		   (unsigned long long)p->limit.max);
}

/* What comes before the condition under which the rule is left. */
static const char *pass_prefix(enum family family, const struct pred *p)
{
	if (spellings[p->field].of_ct && p->pass_no_ct)
		return "p->ct && ";
	if (p->field == FIELD_PROTO && p->invert && family == FAMILY_IPV6)
		return "p->proto == PROTO_UNKNOWN || ";
	return "";
}

bool print_pred(struct buf *out, enum family family, const struct pred *p)
{
	const char *prefix;

	switch (p->field) {
	case FIELD_NEVER:
		buf_puts(out, "\t\tbreak;\n");
		return false;
	case FIELD_TRANSPORT:
		print_transport(out, p);
		return true;
	case FIELD_TCP_OPTION:
		print_option(out, p);
		return true;
	case FIELD_CALL:
		print_call(out, p);
		return true;
	case FIELD_CT_ENTRY:
		buf_puts(out, "\t\tif (!p->ct)\n\t\t\tbreak;\n");
		return true;
	case FIELD_LIMIT:
		print_limit(out, p);
		return true;
	default:
		break;
	}
	/*
	 * No parentheses around a lone comparison: clang takes them for a
	 * mistyped assignment.
	 */
	prefix = pass_prefix(family, p);
	buf_printf(out, "\t\tif (%s%s", prefix,
		   p->invert ? (*prefix ? "(" : "") : "!(");
	print_condition(out, p);
	buf_printf(out, "%s)\n\t\t\tbreak;\n",
		   p->invert && !*prefix ? "" : ")");
	return true;
}

/* ---- for the conditions of tables (engine.bpf.h) ---- */

bool pred_bytes(const struct pred *p)
{
	return p->op == OP_MASKED &&
	       (p->field == FIELD_IIF || p->field == FIELD_OIF ||
		p->field == FIELD_MAC_SOURCE || p->field == FIELD_SADDR ||
		p->field == FIELD_DADDR);
}

bool pred_number(const struct pred *p)
{
	const struct spelling *s = &spellings[p->field];

	return p->op != OP_HOLDS &&
	       (p->field == FIELD_ANY_PORT || (s->number && !s->of_ct));
}

void pred_print_number_case(struct buf *out, enum pred_field field)
{
	buf_printf(out, " case %u:", field);
	if (field == FIELD_PROTO)
		buf_puts(out, " if (p->proto == PROTO_UNKNOWN) return 0;");
	if (field == FIELD_ANY_PORT)
		buf_puts(out, " v = p->sport; w = p->dport; break;");
	else
		buf_printf(out, " v = w = %s; break;", spellings[field].number);
}

void pred_print_bytes_case(struct buf *out, enum family family,
			   enum pred_field field)
{
	const char *word = spellings[field].word;
	bool two = field != FIELD_MAC_SOURCE &&
		   (family == FAMILY_IPV6 ||
		    (field != FIELD_SADDR && field != FIELD_DADDR));

	buf_printf(out, " case %u: a[0] = ", field);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(out, word, 0);
	if (two) {
		buf_puts(out, "; a[1] = ");
		buf_printf(out, word, 1);
	}
#pragma GCC diagnostic pop
	buf_puts(out, "; break;");
}
