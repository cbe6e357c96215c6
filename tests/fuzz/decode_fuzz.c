// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any netlink attributes as a rule's expressions. What decodes without a flag
 * must encode again, decode to the same rule, and do the same as the first
 * expressions did to packets aimed at its boundaries (evaluate.h). The first
 * byte chooses the family, and whether what follows are attributes, or choices
 * from which expressions_write() makes well-formed ones.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/evaluate.h"
#include "tests/fuzz/expressions.h"
#include "translate/codec.h"
#include "translate/native.h"
#include "translate/nft.h"
#include "translate/nlread.h"

#define PACKETS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rule at work, for people. */
static const struct buf *shown;

static void show(const struct buf *exprs)
{
	struct attr_area area = {(const void *)exprs->data, exprs->len};
	struct attr elem, expr[NFTA_EXPR_MAX + 1];

	while (attr_next(&area, &elem)) {
		attrs_parse_nested(&elem, expr, NFTA_EXPR_MAX);
		fprintf(stderr, "%s", attr_str(&expr[NFTA_EXPR_NAME]) ?: "?");
		for (unsigned int i = 0; i < expr[NFTA_EXPR_DATA].len; i++)
			fprintf(stderr, "%s%02x", i % 4 ? "" : " ",
				expr[NFTA_EXPR_DATA].data[i]);
		fputs("\n", stderr);
	}
}

static void wrong(const char *what)
{
	if (shown)
		show(shown);
	fprintf(stderr, "decode_fuzz: %s\n", what);
	abort();
}

/* Names are shorter than 16 bytes, and zeros follow. */
static void end_name(uint8_t *name)
{
	size_t len = strnlen((char *)name, 15);

	memset(name + len, 0, 16 - len);
}

static void random_packet(struct evaluate_packet *p, uint64_t seed)
{
	uint8_t *all = (uint8_t *)p;

	for (size_t i = 0; i < sizeof(*p); i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		all[i] = seed >> 61 ? 0 : seed >> 56;
	}
	p->no_transport = !(seed >> 61);
	p->seed = seed;
	/* What a register holds of one byte, and of a name. */
	memset(&p->meta[NFT_META_L4PROTO][1], 0, 3);
	memset(&p->meta[NFT_META_NFPROTO][1], 0, 3);
	memset(&p->meta[NFT_META_PKTTYPE][1], 0, 3);
	end_name(p->meta[NFT_META_IIFNAME]);
	end_name(p->meta[NFT_META_OIFNAME]);
}

/*
 * Bends @p so that comparisons of @exprs hold, and makes it one that there can
 * be: IPv4 names the transport protocol in its header.
 */
static void bend_packet(enum family family, const struct buf *exprs,
			struct evaluate_packet *p)
{
	uint8_t *in_header = &p->header[NFT_PAYLOAD_NETWORK_HEADER]
				       [offsetof(struct iphdr, protocol)];
	uint8_t *in_meta = p->meta[NFT_META_L4PROTO], before = *in_header;

	evaluate(exprs->data, exprs->len, p, true);
	end_name(p->meta[NFT_META_IIFNAME]);
	end_name(p->meta[NFT_META_OIFNAME]);
	memset(&in_meta[1], 0, 3);
	if (family == FAMILY_IPV4 && *in_header != before)
		*in_meta = *in_header;
	else if (family == FAMILY_IPV4)
		*in_header = *in_meta;
}

/*
 * Both have to do the same to packets on which comparisons of @a hold. A rule
 * without a counter gets one when it is encoded, as iptables would write it.
 */
static void compare(enum family family, const struct buf *a,
		    const struct buf *b, bool counter)
{
	for (unsigned int i = 0; i < PACKETS; i++) {
		struct evaluate_packet p;
		struct evaluate_outcome x, y;

		random_packet(&p, i * 2654435761u + a->len);
		bend_packet(family, a, &p);
		x = evaluate(a->data, a->len, &p, false);
		y = evaluate(b->data, b->len, &p, false);
		if (x.end == EVALUATE_INVALID)
			continue;
		if (y.end == EVALUATE_INVALID)
			wrong("it encodes to what nft would not take");
		if (x.end != y.end || x.verdict != y.verdict ||
		    x.effects != y.effects ||
		    (counter && x.counted != y.counted)) {
			fprintf(stderr, "packet %u: %d %d %llx, %d %d %llx\n",
				i, x.end, x.verdict,
				(unsigned long long)x.effects, y.end, y.verdict,
				(unsigned long long)y.effects);
			wrong("encoded again it does something else");
		}
	}
}

/*
 * A tcp match of nft_compat's and the like: iptables writes native expressions
 * instead, which differ in what they do to packets that are too short, and do
 * not keep bytes that mean nothing.
 */
static bool changes_form(const struct rule *r)
{
	const struct ext *m;

	list_for_each (m, &r->matches, struct ext, node)
		if (!m->native && native_find(m, false))
			return true;
	return r->target && !r->target->native && native_find(r->target, true);
}

static void again(enum family family, struct rule *r, const struct buf *first)
{
	struct buf second = BUF_INIT, third = BUF_INIT;
	struct rule *back = rule_new();
	struct decode_result res;

	if (!back || rule_encode(&second, family, r))
		wrong("it cannot be encoded");
	if (rule_decode(family, second.data, second.len, back, &res))
		wrong("out of memory");
	if (back->flags || res.why ||
	    (!changes_form(r) && !rule_equal(family, r, back, NULL)))
		wrong("encoded and decoded it is another rule");
	if (rule_encode(&third, family, back))
		wrong("it cannot be encoded twice");
	if (!changes_form(r) && (third.len != second.len ||
				 memcmp(third.data, second.data, second.len)))
		wrong("encoding it twice gives two results");
	if (!changes_form(r))
		compare(family, first, &second, r->has_counter);
	buf_free(&second);
	buf_free(&third);
	rule_free(back);
}

static void with_flags(enum family family, struct rule *r,
		       const struct buf *exprs)
{
	struct buf out = BUF_INIT;

	if (rule_keep_raw(r, exprs->data, exprs->len, NULL, 0))
		wrong("out of memory");
	rule_encode(&out, family, r);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint8_t how = input_u8(&in);
	enum family family = how & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	struct buf exprs = BUF_INIT;
	struct decode_result res;
	struct rule *r = rule_new();

	if (how & 2)
		buf_add(&exprs, in.data, in.len);
	else
		expressions_write(&exprs, &in);
	shown = &exprs;
	if (!r || exprs.failed ||
	    rule_decode(family, exprs.data, exprs.len, r, &res))
		wrong("out of memory");
	rule_mark_guard(r);
	if (!(r->flags & (RULE_UNKNOWN | RULE_ODD_ORDER))) {
		if (res.why)
			wrong("a reason without a flag");
		/* nft does not take a tcp match without the protocol. */
		if (!rule_check(r, NULL))
			again(family, r, &exprs);
	} else {
		with_flags(family, r, &exprs);
	}
	/* The same bytes as what nftables keeps for its users. */
	rule_decode_userdata(r, in.data, in.len);
	rule_free(r);
	buf_free(&exprs);
	return 0;
}
