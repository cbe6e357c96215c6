// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ruleset -> plan: counters, hand-overs, bounds, and what becomes of
 * limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/codegen_util.h"
#include <linux/netfilter/xt_string.h>

static struct fixture fx;

static int setup(void **state)
{
	fixture_init(&fx, FAMILY_IPV4);
	return 0;
}

static int teardown(void **state)
{
	fixture_clear(&fx);
	return 0;
}

static void expect_nft(const char *reason)
{
	const struct plan *p = fixture_plan(&fx);
	struct buf c = BUF_INIT;

	assert_non_null(p);
	assert_int_equal(plan_mode(p), CHAIN_NFT);
	assert_string_equal(plan_reason(p), reason);
	assert_int_not_equal(plan_print_c(p, &c, false, NULL, NULL), 0);
	buf_free(&c);
}

/* "INPUT 2: target LOG: logs, c 1: …" */
static void expect_handovers(const char *want)
{
	const struct plan *p = fixture_plan(&fx);
	const struct plan_handover *h;
	struct buf b = BUF_INIT;
	unsigned int n;

	assert_non_null(p);
	assert_int_equal(plan_mode(p), CHAIN_HYBRID);
	h = plan_handovers(p, &n);
	buf_puts(&b, "");
	for (unsigned int i = 0; i < n; i++)
		buf_printf(&b, "%s%s %u: %s", i ? ", " : "", h[i].chain->name,
			   h[i].rule, h[i].reason);
	assert_string_equal(b.data, want);
	buf_free(&b);
}

static unsigned int states(void)
{
	unsigned int n;

	plan_states(fx.plan, &n);
	return n;
}

static void test_counters(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");
	struct rule *guard = add_rule(fx.base, ACTION_ACCEPT, NULL);
	struct rule *jump = add_rule(fx.base, ACTION_JUMP, "c");
	struct rule *silent = add_rule(fx.base, ACTION_ACCEPT, NULL);
	struct rule *drop = add_rule(c, ACTION_DROP, NULL);
	const struct plan_counter *pc;
	unsigned int n;

	guard->flags = RULE_GUARD;
	silent->has_counter = false;
	assert_non_null(fixture_plan(&fx));
	pc = plan_counters(fx.plan, &n);
	assert_int_equal(n, 3);
	assert_ptr_equal(pc[0].rule, jump);
	assert_ptr_equal(pc[1].rule, drop);
	assert_ptr_equal(pc[1].chain, c);
	assert_null(pc[2].rule);
	assert_ptr_equal(pc[2].chain, fx.base);
	assert_int_equal(plan_rule_count(fx.plan), 3);
}

static void test_empty(void **state)
{
	struct rule *guard;

	const struct plan *p = fixture_plan(&fx);

	assert_int_equal(plan_mode(p), CHAIN_EXCLUSIVE);
	assert_string_equal(plan_reason(p), "no rules");
	guard = add_rule(fx.base, ACTION_ACCEPT, NULL);
	guard->flags = RULE_GUARD;
	p = fixture_plan(&fx);
	assert_int_equal(plan_mode(p), CHAIN_EXCLUSIVE);
	assert_null(plan_obstacle(p));
	/* The fixture's policy drops. */
	assert_false(plan_is_idle(p));
}

static void test_handovers(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");
	struct rule *guard = add_rule(fx.base, ACTION_ACCEPT, NULL);

	guard->flags = RULE_GUARD;
	add_rule(fx.base, ACTION_NONE, NULL);
	add_rule(fx.base, ACTION_JUMP, "c");
	with_proto(add_rule(c, ACTION_TARGET, "LOG"), 6, false);
	with_foreign(add_rule(c, ACTION_DROP, NULL));
	/*
	 * A guard has no number. No packet gets past c 2, so neither to what
	 * comes after.
	 */
	add_rule(c, ACTION_TARGET, "REJECT");
	add_rule(fx.base, ACTION_ACCEPT, NULL);
	with_proto(add_rule(fx.base, ACTION_DROP, NULL), 6, false);
	fixture_plan(&fx);
	assert_int_equal(plan_mode(fx.plan), CHAIN_NFT);
	assert_string_equal(
		plan_reason(fx.plan),
		"every packet would be handed over: target LOG: logs");
	with_src(add_rule(fx.base, ACTION_ACCEPT, NULL), "10.0.0.0",
		 "255.0.0.0", false);
}

