// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of meta data and of network header fields: the core conditions,
 * and mark, pkttype, ttl, hl. */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "translate/decode.h"

/* Sets the inversion of core condition @inv; operators other than = and != do
 * not fit the model. */
static void set_inv(struct decode *d, const struct cmp *c, uint8_t inv)
{
	if (c->op == NFT_CMP_NEQ)
		d->r->core.inv |= inv;
	else if (c->op != NFT_CMP_EQ)
		decode_odd(d);
}

/*
 * A name with its NUL is exact, one without is a prefix. nft pads exact names
 * with zeros to 16 bytes, which compares the same.
 */
static void cmp_ifname(struct decode *d, const struct cmp *c, bool in)
{
	static const char nowhere[] = "INVAL/D";
	struct core_match *core = &d->r->core;
	char *name = in ? core->iif : core->oif;
	uint8_t *len = in ? &core->iif_len : &core->oif_len;
	uint8_t inv = in ? CORE_INV_IIF : CORE_INV_OIF;
	uint8_t i;

	if (!c->len || c->len > IFNAMSIZ ||
	    (c->len == IFNAMSIZ && c->data[c->len - 1])) {
		decode_unknown(d, "interface name too long");
		return;
	}
	decode_core(d, in ? SEEN_IIF : SEEN_OIF);
	if (c->reg->masked)
		decode_odd(d);
	*(in ? &core->has_iif : &core->has_oif) = true;
	memset(name, 0, IFNAMSIZ);
	memcpy(name, c->data, c->len);
	*len = (uint8_t)strnlen(name, c->len);
	for (i = *len; i < c->len; i++)
		if (c->data[i])
			decode_odd(
				d); /* bytes after the NUL: matches nothing */
	if (*len < c->len)
		++*len;
	set_inv(d, c, inv);

	if (c->op == NFT_CMP_EQ && !strcmp(name, nowhere)) {
		memset(name, 0, IFNAMSIZ);
		*len = 0;
		core->inv |= inv;
	}
}

/* By index: shown by its name, but a name is not what is compared. */
static void cmp_ifindex(struct decode *d, const struct cmp *c, bool in)
{
	struct core_match *core = &d->r->core;
	char *name = in ? core->iif : core->oif;
	uint8_t *len = in ? &core->iif_len : &core->oif_len;
	uint32_t index;

	if (c->len != sizeof(index)) {
		decode_unknown(d, "interface index of odd length");
		return;
	}
	memcpy(&index, c->data, sizeof(index));
	decode_core(d, in ? SEEN_IIF : SEEN_OIF);
	decode_odd(d);
	if (if_indextoname(index, name)) {
		*(in ? &core->has_iif : &core->has_oif) = true;
		*len = (uint8_t)(strnlen(name, IFNAMSIZ - 1) + 1);
	}
	set_inv(d, c, in ? CORE_INV_IIF : CORE_INV_OIF);
}

static void cmp_l4proto(struct decode *d, const struct cmp *c)
{
	decode_core(d, SEEN_PROTO);
	if (c->len != 1 || c->reg->masked)
		decode_odd(d);
	d->r->core.proto = c->data[0];
	set_inv(d, c, CORE_INV_PROTO);
	/* Protocol 0 is "any" in the model, a real protocol in nft. */
	if (!d->r->core.proto)
		decode_odd(d);
}

static void cmp_mark(struct decode *d, const struct cmp *c)
{
	struct ext *e;
	struct xt_mark_mtinfo1 *mark;

	if (c->len != sizeof(mark->mark)) {
		decode_unknown(d, "mark of odd length");
		return;
	}
	e = native_new(&native_mark);
	if (e) {
		mark = (void *)e->data;
		memcpy(&mark->mark, c->data, sizeof(mark->mark));
		mark->mask = UINT32_MAX;
		if (c->reg->masked)
			memcpy(&mark->mask, c->reg->mask, sizeof(mark->mask));
		mark->invert = c->op == NFT_CMP_NEQ;
		if (c->op > NFT_CMP_NEQ)
			decode_odd(d);
	}
	decode_add_match(d, e);
}

static void cmp_pkttype(struct decode *d, const struct cmp *c)
{
	struct ext *e = native_new(&native_pkttype);
	struct xt_pkttype_info *info;

	if (e) {
		info = (void *)e->data;
		info->pkttype = c->data[0];
		info->invert = c->op == NFT_CMP_NEQ;
		if (c->op > NFT_CMP_NEQ || c->len != 1 || c->reg->masked)
			decode_odd(d);
	}
	decode_add_match(d, e);
}

static void cmp_iifname(struct decode *d, const struct cmp *c)
{
	cmp_ifname(d, c, true);
}

static void cmp_oifname(struct decode *d, const struct cmp *c)
{
	cmp_ifname(d, c, false);
}

static void cmp_iif(struct decode *d, const struct cmp *c)
{
	cmp_ifindex(d, c, true);
}

static void cmp_oif(struct decode *d, const struct cmp *c)
{
	cmp_ifindex(d, c, false);
}

static const struct {
	uint32_t key;
	void (*cmp)(struct decode *d, const struct cmp *c);
} meta_keys[] = {
	{NFT_META_IIFNAME, cmp_iifname}, {NFT_META_OIFNAME, cmp_oifname},
	{NFT_META_L4PROTO, cmp_l4proto}, {NFT_META_MARK, cmp_mark},
	{NFT_META_IIF, cmp_iif},	 {NFT_META_OIF, cmp_oif},
	{NFT_META_PKTTYPE, cmp_pkttype},
};

