// SPDX-License-Identifier: GPL-2.0-or-later
/* -m esp, esp_mt() of xt_esp.c. */
#include <netinet/in.h>
#include <linux/netfilter/xt_esp.h>

#include "codegen/lower.h"
#include "extensions/table.h"

#define HDR_LEN 8

static int esp_lower(struct lower *l, const struct rule *r, const struct ext *e)
{
	const struct xt_esp *info = (const void *)e->data;
	int ret;

	if (!ext_is_xt(e, sizeof(*info)) || !lower_has_proto(r, IPPROTO_ESP))
		return lower_refuse(l, "match esp: unexpected form");
	ret = lower_transport(l, HDR_LEN, false, false);
	return ret ? ret
		   : lower_between(l, FIELD_TH_WORD0, info->spis[0],
				   info->spis[1], info->invflags & 1);
}

const struct ext_desc match_esp = {
	.name = "esp",
	.families = EXT_IPV4 | EXT_IPV6,
	.lower = esp_lower,
	.doc = "SPIs, inverted",
};
