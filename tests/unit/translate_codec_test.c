// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encoder and decoder without a kernel: golden encodings, round trips, other
 * tools' forms, and bytes that make no sense.
 *
 * UPDATE_GOLDEN=1 in the environment rewrites the golden file; its expressions
 * were compared with those iptables-nft 1.8.9 writes for the same rules.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/translate_util.h"
#include "translate/codec.h"
#include "translate/expr.h"
#include "translate/native.h"
#include "translate/nlwrite.h"
#include "translate/nft.h"

#define GOLDEN "/tests/unit/golden/translate_encode.txt"

static char *golden_path(void)
{
	const char *dir = getenv("srcdir");
	char *path = NULL;

	assert_true(asprintf(&path, "%s%s", dir ? dir : ".", GOLDEN) > 0);
	return path;
}

static char *read_all(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	assert_non_null(b.data);
	return b.data;
}

static void encodings_are_golden(void **state)
{
	struct buf text = BUF_INIT, exprs = BUF_INIT;
	char *path = golden_path(), *want;
	struct rule *r;
	unsigned int i;
	FILE *f;

	for (i = 0; i < sample_count; i++) {
		buf_reset(&exprs);
		r = samples[i].build();
		assert_int_equal(rule_encode(&exprs, samples[i].family, r), 0);
		buf_printf(&text, "%s\n", samples[i].name);
		print_exprs(&text, exprs.data, exprs.len);
		rule_free(r);
	}
	if (getenv("UPDATE_GOLDEN")) {
		f = fopen(path, "we");
		assert_non_null(f);
		fputs(text.data, f);
		fclose(f);
	}
	want = read_all(path);
	assert_string_equal(text.data, want);
	free(want);
	free(path);
	buf_free(&exprs);
	buf_free(&text);
}

/* Decoding gives back the rule, and encoding that again the same bytes. */
static void decoding_reverses_encoding(void **state)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct decode_result res;
	struct rule *r, *back;
	unsigned int i;

	for (i = 0; i < sample_count; i++) {
		buf_reset(&first);
		buf_reset(&second);
		r = samples[i].build();
		back = rule_new();
		rule_encode(&first, samples[i].family, r);
		assert_int_equal(rule_decode(samples[i].family, first.data,
					     first.len, back, &res),
				 0);
		rule_mark_guard(back);
		assert_null(res.why);
		assert_false(res.incompatible);
		if (back->flags != r->flags)
			fail_msg("%s: flags %x", samples[i].name, back->flags);
		assert_int_equal(back->has_counter, r->has_counter);
		assert_int_equal(back->packets, r->packets);
		assert_int_equal(back->bytes, r->bytes);
		/* "not any port" comes back as a plain range */
		if (!rule_equal(samples[i].family, r, back, NULL))
			fail_msg("%s: not the same", samples[i].name);
		rule_encode(&second, samples[i].family, back);
		assert_int_equal(first.len, second.len);
		assert_memory_equal(first.data, second.data, first.len);
		rule_free(back);
		rule_free(r);
	}
	buf_free(&first);
	buf_free(&second);
}

/* ---- other forms, written expression by expression ---- */

static struct rule *decode_buf(struct buf *b, struct decode_result *res)
{
	struct rule *r = rule_new();

	assert_false(b->failed);
	assert_int_equal(rule_decode(FAMILY_IPV4, b->data, b->len, r, res), 0);
	buf_free(b);
	return r;
}

static void cmp_byte(struct buf *b, uint8_t v)
{
	expr_cmp(b, NFT_CMP_EQ, &v, 1);
}

static void cmp_be16(struct buf *b, uint32_t op, uint16_t v)
{
	v = htons(v);
	expr_cmp(b, op, &v, sizeof(v));
}

static void protocol_is(struct buf *b, uint8_t proto)
{
	expr_meta(b, NFT_META_L4PROTO);
	cmp_byte(b, proto);
}

static void port(struct buf *b, uint32_t offset, uint32_t op, uint16_t v)
{
	expr_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, offset, 2);
	cmp_be16(b, op, v);
}

/* iptables-nft 1.8.11: saddr, interface, protocol byte of the header, then the
 * ports. */
