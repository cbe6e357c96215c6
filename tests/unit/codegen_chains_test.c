// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generated programs in the kernel, run on packets: chains, counters, and
 * conditions with state. Needs root; says so and is skipped without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <time.h>

/* ---- chains ---- */

static void test_chains(void **state)
{
	struct chain *a = fixture_chain(&fx, "a");
	struct chain *b = fixture_chain(&fx, "b");

	add_rule(fx.base, ACTION_JUMP, "a");			    /* 0 */
	with_proto(add_rule(fx.base, ACTION_GOTO, "b"), 17, false); /* 1 */
	add_rule(fx.base, ACTION_ACCEPT, NULL);			    /* 2 */
	with_proto(add_rule(a, ACTION_RETURN, NULL), 6, false);	    /* 3 */
	with_proto(add_rule(a, ACTION_GOTO, "b"), 1, false);	    /* 4 */
	with_proto(add_rule(a, ACTION_DROP, NULL), 2, false);	    /* 5 */
	add_rule(b, ACTION_NONE, NULL);				    /* 6 */
	build();
	assert_int_equal(run(ip4(6, 0)), NF_ACCEPT);
	expect_count(0, 1, 20);
	expect_count(3, 1, 20);
	expect_count(2, 1, 20);
	/* goto from a: what comes after the jump to a is next. */
	assert_int_equal(run(ip4(1, 0)), NF_ACCEPT);
	expect_count(6, 1, 20);
	expect_count(2, 2, 40);
	/* goto from the base chain: its end is the policy. */
	assert_int_equal(run(ip4(17, 0)), NF_DROP);
	expect_count(1, 1, 20);
	expect_count(6, 2, 40);
	expect_count(7, 1, 20);
	assert_int_equal(run(ip4(2, 0)), NF_DROP);
	expect_count(5, 1, 20);
	expect_count(7, 1, 20);
}

static void test_parts(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");
	struct chain *d = fixture_chain(&fx, "d");

	add_rule(fx.base, ACTION_JUMP, "c");
	add_rule(fx.base, ACTION_ACCEPT, NULL);
	for (int i = 0; i < 200; i++)
		with_proto(
			add_rule(c, i % 2 ? ACTION_RETURN : ACTION_DROP, NULL),
			i + 1, false);
	with_proto(add_rule(c, ACTION_GOTO, "d"), 220, false);
	add_rule(c, ACTION_DROP, NULL);
	add_rule(d, ACTION_NONE, NULL);
	build();
	assert_int_equal(run(ip4(1, 0)), NF_DROP);
	assert_int_equal(run(ip4(2, 0)), NF_ACCEPT);
	assert_int_equal(run(ip4(199, 0)), NF_DROP);
	assert_int_equal(run(ip4(200, 0)), NF_ACCEPT);
	assert_int_equal(run(ip4(220, 0)), NF_ACCEPT);
	assert_int_equal(run(ip4(221, 0)), NF_DROP);
	expect_count(1, 3, 60);
	/* Behind the straight rules and the policy: those in tables. */
	expect_count(4 + 199, 1, 20);
}

static void test_deep(void **state)
{
	struct chain *c = fx.base;
	char name[16];

	/* Two callers each: none is expanded in place. */
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		with_proto(add_rule(c, ACTION_JUMP, name), 6, false);
		with_proto(add_rule(c, ACTION_JUMP, name), 17, false);
		c = fixture_chain(&fx, name);
	}
	add_rule(c, ACTION_ACCEPT, NULL);
	build();
	assert_int_equal(run(ip4(17, 0)), NF_ACCEPT);
	expect_count(12, 1, 20);
	expect_count(1, 1, 20);
	expect_count(11, 1, 20);
}

static void test_handover(void **state)
{
	add_rule(fx.base, ACTION_NONE, NULL);
	with_foreign(
		with_proto(add_rule(fx.base, ACTION_DROP, NULL), 6, false));
	add_rule(fx.base, ACTION_ACCEPT, NULL);
	build();
	assert_int_equal(run(ip4(6, 0)), HANDOVER);
	expect_count(0, 0, 0);
	assert_int_equal(run(ip4(17, 0)), NF_ACCEPT);
	expect_count(0, 1, 20);
	expect_count(1, 0, 0);
	expect_count(2, 1, 20);
}

