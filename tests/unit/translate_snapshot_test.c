// SPDX-License-Identifier: GPL-2.0-or-later
/* Snapshots: packing, records, which of them count, searching and replaying
 * them; damaged, cut off, stale and in any order. */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/translate_util.h"
#include "translate/codec.h"
#include "translate/delta.h"
#include "translate/snapshot.h"

#define WORLD 42

/* ---- packing ---- */

static void packed_strings_come_back(void **state)
{
	static const size_t lengths[] = {0, 1, 4, 7, 300, 304, 5000};
	unsigned char in[5000], copy[5000];
	struct delta out = {0}, back = {0};
	const unsigned char *at, *got;
	struct buf packed = BUF_INIT;
	unsigned int round, i;
	size_t start;

	memset(in, 0x11, sizeof(in));
	for (round = 0; round < 200; round++) {
		size_t len = lengths[rand() % 7];

		for (i = 0; i < 5 && len; i++)
			in[(size_t)rand() % len] = (unsigned char)rand();
		start = packed.len;
		memcpy(copy, in, len);
		assert_int_equal(delta_put(&out, &packed, in, len), 0);
		at = (unsigned char *)packed.data + start;
		got = delta_get(&back, &at,
				(unsigned char *)packed.data + packed.len, len);
		assert_non_null(got);
		assert_memory_equal(got, copy, len);
		assert_ptr_equal(at, packed.data + packed.len);
	}
	delta_free(&out);
	delta_free(&back);
	buf_free(&packed);
}

static void equal_strings_take_two_bytes(void **state)
{
	unsigned char s[400] = {1, 2, 3};
	struct delta d = {0};
	struct buf packed = BUF_INIT;
	size_t first;

	assert_int_equal(delta_put(&d, &packed, s, sizeof(s)), 0);
	first = packed.len;
	assert_int_equal(delta_put(&d, &packed, s, sizeof(s)), 0);
	assert_int_equal(packed.len - first, 2);
	delta_free(&d);
	buf_free(&packed);
}

static void noise_unpacks_to_nothing_bad(void **state)
{
	unsigned char noise[64];
	const unsigned char *at;
	struct delta d = {0};
	unsigned int round, i;

	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(noise); i++)
			noise[i] = (unsigned char)(rand() % 3 ? rand() % 8
							      : rand());
		at = noise;
		delta_get(&d, &at, noise + sizeof(noise), (size_t)rand() % 99);
		assert_true(at <= noise + sizeof(noise));
	}
	delta_free(&d);
}

/* ---- records ---- */

static const struct snap_place input = {FAMILY_IPV4, "filter", "INPUT"};
static const struct snap_place sub = {FAMILY_IPV4, "filter", "sub"};

/* A rule that is known by its handle: sketch and content follow from it. */
static void add(struct snap_record *r, const struct snap_place *at,
		enum nft_where where, uint64_t ref, uint64_t handle)
{
	char exprs[40];
	struct snap_content c = {
		.exprs = exprs,
		.exprs_len = sizeof(exprs),
		.udata = handle % 3 ? NULL : "user",
		.udata_len = handle % 3 ? 0 : 4,
		.handle = handle,
		.sketch = (uint32_t)handle * 10,
	};

	memset(exprs, 0, sizeof(exprs));
	memcpy(exprs + 20, &handle, sizeof(handle));
	snap_add(r, at, where, ref, &c);
}

static void end(struct snap_record *r, uint32_t from, uint32_t to,
		struct buf *out)
{
	assert_int_equal(snap_record_end(r, WORLD, from, to, out), 0);
	snap_record_free(r);
}

struct seen {
	char text[400];
};

static int print_rule(const char *chain, const struct snap_content *rule,
		      void *arg)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);
	uint64_t handle;

	assert_int_equal(rule->exprs_len, 40);
	memcpy(&handle, (const char *)rule->exprs + 20, sizeof(handle));
	assert_int_equal(handle, rule->handle);
	assert_int_equal(rule->sketch, handle * 10);
	assert_int_equal(rule->udata_len, handle % 3 ? 0 : 4);
	snprintf(s->text + n, sizeof(s->text) - n, "%s%s:%u", n ? " " : "",
		 chain, (unsigned int)rule->handle);
	return 0;
}

/* "CHAIN:HANDLE ..." of ip filter at @gen; "?" when not known, an error's name
 * when there is one. */