static void newer_order_is_understood(void **state)
{
	static const unsigned char net[] = {10};
	struct buf b = BUF_INIT;
	struct decode_result res;
	const struct xt_tcp *tcp;
	struct rule *r;
	struct ext *m;

	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 12, 1);
	expr_cmp(&b, NFT_CMP_EQ, net, 1);
	expr_meta(&b, NFT_META_IIFNAME);
	expr_cmp(&b, NFT_CMP_EQ, "lan", 3);
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 9, 1);
	cmp_byte(&b, IPPROTO_TCP);
	port(&b, 2, NFT_CMP_EQ, 22);
	expr_counter(&b, 1, 2);
	expr_verdict(&b, NF_ACCEPT, NULL);
	r = decode_buf(&b, &res);

	assert_int_equal(r->flags, 0);
	assert_int_equal(r->core.proto, IPPROTO_TCP);
	assert_int_equal(ntohl(r->core.src.ip), 0x0a000000);
	assert_int_equal(ntohl(r->core.smsk.ip), 0xff000000);
	assert_string_equal(r->core.iif, "lan");
	assert_int_equal(r->core.iif_len, 3);
	m = container_of(r->matches.next, struct ext, node);
	assert_string_equal(m->name, "tcp");
	assert_true(m->native);
	tcp = (const void *)m->data;
	assert_int_equal(tcp->spts[0], 0);
	assert_int_equal(tcp->spts[1], 65535);
	assert_int_equal(tcp->dpts[0], 22);
	assert_int_equal(tcp->dpts[1], 22);
	rule_free(r);
}

/* nft's own: "iifname eth0" padded to 16 bytes, ports with operators, a
 * comment. */
static void nft_forms_are_understood(void **state)
{
	static const unsigned char comment[] = "\0\3hi";
	struct buf b = BUF_INIT;
	struct decode_result res;
	char name[IFNAMSIZ] = "eth0";
	const struct xt_udp *udp;
	struct rule *r;
	struct ext *m;

	expr_meta(&b, NFT_META_IIFNAME);
	expr_cmp(&b, NFT_CMP_NEQ, name, sizeof(name));
	protocol_is(&b, IPPROTO_UDP);
	port(&b, 0, NFT_CMP_GTE, 100);
	port(&b, 0, NFT_CMP_LT, 201);
	port(&b, 2, NFT_CMP_GT, 9);
	expr_verdict(&b, NFT_CONTINUE, NULL);
	r = decode_buf(&b, &res);
	assert_int_equal(rule_decode_userdata(r, comment, sizeof(comment)), 0);

	assert_int_equal(r->flags, 0);
	assert_int_equal(r->core.iif_len, 5);
	assert_int_equal(r->core.inv, CORE_INV_IIF);
	assert_false(r->has_counter);
	assert_int_equal(r->action, ACTION_NONE);
	m = container_of(r->matches.next, struct ext, node);
	udp = (const void *)m->data;
	assert_int_equal(udp->spts[0], 100);
	assert_int_equal(udp->spts[1], 200);
	assert_int_equal(udp->dpts[0], 10);
	assert_int_equal(udp->dpts[1], 65535);
	m = container_of(r->matches.prev, struct ext, node);
	assert_string_equal(m->name, "comment");
	assert_string_equal((char *)m->data, "hi");
	rule_free(r);
}

static void nflog_prefix_may_be_long(void **state)
{
	struct nflog_info_wide info = {.group = 1};
	struct buf b = BUF_INIT;
	struct decode_result res;
	struct rule *r = rule_new(), *back;

	memset(info.prefix, 'x', sizeof(info.prefix) - 1);
	r->action = ACTION_TARGET;
	r->target = make_ext("NFLOG", 0, &info, sizeof(info));
	assert_int_equal(rule_encode(&b, FAMILY_IPV4, r), 0);
	back = decode_buf(&b, &res);
	assert_memory_equal(back->target->data, &info, sizeof(info));
	rule_free(back);
	rule_free(r);
}

/* What the flags of a decoded rule must be. */
static unsigned int flags_of(struct buf *b)
{
	struct decode_result res;
	struct rule *r = decode_buf(b, &res);
	unsigned int flags = r->flags;

	rule_free(r);
	return flags;
}

