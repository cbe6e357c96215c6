/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of the chains: the calendar of -m time. Nothing of the kernel's is
 * asked here, so that the unit tests can run it.
 */

#if NEED_TIME
#define SECONDS_PER_DAY 86400

/*
 * Day of the month, from 1, of day @day since 1970. Years begin in March here,
 * so that the day a leap year has more is a year's last; eras of 400 years are
 * alike.
 */
INLINE abi_u32 day_of_month(abi_u32 day)
{
	abi_u32 in_era, year, in_year, month;

	/*
	 * localtime_3() of xt_time.c knows years up to 2039, and goes on
	 * counting the days of its December.
	 */
	if (day >= 25567)
		return (abi_u8)(day - 25202 - 334 + 1);
	in_era = (day + 719468) % 146097;
	year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) /
	       365;
	in_year = in_era - (365 * year + year / 4 - year / 100);
	month = (5 * in_year + 2) / 153;
	return in_year - (153 * month + 2) / 5 + 1;
}

/*
 * time_mt() of xt_time.c at @stamp, in seconds since 1970. @dates and @daytimes:
 * first | last << 32; @days: a mask of the days of a month | one of weekdays,
 * Monday being 1, << 32 | XT_TIME_CONTIGUOUS << 40.
 */
INLINE int time_holds(abi_u64 stamp, abi_u64 dates, abi_u64 daytimes,
		      abi_u64 days)
{
	abi_u32 from = daytimes, to = daytimes >> 32, monthdays = days;
	abi_u32 time, day;

	if (stamp < (abi_u32)dates || stamp > dates >> 32)
		return 0;
	time = stamp % SECONDS_PER_DAY;
	if (from < to) {
		if (time < from || time > to)
			return 0;
	} else {
		if (time < from && time > to)
			return 0;
		/* What is after midnight is of the day before. */
		if (days >> 40 && time <= to)
			stamp -= SECONDS_PER_DAY;
	}
	day = stamp / SECONDS_PER_DAY;
	/* The first of January 1970 was a Thursday. */
	if (!(days >> 32 >> ((day + 3) % 7 + 1) & 1))
		return 0;
	return monthdays == 0xfffffffe || /* XT_TIME_ALL_MONTHDAYS */
	       monthdays >> (day_of_month(day) & 31) & 1;
}
#endif
