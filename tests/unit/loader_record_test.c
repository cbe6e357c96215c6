// SPDX-License-Identifier: GPL-2.0-or-later
/* What a sync writes down for `status', and files that are not what they should
 * be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "loader/cache.h"
#include "loader/place.h"
#include "loader/record.h"
#include "tests/unit/loader_place.h"

static struct place place = {.cookie = 0x2a};

static int make_root(void **state)
{
	return place_make_temporary(&place);
}

static int remove_root(void **state)
{
	return place_remove_temporary(&place);
}

static void write_status(const char *text)
{
	char path[PLACE_PATH_LEN];

	place_file(&place, path, sizeof(path), "status");
	assert_int_equal(cache_write_file(path, text, strlen(text)), 0);
}

static void test_paths(void **state)
{
	struct place p = {.cookie = 0xabc};
	char path[PLACE_PATH_LEN];

	place_pin(&p, path, sizeof(path), "s%u-base", 1);
	assert_string_equal(path, "/run/iptables-bpf/bpf/abc/s1-base");
	place_pin(&p, path, sizeof(path), "%s", "");
	assert_string_equal(path, "/run/iptables-bpf/bpf/abc");
	place_file(&p, path, sizeof(path), "lock");
	assert_string_equal(path, "/run/iptables-bpf/ns-abc/lock");
}

static void test_chain_numbers(void **state)
{
	const struct builtin_chain *b;
	bool seen[64] = {false};
	enum family family;
	unsigned int i, f;
	int id;

	for (i = 0; i < builtin_chain_count; i++) {
		for (f = 0; f < 2; f++) {
			family = f ? FAMILY_IPV6 : FAMILY_IPV4;
			id = place_chain_id(family, builtin_chains[i].table,
					    builtin_chains[i].name);
			assert_in_range(id, 0, 63);
			assert_false(seen[id]);
			seen[id] = true;
			b = place_chain_by_id(id, &family);
			assert_ptr_equal(b, &builtin_chains[i]);
			assert_int_equal(family, f ? FAMILY_IPV6 : FAMILY_IPV4);
		}
	}
	assert_true(place_chain_id(FAMILY_IPV4, "filter", "PREROUTING") < 0);
	assert_null(place_chain_by_id(31, &family));
	assert_null(place_chain_by_id(64, &family));
}

static void test_round_trip(void **state)
{
	struct record out = {.generation = 7}, in;
	struct record_handover *h;
	struct record_chain *c;

	strcpy(out.error, "50%\tof it\nfailed");
	c = record_add_chain(&out);
	*c = (struct record_chain){.id = 11,
				   .mode = CHAIN_HYBRID,
				   .rules = 41,
				   .insns = 900,
				   .jited_bytes = 4000,
				   .compile_ms = 45,
				   .load_ms = 6,
				   .cache_hit = true};
	c = record_add_chain(&out);
	c->id = 43;
	strcpy(c->reason, "too large: \"x\"\t%41");
	h = record_add_handover(&out);
	h->chain_id = 11;
	h->rule = 3;
	strcpy(h->chain, "A\tB%");
	strcpy(h->reason, "target LOG");
	assert_int_equal(record_write(&place, &out), 0);
	assert_int_equal(record_read(&place, &in), 0);
	assert_int_equal(in.generation, 7);
	assert_string_equal(in.error, out.error);
	assert_int_equal(in.nchains, 2);
	assert_int_equal(in.chains[0].insns, 900);
	assert_int_equal(in.chains[0].mode, CHAIN_HYBRID);
	assert_true(in.chains[0].cache_hit);
	assert_string_equal(in.chains[0].reason, "");
	assert_string_equal(in.chains[1].reason, out.chains[1].reason);
	assert_int_equal(in.nhandovers, 1);
	assert_string_equal(in.handovers[0].chain, "A\tB%");
	assert_string_equal(in.handovers[0].reason, "target LOG");
	assert_ptr_equal(record_find_chain(&in, 43), &in.chains[1]);
	assert_null(record_find_chain(&in, 12));
	record_free(&in);
	record_free(&out);
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {
		"chain\t\n",
		"chain\t1\t2\n",
		"chain\t1\t1\t1\t1\t1\t1\t1\t1",
		"handover\t1\t1\n",
		"handover\t1\t1\tA\n",
		"handover\tx\n",
		/* A chain that there is none of, a mode likewise. */
		"chain\t31\t1\t1\t1\t1\t1\t1\t1\t\n",
		"chain\t64\t1\t1\t1\t1\t1\t1\t1\t\n",
		"chain\t11\t3\t1\t1\t1\t1\t1\t1\t\n",
	};
	struct record r;
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_status(texts[i]);
		assert_true(record_read(&place, &r) < 0);
		assert_null(r.chains);
		assert_null(r.handovers);
	}
	write_status("generation\t5\nsomething new\t1\n");
	assert_int_equal(record_read(&place, &r), 0);
	assert_int_equal(r.generation, 5);
	record_free(&r);
	/* Ends in the middle of a character. */
	write_status("error\t50%2");
	assert_int_equal(record_read(&place, &r), 0);
	assert_string_equal(r.error, "50%2");
	record_free(&r);
}

static void test_missing(void **state)
{
	struct place nowhere = {.cookie = 1, .root = "/nonexistent"};
	struct record r;

	assert_int_equal(record_read(&nowhere, &r), -ENOENT);
	assert_true(record_write(&nowhere, &(struct record){0}) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_chain_numbers),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
