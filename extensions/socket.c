// SPDX-License-Identifier: GPL-2.0-or-later
/* -m socket, socket_match() of xt_socket.c. */
#include <string.h>
#include <linux/netfilter/xt_socket.h>

#include "codegen/lower.h"
#include "extensions/table.h"

static int socket_lower(struct lower *l, const struct rule *r,
			const struct ext *e)
{
	struct xt_socket_mtinfo3 info = {0};
	uint64_t flags;

	/* Revision 0 has no data; the others differ in the flags they know. */
	if (e->native || (e->revision && e->size < sizeof(info)))
		return lower_refuse(l, "match socket: unexpected form");
	if (e->revision)
		memcpy(&info, e->data, sizeof(info));
	if (info.flags & XT_SOCKET_RESTORESKMARK)
		return lower_refuse(l, "match socket --restore-skmark: sets "
				       "the packet's mark");
	flags = info.flags;
	return lower_call(l, CALL_SOCKET, &flags, 1, false);
}

const struct ext_desc match_socket = {
	.name = "socket",
	.families = EXT_IPV4 | EXT_IPV6,
	.max_rev = 3,
	.lower = socket_lower,
	.doc = "packets of connections in INPUT; those whose socket must be "
	       "looked up (PREROUTING, unconnected), --transparent and "
	       "--restore-skmark are handed over",
};
