/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of the chains: matches that are functions of their own (call.h).
 * Each says which function of the kernel it stands for, and drops a packet
 * exactly where that one sets hotdrop. What read_bytes() cannot read
 * skb_header_pointer() cannot either: they are the same function.
 */

#if NEED_ADDR6_BETWEEN
/* iprange_mt6() of xt_iprange.c: whether @a lies between two addresses. */
INLINE int in_range6(const abi_u64 *a, abi_u64 lo0, abi_u64 lo1, abi_u64 hi0,
		     abi_u64 hi1)
{
	abi_u64 a0 = ntoh64(a[0]), a1 = ntoh64(a[1]);

	if (a0 < lo0 || (a0 == lo0 && a1 < lo1))
		return NEXT;
	return a0 > hi0 || (a0 == hi0 && a1 > hi1) ? NEXT : MATCH;
}

#define addr6_between(ctx, p, dst, lo0, lo1, hi0, hi1)                         \
	in_range6(dst ? p->daddr : p->saddr, lo0, lo1, hi0, hi1)
#endif

#if NEED_ECN_TCP
/*
 * match_tcp() of xt_ecn.c: @mask of byte 13 of a TCP header. It takes what
 * follows the IP header for one, in later fragments too.
 */
GLOBAL int ecn_tcp(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 mask,
		   abi_u32 value)
{
	abi_u8 th[20];

	if (!p || read_bytes(ctx, p->thoff, th, sizeof(th)))
		return NEXT;
	return (th[13] & mask) == value ? MATCH : NEXT;
}
#endif

#if NEED_TCPMSS
/* tcpmss_mt() of xt_tcpmss.c, in later fragments too. */
GLOBAL int tcpmss(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 lo, abi_u32 hi,
		  abi_u32 invert)
{
	abi_u8 o[64];
	abi_u32 len, at = 0;

	if (!p || read_bytes(ctx, p->thoff, o, 20))
		return DROP;
	len = (o[12] >> 4) * 4;
	if (len < 20)
		return DROP;
	len -= 20;
	if (!len)
		return invert;
	if (read_bytes(ctx, p->thoff + 20, o, len))
		return DROP;
	for (int i = 0; i < 40 && at < len; i++) {
		abi_u8 kind = o[at & 63], size = o[(at + 1) & 63];

		if (kind == 2 && len - at >= 4 && size == 4) {
			abi_u32 mss = o[(at + 2) & 63] << 8 | o[(at + 3) & 63];

			return (mss >= lo && mss <= hi) ^ invert;
		}
		at += kind < 2 || at == len - 1 || !size ? 1 : size;
	}
	return invert;
}
#endif

#if NEED_MH
/* mh_mt6() of ip6t_mh.c, of a header that can be read and is no fragment. */
INLINE int mh(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 lo, abi_u32 hi,
	      abi_u32 invert)
{
	abi_u32 kind = p->dport >> 8;

	if (p->sport >> 8 != 59) /* IPPROTO_NONE */
		return DROP;
	return (kind >= lo && kind <= hi) ^ invert;
}
#endif

#if NEED_EUI64
/* eui64_mt6() of ip6t_eui64.c. */
GLOBAL int eui64(struct bpf_nf_ctx *ctx, struct pkt *p)
{
	const struct sk_buff *skb = ctx->skb;
	abi_u64 mac, id;
	int foreign;
	const abi_u8 *eth = eth_header(skb, &foreign);
	const abi_u8 *nh;

	if (!p || foreign)
		return NEXT;
	if (!eth)
		return DROP;
	nh = raw_bytes(skb->head + skb->network_header);
	if (get16(eth + 12) != 0x86dd || nh[0] >> 4 != 6)
		return NEXT;
	mac = (abi_u64)get16(eth + 6) << 32 | (abi_u64)get16(eth + 8) << 16 |
	      get16(eth + 10);
	id = (mac >> 24 << 40 | 0xfffeULL << 24 | (mac & 0xffffff)) ^
	     2ULL << 56;
	return ntoh64(p->saddr[1]) == id ? MATCH : NEXT;
}
#endif

#if NEED_SCTP
struct sctp_walk {
	struct bpf_nf_ctx *ctx;
	const abi_u8 *info; /* xt_sctp_info from chunkmap on */
	abi_u32 off, len;
	abi_u32 left[8]; /* of the chunk map */
	abi_u32 rest;	 /* the map holds what no type is */
	int answer;
};

/*
 * match_flags() of xt_sctp.c. The map takes 256 bytes, of which 32 are looked
 * at; then come the kind of match, up to four times type, flags and mask, and
 * their number.
 */
