// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calendar of -m time against the C library's, from 1970 to the end of
 * what dates in a rule can name; and rules -> predicates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_util.h" /* before the kernel's headers */
#include <linux/netfilter/xt_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef uint8_t abi_u8;
typedef uint32_t abi_u32;
typedef unsigned long long abi_u64;
#define INLINE	  static inline
#define NEED_TIME 1
#include "codegen/calendar.bpf.h"

#define LAST_DAY (UINT32_MAX / SECONDS_PER_DAY - 1)

/* What a rule asks for, as the kernel has it. */
struct window {
	uint32_t date_start, date_stop, from, to, monthdays;
	uint8_t weekdays;
	bool contiguous;
};

static const struct window always = {
	.date_stop = UINT32_MAX,
	.to = XT_TIME_MAX_DAYTIME,
	.monthdays = XT_TIME_ALL_MONTHDAYS,
	.weekdays = XT_TIME_ALL_WEEKDAYS,
};

static bool holds(const struct window *w, uint32_t stamp)
{
	return time_holds(stamp, w->date_start | (uint64_t)w->date_stop << 32,
			  w->from | (uint64_t)w->to << 32,
			  w->monthdays | (uint64_t)w->weekdays << 32 |
				  (w->contiguous ? 1ULL << 40 : 0));
}

/* The same by the manual: "all conditions must hold", gmtime() telling the
 * day. */
static bool should_hold(const struct window *w, uint32_t stamp)
{
	time_t t = stamp;
	struct tm tm;
	uint32_t now;
	bool over_midnight = w->from >= w->to;

	if (stamp < w->date_start || stamp > w->date_stop)
		return false;
	gmtime_r(&t, &tm);
	now = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	if (over_midnight ? now > w->to && now < w->from
			  : now < w->from || now > w->to)
		return false;
	if (over_midnight && w->contiguous && now <= w->to) {
		t -= SECONDS_PER_DAY;
		gmtime_r(&t, &tm);
	}
	return w->weekdays & 1 << (tm.tm_wday ? tm.tm_wday : 7) &&
	       w->monthdays & 1U << tm.tm_mday;
}

/* Every day up to 2039; the kernel's own calendar ends there. */
static void test_days_of_month(void **state)
{
	for (uint32_t day = 0; day < 25567; day++) {
		time_t t = (time_t)day * SECONDS_PER_DAY;
		struct tm tm;

		gmtime_r(&t, &tm);
		assert_int_equal(day_of_month(day), tm.tm_mday);
	}
	/* 1 January 2040: the 32nd of December 2039, as xt_time.c has it. */
	assert_int_equal(day_of_month(25567), 32);
}

static void test_weekdays(void **state)
{
	struct window w = always;

	for (uint32_t day = 0; day <= LAST_DAY; day++) {
		time_t t = (time_t)day * SECONDS_PER_DAY;
		struct tm tm;

		gmtime_r(&t, &tm);
		w.weekdays = 1 << (tm.tm_wday ? tm.tm_wday : 7);
		assert_true(holds(&w, t));
		w.weekdays ^= XT_TIME_ALL_WEEKDAYS;
		assert_false(holds(&w, t));
	}
}

static void test_edges(void **state)
{
	struct window w = always;

	w.from = 3600;
	w.to = 7199;
	assert_false(holds(&w, 3599));
	assert_true(holds(&w, 3600));
	assert_true(holds(&w, 7199));
	assert_false(holds(&w, 7200));
	/* From 23:00 to 01:00: on a Friday alone, its two ends. */
	w = always;
	w.from = 23 * 3600;
	w.to = 3600;
	w.weekdays = 1 << 5;
	assert_true(holds(&w, SECONDS_PER_DAY + 3600));
	assert_false(holds(&w, SECONDS_PER_DAY + 3601));
	assert_false(holds(&w, 2 * SECONDS_PER_DAY + 3600));
	/* One period: what comes after midnight is Friday's still. */
	w.contiguous = true;
	assert_false(holds(&w, SECONDS_PER_DAY + 3600));
	assert_true(holds(&w, SECONDS_PER_DAY + 23 * 3600));
	assert_true(holds(&w, 2 * SECONDS_PER_DAY + 3600));
	assert_false(holds(&w, 2 * SECONDS_PER_DAY + 3601));
	/* The same start and stop: the whole day. */
	w = always;
	w.from = w.to = 43200;
	assert_true(holds(&w, 43199));
	assert_true(holds(&w, 43201));
	w = always;
	w.date_start = w.date_stop = 1000;
	assert_false(holds(&w, 999));
	assert_true(holds(&w, 1000));
	assert_false(holds(&w, 1001));
}

static uint32_t random32(void)
{
	return (uint32_t)random() << 16 ^ random();
}

static void test_random_windows(void **state)
{
	unsigned int held = 0;

	srandom(1);
	for (int i = 0; i < 300000; i++) {
		struct window w = always;
		uint32_t stamp = random32() % (25560U * SECONDS_PER_DAY) +
				 2 * SECONDS_PER_DAY;

		if (random() & 1) {
			w.date_start = random32();
			w.date_stop = random32();
		}
		if (random() & 1) {
			w.from = random32() % SECONDS_PER_DAY;
			w.to = random32() % SECONDS_PER_DAY;
			w.contiguous = w.from >= w.to && random() & 1;
		}
		if (random() & 1)
			w.weekdays = random() & XT_TIME_ALL_WEEKDAYS;
		if (random() & 1)
			w.monthdays = random32() & XT_TIME_ALL_MONTHDAYS;
		/* Often right at an edge. */
		if (random() & 1)
			stamp = stamp / SECONDS_PER_DAY * SECONDS_PER_DAY +
				(random() & 1 ? w.from : w.to) + random() % 3 -
				1;
		assert_int_equal(holds(&w, stamp), should_hold(&w, stamp));
		held += holds(&w, stamp);
	}
	assert_in_range(held, 30000, 270000);
}

static void expect(const struct xt_time_info *info, size_t size,
		   const char *want)
{
	struct rule *r = rule_new();

	r->action = ACTION_ACCEPT;
	with_match(r, "time", 0, false, info, size);
	expect_lowered(FAMILY_IPV6, r, want);
}

static void test_lowered(void **state)
{
	struct xt_time_info info = {
		.date_start = 0x10,
		.date_stop = 0x20,
		.daytime_start = 0x7,
		.daytime_stop = 0x5,
		.monthdays_match = 0x4,
		.weekdays_match = 0x6,
		.flags = XT_TIME_CONTIGUOUS,
	};

	expect(&info, sizeof(info),
	       "call time_of_day 2000000010 500000007 10600000004");
	expect(&info, offsetof(struct xt_time_info, flags),
	       "refused: match time: unexpected form");
	info.flags = XT_TIME_LOCAL_TZ;
	expect(&info, sizeof(info),
	       "refused: match time --kerneltz: only nft knows the kernel's "
	       "time zone");
	info.flags = 0x80;
	expect(&info, sizeof(info), "refused: match time: unexpected form");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_of_month),
		cmocka_unit_test(test_weekdays),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_random_windows),
		cmocka_unit_test(test_lowered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
