// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m limit. iptables-nft commits it as nft's own limit expression, whose
 * arithmetic (nft_limit.c: nft_limit_init, nft_limit_pkts_init) is done here;
 * others may have put xt_limit's there.
 */
#include <linux/netfilter/xt_limit.h>

#include "codegen/lower.h"
#include "codegen/rate.h"
#include "extensions/table.h"

#define NSEC_PER_SEC 1000000000ULL

/*
 * The rate "@rate per @unit seconds" that stands for an average distance of
 * @avg ten-thousandths of a second: the largest unit that loses least, as
 * iptables-nft picks it.
 */
static void rate_of(uint32_t avg, uint32_t *rate, uint32_t *unit)
{
	static const uint32_t units[] = {24 * 60 * 60, 60 * 60, 60, 1};
	unsigned int i;

	for (i = 1; i < sizeof(units) / sizeof(*units); i++) {
		uint32_t period = units[i] * XT_LIMIT_SCALE;

		if (avg > period || period / avg < period % avg)
			break;
	}
	*unit = units[i - 1];
	*rate = units[i - 1] * XT_LIMIT_SCALE / avg;
}

/* limit_mt() of xt_limit.c, which counts in jiffies. */
static int xt_limit_lower(struct lower *l, const struct xt_rateinfo *info)
{
	struct pred p = {.field = FIELD_LIMIT};
	struct rate_credits c;

	if (!rate_of_limit(info->avg, info->burst, rate_hz(), &c))
		return lower_refuse(l, "match limit: bad data");
	p.limit.cost = c.cost;
	p.limit.max = c.cap;
	p.limit.per_jiffy = c.per_jiffy;
	return lower_add(l, &p);
}

static int limit_lower(struct lower *l, const struct rule *r,
		       const struct ext *e)
{
	const struct xt_rateinfo *info = (const void *)e->data;
	struct pred p = {.field = FIELD_LIMIT};
	uint32_t rate, unit, burst;

	if (e->size < sizeof(*info) || !info->avg)
		return lower_refuse(l, "match limit: bad data");
	if (!e->native)
		return xt_limit_lower(l, info);
	rate_of(info->avg, &rate, &unit);
	if (!rate)
		return lower_refuse(l, "match limit: rate too low");
	burst = info->burst ? info->burst : 5; /* NFT_LIMIT_PKT_BURST_DEFAULT */
	p.limit.cost = unit * NSEC_PER_SEC / rate;
	p.limit.max = p.limit.cost * burst;
	return lower_add(l, &p);
}

const struct ext_desc match_limit = {
	.name = "limit",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = limit_lower,
	.doc = "a bucket of its own; where packets are handed over, those that "
	       "get a token are, too",
};