INLINE int sctp_flags(const abi_u8 *info, abi_u32 type, abi_u32 flags)
{
	int n = *(const int *)(info + 272);

	for (int i = 0; i < 4; i++) {
		const abi_u8 *f = info + 260 + 3 * i;

		if (i < n && f[0] == type)
			return (flags & f[2]) == f[1];
	}
	return 1;
}

/* One chunk of match_packet(). 1: the answer is known. */
static int sctp_chunk(abi_u32 i, struct sctp_walk *w)
{
	abi_u8 h[4];
	abi_u32 kind, bit, size;
	int there;

	w->answer = DROP;
	if (read_bytes(w->ctx, w->off, h, 4))
		return 1;
	size = get16(h + 2);
	if (!size)
		return 1;
	w->off += (size + 3) & ~3;
	bit = 1u << (h[0] & 31);
	there = (*(const abi_u32 *)(w->info + (h[0] >> 5) * 4) & bit) != 0;
	kind = *(const abi_u32 *)(w->info + 256);
	w->answer = NEXT;
	if (there && sctp_flags(w->info, h[0], h[1])) {
		if (kind == 1) { /* SCTP_CHUNK_MATCH_ANY */
			w->answer = MATCH;
			return 1;
		}
		w->left[h[0] >> 5] &= ~bit;
	} else if (kind == 4) { /* SCTP_CHUNK_MATCH_ONLY */
		return 1;
	}
	if (w->off < w->len)
		return 0;
	if (kind == 4)
		w->answer = MATCH;
	if (kind == 2 && /* SCTP_CHUNK_MATCH_ALL */
	    !(w->rest | w->left[0] | w->left[1] | w->left[2] | w->left[3] |
	      w->left[4] | w->left[5] | w->left[6] | w->left[7]))
		w->answer = MATCH;
	return 1;
}

/* match_packet() of xt_sctp.c; a chunk takes four bytes at least. */
static NOINLINE int sctp_walk_chunks(struct bpf_nf_ctx *ctx,
				     const struct pkt *p, abi_u32 rest,
				     const abi_u8 *info)
{
	struct sctp_walk w = {
		.ctx = ctx,
		.info = info,
		.rest = rest,
		.off = p->thoff + 12,
		.len = p->len,
		.answer = HANDOVER,
	};

	for (int i = 0; i < 8; i++)
		w.left[i] = ((const abi_u32 *)info)[i];
	bpf_loop(1 << 20, sctp_chunk, &w, 0);
	return w.answer;
}

#define sctp_chunks(ctx, p, rest, info, size)                                  \
	sctp_walk_chunks(ctx, p, rest, info)
#endif

#if NEED_DCCP
/* match_types() of xt_dccp.c, of a header that can be read. */
GLOBAL int dccp_type(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 mask)
{
	abi_u8 h;

	if (!p || read_bytes(ctx, p->thoff + 8, &h, 1))
		return NEXT;
	return mask >> (h >> 1 & 15) & 1;
}

/* __dccp_hdr_len(), for packet types by number: the basic header has 12 bytes,
 * or 16. */
INLINE abi_u32 dccp_header_len(abi_u8 byte8)
{
	abi_u32 type = byte8 >> 1 & 15, len = byte8 & 1 ? 16 : 12;

	if (type == 2) /* data */
		return len;
	if (type == 0) /* request */
		return len + 4;
	/* acknowledgement, data with it, close, sync */
	return len + ((1u << type & 0x378) ? 8 : 12);
}

struct dccp_walk {
	struct bpf_nf_ctx *ctx;
	abi_u32 start, at, len, option;
	int answer;
};

static int dccp_one_option(abi_u32 i, struct dccp_walk *w)
{
	abi_u8 o[2] = {0};

	if (w->at >= w->len)
		return 1;
	if (read_bytes(w->ctx, w->start + w->at, o,
		       w->at == w->len - 1 ? 1 : 2)) {
		w->answer = DROP;
		return 1;
	}
	if (o[0] == w->option) {
		w->answer = MATCH;
		return 1;
	}
	w->at += o[0] < 2 || w->at == w->len - 1 || !o[1] ? 1 : o[1];
	return 0;
}

/* dccp_find_option() of xt_dccp.c. */
GLOBAL int dccp_option(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 option)
{
	struct dccp_walk w = {.ctx = ctx, .option = option, .answer = NEXT};
	abi_u32 head;
	abi_u8 h[12];

	if (!p || read_bytes(ctx, p->thoff, h, sizeof(h)))
		return DROP;
	head = dccp_header_len(h[8]);
	if (h[4] * 4 < head)
		return DROP;
	w.start = p->thoff + head;
	w.len = h[4] * 4 - head;
	/* All of them must be there, whichever is looked for. */
	if (w.len && read_bytes(ctx, w.start + w.len - 1, h, 1))
		return DROP;
	bpf_loop(1024, dccp_one_option, &w, 0);
	return w.answer;
}
#endif
