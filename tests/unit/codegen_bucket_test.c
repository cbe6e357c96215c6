// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buckets in generated programs, run on packets: xt_limit's, which iptables-nft
 * does not write, and keys of hashlimit that are hard to send. (Rates and the
 * rest are compared with the kernel's in tests/shell/rates.sh.) Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include <linux/limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <time.h>

static void sleep_ms(unsigned int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static unsigned int accepted_of(unsigned int n)
{
	unsigned int accepted = 0;

	while (n--)
		accepted += run(ip4(17, 0)) == NF_ACCEPT;
	return accepted;
}

/* Of a second; of those that have begun, the last is not counted. */
static unsigned int quarters_since(const struct timespec *a)
{
	struct timespec b;

	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((b.tv_sec - a->tv_sec) * 1000000000LL + b.tv_nsec -
		a->tv_nsec) /
	       250000000;
}

/* Four a second: a burst, nothing, and then one for each quarter. */
static void test_xt_limit(void **state)
{
	struct xt_rateinfo limit = {.avg = XT_LIMIT_SCALE / 4, .burst = 6};
	struct timespec a;
	unsigned int got;

	with_match(add_rule(fx.base, ACTION_ACCEPT, NULL), "limit", 0, false,
		   &limit, sizeof(limit));
	build();
	clock_gettime(CLOCK_MONOTONIC, &a);
	got = accepted_of(50);
	sleep_ms(800);
	got += accepted_of(50);
	assert_in_range(got, 6 + 3, 6 + quarters_since(&a) + 1);
	sleep_ms(2500);
	clock_gettime(CLOCK_MONOTONIC, &a);
	got = accepted_of(50);
	assert_in_range(got, 6, 6 + quarters_since(&a) + 1);
}

static void with_table(struct rule *r, uint32_t mode, uint32_t max)
{
	struct xt_hashlimit_mtinfo3 m = {
		.name = "t",
		.cfg = {.avg = 60 * XT_HASHLIMIT_SCALE_v2,
			.burst = 1,
			.mode = mode,
			.size = 1,
			.max = max,
			.gc_interval = 20,
			.expire = 3000, /* the machine may be slow */
			.srcmask = 25,
			.dstmask = 32},
	};

	with_match(r, "hashlimit", 3, false, &m, sizeof(m));
}

/* A key lets one through; the table's third key is dropped before the next
 * rule, until an entry is gone. */
static void test_full_table(void **state)
{
	struct packet a = ip4(17, 0), b = a, c = a, d = a;

	b.b[12] = 11;
	c.b[12] = 12;
	d.b[15] = 100; /* the same network as a */
	with_table(add_rule(fx.base, ACTION_ACCEPT, NULL),
		   XT_HASHLIMIT_HASH_SIP, 2);
	add_rule(fx.base, ACTION_NONE, NULL);
	build();
	assert_int_equal(run(a), NF_ACCEPT);
	assert_int_equal(run(b), NF_ACCEPT);
	assert_int_equal(run(d), NF_DROP);
	expect_count(1, 1, d.len);
	assert_int_equal(run(c), NF_DROP);
	expect_count(1, 1, d.len);
	sleep_ms(3300);
	assert_int_equal(run(c), NF_ACCEPT);
	assert_int_equal(run(c), NF_DROP);
	expect_count(1, 2, 2 * d.len);
}

/*
 * Ports are what lies behind the IP header, in later fragments too; what is not
 * there drops the packet, and what has none has the ports 0.
 */
static void test_ports(void **state)
{
	struct packet first = with_ports(ip4(17, 0), 1, 2);
	struct packet later = with_ports(ip4(17, 5), 1, 2);
	struct packet other = with_ports(ip4(17, 5), 1, 3);

	with_table(add_rule(fx.base, ACTION_ACCEPT, NULL),
		   XT_HASHLIMIT_HASH_DPT, 100);
	add_rule(fx.base, ACTION_NONE, NULL);
	build();
	assert_int_equal(run(first), NF_ACCEPT);
	assert_int_equal(run(later), NF_DROP);
	expect_count(1, 1, later.len);
	assert_int_equal(run(other), NF_ACCEPT);
	assert_int_equal(run(cut(first, 23)), NF_DROP);
	expect_count(1, 1, later.len);
	assert_int_equal(run(with_ports(ip4(47, 0), 1, 4)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(47, 0), 1, 5)), NF_DROP);
	expect_count(1, 2, 2 * later.len);
}

/* The same behind extension headers. */
static void test_ports6(void **state)
{
	static const uint8_t hbh_udp[8] = {17}, hbh_ah[8] = {51},
			     ah_udp[12] = {17, 1}, none[8] = {59};
	static const uint8_t later[8] = {17, 0, 0, 0x20};

	with_table(add_rule(fx.base, ACTION_ACCEPT, NULL),
		   XT_HASHLIMIT_HASH_SPT, 100);
	add_rule(fx.base, ACTION_NONE, NULL);
	build();
	assert_int_equal(run(with_ports(ip6(17), 7, 2)), NF_ACCEPT);
	assert_int_equal(run(with_ports(plus(ip6(0), hbh_udp, 8), 7, 3)),
			 NF_DROP);
	assert_int_equal(
		run(with_ports(plus(plus(ip6(0), hbh_ah, 8), ah_udp, 12), 7,
			       3)),
		NF_DROP);
	assert_int_equal(
		run(with_ports(plus(plus(ip6(0), hbh_ah, 8), ah_udp, 12), 8,
			       3)),
		NF_ACCEPT);
	/* A later fragment has no ports; nothing behind a header drops it. */
	assert_int_equal(run(with_ports(plus(ip6(44), later, 8), 9, 3)),
			 NF_ACCEPT);
	assert_int_equal(run(with_ports(plus(ip6(44), later, 8), 10, 3)),
			 NF_DROP);
	expect_count(1, 3, 56 + 68 + 56);
	assert_int_equal(run(with_ports(plus(ip6(0), none, 8), 7, 3)), NF_DROP);
	expect_count(1, 3, 56 + 68 + 56);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_xt_limit, setup4),
		TEST(test_full_table, setup4),
		TEST(test_ports, setup4),
		TEST(test_ports6, setup6),
	};

	if (cannot_load())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
