// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/raw.h"

#include <net/if.h>
#include <netinet/in.h>

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "translate/codec.h"
#include "translate/nlread.h"

int rule_keep_raw(struct rule *r, const void *exprs, size_t exprs_len,
		  const void *udata, size_t udata_len)
{
	struct rule_raw *raw;

	if (!udata)
		udata_len = 0;
	if (!exprs || (!udata_len && !(r->flags & ~RULE_GUARD)))
		return 0;
	raw = malloc(sizeof(*raw) + exprs_len + udata_len);
	if (!raw)
		return -ENOMEM;
	raw->exprs_len = (uint32_t)exprs_len;
	raw->udata_len = (uint32_t)udata_len;
	memcpy(raw->data, exprs, exprs_len);
	if (udata_len)
		memcpy(raw->data + exprs_len, udata, udata_len);
	free(r->raw);
	r->raw = raw;
	return 0;
}

/* Where @a, an attribute of the original at @orig, is in its copy at @copy. */
static void patch_u64(char *copy, const unsigned char *orig,
		      const struct attr *a, uint64_t v)
{
	v = htobe64(v);
	if (a->data && a->len >= sizeof(v))
		memcpy(copy + (a->data - orig), &v, sizeof(v));
}

static void patch_counter(char *copy, const unsigned char *orig,
			  const struct attr *elem, const struct rule *r)
{
	struct attr expr[NFTA_EXPR_MAX + 1], tb[NFTA_COUNTER_MAX + 1];
	const char *name;

	attrs_parse_nested(elem, expr, NFTA_EXPR_MAX);
	name = attr_str(&expr[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, "counter"))
		return;
	attrs_parse_nested(&expr[NFTA_EXPR_DATA], tb, NFTA_COUNTER_MAX);
	patch_u64(copy, orig, &tb[NFTA_COUNTER_PACKETS], r->packets);
	patch_u64(copy, orig, &tb[NFTA_COUNTER_BYTES], r->bytes);
}

int raw_encode(struct buf *out, const struct rule *r)
{
	const struct rule_raw *raw = r->raw;
	struct attr_area area = {raw->data, raw->exprs_len};
	size_t start = out->len;
	struct attr elem;

	buf_add(out, raw->data, raw->exprs_len);
	if (out->failed)
		return -ENOMEM;
	while (attr_next(&area, &elem))
		patch_counter(out->data + start, raw->data, &elem, r);
	return raw->exprs_len > UINT16_MAX ? -EMSGSIZE : 0;
}
