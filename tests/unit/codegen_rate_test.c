// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m hashlimit: what is read of a rule, the numbers the kernel makes of it, and
 * what becomes of rules that share a table, or a limit, with others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_util.h" /* before the kernel's headers */
#include <linux/limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_quota.h>
#include <linux/netfilter/xt_statistic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/rate.h"
#include "codegen/plan.h"

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

/* "--hashlimit-upto 5/sec --hashlimit-burst 7 --hashlimit-mode srcip". */
static struct xt_hashlimit_mtinfo3 info3(const char *name)
{
	struct xt_hashlimit_mtinfo3 m = {
		.cfg = {.avg = XT_HASHLIMIT_SCALE_v2 / 5,
			.burst = 7,
			.mode = XT_HASHLIMIT_HASH_SIP,
			.gc_interval = 1000,
			.expire = 1000,
			.srcmask = 32,
			.dstmask = 32},
	};

	strcpy(m.name, name);
	return m;
}

static struct rule *with_hashlimit(struct rule *r,
				   const struct xt_hashlimit_mtinfo3 *m)
{
	return with_match(r, "hashlimit", 3, false, m, sizeof(*m));
}

static bool read3(const struct xt_hashlimit_mtinfo3 *m, size_t size,
		  enum family family, struct hashlimit *h)
{
	struct ext *e = ext_new("hashlimit", 3, m, size);
	bool ok = hashlimit_read(h, e, family);

	free(e);
	return ok;
}

