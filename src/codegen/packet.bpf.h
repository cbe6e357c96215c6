/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills struct pkt of pkt.bpf.h, once, the way nf_tables prepares its own
 * struct nft_pktinfo (nf_tables_ipv4.h, nf_tables_ipv6.h).
 */

/* Copies 1 to 63 packet bytes, wherever they are. Negative: unreadable. */
static NOINLINE int read_bytes(struct bpf_nf_ctx *ctx, abi_u32 off, void *buf,
			       abi_u32 len)
{
	struct bpf_dynptr data;

	len &= 63;
	if (!len || bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &data))
		return -1;
	return bpf_dynptr_read(buf, len, &data, off, 0);
}

/* A bit field, whose place differs between kernels. */
#define READ_BITS(s, field)                                                    \
	read_bits((const void *)(s) +                                          \
			  __builtin_preserve_field_info((s)->field, 0),        \
		  __builtin_preserve_field_info((s)->field, 1),                \
		  __builtin_preserve_field_info((s)->field, 4),                \
		  __builtin_preserve_field_info((s)->field, 5))

INLINE abi_u64 read_bits(const void *p, abi_u32 size, abi_u32 left,
			 abi_u32 right)
{
	abi_u64 v = 0;

	switch (size) {
	case 1:
		v = *(const abi_u8 *)p;
		break;
	case 2:
		v = *(const abi_u16 *)p;
		break;
	case 4:
		v = *(const abi_u32 *)p;
		break;
	case 8:
		v = *(const abi_u64 *)p;
		break;
	}
	return v << left >> right;
}

#if NEED_IIF || NEED_OIF
#if NAME_WORDS == 2
/* Eight bytes of a name, zeros behind the first one. */
INLINE abi_u64 pad_name(abi_u64 word)
{
	abi_u64 w = le64(word), end;

	end = (w - 0x0101010101010101) & ~w & 0x8080808080808080;
	return end ? le64(w & (end ^ (end - 1))) : word;
}
#endif

/*
 * The name, padded with zeros as nft pads it: a device that was renamed still
 * has the rest of a longer name there. With one word, what is behind a name's
 * end is never compared.
 */
INLINE void read_name(abi_u64 *name, const struct net_device *dev)
{
	const volatile abi_u64 *from;

	for (int i = 0; i < NAME_WORDS; i++)
		name[i] = 0;
	if (!dev)
		return;
	from = (const abi_u64 *)raw_bytes(dev->name);
	name[0] = from[0];
#if NAME_WORDS == 2
	name[0] = pad_name(name[0]);
	if (le64(name[0]) >> 56)
		name[1] = pad_name(from[1]);
#endif
}
#endif

#if NEED_CT
INLINE const struct nf_conn *ct_entry(const struct pkt *p)
{
	return bpf_rdonly_cast((void *)p->ct, nf_conn_type_id);
}

#define ct_orig(p)  (&ct_entry(p)->tuplehash[0].tuple)
#define ct_reply(p) (&ct_entry(p)->tuplehash[1].tuple)

/* nf_ct_get() and the state bits of xt_conntrack. */
INLINE int read_ct(struct pkt *p, const struct sk_buff *skb)
{
	abi_u64 nfct = skb->_nfct;

	p->ctinfo = nfct & 7;
	p->ct = nfct & ~7ULL;
	/* 1 << (ctinfo % 3 + 1), without a division */
	if (p->ct)
		p->ctstate = 0x42842842u >> 4 * p->ctinfo & 15;
	else
		p->ctstate = p->ctinfo == 7 ? 0x100 : 1;
#if NEED_CT_ENTRY
	if (p->ct) {
		if (!nf_conn_type_id)
			return HANDOVER;
		/* IPS_SRC_NAT, IPS_DST_NAT: bits 4 and 5 */
		p->ctstate |= (ct_entry(p)->status >> 4 & 3) << 6;
	}
#endif
	return NEXT;
}
#endif

#if FAMILY == 6
INLINE int is_ext_hdr(abi_u32 proto)
{
	return proto == 0 || proto == 43 || proto == 44 || proto == 51 ||
	       proto == 59 || proto == 60;
}

/*
 * One round of ipv6_find_hdr(skb, &thoff, -1, &fragoff, &flags) with
 * IP6_FH_F_AUTH at the header p->proto, which starts at p->thoff. RETURN: that
 * was the last. The protocol is unknown where ipv6_find_hdr() fails.
 */
