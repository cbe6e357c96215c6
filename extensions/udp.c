// SPDX-License-Identifier: GPL-2.0-or-later
/* -m udp and -m udplite, xt_tcpudp.c's udp_mt() both. */
#include <netinet/in.h>
#include <string.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "codegen/lower.h"
#include "extensions/ports.h"
#include "extensions/table.h"

#define UDP_HDR_LEN 8

static int udp_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const uint8_t proto = strcmp(e->name, "udplite") ? IPPROTO_UDP
							 : IPPROTO_UDPLITE;
	const struct xt_udp *info = (const void *)e->data;
	struct port_pair ports;
	unsigned int need;
	int ret;

	if (e->size < sizeof(*info))
		return lower_refuse(l, "match %s: short data", e->name);
	if (!lower_has_proto(r, proto))
		return lower_refuse(l, "match %s: without -p %s", e->name,
				    e->name);
	ports = (struct port_pair){
		.src = {info->spts[0], info->spts[1]},
		.dst = {info->dpts[0], info->dpts[1]},
		.inv_src = info->invflags & XT_UDP_INV_SRCPT,
		.inv_dst = info->invflags & XT_UDP_INV_DSTPT,
	};
	need = e->native ? port_pair_need(&ports) : UDP_HDR_LEN;
	ret = need ? lower_transport(l, need, e->native, false) : 0;
	return ret ? ret : lower_port_pair(l, &ports);
}

const struct ext_desc match_udp = {
	.name = "udp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = udp_lower,
	.doc = "ports and port ranges, inverted",
};

const struct ext_desc match_udplite = {
	.name = "udplite",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = udp_lower,
	.doc = "ports and port ranges, inverted",
};
