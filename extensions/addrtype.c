// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m addrtype, xt_addrtype.c. IPv4 asks a routing table, which the runtime
 * walks (match_fib.bpf.h). IPv6 looks at the address for some types and makes a
 * route lookup for the others, which only the kernel can.
 */
#include <string.h>
#include <linux/netfilter/xt_addrtype.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define BY_ROUTE                                                               \
	(XT_ADDRTYPE_LOCAL | XT_ADDRTYPE_ANYCAST | XT_ADDRTYPE_UNREACHABLE)

/* Revision 0 in the form of revision 1. */
static bool addrtype_read(const struct ext *e, struct xt_addrtype_info_v1 *v1)
{
	struct xt_addrtype_info v0;

	if (e->revision == 1) {
		if (!ext_is_xt(e, sizeof(*v1)))
			return false;
		memcpy(v1, e->data, sizeof(*v1));
		return true;
	}
	if (!ext_is_xt(e, sizeof(v0)))
		return false;
	memcpy(&v0, e->data, sizeof(v0));
	v1->source = v0.source;
	v1->dest = v0.dest;
	v1->flags = (v0.invert_source ? XT_ADDRTYPE_INVERT_SOURCE : 0) |
		    (v0.invert_dest ? XT_ADDRTYPE_INVERT_DEST : 0);
	return true;
}

static int lower_type4(struct lower *l, bool dst, uint16_t types, bool invert,
		       uint32_t limit)
{
	uint64_t arg[] = {dst, types, limit << 1 | invert};

	return lower_call(l, CALL_ADDR_TYPE, arg, 3, false);
}

/* Types of which an address can be by itself. */
static int lower_type6_plain(struct lower *l, enum pred_field field,
			     uint16_t types, bool invert)
{
	static const uint8_t zero[16],
		ones[16] = {[0] = 0xff},
		full[16] = {
			0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff};
	uint8_t prefix96[16] = {0};
	int ret;

	if (types == XT_ADDRTYPE_MULTICAST)
		return lower_bytes(l, field, ones, ones, 16, invert);
	if (types == XT_ADDRTYPE_UNSPEC)
		return lower_bytes(l, field, zero, full, 16, invert);
	/* ipv6_addr_type(): all others are unicast, if not IPv4 in disguise. */
	memset(prefix96, 0xff, 12);
	ret = lower_bytes(l, field, ones, ones, 16, true);
	if (!ret)
		ret = lower_bytes(l, field, zero, full, 16, true);
	if (!ret)
		ret = lower_bytes(l, field, mapped, prefix96, 16, true);
	return ret;
}

/*
 * match_type6(): the address must be of every type that is named. A device
 * limits only what a route lookup finds.
 */
static int lower_type6(struct lower *l, bool dst, uint16_t types, bool invert,
		       uint32_t limit)
{
	uint16_t plain = types & (XT_ADDRTYPE_MULTICAST | XT_ADDRTYPE_UNICAST |
				  XT_ADDRTYPE_UNSPEC);
	uint64_t arg[] = {dst, types, invert};

	if (!plain && types & BY_ROUTE)
		return lower_refuse(l, "match addrtype: looks up a route");
	if (types & BY_ROUTE || (plain & (plain - 1)) ||
	    (invert && plain == XT_ADDRTYPE_UNICAST))
		return lower_call(l, CALL_ADDR6_TYPE, arg, 3, false);
	if (plain)
		return lower_type6_plain(l, dst ? FIELD_DADDR : FIELD_SADDR,
					 plain, invert);
	/* Other types are no condition. */
	return invert ? lower_call(l, CALL_ADDR6_TYPE, arg, 3, false) : 0;
}

static int addrtype_lower(struct lower *l, const struct rule *r,
			  const struct ext *e)
{
	struct xt_addrtype_info_v1 info;
	int (*lower)(struct lower * l, bool dst, uint16_t types, bool invert,
		     uint32_t limit) =
		lower_family(l) == FAMILY_IPV4 ? lower_type4 : lower_type6;
	uint32_t limit;
	int ret = 0;

	if (!addrtype_read(e, &info))
		return lower_refuse(l, "match addrtype: unexpected form");
	limit = info.flags &
		(XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT);
	if (info.source)
		ret = lower(l, false, info.source,
			    info.flags & XT_ADDRTYPE_INVERT_SOURCE, limit);
	if (!ret && info.dest)
		ret = lower(l, true, info.dest,
			    info.flags & XT_ADDRTYPE_INVERT_DEST, limit);
	return ret;
}

const struct ext_desc match_addrtype = {
	.name = "addrtype",
	.families = EXT_IPV4 | EXT_IPV6,
	.max_rev = 1,
	.lower = addrtype_lower,
	.doc = "IPv4: all types, --limit-iface; IPv6: unicast, multicast, "
	       "unspecified; those that take a route lookup are handed over",
};