GLOBAL int step_ext_hdr(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	abi_u8 h[4];
	abi_u32 proto, off, there;

	if (!p)
		return HANDOVER;
	proto = p->proto;
	off = p->thoff;
	/* None, "no next header", authentication: here it ends. */
	if (!is_ext_hdr(proto) || proto == 59)
		goto found;
	if (off > 0xffff || off + 2 > p->len)
		goto bad;
	if (proto == 51)
		goto found;
	there = p->len - off > 4 ? 4 : p->len - off;
	/* Where this fails the kernel's own skb_header_pointer() does. */
	if (read_bytes(ctx, off, h, there))
		goto bad;
	if ((proto == 43 || proto == 44) && there < 4)
		goto bad;
	if (proto == 44 && get16(h + 2) & ~7) {
		if (is_ext_hdr(h[0]) && h[0] != 59)
			goto bad;
		p->fragoff = get16(h + 2) & ~7;
		p->proto = h[0];
		p->thoff = 0;
		return RETURN;
	}
	p->thoff = off + (proto == 44 ? 8 : (h[1] + 1) * 8);
	p->proto = h[0];
	return NEXT;
found:
	if (off <= 0xffff)
		return RETURN;
bad:
	p->proto = PROTO_UNKNOWN;
	p->thoff = 0;
	return RETURN;
}

struct ext_walk {
	struct bpf_nf_ctx *ctx;
	struct pkt *p;
	int answer;
};

static NOINLINE long ext_hdr_round(abi_u32 i, struct ext_walk *w)
{
	w->answer = step_ext_hdr(w->ctx, w->p);
	return w->answer != NEXT;
}

/* A header has 8 bytes at least, and the transport header starts within 64 KiB.
 */
static NOINLINE int walk_ext_hdrs(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	struct ext_walk w = {.ctx = ctx, .p = p, .answer = HANDOVER};

	bpf_loop(0x10000 / 8 + 1, ext_hdr_round, &w, 0);
	return w.answer == RETURN ? NEXT : HANDOVER;
}

INLINE int read_network(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	struct sk_buff *skb = ctx->skb;
	const abi_u8 *nh = raw_bytes(skb->head + skb->network_header);
	abi_u64 first = ntoh64(*(const volatile abi_u64 *)nh);

	p->saddr[0] = *(const abi_u64 *)(nh + 8);
	p->saddr[1] = *(const abi_u64 *)(nh + 16);
	p->daddr[0] = *(const abi_u64 *)(nh + 24);
	p->daddr[1] = *(const abi_u64 *)(nh + 32);
	p->fragoff = 0;
	p->proto = first >> 8 & 255;
	p->thoff = 40;
#if NEED_TTL
	p->ttl = first & 255;
#endif
#if NEED_TOS
	p->tos = first >> 52 & 255;
#endif
#if NEED_LENGTH
	p->length = skb->len;
#endif
	return is_ext_hdr(p->proto) ? walk_ext_hdrs(ctx, p) : NEXT;
}
#else
#if NEED_LENGTH
/* skb_is_gso() and skb_is_gso_tcp(): SKB_GSO_TCPV4, SKB_GSO_TCPV6. */
INLINE int is_gso_tcp(const struct sk_buff *skb)
{
	const struct skb_shared_info *i = bpf_rdonly_cast(
		skb->head + skb->end,
		__builtin_btf_type_id(*(struct skb_shared_info *)0, 1));

	return i->gso_size && i->gso_type & 0x11;
}
#endif

INLINE int read_network(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	struct sk_buff *skb = ctx->skb;
	const abi_u8 *nh = raw_bytes(skb->head + skb->network_header);
	/* Few loads: of each the address is checked. */
	abi_u64 first = ntoh64(*(const volatile abi_u64 *)nh);
	abi_u64 raw = *(const volatile abi_u64 *)(nh + 8);
	abi_u64 second = ntoh64(raw);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	p->saddr[0] = raw >> 32;
#else
	p->saddr[0] = raw;
#endif
	p->daddr[0] = *(const abi_u32 *)(nh + 16);
	p->fragoff = first & 0x1fff;
	p->thoff = (first >> 56 & 0xf) * 4;
	p->proto = second >> 48 & 255;
#if NEED_TTL
	p->ttl = second >> 56;
#endif
#if NEED_TOS
	p->tos = first >> 48 & 255;
#endif
#if NEED_LENGTH
	/* A length of 0 in a TCP packet that will be segmented: too large. */
	p->length = first >> 32 & 0xffff;
	if (!p->length && is_gso_tcp(skb))
		p->length = skb->len;
#endif
	return NEXT;
}
#endif

#if NEED_EUI64 || NEED_MAC_SOURCE
/*
 * The Ethernet header, or NULL, as xt_mac.c and ip6t_eui64.c look for it.
 * @foreign: set when the packet comes from no Ethernet device.
 */