static void test_read(void **state)
{
	struct xt_hashlimit_mtinfo3 m = info3("x");
	struct hashlimit h;

	assert_true(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	assert_int_equal(h.burst, 7);
	assert_true(h.size >= 16 && h.max == 8 * h.size);
	/* Without the pointer, which the kernel keeps to itself. */
	assert_true(read3(&m, offsetof(struct xt_hashlimit_mtinfo3, hinfo),
			  FAMILY_IPV4, &h));
	assert_false(read3(&m, offsetof(struct xt_hashlimit_mtinfo3, hinfo) - 1,
			   FAMILY_IPV4, &h));
	m.cfg.size = 100;
	m.cfg.max = 20;
	assert_true(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	assert_int_equal(h.max, 100);
	m.cfg.size = m.cfg.max = 2000000;
	assert_true(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	assert_int_equal(h.max, 1048576);
	m.cfg.srcmask = 33;
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	assert_true(read3(&m, sizeof(m), FAMILY_IPV6, &h));
	m = info3("x");
	m.cfg.burst = 0;
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	m = info3("x");
	m.cfg.mode |= 0x80;
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	m = info3("x");
	m.cfg.mode |= XT_HASHLIMIT_RATE_MATCH;
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	m.cfg.interval = 1;
	assert_true(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	m = info3("");
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	memset(m.name, 'x', sizeof(m.name));
	assert_false(read3(&m, sizeof(m), FAMILY_IPV4, &h));
}

/* Tokens are worth what they cost, whatever the clock's ticks. */
static void test_numbers(void **state)
{
	static const unsigned int clocks[] = {100, 250, 300, 1000};
	struct xt_hashlimit_mtinfo3 m = info3("x");
	struct hashlimit_numbers n;
	struct hashlimit h;

	assert_true(read3(&m, sizeof(m), FAMILY_IPV4, &h));
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int hz = clocks[i];
		uint64_t second;

		hashlimit_numbers(&h, hz, &n);
		second = n.credits.per_jiffy * hz;
		/* A power of two, of which a day's fit into 64 bits. */
		assert_false(n.credits.per_jiffy & (n.credits.per_jiffy - 1));
		assert_true(UINT64_MAX / second >= 86400 &&
			    UINT64_MAX / second < 2 * 86400);
		assert_true(n.credits.cost <= second / 5 &&
			    n.credits.cost > second / 5 - second / 1000000);
		assert_int_equal(n.credits.cap, 7 * n.credits.cost);
		assert_int_equal(n.full, n.credits.cap);
		assert_int_equal(n.expire, hz);
	}
	/* 4294967295 / 1024 = 4194303: 1 kb/s, counted by 16 bytes. */
	h.mode |= XT_HASHLIMIT_BYTES;
	h.avg = UINT32_MAX / 64;
	h.burst = 3;
	hashlimit_numbers(&h, 250, &n);
	assert_int_equal(n.credits.per_jiffy, 1 << 24);
	assert_int_equal(n.full, 250U << 24);
	assert_int_equal(n.credits.cost, ((250ULL << 24) / 64) - 1);
	assert_int_equal(n.credits.cap, 3);
	h.mode |= XT_HASHLIMIT_RATE_MATCH;
	h.interval = 2;
	hashlimit_numbers(&h, 250, &n);
	assert_int_equal(n.rate, 63 << 4);
	assert_int_equal(n.burst, 3 * 63 << 4);
	assert_int_equal(n.interval, 500);
	h.mode &= ~XT_HASHLIMIT_BYTES;
	h.avg = XT_HASHLIMIT_SCALE_v2 / 20;
	hashlimit_numbers(&h, 250, &n);
	assert_int_equal(n.rate, 20);
	assert_int_equal(n.burst, 23);
}

static void expect_handovers(const char *want)
{
	const struct plan *p = fixture_plan(&fx);
	const struct plan_handover *h;
	struct buf b = BUF_INIT;
	unsigned int n;

	assert_non_null(p);
	buf_puts(&b, "");
	h = plan_handovers(p, &n);
	for (unsigned int i = 0; i < n; i++)
		buf_printf(&b, "%s%s %u: %s", i ? ", " : "", h[i].chain->name,
			   h[i].rule, h[i].reason);
	assert_string_equal(b.data, want);
	buf_free(&b);
}

static void test_decides(void **state)
{
	struct xt_hashlimit_mtinfo3 a = info3("a"), b = info3("b");

	with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &a);
	a.cfg.mode |= XT_HASHLIMIT_INVERT;
	with_hashlimit(add_rule(fx.base, ACTION_DROP, NULL), &a);
	with_hashlimit(add_rule(fx.base, ACTION_DROP, NULL), &b);
	expect_handovers("");
	assert_int_equal(fx.plan->nhashlimits, 2);
	assert_int_equal(fx.plan->nstates, 0);
	assert_true(fx.plan->state_decides);
}

#define WITHIN(name) "match " name ", within its rate, "
#define OTHERS	     "as other rules hand over, too"
#define SHARED	     "as other chains share its state"

static void test_gates(void **state)
{
	struct xt_hashlimit_mtinfo3 m = info3("upto");

	with_proto(with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &m),
		   17, false);
	m = info3("above");
	m.cfg.mode |= XT_HASHLIMIT_INVERT;
	with_hashlimit(add_rule(fx.base, ACTION_DROP, NULL), &m);
	m = info3("logged");
	with_proto(with_hashlimit(add_rule(fx.base, ACTION_TARGET, "LOG"), &m),
		   6, false);
	m = info3("logged above");
	m.cfg.mode |= XT_HASHLIMIT_INVERT;
	with_proto(with_hashlimit(add_rule(fx.base, ACTION_TARGET, "LOG"), &m),
		   1, false);
	expect_handovers("INPUT 1: " WITHIN("hashlimit") OTHERS
			 ", INPUT 2: " WITHIN("hashlimit") OTHERS
			 ", INPUT 3: target LOG: logs, within its limit"
			 ", INPUT 4: target LOG: logs");
	assert_int_equal(fx.plan->nhashlimits, 3);
	assert_false(fx.plan->state_decides);
	/* Who is above is dropped here. */
	assert_int_equal(fx.plan->chains[0]->rules[1].verdict, VERDICT_DROP);
}

/* Before these no gate can stand. */
static void test_no_gates(void **state)
{
	struct xt_hashlimit_mtinfo3 m = info3("bytes");

	m.cfg.mode |= XT_HASHLIMIT_BYTES;
	with_hashlimit(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 1, false),
		&m);
	m = info3("rate");
	m.cfg.mode |= XT_HASHLIMIT_RATE_MATCH;
	m.cfg.interval = 1;
	with_hashlimit(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 2, false),
		&m);
	m = info3("early");
	m.cfg.expire = 100;
	with_hashlimit(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 3, false),
		&m);
	with_proto(add_rule(fx.base, ACTION_TARGET, "LOG"), 6, false);
	expect_handovers("INPUT 1: match hashlimit by bytes, " OTHERS
			 ", INPUT 2: match hashlimit by rate, " OTHERS
			 ", INPUT 3: match hashlimit, whose entries expire "
			 "early, " OTHERS ", INPUT 4: target LOG: logs");
	assert_int_equal(fx.plan->nhashlimits, 0);
}

#define DIFFERS "match hashlimit: its table was made for something else"

/* Rules of one name that ask for different things, or one that asks for what
 * the kernel's table was not made for. */
static void test_differ(void **state)
{
	struct xt_hashlimit_mtinfo3 a = info3("a"), b = info3("b");
	struct rule *r;

	with_proto(with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &a),
		   17, false);
	a.cfg.burst++;
	with_proto(with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &a),
		   6, false);
	expect_handovers("INPUT 1: " DIFFERS ", INPUT 2: " DIFFERS);
	r = with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &b);
	container_of(r->matches.next, struct ext, node)->resolved =
		HASHLIMIT_AGREES;
	expect_handovers("INPUT 1: " DIFFERS ", INPUT 2: " DIFFERS
			 ", INPUT 3: " WITHIN("hashlimit") OTHERS);
	container_of(r->matches.next, struct ext, node)->resolved =
		HASHLIMIT_DIFFERS;
	expect_handovers("INPUT 1: " DIFFERS ", INPUT 2: " DIFFERS
			 ", INPUT 3: " DIFFERS);
}