void decode_cmp_meta(struct decode *d, const struct cmp *c)
{
	unsigned int i;

	for (i = 0; i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++)
		if (meta_keys[i].key == c->reg->key) {
			meta_keys[i].cmp(d, c);
			return;
		}
	decode_unknown(d, d->family == FAMILY_IPV4 ? "unknown ipv4 meta key"
						   : "unknown ipv6 meta key");
}

/* ---- network header fields ---- */

static void cmp_addr(struct decode *d, const struct cmp *c, bool src)
{
	struct core_match *core = &d->r->core;
	union model_addr *addr = src ? &core->src : &core->dst;
	union model_addr *mask = src ? &core->smsk : &core->dmsk;
	size_t max = d->family == FAMILY_IPV4 ? 4 : 16;
	size_t len = c->reg->len;

	decode_core(d, src ? SEEN_SRC : SEEN_DST);
	if (len > max || c->len != len) {
		decode_odd(d);
		len = len > max ? max : len;
	}
	memset(addr, 0, sizeof(*addr));
	memset(mask, 0, sizeof(*mask));
	memcpy(addr, c->data, c->len < len ? c->len : len);
	if (c->reg->masked)
		memcpy(mask, c->reg->mask, len);
	else
		memset(mask, 0xff, len);
	set_inv(d, c, src ? CORE_INV_SRC : CORE_INV_DST);
}

static void cmp_saddr(struct decode *d, const struct cmp *c)
{
	cmp_addr(d, c, true);
}

static void cmp_daddr(struct decode *d, const struct cmp *c)
{
	cmp_addr(d, c, false);
}

/* iptables-nft 1.8.11 writes IPv4's -p like this, for the same packets. */
static void cmp_protocol(struct decode *d, const struct cmp *c)
{
	cmp_l4proto(d, c);
	if (c->reg->len != 1)
		decode_odd(d);
}

/* The next header field is not the transport protocol that -p means when there
 * are extension headers. */
static void cmp_nexthdr(struct decode *d, const struct cmp *c)
{
	cmp_l4proto(d, c);
	decode_odd(d);
}

static void cmp_frag(struct decode *d, const struct cmp *c)
{
	const uint16_t offset = htons(IP_OFFMASK);

	decode_core(d, SEEN_FRAG);
	d->r->core.frag = true;
	if (c->op == NFT_CMP_EQ && c->reg->masked)
		d->r->core.inv |= CORE_INV_FRAG;
	if (c->op > NFT_CMP_NEQ || c->len != sizeof(offset) || c->data[0] ||
	    c->data[1] || c->reg->len != sizeof(offset) || !c->reg->masked ||
	    memcmp(c->reg->mask, &offset, sizeof(offset)))
		decode_odd(d);
}

/* NFT_CMP_* as an IP6T_HL_* mode for @hl, which changes by one for <= and >=;
 * -EINVAL: none. */
static int hl_mode(uint32_t op, uint8_t *hl)
{
	switch (op) {
	case NFT_CMP_EQ:
		return IP6T_HL_EQ;
	case NFT_CMP_NEQ:
		return IP6T_HL_NE;
	case NFT_CMP_LT:
		return IP6T_HL_LT;
	case NFT_CMP_GT:
		return IP6T_HL_GT;
	case NFT_CMP_LTE:
		return (*hl)++ == UINT8_MAX ? -EINVAL : IP6T_HL_LT;
	case NFT_CMP_GTE:
		return (*hl)-- == 0 ? -EINVAL : IP6T_HL_GT;
	}
	return -EINVAL;
}

/* ipt_ttl_info and ip6t_hl_info have the same layout and modes. */
static void cmp_hl(struct decode *d, const struct cmp *c)
{
	uint8_t hl = c->data[0];
	int mode = hl_mode(c->op, &hl);
	struct ip6t_hl_info *info;
	struct ext *e;

	if (mode < 0) {
		decode_unknown(d, "invalid ttl field match");
		return;
	}
	if (c->len != 1 || c->reg->len != 1 || c->reg->masked)
		decode_odd(d);
	e = native_new(d->family == FAMILY_IPV4 ? &native_ttl : &native_hl);
	if (e) {
		info = (void *)e->data;
		info->mode = (uint8_t)mode;
		info->hop_limit = hl;
	}
	decode_add_match(d, e);
}

static const struct {
	enum family family;
	uint32_t offset;
	void (*cmp)(struct decode *d, const struct cmp *c);
} network_fields[] = {
	{FAMILY_IPV4, offsetof(struct iphdr, saddr), cmp_saddr},
	{FAMILY_IPV4, offsetof(struct iphdr, daddr), cmp_daddr},
	{FAMILY_IPV4, offsetof(struct iphdr, protocol), cmp_protocol},
	{FAMILY_IPV4, offsetof(struct iphdr, frag_off), cmp_frag},
	{FAMILY_IPV4, offsetof(struct iphdr, ttl), cmp_hl},
	{FAMILY_IPV6, offsetof(struct ip6_hdr, ip6_src), cmp_saddr},
	{FAMILY_IPV6, offsetof(struct ip6_hdr, ip6_dst), cmp_daddr},
	{FAMILY_IPV6, offsetof(struct ip6_hdr, ip6_nxt), cmp_nexthdr},
	{FAMILY_IPV6, offsetof(struct ip6_hdr, ip6_hlim), cmp_hl},
};

void decode_cmp_network(struct decode *d, const struct cmp *c)
{
	unsigned int i;

	for (i = 0; i < sizeof(network_fields) / sizeof(network_fields[0]); i++)
		if (network_fields[i].family == d->family &&
		    network_fields[i].offset == c->reg->offset) {
			network_fields[i].cmp(d, c);
			return;
		}
	decode_unknown(d, "unknown payload offset");
}
