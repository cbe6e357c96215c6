// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/any_port.h"

#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_tcpudp.h>

static bool forget(const uint16_t range[2], uint8_t *invflags, uint8_t inv)
{
	if (!(*invflags & inv) || range[0] || range[1] != UINT16_MAX)
		return false;
	*invflags &= (uint8_t)~inv;
	return true;
}

/* Whether nothing is left of it. */
static bool forget_tcp(struct xt_tcp *tcp)
{
	static const struct xt_tcp any = {.spts = {0, UINT16_MAX},
					  .dpts = {0, UINT16_MAX}};
	bool src, dst;

	/* With an option it stays a match of the kernel's. */
	if (tcp->option || (tcp->invflags & XT_TCP_INV_OPTION))
		return false;
	src = forget(tcp->spts, &tcp->invflags, XT_TCP_INV_SRCPT);
	dst = forget(tcp->dpts, &tcp->invflags, XT_TCP_INV_DSTPT);
	return (src || dst) && !memcmp(tcp, &any, sizeof(any));
}

static bool forget_udp(struct xt_udp *udp)
{
	bool src = forget(udp->spts, &udp->invflags, XT_UDP_INV_SRCPT);
	bool dst = forget(udp->dpts, &udp->invflags, XT_UDP_INV_DSTPT);

	return (src || dst) && !udp->invflags && !udp->spts[0] &&
	       !udp->dpts[0] && udp->spts[1] == UINT16_MAX &&
	       udp->dpts[1] == UINT16_MAX;
}

void rule_forget_any_port(struct rule *r)
{
	struct ext *m, *tmp;
	bool empty;

	list_for_each_safe (m, tmp, &r->matches, struct ext, node) {
		if (!strcmp(m->name, "tcp") && m->size >= sizeof(struct xt_tcp))
			empty = forget_tcp((void *)m->data);
		else if (!strcmp(m->name, "udp") &&
			 m->size >= sizeof(struct xt_udp))
			empty = forget_udp((void *)m->data);
		else
			empty = false;
		if (!empty)
			continue;
		list_remove(&m->node);
		free(m);
	}
}
