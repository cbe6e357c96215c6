// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ecn, ecn_mt4() and ecn_mt6() of xt_ecn.c. */
#include <netinet/in.h>
#include <linux/netfilter/xt_ecn.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define TCP_ECE 0x40 /* of byte 13 */
#define TCP_CWR 0x80

/* Bits of the TCP header that are tested, and what they must be. */
static int ecn_tcp_lower(struct lower *l, const struct xt_ecn_info *info)
{
	uint64_t arg[2] = {0, 0};

	if (info->operation & XT_ECN_OP_MATCH_ECE)
		arg[0] |= TCP_ECE;
	if (info->operation & XT_ECN_OP_MATCH_CWR)
		arg[0] |= TCP_CWR;
	if (!(info->invert & XT_ECN_OP_MATCH_ECE))
		arg[1] |= TCP_ECE;
	if (!(info->invert & XT_ECN_OP_MATCH_CWR))
		arg[1] |= TCP_CWR;
	arg[1] &= arg[0];
	return arg[0] ? lower_call(l, CALL_ECN_TCP, arg, 2, false) : 0;
}

static int ecn_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_ecn_info *info = (const void *)e->data;
	const uint8_t of_tcp = XT_ECN_OP_MATCH_ECE | XT_ECN_OP_MATCH_CWR;
	int ret = 0;

	if (!ext_is_xt(e, sizeof(*info)))
		return lower_refuse(l, "match ecn: unexpected form");
	if (info->operation & of_tcp && !lower_has_proto(r, IPPROTO_TCP))
		return lower_refuse(l, "match ecn: TCP bits without -p tcp");
	if (info->operation & XT_ECN_OP_MATCH_IP)
		ret = lower_masked(l, FIELD_TOS, info->ip_ect,
				   XT_ECN_IP_MASK & 0xff,
				   info->invert & XT_ECN_OP_MATCH_IP);
	return ret ? ret : ecn_tcp_lower(l, info);
}

const struct ext_desc match_ecn = {
	.name = "ecn",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = ecn_lower,
	.doc = "bits of IP and of TCP, inverted",
};
