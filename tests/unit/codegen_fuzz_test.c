// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of random bytes: whatever the kernel might hold, lowering stays within
 *its data, and what the plan lets through, clang (with -Werror) and the
 *verifier accept.
 *
 *	codegen_fuzz_test [FIRST-SEED [ROUNDS]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_util.h" /* before the kernel's headers */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/codegen/program.h"

#define RULES_PER_CHAIN 30

static unsigned int first_seed = 1, rounds = 4;
static uint64_t rng;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t z = rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static unsigned int below(unsigned int n)
{
	return next_random() % n;
}

/* Mostly small and special bytes: they get further than noise. */
static void random_bytes(void *to, size_t len)
{
	static const uint8_t special[] = {0,	0,    0,    1,	 2,
					  0x7f, 0x80, 0xff, 0xff};
	unsigned int sparse = below(4);

	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = sparse && below(4)
					     ? special[below(sizeof(special))]
					     : next_random();
}

static void random_match(struct rule *r)
{
	static const struct {
		const char *name;
		uint8_t proto; /* that it needs; 0: any */
		uint16_t size; /* of its structure */
		uint8_t rev;
	} kinds[] = {
		{"comment", 0, 256, 0},	  {"mark", 0, 12, 1},
		{"tcp", 6, 16, 0},	  {"udp", 17, 12, 0},
		{"icmp", 1, 4, 0},	  {"icmp6", 58, 4, 0},
		{"multiport", 6, 48, 1},  {"state", 0, 8, 0},
		{"conntrack", 0, 152, 1}, {"conntrack", 0, 156, 2},
		{"conntrack", 0, 168, 3}, {"limit", 0, 40, 0},
		{"nosuch", 0, 8, 0},
	};
	unsigned int k = below(sizeof(kinds) / sizeof(*kinds));
	unsigned int size = kinds[k].size;
	uint8_t data[256];

	if (kinds[k].proto && below(10))
		with_proto(r, kinds[k].proto, false);
	if (!below(20))
		size = below(size);
	random_bytes(data, sizeof(data));
	with_match(r, kinds[k].name, kinds[k].rev, below(2), data, size);
}

static void random_core(struct rule *r)
{
	struct core_match *c = &r->core;

	if (!below(3))
		random_bytes(&c->src, sizeof(c->src));
	if (!below(3))
		random_bytes(&c->smsk, sizeof(c->smsk));
	if (!below(3))
		random_bytes(&c->dmsk, sizeof(c->dmsk));
	if (!below(3))
		random_bytes(&c->dst, sizeof(c->dst));
	if (!below(4)) {
		c->has_iif = true;
		random_bytes(c->iif, sizeof(c->iif));
		c->iif_len = below(20);
	}
	c->has_oif = !below(5);
	/*
	 * Hardly a rule without a condition: what comes after it would not be
	 * compiled.
	 */
	c->proto = !below(30) ? 0 : below(9) ? below(256) : next_random();
	c->frag = !below(6);
	c->inv = next_random();
	if (below(2))
		c->inv = 0;
}

static void random_rule(struct fixture *f, struct chain *c, bool last)
{
	static const char *const names[] = {"c0", "c1", "c2"};
	enum rule_action action = below(ACTION_TARGET + 1);
	struct rule *r;

	if (last && (action == ACTION_JUMP || action == ACTION_GOTO))
		action = ACTION_NONE;
	r = add_rule(c, action,
		     action == ACTION_TARGET ? "LOG"
		     : c == f->base	     ? names[below(3)]
					     : "c2");
	r->has_counter = below(5);
	random_core(r);
	for (unsigned int n = below(4); n; n--)
		random_match(r);
}

static void random_ruleset(struct fixture *f)
{
	struct chain *c[4] = {f->base, fixture_chain(f, "c0"),
			      fixture_chain(f, "c1"), fixture_chain(f, "c2")};

	for (unsigned int i = 0; i < 4; i++)
		for (unsigned int n = 0; n < RULES_PER_CHAIN; n++)
			random_rule(f, c[i], i == 3);
}

static bool one_round(unsigned int seed, enum family family)
{
	struct program prog = {0};
	struct buf c = BUF_INIT;
	const struct plan *p;
	struct fixture f;
	int ret;

	rng = seed;
	fixture_init(&f, family);
	random_ruleset(&f);
	p = fixture_plan(&f);
	assert_non_null(p);
	ret = plan_print_c(p, &c, false, NULL, NULL);
	if (plan_mode(p) == CHAIN_NFT) {
		assert_int_not_equal(ret, 0);
		ret = 0;
	} else {
		assert_int_equal(ret, 0);
		if (!geteuid())
			ret = program_build(&prog, p);
	}
	if (ret)
		fprintf(stderr, "seed %u, family %d\n", seed, family);
	program_free(&prog);
	buf_free(&c);
	fixture_clear(&f);
	return !ret;
}

static void test_random(void **state)
{
	bool good = true;

	for (unsigned int s = first_seed; s < first_seed + rounds; s++) {
		good &= one_round(s, FAMILY_IPV4);
		good &= one_round(s, FAMILY_IPV6);
	}
	assert_true(good);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	if (argc > 1)
		first_seed = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	if (geteuid())
		fprintf(stderr,
			"without root nothing is compiled and loaded\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
