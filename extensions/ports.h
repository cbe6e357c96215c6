/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source and destination port ranges, as xt_tcp and xt_udp share them. */
#ifndef EXTENSIONS_PORTS_H
#define EXTENSIONS_PORTS_H

#include "codegen/lower.h"

struct port_pair {
	struct pred_range src, dst;
	bool inv_src, inv_dst;
};

/*
 * How many bytes of the header iptables' native expressions read: none
 * for a range that holds every port.
 */
static inline unsigned int port_pair_need(const struct port_pair *p)
{
	if (p->dst.lo || p->dst.hi != UINT16_MAX || p->inv_dst)
		return 4;
	return p->src.lo || p->src.hi != UINT16_MAX || p->inv_src ? 2 : 0;
}

static inline int lower_port_pair(struct lower *l, const struct port_pair *p)
{
	int ret = lower_ranges(l, FIELD_SPORT, &p->src, 1, p->inv_src);

	return ret ? ret : lower_ranges(l, FIELD_DPORT, &p->dst, 1, p->inv_dst);
}

#endif