static void test_overflow(void **state)
{
	for (int i = 0; i < 23; i++)
		add_rule(fx.base, ACTION_NONE, NULL);
	with_proto(add_rule(fx.base, ACTION_NONE, NULL), 1, true);
	with_proto(add_rule(fx.base, ACTION_NONE, NULL), 6, false);
	build();
	assert_int_equal(run(ip4(17, 0)), NF_DROP);
	assert_int_equal(run(ip4(6, 0)), HANDOVER);
	expect_count(0, 1, 20);
	expect_count(23, 1, 20);
}

static void test_no_counter(void **state)
{
	add_rule(fx.base, ACTION_NONE, NULL)->has_counter = false;
	add_rule(fx.base, ACTION_DROP, NULL)->has_counter = false;
	build();
	assert_int_equal(run(ip4(17, 0)), NF_DROP);
	expect_count(0, 0, 0);
}

/* ---- state of other kinds ---- */

static void test_conntrack_none(void **state)
{
	struct xt_conntrack_mtinfo3 ct = {
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_STATUS |
			       XT_CONNTRACK_ORIGDST_PORT,
		.invert_flags = XT_CONNTRACK_STATE,
		.state_mask = CT_NEW | CT_DNAT,
	};

	with_state(add_rule(fx.base, ACTION_DROP, NULL),
		   CT_NEW | CT_ESTABLISHED | CT_RELATED | CT_UNTRACKED);
	with_state(add_rule(fx.base, ACTION_NONE, NULL), CT_INVALID);
	/* Without an entry the state alone decides. */
	with_match(add_rule(fx.base, ACTION_NONE, NULL), "conntrack", 3, false,
		   &ct, sizeof(ct));
	ct.match_flags = XT_CONNTRACK_STATUS;
	with_match(add_rule(fx.base, ACTION_NONE, NULL), "conntrack", 3, false,
		   &ct, sizeof(ct));
	build();
	assert_int_equal(run(ip4(17, 0)), NF_DROP);
	expect_count(0, 0, 0);
	expect_count(1, 1, 20);
	expect_count(2, 1, 20);
	expect_count(3, 0, 0);
	expect_count(4, 1, 20);
}

/*
 * There are no entries here; but clang and the verifier see every way to look
 * into one.
 */
static void test_conntrack_fields(void **state)
{
	struct xt_conntrack_mtinfo3 ct = {
		.match_flags = 0x1fff & ~XT_CONNTRACK_EXPIRES,
		.invert_flags = XT_CONNTRACK_ORIGDST | XT_CONNTRACK_STATUS |
				XT_CONNTRACK_PROTO | XT_CONNTRACK_DIRECTION,
		.state_mask = CT_INVALID | CT_SNAT | CT_DNAT,
		.status_mask = 0x3f,
		.l4proto = 300,
		.origsrc_port_high = 0xffff,
		.origdst_port = 7,
		.origdst_port_high = 0xffff,
		.replsrc_port_high = 7,
		.repldst_port = 5,
		.repldst_port_high = 3,
		.origsrc_mask.all = {1, 2, 3, 4},
		.replsrc_mask.all = {~0u, ~0u, ~0u, ~0u},
	};

	for (int i = 0; i < 3; i++) {
		with_match(add_rule(fx.base, ACTION_ACCEPT, NULL), "conntrack",
			   3, false, &ct, sizeof(ct));
		ct.invert_flags = ~ct.invert_flags;
		if (i)
			ct.match_flags &= ~XT_CONNTRACK_STATE;
	}
	build();
	assert_int_equal(
		run(fx.t->family == FAMILY_IPV4 ? ip4(17, 0) : ip6(17)),
		NF_ACCEPT);
	expect_count(0, 1, fx.t->family == FAMILY_IPV4 ? 20 : 40);
}