static const char *rules_at(const struct buf *b, uint32_t gen)
{
	static struct seen seen;
	struct snap_state *st;
	struct snap s;
	int ret;

	seen.text[0] = '\0';
	if (snap_open(&s, b->data, b->len, WORLD, gen))
		return "stale";
	ret = snap_replay(&s, &st);
	snap_close(&s);
	if (ret)
		return ret == -EUCLEAN ? "damaged" : "error";
	if (!snap_state_knows(st, FAMILY_IPV4, "filter"))
		strcpy(seen.text, "?");
	else
		snap_state_each(st, FAMILY_IPV4, "filter", print_rule, &seen);
	snap_state_free(st);
	return seen.text;
}

static int find(const struct buf *b, uint32_t gen, uint64_t handle,
		uint64_t *found)
{
	struct snap s;
	int n;

	*found = 0;
	if (snap_open(&s, b->data, b->len, WORLD, gen))
		return -ESTALE;
	n = snap_find(&s, &input, (uint32_t)handle * 10, found, 1);
	snap_close(&s);
	return n;
}

/* A table at generation 5, then one commit of each kind. */
static void history(struct buf *out)
{
	struct snap_record r;

	memset(&r, 0, sizeof(r));
	snap_reset(&r, FAMILY_IPV4, "filter");
	add(&r, &input, NFT_APPEND, 0, 11);
	add(&r, &input, NFT_APPEND, 0, 12);
	add(&r, &sub, NFT_APPEND, 0, 13);
	end(&r, 5, 5, out);
	add(&r, &input, NFT_PREPEND, 0, 14);
	end(&r, 5, 6, out);
	add(&r, &input, NFT_BEFORE_HANDLE, 12, 15);
	add(&r, &input, NFT_AFTER_HANDLE, 12, 16);
	end(&r, 6, 7, out);
	snap_delete(&r, &input, 11);
	end(&r, 7, 8, out);
	add(&r, &input, NFT_REPLACE, 15, 15);
	snap_flush(&r, &sub);
	end(&r, 8, 9, out);
	snap_reset(&r, FAMILY_IPV4, "raw");
	end(&r, 9, 10, out);
	snap_reset(&r, FAMILY_IPV4, "filter");
	add(&r, &input, NFT_APPEND, 0, 1);
	end(&r, 10, 11, out);
}

static void commits_are_replayed(void **state)
{
	struct buf b = BUF_INIT;

	history(&b);
	assert_string_equal(rules_at(&b, 4), "stale");
	assert_string_equal(rules_at(&b, 5), "INPUT:11 INPUT:12 sub:13");
	assert_string_equal(rules_at(&b, 6),
			    "INPUT:14 INPUT:11 INPUT:12 sub:13");
	assert_string_equal(
		rules_at(&b, 7),
		"INPUT:14 INPUT:11 INPUT:15 INPUT:12 INPUT:16 sub:13");
	assert_string_equal(rules_at(&b, 8),
			    "INPUT:14 INPUT:15 INPUT:12 INPUT:16 sub:13");
	assert_string_equal(rules_at(&b, 9),
			    "INPUT:14 INPUT:15 INPUT:12 INPUT:16");
	assert_string_equal(rules_at(&b, 10),
			    "INPUT:14 INPUT:15 INPUT:12 INPUT:16");
	assert_string_equal(rules_at(&b, 11), "INPUT:1");
	assert_string_equal(rules_at(&b, 12), "stale");
	buf_free(&b);
}

static void searches_agree(void **state)
{
	static const struct {
		uint32_t gen;
		uint64_t handle;
		int n;
	} cases[] = {
		{5, 11, 1},  {5, 14, 0}, {6, 14, 1},	   {7, 15, 1},
		{8, 11, 0},  {9, 15, 1}, {9, 13, 0},	   {10, 12, 1},
		{11, 12, 0}, {11, 1, 1}, {12, 1, -ESTALE},
	};
	struct buf b = BUF_INIT;
	uint64_t found;
	unsigned int i;

	history(&b);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			find(&b, cases[i].gen, cases[i].handle, &found),
			cases[i].n);
		if (cases[i].n == 1)
			assert_int_equal(found, cases[i].handle);
	}
	buf_free(&b);
}

/* Where each record begins; the last one ends at b->len. */
static unsigned int split(const struct buf *b, size_t *at)
{
	const struct snap_header *h;
	unsigned int n = 0;
	size_t pos;

	for (pos = 0; pos < b->len; n++) {
		h = (const void *)(b->data + pos);
		at[n] = pos;
		pos += sizeof(*h) + (size_t)(h->index_len + h->rules_len);
	}
	at[n] = b->len;
	return n;
}