static void test_handover_numbers(void **state)
{
	struct rule *guard = add_rule(fx.base, ACTION_ACCEPT, NULL);

	guard->flags = RULE_GUARD;
	with_state(add_rule(fx.base, ACTION_ACCEPT, NULL), CT_ESTABLISHED);
	with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 6, false);
	add_rule(fx.base, ACTION_TARGET, "REJECT");
	add_rule(fx.base, ACTION_TARGET, "NFLOG");
	expect_handovers("INPUT 2: target LOG: logs, INPUT 3: target REJECT: "
			 "answers the packet");
}

static void test_all_handed_over(void **state)
{
	add_rule(fx.base, ACTION_NONE, NULL);
	add_rule(fx.base, ACTION_TARGET, "LOG");
	add_rule(fx.base, ACTION_ACCEPT, NULL);
	expect_nft("every packet would be handed over: target LOG: logs");
}

/* Dropping a packet with a short header is a decision too. */
static void test_drop_decides(void **state)
{
	with_tcp_dport(add_rule(fx.base, ACTION_TARGET, "LOG"), 22, 22, false);
	add_rule(fx.base, ACTION_TARGET, "LOG");
	expect_handovers(
		"INPUT 1: target LOG: logs, INPUT 2: target LOG: logs");
}

static void test_missing_chain(void **state)
{
	with_proto(add_rule(fx.base, ACTION_JUMP, "none"), 6, false);
	expect_handovers("INPUT 1: no chain none");
}

static void test_limit_compiled(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");

	with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL));
	add_rule(fx.base, ACTION_JUMP, "c");
	with_limit(with_proto(add_rule(c, ACTION_RETURN, NULL), 6, false));
	expect_handovers("");
	assert_int_equal(states(), 2);
}

#define LIMITED "match limit, within its rate, as other rules hand over, too"

/* A bucket of its own would double the rate of what nft's lets through. */
static void test_limit_after_handover(void **state)
{
	with_foreign(
		with_proto(add_rule(fx.base, ACTION_DROP, NULL), 6, false));
	with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL));
	expect_handovers("INPUT 1: match unheard, INPUT 2: " LIMITED);
	assert_int_equal(states(), 1);
}

/* A match that may hand a packet over counts as one that does. */
static void test_limit_before_search(void **state)
{
	struct xt_string_info s = {
		.to_offset = 0xffff,
		.algo = "bm",
		.pattern = "x",
		.patlen = 1,
	};

	with_limit(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false));
	with_match(add_rule(fx.base, ACTION_DROP, NULL), "string", 1, false, &s,
		   sizeof(s));
	expect_handovers("INPUT 1: " LIMITED);
	assert_int_equal(states(), 1);
}

/* A packet refused here would meet nft's own, full bucket. */
static void test_limit_before_handover(void **state)
{
	with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL));
	with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 6, false);
	expect_handovers("INPUT 1: " LIMITED ", INPUT 2: target LOG: logs");
	assert_int_equal(states(), 1);
}

/*
 * In a callee, in the caller behind the jump, after a goto: wherever the
 * hand-over is.
 */
static void test_limit_across_chains(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");
	struct chain *d = fixture_chain(&fx, "d");

	with_proto(add_rule(fx.base, ACTION_JUMP, "c"), 6, false);
	with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 17, false);
	with_proto(with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL)), 1,
		   false);
	with_proto(add_rule(c, ACTION_GOTO, "d"), 6, false);
	with_limit(with_proto(add_rule(d, ACTION_ACCEPT, NULL), 6, false));
	expect_handovers("INPUT 2: target LOG: logs, INPUT 3: " LIMITED
			 ", d 1: " LIMITED);
	assert_int_equal(states(), 2);
}

/* The common case: only what may be logged goes to nft. */
static void test_limit_own_target(void **state)
{
	with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false);
	with_limit(
		with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 17, false));
	expect_handovers("INPUT 2: target LOG: logs, within its limit");
	assert_int_equal(states(), 1);
}

/* Rules that no packet gets to hand nothing over. */
static void test_limit_dead_handover(void **state)
{
	with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL));
	add_rule(fx.base, ACTION_DROP, NULL);
	add_rule(fx.base, ACTION_TARGET, "LOG");
	expect_handovers("");
	assert_int_equal(states(), 1);
}