/* A program may have so many maps; other tables are nft's. */
static void test_many(void **state)
{
	char name[8];

	for (int i = 0; i < PLAN_MAX_HASHLIMITS + 1; i++) {
		struct xt_hashlimit_mtinfo3 m;

		snprintf(name, sizeof(name), "n%d", i);
		m = info3(name);
		m.cfg.mode |= XT_HASHLIMIT_INVERT;
		with_hashlimit(add_rule(fx.base, ACTION_DROP, NULL), &m);
		if (i == PLAN_MAX_HASHLIMITS - 1)
			expect_handovers("");
	}
	assert_non_null(fixture_plan(&fx));
	assert_int_equal(fx.plan->nhashlimits, PLAN_MAX_HASHLIMITS);
	assert_string_equal(fx.plan->handovers[fx.plan->nhandovers - 1].reason,
			    "match hashlimit: more than 40 tables");
}

/* The same name in another table, or in a chain of another hook. */
static void test_shared_name(void **state)
{
	struct xt_hashlimit_mtinfo3 m = info3("a");
	struct table *t = ruleset_add_table(&fx.rs, FAMILY_IPV6, "mangle");

	with_hashlimit(add_rule(fx.base, ACTION_ACCEPT, NULL), &m);
	with_hashlimit(add_rule(table_add_chain(t, "x"), ACTION_ACCEPT, NULL),
		       &m);
	expect_handovers("");
	t = ruleset_add_table(&fx.rs, FAMILY_IPV4, "nat");
	with_hashlimit(add_rule(table_add_chain(t, "x"), ACTION_ACCEPT, NULL),
		       &m);
	expect_handovers("INPUT 1: " WITHIN("hashlimit") SHARED);
}

static struct chain *add_forward(void)
{
	struct chain *c = fixture_chain(&fx, "FORWARD");

	c->base = true;
	c->hook = NF_INET_FORWARD;
	return c;
}

/* A chain that two hooks lead to: one state for both. */
static void test_shared_chain(void **state)
{
	struct xt_statistic_info nth = {.mode = XT_STATISTIC_MODE_NTH};
	struct xt_statistic_info chance = {.u.random.probability = 5};
	struct xt_hashlimit_mtinfo3 m = info3("a");
	struct chain *f = add_forward();
	struct chain *mid = fixture_chain(&fx, "mid");
	struct chain *c = fixture_chain(&fx, "c");

	nth.u.nth.every = 3;
	add_rule(fx.base, ACTION_JUMP, "c");
	add_rule(mid, ACTION_GOTO, "c");
	with_limit(with_proto(add_rule(c, ACTION_RETURN, NULL), 1, false));
	with_match(with_proto(add_rule(c, ACTION_DROP, NULL), 2, false),
		   "statistic", 0, false, &chance, sizeof(chance));
	expect_handovers("");
	add_rule(f, ACTION_JUMP, "mid");
	expect_handovers("c 1: " WITHIN("limit") SHARED);
	with_match(with_proto(add_rule(c, ACTION_DROP, NULL), 3, false),
		   "statistic", 0, false, &nth, sizeof(nth));
	with_hashlimit(with_proto(add_rule(c, ACTION_ACCEPT, NULL), 4, false),
		       &m);
	expect_handovers("c 1: " WITHIN("limit") SHARED
			 ", c 2: match statistic, as a hand-over can follow it"
			 ", c 3: match statistic, " SHARED
			 ", c 4: " WITHIN("hashlimit") SHARED);
}

/* Decided where the kernel's own count can be looked at. */
static void test_quota(void **state)
{
	struct xt_quota_info info = {.flags = XT_QUOTA_INVERT, .quota = 1000};
	struct rule *r = add_rule(fx.base, ACTION_ACCEPT, NULL);
	struct buf b = BUF_INIT;
	struct ext *e;

	with_match(r, "quota", 0, false, &info, sizeof(info));
	e = container_of(r->matches.next, struct ext, node);
	expect_handovers("INPUT 1: match quota: only nft knows how much is "
			 "left");
	e->resolved = 0xffff888012345678;
	expect_handovers("");
	lowered_text(&b, FAMILY_IPV4, r);
	assert_string_equal(b.data, "call not quota ffff888012345678");
	buf_free(&b);
	/* It may hand over: a limit beside it is a gate. */
	with_limit(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false));
	expect_handovers("INPUT 2: " WITHIN("limit") OTHERS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),	 TEST(test_numbers),
		TEST(test_decides),	 TEST(test_gates),
		TEST(test_no_gates),	 TEST(test_differ),
		TEST(test_many),	 TEST(test_shared_name),
		TEST(test_shared_chain), TEST(test_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
