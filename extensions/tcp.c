// SPDX-License-Identifier: GPL-2.0-or-later
/* -m tcp, xt_tcpudp.c's tcp_mt(). */
#include <netinet/in.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "codegen/lower.h"
#include "extensions/ports.h"
#include "extensions/table.h"

#define TCP_HDR_LEN   20
#define TCP_FLAGS_END 14 /* bytes of the header up to and with the flags */

static bool tests_flags(const struct xt_tcp *info)
{
	return info->flg_mask || info->invflags & XT_TCP_INV_FLAGS;
}

static int tcp_option(struct lower *l, const struct xt_tcp *info)
{
	struct pred p = {
		.field = FIELD_TCP_OPTION,
		.invert = info->invflags & XT_TCP_INV_OPTION,
		.number.value = info->option,
	};

	return lower_add(l, &p);
}

static int tcp_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_tcp *info = (const void *)e->data;
	struct port_pair ports;
	unsigned int need = TCP_HDR_LEN;
	int ret = 0;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match tcp: short data");
	if (!lower_has_proto(r, IPPROTO_TCP))
		return lower_refuse(l, "match tcp: without -p tcp");
	if (e->native && info->option)
		return lower_refuse(l, "match tcp: native option");
	ports = (struct port_pair){
		.src = {info->spts[0], info->spts[1]},
		.dst = {info->dpts[0], info->dpts[1]},
		.inv_src = info->invflags & XT_TCP_INV_SRCPT,
		.inv_dst = info->invflags & XT_TCP_INV_DSTPT,
	};
	if (e->native)
		need = tests_flags(info) ? TCP_FLAGS_END
					 : port_pair_need(&ports);
	if (need)
		ret = lower_transport(l, need, e->native, !e->native);
	if (!ret)
		ret = lower_port_pair(l, &ports);
	if (!ret && tests_flags(info))
		ret = lower_masked(l, FIELD_TCP_FLAGS, info->flg_cmp,
				   info->flg_mask,
				   info->invflags & XT_TCP_INV_FLAGS);
	if (!ret && info->option)
		ret = tcp_option(l, info);
	return ret;
}

const struct ext_desc match_tcp = {
	.name = "tcp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = tcp_lower,
	.doc = "ports and port ranges, flags, options, inverted",
};
