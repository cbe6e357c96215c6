// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Matches and targets that are never compiled, and why. A target that only
 * changes or reports is handed over because a BPF program of this type can do
 * neither: it gives verdicts.
 */
#include "extensions/table.h"

#define ANY_FAMILY (EXT_IPV4 | EXT_IPV6)

#define NFT_ONLY(is_target, its_name, fams, reason)                            \
	{                                                                      \
		.name = its_name, .target = is_target, .families = fams,       \
		.max_rev = UINT8_MAX, .why = reason,                           \
		.doc = "handed over: " reason                                  \
	}
#define MATCH(name, families, why)  NFT_ONLY(false, name, families, why)
#define TARGET(name, families, why) NFT_ONLY(true, name, families, why)

const struct ext_desc nft_only[] = {
	MATCH("cluster", ANY_FAMILY, "changes the packet's type"),
	MATCH("connlimit", ANY_FAMILY, "counts connections, and remembers"),
	MATCH("ipvs", ANY_FAMILY, "asks IPVS"),
	MATCH("nfacct", ANY_FAMILY, "counts into an accounting object"),
	MATCH("osf", EXT_IPV4, "fingerprints are loaded by user space"),
	MATCH("rateest", ANY_FAMILY, "compares estimators that nft keeps"),
	MATCH("recent", ANY_FAMILY,
	      "its lists are the kernel's, read and changed under its lock"),
	MATCH("rpfilter", ANY_FAMILY, "asks the routing tables"),
	MATCH("set", ANY_FAMILY, "looks up, and may change, an IP set"),
	MATCH("srh", EXT_IPV6, "walks the segments of a routing header"),

	TARGET("AUDIT", ANY_FAMILY, "writes an audit record"),
	TARGET("CHECKSUM", ANY_FAMILY, "changes the packet"),
	TARGET("CLASSIFY", ANY_FAMILY, "sets the packet's class"),
	TARGET("CLUSTERIP", EXT_IPV4, "changes the packet"),
	TARGET("CONNMARK", ANY_FAMILY, "sets marks"),
	TARGET("CONNSECMARK", ANY_FAMILY, "sets marks"),
	TARGET("CT", ANY_FAMILY, "sets how the packet is tracked"),
	TARGET("DNAT", ANY_FAMILY, "translates addresses"),
	TARGET("DNPT", EXT_IPV6, "translates addresses"),
	TARGET("DSCP", ANY_FAMILY, "changes the packet"),
	TARGET("ECN", EXT_IPV4, "changes the packet"),
	TARGET("HL", EXT_IPV6, "changes the packet"),
	TARGET("HMARK", ANY_FAMILY, "sets marks"),
	TARGET("IDLETIMER", ANY_FAMILY, "sets a timer"),
	TARGET("LED", ANY_FAMILY, "switches a light"),
	TARGET("LOG", ANY_FAMILY, "logs"),
	TARGET("MARK", ANY_FAMILY, "sets marks"),
	TARGET("MASQUERADE", ANY_FAMILY, "translates addresses"),
	TARGET("NETMAP", ANY_FAMILY, "translates addresses"),
	TARGET("NFLOG", ANY_FAMILY, "logs"),
	TARGET("NFQUEUE", ANY_FAMILY, "passes the packet to user space"),
	TARGET("NOTRACK", ANY_FAMILY, "sets how the packet is tracked"),
	TARGET("RATEEST", ANY_FAMILY, "feeds an estimator"),
	TARGET("REDIRECT", ANY_FAMILY, "translates addresses"),
	TARGET("REJECT", ANY_FAMILY, "answers the packet"),
	TARGET("SECMARK", ANY_FAMILY, "sets marks"),
	TARGET("SET", ANY_FAMILY, "changes an IP set"),
	TARGET("SNAT", ANY_FAMILY, "translates addresses"),
	TARGET("SNPT", EXT_IPV6, "translates addresses"),
	TARGET("SYNPROXY", ANY_FAMILY, "answers the packet"),
	TARGET("TCPMSS", ANY_FAMILY, "changes the packet"),
	TARGET("TCPOPTSTRIP", ANY_FAMILY, "changes the packet"),
	TARGET("TEE", ANY_FAMILY, "sends a copy"),
	TARGET("TOS", ANY_FAMILY, "changes the packet"),
	TARGET("TPROXY", ANY_FAMILY, "diverts the packet to a socket"),
	TARGET("TRACE", ANY_FAMILY, "has the packet traced"),
	TARGET("TTL", EXT_IPV4, "changes the packet"),
	TARGET("ULOG", EXT_IPV4, "logs"),
};

const unsigned int nft_only_count = sizeof(nft_only) / sizeof(*nft_only);