static void order_does_not_matter(void **state)
{
	struct buf b = BUF_INIT, mixed = BUF_INIT;
	size_t at[16];
	unsigned int n, i;

	history(&b);
	n = split(&b, at);
	assert_int_equal(n, 7);
	for (i = n; i-- > 0;)
		buf_add(&mixed, b.data + at[i], at[i + 1] - at[i]);
	/* And some twice. */
	buf_add(&mixed, b.data + at[1], at[3] - at[1]);
	assert_string_equal(
		rules_at(&mixed, 7),
		"INPUT:14 INPUT:11 INPUT:15 INPUT:12 INPUT:16 sub:13");
	assert_string_equal(rules_at(&mixed, 11), "INPUT:1");
	buf_free(&mixed);
	buf_free(&b);
}

static void a_gap_ends_it(void **state)
{
	struct buf b = BUF_INIT, gap = BUF_INIT;
	uint64_t found;
	size_t at[16];

	history(&b);
	split(&b, at);
	buf_add(&gap, b.data, at[2]);
	buf_add(&gap, b.data + at[3], b.len - at[3]);
	assert_string_equal(rules_at(&gap, 6),
			    "INPUT:14 INPUT:11 INPUT:12 sub:13");
	assert_string_equal(rules_at(&gap, 7), "stale");
	/* 8 is known to be a deletion from what is not known. */
	assert_string_equal(rules_at(&gap, 8), "?");
	assert_int_equal(find(&gap, 8, 12, &found), -ESTALE);
	/* Until somebody begins anew. */
	assert_string_equal(rules_at(&gap, 11), "INPUT:1");
	assert_int_equal(find(&gap, 11, 1, &found), 1);
	buf_free(&gap);
	buf_free(&b);
}

static void another_world_is_stale(void **state)
{
	struct buf b = BUF_INIT;
	struct snap s;

	history(&b);
	assert_int_equal(snap_open(&s, b.data, b.len, WORLD + 1, 5), -ESTALE);
	buf_free(&b);
}

static void any_cut_is_stale_or_right(void **state)
{
	const char *want = "INPUT:14 INPUT:15 INPUT:12 INPUT:16 sub:13", *got;
	struct buf b = BUF_INIT;
	size_t full, at[16];

	history(&b);
	split(&b, at);
	full = b.len;
	for (b.len = 0; b.len <= full; b.len++) {
		got = rules_at(&b, 8);
		assert_string_equal(got, b.len >= at[4] ? want : "stale");
	}
	b.len = full;
	buf_free(&b);
}

/* Whatever bit of what is read changes: never another answer. */
static void any_flip_is_noticed(void **state)
{
	struct buf b = BUF_INIT;
	const char *got;
	size_t at[16], i;
	uint64_t found;
	int n;

	history(&b);
	split(&b, at);
	b.len = at[4];
	for (i = 0; i < b.len * 8; i++) {
		b.data[i / 8] = (char)(b.data[i / 8] ^ 1 << i % 8);
		got = rules_at(&b, 8);
		if (strcmp(got, "stale") && strcmp(got, "damaged"))
			assert_string_equal(got, "?");
		n = find(&b, 8, 12, &found);
		assert_true(n < 0 || (n == 1 && found == 12));
		b.data[i / 8] = (char)(b.data[i / 8] ^ 1 << i % 8);
	}
	b.len = at[7];
	buf_free(&b);
}

static void too_many_candidates_are_told(void **state)
{
	struct buf b = BUF_INIT;
	struct snap_record r;
	uint64_t found;

	memset(&r, 0, sizeof(r));
	snap_reset(&r, FAMILY_IPV4, "filter");
	add(&r, &input, NFT_APPEND, 0, 7);
	add(&r, &input, NFT_APPEND, 0, 7);
	end(&r, 1, 2, &b);
	assert_int_equal(find(&b, 2, 7, &found), -E2BIG);
	/* One handle twice is no ruleset. */
	assert_string_equal(rules_at(&b, 2), "damaged");
	buf_free(&b);
}

