// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/nlwrite.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

size_t nlw_msg(struct buf *b, uint16_t type, uint16_t flags, uint8_t family,
	       uint16_t res_id, uint32_t seq)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
	} hdr = {
		.nlh = {.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
			.nlmsg_seq = seq},
		.nfg = {.nfgen_family = family,
			.version = NFNETLINK_V0,
			.res_id = htons(res_id)},
	};
	size_t off = b->len;

	buf_add(b, &hdr, sizeof(hdr));
	return off;
}

void nlw_msg_end(struct buf *b, size_t off)
{
	struct nlmsghdr *nlh;

	if (b->failed)
		return;
	nlh = (struct nlmsghdr *)(void *)(b->data + off);
	nlh->nlmsg_len = (uint32_t)(b->len - off);
}

/* Room for an attribute with @len bytes of payload; the padding is zeroed. */
static char *put_attr(struct buf *b, uint16_t type, size_t len)
{
	size_t padded = NLA_HDRLEN + NLA_ALIGN(len);
	struct nlattr nla = {.nla_len = (uint16_t)(NLA_HDRLEN + len),
			     .nla_type = type};
	char *p;

	if (len > UINT16_MAX - NLA_HDRLEN) {
		b->failed = true;
		return NULL;
	}
	p = buf_extend(b, padded);
	if (!p)
		return NULL;
	memcpy(p, &nla, sizeof(nla));
	memset(p + padded - (NLA_ALIGN(len) - len), 0, NLA_ALIGN(len) - len);
	return p + NLA_HDRLEN;
}

size_t nlw_nest(struct buf *b, uint16_t type)
{
	size_t off = b->len;

	put_attr(b, type | NLA_F_NESTED, 0);
	return off;
}

bool nlw_nest_end(struct buf *b, size_t off)
{
	size_t len;
	uint16_t nla_len;

	if (b->failed)
		return true;
	len = b->len - off;
	if (len > UINT16_MAX)
		return false;
	nla_len = (uint16_t)len;
	memcpy(b->data + off, &nla_len, sizeof(nla_len));
	return true;
}

void nlw_put(struct buf *b, uint16_t type, const void *data, size_t len)
{
	char *p = put_attr(b, type, len);

	if (p && len)
		memcpy(p, data, len);
}

void nlw_str(struct buf *b, uint16_t type, const char *s)
{
	nlw_put(b, type, s, strlen(s) + 1);
}

void nlw_u16(struct buf *b, uint16_t type, uint16_t v)
{
	v = htons(v);
	nlw_put(b, type, &v, sizeof(v));
}

void nlw_u32(struct buf *b, uint16_t type, uint32_t v)
{
	v = htonl(v);
	nlw_put(b, type, &v, sizeof(v));
}

void nlw_u64(struct buf *b, uint16_t type, uint64_t v)
{
	v = htobe64(v);
	nlw_put(b, type, &v, sizeof(v));
}
