// SPDX-License-Identifier: GPL-2.0-or-later
/* The other natively written extensions; those without .encode are only met in
 * dumps of nft's own rules. */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>
#include <string.h>

#include "translate/expr.h"
#include "translate/native.h"
#include "translate/nlwrite.h"

static void mark_encode(struct buf *b, const struct ext *e)
{
	const struct xt_mark_mtinfo1 *mark = (const void *)e->data;

	expr_meta(b, NFT_META_MARK);
	if (mark->mask != UINT32_MAX)
		expr_bitwise(b, &mark->mask, sizeof(mark->mask));
	expr_cmp(b, mark->invert ? NFT_CMP_NEQ : NFT_CMP_EQ, &mark->mark,
		 sizeof(mark->mark));
}

/*
 * xt_limit keeps the time between two packets in 1/10000 s; nft wants packets
 * per unit. The unit is the largest at which the rounding loses nothing that
 * matters.
 */
void native_limit_rate(uint32_t avg, uint64_t *rate, uint64_t *unit)
{
	static const uint32_t unit_s[] = {24 * 60 * 60, 60 * 60, 60, 1};
	unsigned int i;

	for (i = 1; i < sizeof(unit_s) / sizeof(unit_s[0]); i++) {
		uint32_t ticks = XT_LIMIT_SCALE * unit_s[i];

		if (avg > ticks || ticks / avg < ticks % avg)
			break;
	}
	*unit = unit_s[i - 1];
	*rate = XT_LIMIT_SCALE * *unit / avg;
}

/* Less than one a day is no rate of nft's. */
static bool limit_applies(const struct ext *e)
{
	const struct xt_rateinfo *r = (const void *)e->data;
	uint64_t rate, unit;

	if (!r->avg)
		return false;
	native_limit_rate(r->avg, &rate, &unit);
	return rate != 0;
}

static void limit_encode(struct buf *b, const struct ext *e)
{
	const struct xt_rateinfo *r = (const void *)e->data;
	uint64_t rate, unit;
	struct expr_nest n;

	native_limit_rate(r->avg, &rate, &unit);
	n = expr_begin(b, "limit");
	nlw_u64(b, NFTA_LIMIT_RATE, rate);
	nlw_u64(b, NFTA_LIMIT_UNIT, unit);
	nlw_u32(b, NFTA_LIMIT_BURST, r->burst);
	nlw_u32(b, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nlw_u32(b, NFTA_LIMIT_FLAGS, 0);
	expr_end(b, n);
}

/* The rounding to packets per unit shows. */
static void limit_read_back(void *data)
{
	struct xt_rateinfo *r = data;
	uint64_t rate, unit;

	native_limit_rate(r->avg, &rate, &unit);
	if (rate)
		r->avg = (uint32_t)(XT_LIMIT_SCALE * unit / rate);
}

/* meta nftrace set 1, the 1 through a register of its own as iptables-nft does.
 */
static void trace_encode(struct buf *b, const struct ext *e)
{
	static const uint8_t one = 1;
	struct expr_nest n = expr_begin(b, "immediate");
	size_t data;

	nlw_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG32_01);
	data = nlw_nest(b, NFTA_IMMEDIATE_DATA);
	nlw_put(b, NFTA_DATA_VALUE, &one, sizeof(one));
	nlw_nest_end(b, data);
	expr_end(b, n);

	n = expr_begin(b, "meta");
	nlw_u32(b, NFTA_META_KEY, NFT_META_NFTRACE);
	nlw_u32(b, NFTA_META_SREG, NFT_REG32_01);
	expr_end(b, n);
}

static void nflog_encode(struct buf *b, const struct ext *e)
{
	struct nflog_info_wide info = {0};
	struct expr_nest n;

	memcpy(&info, e->data, e->size < sizeof(info) ? e->size : sizeof(info));
	info.prefix[sizeof(info.prefix) - 1] = '\0';

	n = expr_begin(b, "log");
	if (info.prefix[0])
		nlw_str(b, NFTA_LOG_PREFIX, info.prefix);
	nlw_u16(b, NFTA_LOG_GROUP, info.group);
	if (info.flags & XT_NFLOG_F_COPY_LEN)
		nlw_u32(b, NFTA_LOG_SNAPLEN, info.len);
	if (info.threshold)
		nlw_u16(b, NFTA_LOG_QTHRESHOLD, info.threshold);
	expr_end(b, n);
}

/* A length that is not to be used (--nflog-range) has no attribute. */
static void nflog_read_back(void *data)
{
	struct xt_nflog_info *info = data;

	info->flags &= XT_NFLOG_F_COPY_LEN;
	if (!info->flags)
		info->len = 0;
}

const struct native_desc native_mark = {
	.name = "mark",
	.revision = 1,
	.size = XT_ALIGN(sizeof(struct xt_mark_mtinfo1)),
	.encode = mark_encode,
};

const struct native_desc native_limit = {
	.name = "limit",
	.size = XT_ALIGN(sizeof(struct xt_rateinfo)),
	.applies = limit_applies,
	.encode = limit_encode,
	.read_back = limit_read_back,
};

const struct native_desc native_trace = {
	.name = "TRACE",
	.target = true,
	.encode = trace_encode,
};

/* Decoded into the wide form, so that no prefix is cut. */
const struct native_desc native_nflog = {
	.name = "NFLOG",
	.target = true,
	.size = XT_ALIGN(sizeof(struct xt_nflog_info)),
	.encode = nflog_encode,
	.read_back = nflog_read_back,
};

const struct native_desc native_comment = {
	.name = "comment",
	.size = XT_ALIGN(sizeof(struct xt_comment_info)),
};

const struct native_desc native_pkttype = {
	.name = "pkttype",
	.size = XT_ALIGN(sizeof(struct xt_pkttype_info)),
};

const struct native_desc native_ttl = {
	.name = "ttl",
	.size = XT_ALIGN(sizeof(struct ipt_ttl_info)),
};

const struct native_desc native_hl = {
	.name = "hl",
	.size = XT_ALIGN(sizeof(struct ip6t_hl_info)),
};
