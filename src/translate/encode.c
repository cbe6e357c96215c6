// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * struct rule -> nft expressions, in iptables-nft 1.8.9's order: interfaces,
 * protocol, addresses, fragment, matches, counter, verdict or target.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "translate/codec.h"
#include "translate/expr.h"
#include "translate/native.h"
#include "translate/nft.h"
#include "translate/raw.h"

static uint32_t cmp_op(const struct core_match *core, uint8_t inv)
{
	return core->inv & inv ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

/*
 * An exact name is compared with its NUL, a wildcard without. "! -i +" (no
 * interface at all) has no nft form; iptables-nft compares with a name that
 * cannot exist.
 */
static void encode_iface(struct buf *b, uint32_t key, const char *name,
			 uint8_t len, uint32_t op)
{
	static const char nowhere[] = "INVAL/D";

	if (!len && op == NFT_CMP_EQ)
		return;
	expr_meta(b, key);
	if (len)
		expr_cmp(b, op, name, len < IFNAMSIZ ? len : IFNAMSIZ);
	else
		expr_cmp(b, NFT_CMP_EQ, nowhere, sizeof(nowhere));
}

/* Number of leading 0xff bytes when the mask is made of just these, else -1. */
static int mask_whole_bytes(const unsigned char *mask, size_t len)
{
	size_t n, i;

	for (n = 0; n < len && mask[n] == 0xff; n++)
		;
	for (i = n; i < len; i++)
		if (mask[i])
			return -1;
	return (int)n;
}

static bool all_zero(const void *p, size_t len)
{
	static const unsigned char zero[sizeof(union model_addr)];

	return !memcmp(p, zero, len);
}

static void encode_addr(struct buf *b, uint32_t offset,
			const union model_addr *addr,
			const union model_addr *mask, size_t len, bool inverted)
{
	int whole;

	if (!inverted && all_zero(addr, len) && all_zero(mask, len))
		return;
	whole = mask_whole_bytes((const unsigned char *)mask, len);
	if (whole >= 0)
		len = (size_t)whole;
	expr_payload(b, NFT_PAYLOAD_NETWORK_HEADER, offset, (uint32_t)len);
	if (whole < 0)
		expr_bitwise(b, mask, len);
	expr_cmp(b, inverted ? NFT_CMP_NEQ : NFT_CMP_EQ, addr, len);
}

static void encode_addrs(struct buf *b, enum family family,
			 const struct core_match *c)
{
	bool v4 = family == FAMILY_IPV4;
	size_t len = v4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	encode_addr(b,
		    v4 ? offsetof(struct iphdr, saddr)
		       : offsetof(struct ip6_hdr, ip6_src),
		    &c->src, &c->smsk, len, c->inv & CORE_INV_SRC);
	encode_addr(b,
		    v4 ? offsetof(struct iphdr, daddr)
		       : offsetof(struct ip6_hdr, ip6_dst),
		    &c->dst, &c->dmsk, len, c->inv & CORE_INV_DST);
}

/* A later fragment: the offset (13 bits) is not zero. */
static void encode_frag(struct buf *b, const struct core_match *core)
{
	const uint16_t mask = htons(IP_OFFMASK), none = 0;

	expr_payload(b, NFT_PAYLOAD_NETWORK_HEADER,
		     offsetof(struct iphdr, frag_off), sizeof(mask));
	expr_bitwise(b, &mask, sizeof(mask));
	expr_cmp(b, core->inv & CORE_INV_FRAG ? NFT_CMP_EQ : NFT_CMP_NEQ, &none,
		 sizeof(none));
}

static void encode_core(struct buf *b, enum family family,
			const struct core_match *core)
{
	if (core->has_iif)
		encode_iface(b, NFT_META_IIFNAME, core->iif, core->iif_len,
			     cmp_op(core, CORE_INV_IIF));
	if (core->has_oif)
		encode_iface(b, NFT_META_OIFNAME, core->oif, core->oif_len,
			     cmp_op(core, CORE_INV_OIF));
	if (core->proto) {
		uint8_t proto = (uint8_t)core->proto;

		expr_meta(b, NFT_META_L4PROTO);
		expr_cmp(b, cmp_op(core, CORE_INV_PROTO), &proto,
			 sizeof(proto));
	}
	encode_addrs(b, family, core);
	if (core->frag && family == FAMILY_IPV4)
		encode_frag(b, core);
}

static void encode_ext(struct buf *b, const struct ext *e, bool target)
{
	const struct native_desc *native = native_find(e, target);

	if (native)
		native->encode(b, e);
	else
		expr_compat(b, target ? "target" : "match", e);
}

/* Per enum rule_action: the verdict, where there is one. */
static const struct {
	bool verdict, chain;
	int32_t code;
} actions[] = {
	[ACTION_ACCEPT] = {true, false, NF_ACCEPT},
	[ACTION_DROP] = {true, false, NF_DROP},
	[ACTION_RETURN] = {true, false, NFT_RETURN},
	[ACTION_JUMP] = {true, true, NFT_JUMP},
	[ACTION_GOTO] = {true, true, NFT_GOTO},
	[ACTION_TARGET] = {false, false, 0},
};

/* iptables-nft asks nft_compat for a target of that name, which the kernel does
 * not have. */
static void encode_queue(struct buf *b)
{
	static const struct ext queue = {.name = "QUEUE"};

	expr_compat(b, "target", &queue);
}

static void encode_action(struct buf *b, const struct rule *r)
{
	if (r->action == ACTION_QUEUE)
		encode_queue(b);
	else if (actions[r->action].verdict)
		expr_verdict(b, actions[r->action].code,
			     actions[r->action].chain ? r->chain : NULL);
	else if (r->target)
		encode_ext(b, r->target, true);
}

int rule_check(const struct rule *r, struct err *e)
{
	const struct native_desc *d;
	struct ext *m;

	list_for_each (m, &r->matches, struct ext, node) {
		d = native_find(m, false);
		if (d && d->proto && r->core.proto != d->proto)
			return err_set(e, ERR_PARAMETER, EPROTOTYPE,
				       "%s match requires '-p %s'",
				       d->proto == IPPROTO_TCP ? "TCP" : "UDP",
				       d->name);
	}
	return 0;
}

int rule_encode(struct buf *out, enum family family, const struct rule *r)
{
	size_t start = out->len;
	struct ext *m;
	int ret;

	if (r->raw)
		return raw_encode(out, r);
	ret = rule_check(r, NULL);
	if (ret)
		return ret;
	encode_core(out, family, &r->core);
	list_for_each (m, &r->matches, struct ext, node)
		encode_ext(out, m, false);
	if (!(r->flags & RULE_GUARD))
		expr_counter(out, r->packets, r->bytes);
	encode_action(out, r);

	if (out->failed)
		return -ENOMEM;
	return out->len - start > UINT16_MAX ? -EMSGSIZE : 0;
}