static void test_mark(void **state)
{
	struct xt_mark_mtinfo1 mark = {.mark = 0, .mask = 0xff};

	with_match(add_rule(fx.base, ACTION_NONE, NULL), "mark", 1, true, &mark,
		   sizeof(mark));
	mark.mark = 1;
	with_match(add_rule(fx.base, ACTION_NONE, NULL), "mark", 1, true, &mark,
		   sizeof(mark));
	build();
	assert_int_equal(run(ip4(17, 0)), NF_DROP);
	expect_count(0, 1, 20);
	expect_count(1, 0, 0);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int accepted_of(int packets)
{
	int n = 0;

	while (packets--)
		n += run(ip4(17, 0)) == NF_ACCEPT;
	return n;
}

/* Five a second, seven at once; the machine may be slow. */
static void test_limit(void **state)
{
	struct timespec pause = {.tv_nsec = 450000000};
	double start;
	int first, second;

	with_limit(add_rule(fx.base, ACTION_ACCEPT, NULL));
	build();
	start = now();
	first = accepted_of(20);
	assert_in_range(first, 7, 8 + (int)((now() - start) * 5));
	expect_count(0, first, 20 * first);
	nanosleep(&pause, NULL);
	second = accepted_of(20);
	assert_in_range(second, 2, 20);
	assert_in_range(first + second, 9, 8 + (int)((now() - start) * 5));
}

/*
 * In front of a hand-over: a token more than nft's bucket has (seven) goes
 * over, the rest is decided here.
 */
static void test_limit_gate(void **state)
{
	double start;
	int handed = 0, most;

	with_limit(
		with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 17, false));
	add_rule(fx.base, ACTION_DROP, NULL);
	build();
	start = now();
	for (int i = 0; i < 50; i++) {
		int got = run(ip4(17, 0));

		assert_true(got == HANDOVER || got == NF_DROP);
		handed += got == HANDOVER;
	}
	/* Its tokens come a seventh quicker than five a second. */
	most = 9 + (int)((now() - start) * 40 / 7);
	assert_in_range(handed, 8, most);
	expect_count(0, 0, 0);
	expect_count(1, 50 - handed, 20 * (50 - handed));
	assert_int_equal(run(ip4(6, 0)), NF_DROP);
}

/*
 * The longest way with everything a packet can be asked for: 512 bytes of stack
 * must do.
 */
static void test_stack(void **state)
{
	struct xt_mark_mtinfo1 mark = {.mark = 0, .mask = 0xff};
	struct xt_tcp option = {
		.spts = {0, 0xffff}, .dpts = {0, 0xffff}, .option = 8};
	struct chain *c = fx.base;
	char name[16];

	with_match(with_proto(add_rule(c, ACTION_DROP, NULL), 6, false), "tcp",
		   0, false, &option, sizeof(option));
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		with_iif(with_proto(add_rule(c, ACTION_JUMP, name), 6, false),
			 "eth0", true);
		with_oif(with_udp_sport(add_rule(c, ACTION_JUMP, name), 1, 9,
					false),
			 "lo", false);
		with_state(with_match(add_rule(c, ACTION_NONE, NULL), "mark", 1,
				      false, &mark, sizeof(mark)),
			   CT_INVALID | CT_DNAT);
		for (int k = 0; k < 4; k++)
			add_rule(c, ACTION_NONE, NULL);
		c = fixture_chain(&fx, name);
	}
	add_rule(c, ACTION_ACCEPT, NULL);
	build();
	assert_int_equal(run(with_ports(fx.t->family == FAMILY_IPV4 ? ip4(17, 0)
								    : ip6(17),
					5, 5)),
			 NF_ACCEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chains, setup4),
		TEST(test_parts, setup4),
		TEST(test_deep, setup4),
		TEST(test_handover, setup4),
		TEST(test_overflow, setup4),
		TEST(test_no_counter, setup4),
		TEST(test_conntrack_none, setup4),
		TEST(test_conntrack_fields, setup4),
		TEST(test_conntrack_fields, setup6),
		TEST(test_mark, setup4),
		TEST(test_limit, setup4),
		TEST(test_limit_gate, setup4),
		TEST(test_stack, setup4),
		TEST(test_stack, setup6),
	};

	if (cannot_load())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