INLINE const abi_u8 *eth_header(const struct sk_buff *skb, int *foreign)
{
	const struct net_device *dev = skb->dev;
	abi_u32 mac = skb->mac_header;

	*foreign = !dev || dev->type != 1; /* ARPHRD_ETHER */
	if (*foreign || mac == 0xffff ||
	    (abi_u32)skb->network_header - mac < 14)
		return (void *)0;
	return raw_bytes(skb->head + mac);
}
#endif

#if NEED_MAC_SOURCE
INLINE void read_mac_source(struct pkt *p, const struct sk_buff *skb)
{
	int foreign;
	const abi_u8 *eth = eth_header(skb, &foreign);
	abi_u16 *to = (abi_u16 *)p->mac;

	p->mac[0] = 0;
	if (!eth)
		return;
	to[0] = *(const abi_u16 *)(eth + 6);
	to[1] = *(const abi_u16 *)(eth + 8);
	to[2] = *(const abi_u16 *)(eth + 10);
	((abi_u8 *)p->mac)[6] = 1;
}
#endif

#if NEED_PKTTYPE
/* pkttype_mt() of xt_pkttype.c: a packet on loopback is what it is sent to. */
INLINE void read_pkttype(struct pkt *p, const struct sk_buff *skb)
{
	p->pkttype = READ_BITS(skb, pkt_type);
	if (p->pkttype != 5) /* PACKET_LOOPBACK */
		return;
#if FAMILY == 6
	p->pkttype = 2; /* PACKET_MULTICAST */
#else
	p->pkttype = ntoh32(p->daddr[0]) >> 28 == 14 ? 2 : 1;
#endif
}
#endif

/* How much of a later fragment is a transport header to nft's fast path. */
INLINE abi_u32 fast_bytes(const struct pkt *p)
{
#if NATIVE_TRANSPORT
	return p->fast;
#else
	return 0;
#endif
}

#if NEED_TH
/*
 * A header that is short or not in the linear part: zeros where it ends. Not 0:
 * it cannot be read, nor by the kernel.
 */
static NOINLINE int read_transport_slow(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	abi_u64 words[3] = {0};
	const abi_u8 *th = (const abi_u8 *)words;
	abi_u32 len = p->avail > 20 ? 20 : p->avail;

	if (read_bytes(ctx, p->thoff, words, len))
		return 1;
	p->sport = get16(th);
	p->dport = get16(th + 2);
	p->tcpflags = th[13];
#if NEED_TH_WORD1
	p->word1 = ntoh32(((const abi_u32 *)words)[1]);
#endif
	return 0;
}

INLINE void read_transport(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	struct sk_buff *skb = ctx->skb;
	const abi_u8 *th;
	abi_u32 ports;

	p->sport = p->dport = 0;
	p->tcpflags = 0;
#if NEED_TH_WORD1
	p->word1 = 0;
#endif
	if ((p->avail < NEED_TH ||
	     p->thoff + NEED_TH > p->len - skb->data_len) &&
	    !fast_bytes(p)) {
		if (p->avail && read_transport_slow(ctx, p))
			p->avail = 0;
		return;
	}
	th = raw_bytes(skb->data + p->thoff);
	ports = ntoh32(*(const volatile abi_u32 *)th);
	p->sport = ports >> 16;
	p->dport = ports & 0xffff;
#if NEED_TH_WORD1
	p->word1 = ntoh32(*(const abi_u32 *)(th + 4));
#endif
#if NEED_TH > 8
	p->tcpflags = th[13];
#endif
}
#endif

#if NEED_TCPOPT
/*
 * Which options there are, found the way tcp_find_option() of xt_tcpudp.c looks
 * for one. Not 0: it would drop the packet.
 */
static NOINLINE int read_options(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	abi_u8 o[64];
	abi_u32 len, at = 0;

	if (read_bytes(ctx, p->thoff + 12, o, 1))
		return 1;
	len = (o[0] >> 4) * 4;
	if (len < 20 || (len > 20 && p->avail < len))
		return 1;
	len -= 20;
	if (!len)
		return 0;
	if (read_bytes(ctx, p->thoff + 20, o, len))
		return 1;
	for (int i = 0; i < 40 && at < len; i++) {
		abi_u8 kind = o[at & 63], skip = 1;

		p->options[kind >> 6] |= 1ULL << (kind & 63);
		if (kind >= 2 && at != len - 1 && o[(at + 1) & 63])
			skip = o[(at + 1) & 63];
		at += skip;
	}
	return 0;
}
#endif

#if NEED_IIF_GROUP || NEED_OIF_GROUP
INLINE abi_u32 device_group(abi_u64 dev)
{
	return dev ? K32(dev, net_device, group) : 0;
}
#endif

/* skb_dst(): the lowest bit says who holds the reference. */
INLINE abi_u64 skb_dst(struct bpf_nf_ctx *ctx)
{
	return SKB64(ctx, _skb_refdst) & ~1ULL;
}