static void order_is_watched(void **state)
{
	static const unsigned char net[] = {10};
	struct ext *limit = make_limit(100, 5);
	struct buf b = BUF_INIT;

	/* A core condition after a match. */
	expr_compat(&b, "match", limit);
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 12, 1);
	expr_cmp(&b, NFT_CMP_EQ, net, 1);
	expr_verdict(&b, NF_ACCEPT, NULL);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* A load that nothing is compared with asks for a packet that long. */
	expr_payload(&b, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* A match after the counter. */
	expr_counter(&b, 0, 0);
	expr_compat(&b, "match", limit);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* A tcp match torn in two by another. */
	protocol_is(&b, IPPROTO_TCP);
	port(&b, 0, NFT_CMP_EQ, 1);
	expr_compat(&b, "match", limit);
	port(&b, 2, NFT_CMP_EQ, 2);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* The same condition twice. */
	protocol_is(&b, IPPROTO_TCP);
	port(&b, 0, NFT_CMP_EQ, 1);
	port(&b, 0, NFT_CMP_EQ, 2);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* Two verdicts. */
	expr_verdict(&b, NFT_JUMP, "a");
	expr_verdict(&b, NF_DROP, NULL);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);
	free(limit);
}

static void meaning_is_not_guessed(void **state)
{
	static const unsigned char pair[] = {0, 20, 0, 21};
	static const unsigned char addr[] = {10, 0, 0, 1};
	static const unsigned char mask[] = {0xff, 0, 0, 0};
	struct buf b = BUF_INIT;

	/* "Not this pair of ports" (1.8.9's ! --sport ! --dport) is not two
	 * conditions. */
	protocol_is(&b, IPPROTO_TCP);
	expr_payload(&b, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4);
	expr_cmp(&b, NFT_CMP_NEQ, pair, sizeof(pair));
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* Addresses less than another. */
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	expr_cmp(&b, NFT_CMP_LT, addr, sizeof(addr));
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* A comparison longer than what was loaded. */
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 12, 2);
	expr_cmp(&b, NFT_CMP_EQ, addr, sizeof(addr));
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* Masked twice. */
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 12, 4);
	expr_bitwise(&b, mask, sizeof(mask));
	expr_bitwise(&b, mask, sizeof(mask));
	expr_cmp(&b, NFT_CMP_EQ, addr, sizeof(addr));
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* Ports of "not tcp". */
	expr_meta(&b, NFT_META_L4PROTO);
	expr_cmp(&b, NFT_CMP_NEQ, "\6", 1);
	port(&b, 2, NFT_CMP_EQ, 80);
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);

	/* Ports of an unknown protocol: iptables gives up. */
	port(&b, 2, NFT_CMP_EQ, 80);
	assert_int_equal(flags_of(&b), RULE_UNKNOWN);

	/* A set: iptables does not see it. */
	expr_end(&b, expr_begin(&b, "lookup"));
	assert_int_equal(flags_of(&b), RULE_ODD_ORDER);
}