static void what_is_written_again_is_the_same(void **state)
{
	struct buf b = BUF_INIT, again = BUF_INIT;
	struct snap_state *st;
	struct snap_record r;
	char before[400];
	struct snap s;

	history(&b);
	snprintf(before, sizeof(before), "%s", rules_at(&b, 9));
	assert_int_equal(snap_open(&s, b.data, b.len, WORLD, 9), 0);
	assert_int_equal(snap_replay(&s, &st), 0);
	memset(&r, 0, sizeof(r));
	snap_state_write(st, &r);
	end(&r, 9, 9, &again);
	assert_string_equal(rules_at(&again, 9), before);
	snap_state_free(st);
	snap_close(&s);
	buf_free(&again);
	buf_free(&b);
}

static void generations_skip_zero(void **state)
{
	struct buf b = BUF_INIT;
	struct snap_record r;

	assert_int_equal(snap_next_generation(7), 8);
	assert_int_equal(snap_next_generation(UINT32_MAX), 1);
	memset(&r, 0, sizeof(r));
	snap_reset(&r, FAMILY_IPV4, "filter");
	add(&r, &input, NFT_APPEND, 0, 3);
	end(&r, UINT32_MAX, 1, &b);
	assert_string_equal(rules_at(&b, 1), "INPUT:3");
	buf_free(&b);
}

/* Nothing was sent, so nothing led to another generation. */
static void an_empty_batch_changes_nothing(void **state)
{
	struct nft_batch *b = nft_batch_new();
	struct snap_record r;

	memset(&r, 0, sizeof(r));
	nft_batch_track(b);
	assert_int_equal(nft_batch_change(b, &r), -ENODATA);
	assert_int_equal(nft_batch_generation(b), 0);
	snap_record_free(&r);
	nft_batch_free(b);
}

/* ---- sketches ---- */

/* What is written and what is read back are equal rules. */
static void sketches_survive_the_kernels_form(void **state)
{
	struct buf exprs = BUF_INIT;
	struct rule *r, *back;
	unsigned int i;

	for (i = 0; i < sample_count; i++) {
		r = samples[i].build();
		back = rule_new();
		buf_reset(&exprs);
		if (!rule_encode(&exprs, samples[i].family, r)) {
			assert_int_equal(rule_decode(samples[i].family,
						     exprs.data, exprs.len,
						     back, NULL),
					 0);
			if (rule_sketch(r) != rule_sketch(back))
				fail_msg("%s: another sketch", samples[i].name);
		}
		rule_free(r);
		rule_free(back);
	}
	buf_free(&exprs);
}

static uint32_t sketch_of_ports(uint16_t slo, uint16_t shi, uint16_t dlo,
				uint16_t dhi, uint8_t inv)
{
	struct rule *r = rule_new();
	uint32_t s;

	r->core.proto = IPPROTO_TCP;
	rule_add_match(r, make_tcp(slo, shi, dlo, dhi, inv));
	s = rule_sketch(r);
	rule_free(r);
	return s;
}

static void ports_have_one_sketch_each(void **state)
{
	struct rule *r = rule_new();

	r->core.proto = IPPROTO_TCP;
	/* -p tcp -m tcp, and -p tcp */
	assert_int_equal(sketch_of_ports(0, 65535, 0, 65535, 0),
			 rule_sketch(r));
	/* ! --sport 0:99, and --sport 100: */
	assert_int_equal(sketch_of_ports(0, 99, 0, 65535, 1),
			 sketch_of_ports(100, 65535, 0, 65535, 0));
	assert_int_equal(sketch_of_ports(100, 65535, 0, 65535, 1),
			 sketch_of_ports(0, 99, 0, 65535, 0));
	assert_int_not_equal(sketch_of_ports(1, 2, 0, 65535, 0),
			     sketch_of_ports(1, 3, 0, 65535, 0));
	assert_int_not_equal(sketch_of_ports(1, 2, 0, 65535, 0),
			     sketch_of_ports(0, 65535, 1, 2, 0));
	rule_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_strings_come_back),
		cmocka_unit_test(equal_strings_take_two_bytes),
		cmocka_unit_test(noise_unpacks_to_nothing_bad),
		cmocka_unit_test(commits_are_replayed),
		cmocka_unit_test(searches_agree),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(a_gap_ends_it),
		cmocka_unit_test(another_world_is_stale),
		cmocka_unit_test(any_cut_is_stale_or_right),
		cmocka_unit_test(any_flip_is_noticed),
		cmocka_unit_test(too_many_candidates_are_told),
		cmocka_unit_test(what_is_written_again_is_the_same),
		cmocka_unit_test(generations_skip_zero),
		cmocka_unit_test(an_empty_batch_changes_nothing),
		cmocka_unit_test(sketches_survive_the_kernels_form),
		cmocka_unit_test(ports_have_one_sketch_each),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
