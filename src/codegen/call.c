// SPDX-License-Identifier: GPL-2.0-or-later
#include "codegen/call.h"

const struct call_desc call_descs[CALL_COUNT] = {
	[CALL_ADDR6_BETWEEN] = {"addr6_between", "ADDR6_BETWEEN", .weight = 4},
	[CALL_DCCP_OPTION] = {"dccp_option", "DCCP", .drops = true,
			      .frames = 3},
	[CALL_DCCP_TYPE] = {"dccp_type", "DCCP", .frames = 2},
	[CALL_ECN_TCP] = {"ecn_tcp", "ECN_TCP", .frames = 2},
	[CALL_EUI64] = {"eui64", "MAC", .drops = true, .frames = 1},
	[CALL_MAC] = {"mac_source", "MAC", .frames = 1},
	[CALL_MH] = {"mh", "MH", .th = 4, .drops = true, .weight = 2},
	[CALL_SCTP_CHUNKS] = {"sctp_chunks", "SCTP", .drops = true,
			      .frames = 3},
	[CALL_TCPMSS] = {"tcpmss", "TCPMSS", .drops = true, .frames = 2},
	[CALL_AH6] = {"ah6", "FIND_HDR", .drops = true, .frames = 4},
	[CALL_FRAG] = {"frag6", "FIND_HDR", .drops = true, .frames = 4},
	[CALL_IPV6HEADER] = {"ipv6header", "IPV6HEADER", .drops = true,
			     .frames = 3},
	[CALL_OPTS_HEADER] = {"opts_header", "FIND_HDR", .drops = true,
			      .frames = 4},
	[CALL_OPTS] = {"opts", "FIND_HDR", .drops = true, .frames = 4},
	[CALL_RT] = {"rt", "FIND_HDR", .drops = true, .frames = 4},
	[CALL_RT_ADDRS] = {"rt_addrs", "FIND_HDR", .drops = true, .frames = 4},
};