static void incompatible_is_told(void **state)
{
	struct decode_result res;
	struct buf b = BUF_INIT;
	struct expr_nest n;
	struct rule *r;

	expr_end(&b, expr_begin(&b, "ct"));
	r = decode_buf(&b, &res);
	assert_int_equal(r->flags, RULE_UNKNOWN);
	assert_true(res.incompatible);
	rule_free(r);

	n = expr_begin(&b, "log");
	nlw_str(&b, NFTA_LOG_PREFIX, "no group");
	expr_end(&b, n);
	r = decode_buf(&b, &res);
	assert_true(res.incompatible);
	rule_free(r);

	n = expr_begin(&b, "limit");
	nlw_u64(&b, NFTA_LIMIT_RATE, 10);
	nlw_u64(&b, NFTA_LIMIT_UNIT, 1);
	nlw_u32(&b, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	expr_end(&b, n);
	r = decode_buf(&b, &res);
	assert_true(res.incompatible);
	rule_free(r);

	/* Not decodable, but no reason to give up the table. */
	expr_meta(&b, NFT_META_CPU);
	expr_cmp(&b, NFT_CMP_EQ, "\0\0\0\0", 4);
	r = decode_buf(&b, &res);
	assert_int_equal(r->flags, RULE_UNKNOWN);
	assert_false(res.incompatible);
	assert_string_equal(res.why, "unknown ipv4 meta key");
	rule_free(r);
}

/* Loading a register forgets what overlapped it. */
static void registers_overlap(void **state)
{
	struct buf b = BUF_INIT;
	struct expr_nest n = expr_begin(&b, "payload");

	nlw_u32(&b, NFTA_PAYLOAD_DREG, NFT_REG32_02);
	nlw_u32(&b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nlw_u32(&b, NFTA_PAYLOAD_OFFSET, 12);
	nlw_u32(&b, NFTA_PAYLOAD_LEN, 4);
	expr_end(&b, n);
	n = expr_begin(&b, "payload");
	nlw_u32(&b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nlw_u32(&b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nlw_u32(&b, NFTA_PAYLOAD_OFFSET, 0);
	nlw_u32(&b, NFTA_PAYLOAD_LEN, 12);
	expr_end(&b, n);
	n = expr_begin(&b, "cmp");
	nlw_u32(&b, NFTA_CMP_SREG, NFT_REG32_02);
	nlw_u32(&b, NFTA_CMP_OP, NFT_CMP_EQ);
	{
		size_t data = nlw_nest(&b, NFTA_CMP_DATA);

		nlw_put(&b, NFTA_DATA_VALUE, "\1\2\3\4", 4);
		nlw_nest_end(&b, data);
	}
	expr_end(&b, n);
	assert_int_equal(flags_of(&b), RULE_UNKNOWN | RULE_ODD_ORDER);
}

static void ports_need_their_protocol(void **state)
{
	struct rule *r = rule_new();
	struct buf b = BUF_INIT;
	struct err e;

	rule_add_match(r, make_tcp(0, 65535, 80, 80, 0));
	assert_int_equal(rule_check(r, &e), -EPROTOTYPE);
	assert_string_equal(e.msg, "TCP match requires '-p tcp'");
	assert_int_equal(e.status, ERR_PARAMETER);
	assert_int_equal(rule_encode(&b, FAMILY_IPV4, r), -EPROTOTYPE);
	r->core.proto = IPPROTO_TCP;
	assert_int_equal(rule_check(r, &e), 0);
	rule_free(r);
	buf_free(&b);
}

static void only_guards_are_guards(void **state)
{
	struct rule *r = rule_new();

	r->action = ACTION_ACCEPT;
	rule_add_match(r, make_bpf_pinned("/run/iptables-bpf/bpf/guard-x"));
	rule_mark_guard(r);
	assert_int_equal(r->flags, RULE_GUARD);

	r->flags = 0;
	r->action = ACTION_DROP;
	rule_mark_guard(r);
	assert_int_equal(r->flags, 0);

	r->action = ACTION_ACCEPT;
	set_addr4(&r->core.src, &r->core.smsk, "10.0.0.0", "255.0.0.0");
	rule_mark_guard(r);
	assert_int_equal(r->flags, 0);
	rule_free(r);

	r = rule_new();
	r->action = ACTION_ACCEPT;
	rule_add_match(r, make_bpf_pinned("/sys/fs/bpf/mine"));
	rule_mark_guard(r);
	assert_int_equal(r->flags, 0);
	rule_free(r);
}

/* ---- rule_equal ---- */

static uint32_t first_eight(enum family family, const struct ext *e,
			    bool target)
{
	return 8;
}

static void equality_is_the_users(void **state)
{
	struct rule *a = rule_new(), *b = rule_new();

	/* 7/second is 1428 ticks for xt_limit, and 1428 again out of nft: but
	 * so is 1428.5. */
	rule_add_match(a, make_limit(10000 / 7, 5));
	rule_add_match(b, make_limit(10000 / 7, 5));
	((struct xt_rateinfo *)(void *)container_of(b->matches.next, struct ext,
						    node)
		 ->data)
		->cost = 9; /* the kernel's own part */
	assert_true(rule_equal(FAMILY_IPV4, a, b, first_eight));
	a->packets = 5;
	assert_true(rule_equal(FAMILY_IPV4, a, b, first_eight));
	a->action = ACTION_DROP;
	assert_false(rule_equal(FAMILY_IPV4, a, b, first_eight));
	b->action = ACTION_DROP;
	a->core.proto = 6;
	assert_false(rule_equal(FAMILY_IPV4, a, b, first_eight));
	b->core.proto = 6;
	assert_true(rule_equal(FAMILY_IPV4, a, b, first_eight));
	rule_add_match(b, make_limit(1, 5));
	assert_false(rule_equal(FAMILY_IPV4, a, b, first_eight));
	rule_free(a);
	rule_free(b);
}

/* What is read back for @r. */
static struct rule *through_nft(const struct rule *r)
{
	struct rule *back = rule_new();
	struct buf b = BUF_INIT;

	assert_int_equal(rule_encode(&b, FAMILY_IPV4, r), 0);
	assert_int_equal(rule_decode(FAMILY_IPV4, b.data, b.len, back, NULL),
			 0);
	buf_free(&b);
	return back;
}

/* -C must find what -A made, also where nft keeps it in another form. */
static void equality_survives_the_way_through_nft(void **state)
{
	static const uint16_t ports[] = {0, 1, 80, 1023, 65534, 65535};
	const unsigned int n = sizeof(ports) / sizeof(ports[0]);
	unsigned int lo, hi, inv;
	struct rule *r, *back;
	uint32_t avg;

	for (avg = 1; avg < 2000000000; avg += avg / 7 + 1) {
		if (avg > 10000 * 60 * 60 * 24)
			break;
		r = rule_new();
		rule_add_match(r, make_limit(avg, 5));
		back = through_nft(r);
		if (!rule_equal(FAMILY_IPV4, r, back, first_eight))
			fail_msg("limit avg %u", avg);
		rule_free(r);
		rule_free(back);
	}
	for (inv = 0; inv < 4; inv++)
		for (lo = 0; lo < n; lo++)
			for (hi = lo; hi < n; hi++) {
				r = rule_new();
				r->core.proto = IPPROTO_TCP;
				rule_add_match(r, make_tcp(ports[lo], ports[hi],
							   7, 9, (uint8_t)inv));
				back = through_nft(r);
				if (!rule_equal(FAMILY_IPV4, r, back, NULL))
					fail_msg("ports %u:%u, inverted %u",
						 ports[lo], ports[hi], inv);
				rule_free(r);
				rule_free(back);
			}
}

/* ---- bytes that make no sense ---- */

static uint32_t next_random(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static void garbage_is_survived(void **state)
{
	struct buf good = BUF_INIT, bad = BUF_INIT;
	uint32_t seed = 20240101;
	struct rule *r;
	unsigned int i, round, flips;

	for (i = 0; i < sample_count; i++) {
		r = samples[i].build();
		buf_reset(&good);
		rule_encode(&good, samples[i].family, r);
		rule_free(r);
		for (round = 0; round < 3000; round++) {
			/* A copy of the exact size, so that reading past it
			 * shows. */
			size_t len = good.len - next_random(&seed) % 16;
			unsigned char *copy = malloc(len);

			memcpy(copy, good.data, len);
			for (flips = next_random(&seed) % 8; flips; flips--)
				copy[next_random(&seed) % len] =
					(unsigned char)next_random(&seed);
			r = rule_new();
			assert_int_equal(rule_decode(samples[i].family, copy,
						     len, r, NULL),
					 0);
			rule_mark_guard(r);
			rule_decode_userdata(r, copy, len);
			/* What was understood can be written again. */
			buf_reset(&bad);
			rule_encode(&bad, samples[i].family, r);
			rule_free(r);
			free(copy);
		}
	}
	buf_free(&good);
	buf_free(&bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings_are_golden),
		cmocka_unit_test(decoding_reverses_encoding),
		cmocka_unit_test(newer_order_is_understood),
		cmocka_unit_test(nft_forms_are_understood),
		cmocka_unit_test(nflog_prefix_may_be_long),
		cmocka_unit_test(order_is_watched),
		cmocka_unit_test(meaning_is_not_guessed),
		cmocka_unit_test(incompatible_is_told),
		cmocka_unit_test(registers_overlap),
		cmocka_unit_test(ports_need_their_protocol),
		cmocka_unit_test(only_guards_are_guards),
		cmocka_unit_test(equality_is_the_users),
		cmocka_unit_test(equality_survives_the_way_through_nft),
		cmocka_unit_test(garbage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