/* More matched rules than the list holds end in a hand-over. */
static void test_limit_overflow(void **state)
{
	with_limit(with_proto(add_rule(fx.base, ACTION_NONE, NULL), 6, false));
	for (int i = 0; i < 30; i++)
		add_rule(fx.base, ACTION_NONE, NULL);
	expect_handovers("INPUT 1: " LIMITED);
}

static void test_too_large(void **state)
{
	for (int i = 0; i < 2500; i++)
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false)
			->has_counter = false;
	expect_nft("too large: 2500 rules that fit no table (limit 2000)");
}

static void test_too_many_conditions(void **state)
{
	for (int i = 0; i < 1500; i++)
		with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 22,
			       true)
			->has_counter = false;
	expect_nft("too large: 1500 rules with 7500 conditions (limit 6000)");
}

static struct chain *nest(unsigned int levels, unsigned int rules)
{
	struct chain *c = fx.base;
	char name[16];

	for (unsigned int i = 0; i < levels; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		add_rule(c, ACTION_JUMP, name);
		c = fixture_chain(&fx, name);
		for (unsigned int k = 0; k < rules; k++)
			with_proto(add_rule(c, ACTION_ACCEPT, NULL), k + 1,
				   false);
	}
	return c;
}

static void test_deep(void **state)
{
	struct chain *c;
	struct rule *r;

	nest(9, 30);
	expect_handovers(""); /* as tables */
	list_for_each (c, &fx.t->chains, struct chain, node)
		list_for_each (r, &c->rules, struct rule, node)
			r->has_counter = false;
	expect_nft("chains nest too deep: 10 levels (limit 7)");
}

/* Small chains with one caller are expanded in place and take no frame. */
static void test_deep_small(void **state)
{
	nest(15, 2);
	expect_handovers("");
}

static void test_loop(void **state)
{
	struct chain *last = nest(3, 1);

	add_rule(last, ACTION_JUMP, "n0");
	expect_nft("chains form a loop");
}

static void test_many_chains(void **state)
{
	char name[16];

	for (int i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		with_proto(add_rule(fx.base, ACTION_JUMP, name), 300, false)
			->has_counter = false;
		with_proto(add_rule(fx.base, ACTION_JUMP, name), 301, false)
			->has_counter = false;
		add_rule(fixture_chain(&fx, name), ACTION_ACCEPT, NULL);
	}
	expect_nft("too large: 267 functions (limit 200)");
}

/* Of rules that name one address each, a packet can match one. */
static void test_exclusive_rules(void **state)
{
	struct chain *u = fixture_chain(&fx, "u");
	const struct plan *p;
	char addr[24];

	add_rule(u, ACTION_NONE, NULL);
	for (int i = 0; i < 60; i++) {
		snprintf(addr, sizeof(addr), "10.0.0.%d", i);
		with_src(add_rule(fx.base, ACTION_JUMP, "u"), addr,
			 "255.255.255.255", false);
	}
	p = fixture_plan(&fx);
	assert_non_null(p);
	assert_null(plan_obstacle(p));
	/* But several networks. */
	for (int i = 0; i < 30; i++)
		with_src(add_rule(fx.base, ACTION_NONE, NULL), "10.0.0.0",
			 "255.255.0.0", false);
	p = fixture_plan(&fx);
	assert_non_null(p);
	assert_non_null(plan_obstacle(p));
	assert_non_null(strstr(plan_obstacle(p), "24 rules may match"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_counters),
		TEST(test_empty),
		TEST(test_handovers),
		TEST(test_handover_numbers),
		TEST(test_all_handed_over),
		TEST(test_drop_decides),
		TEST(test_missing_chain),
		TEST(test_limit_compiled),
		TEST(test_limit_after_handover),
		TEST(test_limit_before_search),
		TEST(test_limit_before_handover),
		TEST(test_limit_across_chains),
		TEST(test_limit_own_target),
		TEST(test_limit_dead_handover),
		TEST(test_limit_overflow),
		TEST(test_too_large),
		TEST(test_too_many_conditions),
		TEST(test_deep),
		TEST(test_deep_small),
		TEST(test_loop),
		TEST(test_many_chains),
		TEST(test_exclusive_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
