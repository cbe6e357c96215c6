/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the generator and its BPF programs agree on. bench/injector.py packs
 * flows likewise. */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <linux/types.h>

#define MAX_FLOWS 65536
#define FRAME_LEN                                                              \
	54 /* Ethernet, IPv4 without options, and 20 bytes: TCP's header, or   \
	      UDP's and 12 more */
#define FRAME_LEN_V6 74 /* the same behind an IPv6 header */

/* One flow's packet. All in network byte order, the checksums final. */
struct flow {
	__u32 saddr[4]; /* of IPv4 the first word */
	__u32 daddr[4];
	__u16 sport;
	__u16 dport;
	__u16 ip_check; /* of IPv4 */
	__u16 l4_check; /* 0 for UDP over IPv4: none */
	__u8 protocol;
	__u8 tcp_flags;
	__u8 ip_version; /* 4 or 6 */
	__u8 pad[5];	 /* an array map's elements are multiples of 8 bytes */
};

/* Where the generator stands: packet after packet, flow 0 to count - 1 and
 * again. */
struct cursor {
	__u32 next;
	__u32 count;
};

#endif
