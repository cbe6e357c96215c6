// SPDX-License-Identifier: GPL-2.0-or-later
/* -m sctp, sctp_mt() of xt_sctp.c. */
#include <netinet/in.h>
#include <stddef.h>
#include <linux/netfilter/xt_sctp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define SCTP_HDR_LEN 12
#define CHUNK_WORDS  (256 / 32) /* of the map; the rest stands for no type */

/* The runtime reads map, kind and flags out of the structure itself. */
static int chunks(struct lower *l, const struct xt_sctp_info *info)
{
	const size_t from = offsetof(struct xt_sctp_info, chunkmap);
	uint64_t rest = 0;

	for (unsigned int i = CHUNK_WORDS; i < sizeof(info->chunkmap) / 4; i++)
		rest |= info->chunkmap[i];
	rest = !!rest;

	return lower_call_data(l, CALL_SCTP_CHUNKS, &rest, 1,
			       (const char *)info + from,
			       offsetof(struct xt_sctp_info, flags) - from,
			       info->invflags & XT_SCTP_CHUNK_TYPES);
}

static int sctp_lower(struct lower *l, const struct rule *r,
		      const struct ext *e)
{
	const struct xt_sctp_info *info = (const void *)e->data;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_SCTP) ||
	    info->flag_count > XT_NUM_SCTP_FLAGS)
		return lower_refuse(l, "match sctp: unexpected form");
	ret = lower_transport(l, SCTP_HDR_LEN, false, false);
	if (!ret && info->flags & XT_SCTP_SRC_PORTS)
		ret = lower_range(l, FIELD_SPORT, info->spts[0], info->spts[1],
				  info->invflags & XT_SCTP_SRC_PORTS);
	if (!ret && info->flags & XT_SCTP_DEST_PORTS)
		ret = lower_range(l, FIELD_DPORT, info->dpts[0], info->dpts[1],
				  info->invflags & XT_SCTP_DEST_PORTS);
	if (!ret && info->flags & XT_SCTP_CHUNK_TYPES)
		ret = chunks(l, info);
	return ret;
}

const struct ext_desc match_sctp = {
	.name = "sctp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = sctp_lower,
	.doc = "ports, chunk types with their flags, inverted",
};
