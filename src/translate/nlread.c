// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/nlread.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

bool attr_next(struct attr_area *area, struct attr *a)
{
	struct nlattr nla;
	size_t step;

	if (area->len < NLA_HDRLEN)
		return false;
	memcpy(&nla, area->data, sizeof(nla));
	if (nla.nla_len < NLA_HDRLEN || nla.nla_len > area->len)
		return false;
	a->data = area->data + NLA_HDRLEN;
	a->len = nla.nla_len - NLA_HDRLEN;
	a->type = nla.nla_type & NLA_TYPE_MASK;

	step = NLA_ALIGN(nla.nla_len);
	if (step > area->len)
		step = area->len;
	area->data += step;
	area->len -= step;
	return true;
}

void attrs_parse(const void *data, size_t len, struct attr *tb,
		 unsigned int max)
{
	struct attr_area area = {data, len};
	struct attr a;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	while (attr_next(&area, &a))
		if (a.type <= max)
			tb[a.type] = a;
}

void attrs_parse_nested(const struct attr *nest, struct attr *tb,
			unsigned int max)
{
	attrs_parse(nest->data, nest->data ? nest->len : 0, tb, max);
}

bool attr_u16(const struct attr *a, uint16_t *v)
{
	if (!a->data || a->len < sizeof(*v))
		return false;
	memcpy(v, a->data, sizeof(*v));
	*v = ntohs(*v);
	return true;
}

bool attr_u32(const struct attr *a, uint32_t *v)
{
	if (!a->data || a->len < sizeof(*v))
		return false;
	memcpy(v, a->data, sizeof(*v));
	*v = ntohl(*v);
	return true;
}

bool attr_u64(const struct attr *a, uint64_t *v)
{
	if (!a->data || a->len < sizeof(*v))
		return false;
	memcpy(v, a->data, sizeof(*v));
	*v = be64toh(*v);
	return true;
}

const char *attr_str(const struct attr *a)
{
	if (!a->data || !memchr(a->data, '\0', a->len))
		return NULL;
	return (const char *)a->data;
}

struct attr_area nlmsg_attrs(const struct nlmsghdr *nlh)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	struct attr_area area = {0};

	if (nlh->nlmsg_len >= head) {
		area.data = (const unsigned char *)nlh + head;
		area.len = nlh->nlmsg_len - head;
	}
	return area;
}
