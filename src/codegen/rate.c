// SPDX-License-Identifier: GPL-2.0-or-later
#include "codegen/rate.h"

#include <linux/limits.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_limit.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#define SECONDS_PER_DAY	   (24 * 60 * 60)
#define NSEC_PER_SEC	   1000000000L
#define HASHLIMIT_MAX_SIZE 1048576
#define MODES                                                                  \
	(XT_HASHLIMIT_HASH_DIP | XT_HASHLIMIT_HASH_DPT |                       \
	 XT_HASHLIMIT_HASH_SIP | XT_HASHLIMIT_HASH_SPT | XT_HASHLIMIT_INVERT | \
	 XT_HASHLIMIT_BYTES | XT_HASHLIMIT_RATE_MATCH)

unsigned int rate_hz(void)
{
	struct timespec tick;

	/* The coarse clocks go in jiffies. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec ||
	    tick.tv_nsec <= 0)
		return 0;
	return (NSEC_PER_SEC + tick.tv_nsec / 2) / tick.tv_nsec;
}

/* The largest power of two that is not above @x, as POW2_BELOW32() and 64 find
 * it. */
static uint64_t pow2_below(uint64_t x)
{
	uint64_t p = 1;

	while (x >>= 1)
		p <<= 1;
	return p;
}

static uint32_t limit_credits(uint32_t user, uint32_t per_second)
{
	if (user > UINT32_MAX / per_second)
		return user / XT_LIMIT_SCALE * per_second;
	return user * per_second / XT_LIMIT_SCALE;
}

bool rate_of_limit(uint32_t avg, uint32_t burst, unsigned int hz,
		   struct rate_credits *out)
{
	if (!hz)
		return false;
	out->per_jiffy = pow2_below(UINT32_MAX / (hz * SECONDS_PER_DAY));
	out->cost = limit_credits(avg, hz * out->per_jiffy);
	out->cap = limit_credits(avg * burst, hz * out->per_jiffy);
	return burst && out->cost && out->cap >= out->cost;
}

/* ---- hashlimit ---- */

static uint64_t credits_per_jiffy(const struct hashlimit *h, unsigned int hz)
{
	if (h->revision == 1)
		return pow2_below(UINT32_MAX / (hz * SECONDS_PER_DAY));
	return pow2_below(UINT64_MAX / ((uint64_t)hz * SECONDS_PER_DAY));
}

static uint64_t credits(const struct hashlimit *h, uint64_t user,
			unsigned int hz)
{
	uint64_t scale = h->revision == 1 ? XT_HASHLIMIT_SCALE
					  : XT_HASHLIMIT_SCALE_v2;
	uint64_t per_second = hz * credits_per_jiffy(h, hz);

	if (scale >= per_second)
		return user / (scale / per_second);
	return user * (per_second / scale);
}

static uint32_t bytes_per_jiffy(unsigned int hz)
{
	return pow2_below(UINT32_MAX / hz);
}

static uint32_t byte_credits(uint32_t user, unsigned int hz)
{
	return (uint64_t)user * (hz * bytes_per_jiffy(hz)) >> 32;
}

/* htable_create()'s sizes. */
static void settle_size(struct hashlimit *h)
{
	struct sysinfo info;
	uint64_t bytes;

	if (h->size > HASHLIMIT_MAX_SIZE)
		h->size = HASHLIMIT_MAX_SIZE;
	if (h->max > HASHLIMIT_MAX_SIZE)
		h->max = HASHLIMIT_MAX_SIZE;
	if (!h->size) {
		bytes = sysinfo(&info)
				? 0
				: (uint64_t)info.totalram * info.mem_unit;
		h->size = bytes > 1UL << 30 ? 8192
					    : bytes / 16384 / sizeof(void *);
		if (h->size < 16)
			h->size = 16;
	}
	if (!h->max)
		h->max = 8 * h->size;
	else if (h->max < h->size)
		h->max = h->size;
}

#define COPY_CFG(h, from)                                                      \
	do {                                                                   \
		(h)->mode = (from)->mode;                                      \
		(h)->avg = (from)->avg;                                        \
		(h)->burst = (from)->burst;                                    \
		(h)->size = (from)->size;                                      \
		(h)->max = (from)->max;                                        \
		(h)->gc_interval = (from)->gc_interval;                        \
		(h)->expire = (from)->expire;                                  \
		(h)->srcmask = (from)->srcmask;                                \
		(h)->dstmask = (from)->dstmask;                                \
	} while (0)

static bool copy(struct hashlimit *h, const struct ext *e)
{
	const struct xt_hashlimit_mtinfo1 *m1 = (const void *)e->data;
	const struct xt_hashlimit_mtinfo2 *m2 = (const void *)e->data;
	const struct xt_hashlimit_mtinfo3 *m3 = (const void *)e->data;

	memset(h, 0, sizeof(*h));
	h->revision = e->revision;
	h->name = (const char *)e->data;
	switch (e->revision) {
	case 1:
		if (e->size < sizeof(*m1) - sizeof(m1->hinfo) ||
		    !memchr(m1->name, 0, sizeof(m1->name)))
			return false;
		COPY_CFG(h, &m1->cfg);
		return true;
	case 2:
		if (e->size < sizeof(*m2) - sizeof(m2->hinfo) ||
		    !memchr(m2->name, 0, sizeof(m2->name)))
			return false;
		COPY_CFG(h, &m2->cfg);
		return true;
	case 3:
		if (e->size < sizeof(*m3) - sizeof(m3->hinfo) ||
		    !memchr(m3->name, 0, sizeof(m3->name)))
			return false;
		COPY_CFG(h, &m3->cfg);
		h->interval = m3->cfg.interval;
		return true;
	}
	return false;
}

static bool rate_is_sane(const struct hashlimit *h, unsigned int hz)
{
	if (h->mode & XT_HASHLIMIT_RATE_MATCH)
		return h->revision >= 3 && h->avg && h->avg <= UINT32_MAX &&
		       h->interval;
	if (h->mode & XT_HASHLIMIT_BYTES)
		return byte_credits(h->avg, hz) != 0;
	return h->burst &&
	       credits(h, h->avg * h->burst, hz) >= credits(h, h->avg, hz);
}

bool hashlimit_read(struct hashlimit *h, const struct ext *e,
		    enum family family)
{
	unsigned int bits = family == FAMILY_IPV4 ? 32 : 128, hz = rate_hz();

	if (e->native || !hz || !copy(h, e))
		return false;
	if (!*h->name || h->mode & ~MODES || !h->gc_interval || !h->expire ||
	    h->srcmask > bits || h->dstmask > bits || !rate_is_sane(h, hz))
		return false;
	settle_size(h);
	return true;
}

bool hashlimit_same(const struct hashlimit *a, const struct hashlimit *b)
{
	return !strcmp(a->name, b->name) && a->revision == b->revision &&
	       a->srcmask == b->srcmask && a->dstmask == b->dstmask &&
	       !((a->mode ^ b->mode) & ~XT_HASHLIMIT_INVERT) &&
	       a->avg == b->avg && a->burst == b->burst && a->size == b->size &&
	       a->max == b->max && a->gc_interval == b->gc_interval &&
	       a->expire == b->expire && a->interval == b->interval;
}

/* msecs_to_jiffies(): rounded up. */
static uint32_t jiffies_of(uint32_t ms, unsigned int hz)
{
	uint64_t j = ((uint64_t)ms * hz + 999) / 1000;

	return ms > INT32_MAX || j > UINT32_MAX / 2 ? UINT32_MAX / 2 : j;
}

static void numbers_of_rate(const struct hashlimit *h,
			    struct hashlimit_numbers *out)
{
	uint32_t user = h->avg;

	if (h->mode & XT_HASHLIMIT_BYTES) {
		out->rate =
			(uint64_t)((user ? UINT32_MAX / user : UINT32_MAX) - 1)
			<< XT_HASHLIMIT_BYTE_SHIFT;
		out->burst = h->burst ? h->burst * out->rate : out->rate;
	} else {
		out->rate = h->avg ? XT_HASHLIMIT_SCALE_v2 / h->avg : 0;
		out->burst = h->burst + out->rate;
	}
}

void hashlimit_numbers(const struct hashlimit *h, unsigned int hz,
		       struct hashlimit_numbers *out)
{
	struct rate_credits *c = &out->credits;

	memset(out, 0, sizeof(*out));
	out->interval = h->interval * hz;
	out->expire = jiffies_of(h->expire, hz);
	out->gc_interval = jiffies_of(h->gc_interval, hz);
	if (h->mode & XT_HASHLIMIT_RATE_MATCH) {
		numbers_of_rate(h, out);
	} else if (h->mode & XT_HASHLIMIT_BYTES) {
		c->per_jiffy = bytes_per_jiffy(hz);
		c->cost = byte_credits(h->avg, hz);
		c->cap = h->burst;
		out->full = c->per_jiffy * hz;
	} else {
		c->per_jiffy = credits_per_jiffy(h, hz);
		c->cost = credits(h, h->avg, hz);
		c->cap = credits(h, h->avg * h->burst, hz);
		out->full = c->cap;
	}
}
