/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of xt_limit and xt_hashlimit: what a rule asks for as the credits
 * that the kernel's code counts in, which depend on how often its clock ticks.
 */
#ifndef CODEGEN_RATE_H
#define CODEGEN_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

/* Jiffies per second of the running kernel. */
unsigned int rate_hz(void);

/* A token bucket in credits. */
struct rate_credits {
	uint64_t per_jiffy, cost, cap;
};

/* limit_mt_check() of xt_limit.c, for xt_rateinfo's @avg and @burst. False: the
 * kernel would refuse it. */
bool rate_of_limit(uint32_t avg, uint32_t burst, unsigned int hz,
		   struct rate_credits *out);

/* What -m hashlimit asks for, whichever its revision. */
struct hashlimit {
	const char *name; /* the rule's, NUL terminated */
	uint8_t revision;
	uint8_t srcmask, dstmask;
	uint32_t mode; /* XT_HASHLIMIT_* */
	uint64_t avg, burst;
	uint32_t size, max;	      /* as the kernel makes them */
	uint32_t gc_interval, expire; /* ms */
	uint32_t interval;	      /* s */
};

/*
 * Reads @e. False: not what the kernel would have let in
 * (hashlimit_mt_check_common() of xt_hashlimit.c).
 */
bool hashlimit_read(struct hashlimit *h, const struct ext *e,
		    enum family family);

/* Whether two rules ask the same of a table: all but "above". */
bool hashlimit_same(const struct hashlimit *a, const struct hashlimit *b);

/*
 * ext.resolved: whether the kernel's table of this name was made for what the
 * rule asks for. Its first rule decides, and a rule that replaces another in
 * one transaction finds the table as it was.
 */
#define HASHLIMIT_AGREES  1
#define HASHLIMIT_DIFFERS 2

/* rateinfo_init() of xt_hashlimit.c. */
struct hashlimit_numbers {
	/* Tokens: packets, or bytes where cap is how often it is filled again.
	 */
	struct rate_credits credits;
	uint64_t full;
	/* Rate match. */
	uint64_t rate, burst;
	uint32_t interval;	      /* jiffies */
	uint32_t expire, gc_interval; /* jiffies */
};

/* @h as a kernel with @hz jiffies a second computes it. */
void hashlimit_numbers(const struct hashlimit *h, unsigned int hz,
		       struct hashlimit_numbers *out);

#endif
