// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m conntrack, revisions 1 to 3, xt_conntrack.c's conntrack_mt(). Tests are in
 * the kernel's order, though none of them has a side effect.
 */
#include <arpa/inet.h>
#include <string.h>
#include <linux/netfilter/xt_conntrack.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* match_flags bit -> tuple address, its value and mask. */
static const struct ct_addr {
	uint16_t flag;
	enum pred_field field;
	size_t addr, mask; /* offsets */
} ct_addrs[] = {
#define CT_ADDR(flag, field, name)                                             \
	{                                                                      \
		flag, field,                                                   \
			offsetof(struct xt_conntrack_mtinfo3, name##_addr),    \
			offsetof(struct xt_conntrack_mtinfo3, name##_mask)     \
	}
	CT_ADDR(XT_CONNTRACK_ORIGSRC, FIELD_CT_ORIGSRC, origsrc),
	CT_ADDR(XT_CONNTRACK_ORIGDST, FIELD_CT_ORIGDST, origdst),
	CT_ADDR(XT_CONNTRACK_REPLSRC, FIELD_CT_REPLSRC, replsrc),
	CT_ADDR(XT_CONNTRACK_REPLDST, FIELD_CT_REPLDST, repldst),
};

static const struct ct_port {
	uint16_t flag;
	enum pred_field field;
	size_t lo, hi;
} ct_ports[] = {
#define CT_PORT(flag, field, name)                                             \
	{                                                                      \
		flag, field,                                                   \
			offsetof(struct xt_conntrack_mtinfo3, name##_port),    \
			offsetof(struct xt_conntrack_mtinfo3,                  \
				 name##_port_high)                             \
	}
	CT_PORT(XT_CONNTRACK_ORIGSRC_PORT, FIELD_CT_ORIGSRC_PORT, origsrc),
	CT_PORT(XT_CONNTRACK_ORIGDST_PORT, FIELD_CT_ORIGDST_PORT, origdst),
	CT_PORT(XT_CONNTRACK_REPLSRC_PORT, FIELD_CT_REPLSRC_PORT, replsrc),
	CT_PORT(XT_CONNTRACK_REPLDST_PORT, FIELD_CT_REPLDST_PORT, repldst),
};

/*
 * Revision 1 has state and status masks of one byte; ports are ranges only in
 * revision 3.
 */
static bool ct_read(const struct ext *e, struct xt_conntrack_mtinfo3 *i)
{
	static const size_t sizes[] = {
		[1] = sizeof(struct xt_conntrack_mtinfo1),
		[2] = sizeof(struct xt_conntrack_mtinfo2),
		[3] = sizeof(struct xt_conntrack_mtinfo3),
	};
	struct xt_conntrack_mtinfo1 rev1;

	if (e->revision >= ARRAY_SIZE(sizes) || e->size < sizes[e->revision])
		return false;
	memset(i, 0, sizeof(*i));
	memcpy(i, e->data, sizes[e->revision]);
	if (e->revision == 3)
		return true;
	if (e->revision == 1) {
		memcpy(&rev1, e->data, sizeof(rev1));
		i->state_mask = rev1.state_mask;
		i->status_mask = rev1.status_mask;
	}
	i->origsrc_port = i->origsrc_port_high = ntohs(i->origsrc_port);
	i->origdst_port = i->origdst_port_high = ntohs(i->origdst_port);
	i->replsrc_port = i->replsrc_port_high = ntohs(i->replsrc_port);
	i->repldst_port = i->repldst_port_high = ntohs(i->repldst_port);
	return true;
}

static int ct_lower_addrs(struct lower *l, const struct xt_conntrack_mtinfo3 *i)
{
	unsigned int len = lower_family(l) == FAMILY_IPV4 ? 4 : 16;
	int ret = 0;

	for (unsigned int k = 0; !ret && k < ARRAY_SIZE(ct_addrs); k++) {
		const struct ct_addr *a = &ct_addrs[k];
		uint8_t value[16];
		const uint8_t *mask = (const uint8_t *)i + a->mask;

		if (!(i->match_flags & a->flag))
			continue;
		/*
		 * The kernel masks the difference: bits outside the mask do not
		 * count.
		 */
		for (unsigned int b = 0; b < len; b++)
			value[b] = ((const uint8_t *)i)[a->addr + b] & mask[b];
		ret = lower_bytes(l, a->field, value, mask, len,
				  i->invert_flags & a->flag);
	}
	return ret;
}

static int ct_lower_ports(struct lower *l, const struct xt_conntrack_mtinfo3 *i)
{
	int ret = 0;

	for (unsigned int k = 0; !ret && k < ARRAY_SIZE(ct_ports); k++) {
		const struct ct_port *p = &ct_ports[k];
		struct pred_range r;

		if (!(i->match_flags & p->flag))
			continue;
		memcpy(&r.lo, (const uint8_t *)i + p->lo, sizeof(r.lo));
		memcpy(&r.hi, (const uint8_t *)i + p->hi, sizeof(r.hi));
		ret = lower_ranges(l, p->field, &r, 1,
				   i->invert_flags & p->flag);
	}
	return ret;
}

static int ct_lower_entry(struct lower *l, const struct xt_conntrack_mtinfo3 *i)
{
	uint16_t inv = i->invert_flags;
	int ret = 0;

	if (i->match_flags & XT_CONNTRACK_DIRECTION)
		ret = lower_masked(l, FIELD_CT_REPLY, 0, 1,
				   inv & XT_CONNTRACK_DIRECTION);
	if (!ret)
		ret = ct_lower_addrs(l, i);
	if (!ret && i->match_flags & XT_CONNTRACK_PROTO)
		ret = lower_masked(l, FIELD_CT_PROTO, i->l4proto, UINT16_MAX,
				   inv & XT_CONNTRACK_PROTO);
	if (!ret)
		ret = ct_lower_ports(l, i);
	if (!ret && i->match_flags & XT_CONNTRACK_STATUS)
		ret = lower_any_bit(l, FIELD_CT_STATUS, i->status_mask,
				    inv & XT_CONNTRACK_STATUS);
	return ret;
}

static int ct_lower_expires(struct lower *l,
			    const struct xt_conntrack_mtinfo3 *i)
{
	uint64_t arg[] = {
		i->expires_min,
		i->expires_max,
		(i->invert_flags & XT_CONNTRACK_EXPIRES) != 0,
	};

	return lower_call(l, CALL_CT_EXPIRES, arg, ARRAY_SIZE(arg), false);
}

static int conntrack_lower(struct lower *l, const struct rule *r,
			   const struct ext *e)
{
	struct xt_conntrack_mtinfo3 i;
	struct pred entry = {.field = FIELD_CT_ENTRY};
	int ret = 0;

	if (e->native || !ct_read(e, &i))
		return lower_refuse(l, "match conntrack: bad data");
	if (i.match_flags & XT_CONNTRACK_STATE)
		ret = lower_any_bit(l, FIELD_CT_STATE, i.state_mask,
				    i.invert_flags & XT_CONNTRACK_STATE);
	else
		ret = lower_add(l, &entry);
	if (ret)
		return ret;
	/* Without an entry, a state that matched is enough. */
	lower_pass_no_ct(l, i.match_flags & XT_CONNTRACK_STATE);
	ret = ct_lower_entry(l, &i);
	if (!ret && i.match_flags & XT_CONNTRACK_EXPIRES)
		ret = ct_lower_expires(l, &i);
	return ret;
}

const struct ext_desc match_conntrack = {
	.name = "conntrack",
	.families = EXT_IPV4 | EXT_IPV6,
	.min_rev = 1,
	.max_rev = 3,
	.lower = conntrack_lower,
	.doc = "all conditions",
};