/* Fills @p with what is no header. HANDOVER as below. */
INLINE int read_first(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	p->n = 0;
	p->len = ctx->skb->len;
#if NEED_CT
	return read_ct(p, ctx->skb);
#else
	return NEXT;
#endif
}

/* The rest of @p. HANDOVER: what nft might be able to read could not be read.
 */
INLINE int read_packet(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	if (read_network(ctx, p))
		return HANDOVER;
#if HANDOVER_FRAGMENTS
	if (p->fragoff && fragments == FRAGMENTS_ASK_NFT)
		return HANDOVER;
#endif
	p->avail = 0;
	if (!p->fragoff && p->proto != PROTO_UNKNOWN && p->thoff <= p->len)
		p->avail = p->len - p->thoff;
#if NATIVE_TRANSPORT
	p->fast = 0;
	if (p->fragoff && fragments == FRAGMENTS_READ &&
	    p->thoff < p->len - ctx->skb->data_len)
		p->fast = p->len - ctx->skb->data_len - p->thoff;
#endif
#if NEED_TH
	read_transport(ctx, p);
#endif
#if NEED_TCPOPT
	p->bad_options = 0;
	p->options[0] = p->options[1] = p->options[2] = p->options[3] = 0;
	if (p->proto == 6 && p->avail >= 20)
		p->bad_options = read_options(ctx, p);
#endif
#if NEED_IIF
	read_name(p->iif, ctx->state->in);
#endif
#if NEED_OIF
	read_name(p->oif, ctx->state->out);
#endif
#if NEED_MARK
	p->mark = ctx->skb->mark;
#endif
#if NEED_CPU
	p->cpu = bpf_get_smp_processor_id();
#endif
#if NEED_IIF_GROUP
	p->iif_group = device_group(STATE64(ctx, in));
#endif
#if NEED_OIF_GROUP
	p->oif_group = device_group(STATE64(ctx, out));
#endif
#if NEED_REALM
	p->realm = skb_dst(ctx) ? K32(skb_dst(ctx), dst_entry, tclassid) : 0;
#endif
#if NEED_PKTTYPE
	read_pkttype(p, ctx->skb);
#endif
#if NEED_MAC_SOURCE
	read_mac_source(p, ctx->skb);
#endif
	return NEXT;
}

#if STATES
struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, STATES);
	__type(key, abi_u32);
	__type(value, abi_u64);
} state SEC(".maps");

/*
 * The token bucket of nft_limit.c. Its two numbers, tokens and when they were
 * counted, only ever matter as their difference: the time at which the bucket
 * was empty. 0: full; so the clock starts later than any bucket is deep, also
 * on a machine that was only just booted.
 */
#define LIMIT_EPOCH (1ULL << 62)

INLINE int limit_take(abi_u32 i, abi_u64 cost, abi_u64 max)
{
	abi_u64 *empty = bpf_map_lookup_elem(&state, &i);
	abi_u64 now = bpf_ktime_get_ns() + LIMIT_EPOCH;

	if (!empty)
		return 0;
	for (int tries = 0; tries < 32; tries++) {
		abi_u64 old = *(volatile abi_u64 *)empty;
		abi_u64 from = old > now ? now : old;

		if (now - from > max)
			from = now - max;
		if (now - from < cost)
			return 0;
		if (__sync_val_compare_and_swap(empty, old, from + cost) == old)
			return 1;
	}
	return 0; /* beaten to it 32 times */
}

/*
 * The bucket of xt_limit.c: when it was last looked at << 32 | credit then, in
 * jiffies and credits of 32 bits, which is all that its own arithmetic keeps.
 * 0: not met yet, full.
 */
INLINE int xt_limit_take(abi_u32 i, abi_u32 per_jiffy, abi_u64 cost,
			 abi_u64 max)
{
	abi_u64 *word = bpf_map_lookup_elem(&state, &i);
	abi_u32 now = bpf_jiffies64();

	if (!word)
		return 0;
	for (int tries = 0; tries < 32; tries++) {
		abi_u64 old = *(volatile abi_u64 *)word;
		abi_u32 credit = old ? old : max;
		abi_u32 passed = old ? now - (old >> 32) : 0;
		int enough;

		/* Another CPU was here a moment later. */
		if (passed >> 31)
			passed = 0;
		credit += passed * per_jiffy;
		if (credit > max)
			credit = max;
		enough = credit >= cost;
		if (enough)
			credit -= cost;
		if (__sync_val_compare_and_swap(
			    word, old,
			    (abi_u64)now << 32 | (credit ? credit : !now)) ==
		    old)
			return enough;
	}
	return 0; /* beaten to it 32 times */
}
#endif
