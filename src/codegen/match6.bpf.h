/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More matches that are functions of their own: those that look for an
 * IPv6 extension header. Each looks for itself, as the kernel's do: what
 * read_packet() found is where nf_tables would stop, which is not the same.
 */

#if NEED_FIND_HDR
/* What find_hdr() answers when there is no such header: ENOENT, EBADMSG. */
#define HDR_MISSING (-1)
#define HDR_BAD	    (-2)

struct hdr_walk {
	struct bpf_nf_ctx *ctx;
	abi_u32 off;
	abi_u8 next, target;
	int answer;
};

/* One round of ipv6_find_hdr(). 1: the answer is known. */
static int find_hdr_step(abi_u32 i, struct hdr_walk *w)
{
	int found = w->next == w->target;
	abi_u8 h[4] = {0};
	abi_u32 size;

	w->answer = HDR_MISSING;
	if (!is_ext_hdr(w->next) || w->next == 59)
		return 1;
	w->answer = HDR_BAD;
	if (read_bytes(w->ctx, w->off, h,
		       w->next == 43 || w->next == 44 ? 4 : 2))
		return 1;
	w->answer = w->off;
	if (w->next == 44 && get16(h + 2) & ~7) {
		if (!found)
			w->answer = HDR_MISSING;
		return 1;
	}
	if (found)
		return 1;
	size = w->next == 44   ? 8
	       : w->next == 51 ? (h[1] + 2) * 4
			       : (h[1] + 1) * 8;
	w->next = h[0];
	w->off += size;
	return 0;
}

/*
 * ipv6_find_hdr(skb, &offset, target, NULL, NULL) for an extension header:
 * where it is. Headers take eight bytes at least.
 */
GLOBAL int find_hdr(struct bpf_nf_ctx *ctx, abi_u32 target)
{
	struct hdr_walk w = {
		.ctx = ctx,
		.off = 40,
		.target = target,
		.answer = HDR_BAD,
	};
	const struct sk_buff *skb = ctx->skb;

	w.next = raw_bytes(skb->head + skb->network_header)[6];
	bpf_loop(1 << 20, find_hdr_step, &w, 0);
	return w.answer;
}

/*
 * Finds header @target and reads its first @size bytes into @h. NEXT: there is
 * none, DROP: it cannot be read, MATCH.
 */
INLINE int read_hdr(struct bpf_nf_ctx *ctx, abi_u32 target, abi_u8 *h,
		    abi_u32 size, abi_u32 *off)
{
	int at = find_hdr(ctx, target);

	if (at == HDR_MISSING)
		return NEXT;
	if (at < 0 || read_bytes(ctx, at, h, size))
		return DROP;
	*off = at;
	return MATCH;
}

#define BETWEEN(x, lo, hi) ((x) >= (abi_u32)(lo) && (x) <= (abi_u32)(hi))

/* ah_mt6() of ip6t_ah.c; @spis: the least << 32 | the greatest. */
GLOBAL int ah6(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 spis,
	       abi_u32 hdrlen, abi_u32 flags)
{
	abi_u32 at, len, spi;
	abi_u8 h[12];
	int r = read_hdr(ctx, 51, h, sizeof(h), &at);

	if (r != MATCH || !p)
		return r;
	len = (h[1] + 2) * 4;
	if (p->len - at < len)
		return DROP;
	spi = (abi_u32)get16(h + 4) << 16 | get16(h + 6);
	if (BETWEEN(spi, spis >> 32, spis) == (flags & 1))
		return NEXT;
	if (hdrlen && (hdrlen == len) == (flags >> 1 & 1))
		return NEXT;
	return flags & 4 && get16(h + 2) ? NEXT : MATCH;
}

/* frag_mt6() of ip6t_frag.c. */
GLOBAL int frag6(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 ids,
		 abi_u32 flags, abi_u32 invert)
{
	abi_u32 at, id, off;
	abi_u8 h[8];
	int r = read_hdr(ctx, 44, h, sizeof(h), &at);

	if (r != MATCH)
		return r;
	id = (abi_u32)get16(h + 4) << 16 | get16(h + 6);
	off = get16(h + 2);
	if (BETWEEN(id, ids >> 32, ids) == (invert & 1))
		return NEXT;
	if (flags & 0x04 && (h[1] || off & 6)) /* reserved fields */
		return NEXT;
	if (flags & 0x08 && off & ~7) /* first */
		return NEXT;
	if (flags & 0x10 && !(off & 1)) /* more */
		return NEXT;
	return flags & 0x20 && off & 1 ? NEXT : MATCH;
}

/*
 * rt_mt6() of ip6t_rt.c but for the addresses. @what: hdrlen << 32 |
 * rt_type << 16 | invflags << 8 | flags.
 */
GLOBAL int rt(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 segsleft,
	      abi_u64 what)
{
	abi_u32 at, len, flags = what & 0xff, invert = what >> 8 & 0xff;
	abi_u8 h[4], reserved[4];
	int r = read_hdr(ctx, 43, h, sizeof(h), &at);

	if (r != MATCH || !p)
		return r;
	len = (h[1] + 1) * 8;
	if (p->len - at < len)
		return DROP;
	if (BETWEEN(h[3], segsleft >> 32, segsleft) == (invert >> 1 & 1))
		return NEXT;
	if (flags & 4 && (what >> 32 == len) == (invert >> 2 & 1))
		return NEXT;
	if (flags & 1 && ((what >> 16 & 0xffff) == h[2]) == (invert & 1))
		return NEXT;
	if (!(flags & 8))
		return MATCH;
	if (read_bytes(ctx, at + 4, reserved, 4))
		return DROP;
	return get16(reserved) | get16(reserved + 2) ? NEXT : MATCH;
}

struct rt_walk {
	struct bpf_nf_ctx *ctx;
	abi_u64 want[2];
	abi_u32 off, left;
	int answer;
};

/* Looks at the next address. 1: the answer is known. */
static int rt_step(abi_u32 i, struct rt_walk *w)
{
	abi_u64 a[2];

	if (!w->left)
		return 1;
	if (read_bytes(w->ctx, w->off, a, 16)) {
		w->answer = DROP;
		return 1;
	}
	w->off += 16;
	w->left--;
	if (a[0] != w->want[0] || a[1] != w->want[1])
		return 0;
	w->answer = MATCH;
	return 1;
}

/*
 * The addresses of a routing header that rt() matched: @n of them in this
 * order, with no other between them nor behind when @strict.
 */
static NOINLINE int rt_list(struct bpf_nf_ctx *ctx, abi_u32 strict, abi_u32 n,
			    const abi_u8 *addrs)
{
	struct rt_walk w = {.ctx = ctx};
	abi_u32 at, have;
	abi_u8 h[2];
	int r = read_hdr(ctx, 43, h, sizeof(h), &at);

	if (r != MATCH)
		return r;
	have = h[1] / 2;
	if (n > have || (strict && n != have))
		return NEXT;
	w.off = at + 8;
	w.left = have;
	for (abi_u32 k = 0; k < 16 && k < n; k++) {
		w.want[0] = ((const abi_u64 *)addrs)[2 * k];
		w.want[1] = ((const abi_u64 *)addrs)[2 * k + 1];
		w.answer = NEXT;
		bpf_loop(strict ? 1 : 128, rt_step, &w, 0);
		if (w.answer != MATCH)
			return w.answer;
	}
	return MATCH;
}

#define rt_addrs(ctx, p, strict, n, addrs, size) rt_list(ctx, strict, n, addrs)

/* hbh_mt6() of ip6t_hbh.c: the header. @flags: LEN, and LEN << 1 inverted. */
GLOBAL int opts_header(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 target,
		       abi_u32 hdrlen, abi_u32 flags)
{
	abi_u32 at, len;
	abi_u8 h[2];
	int r = read_hdr(ctx, target, h, sizeof(h), &at);

	if (r != MATCH || !p)
		return r;
	len = (h[1] + 1) * 8;
	if (p->len - at < len)
		return DROP;
	if (flags & 1 && (hdrlen == len) == (flags >> 1 & 1))
		return NEXT;
	return MATCH;
}

struct opts_walk {
	struct bpf_nf_ctx *ctx;
	const abi_u8 *want;
	abi_u32 at, left, len, n;
	int answer;
};

/* One option. 1: the answer is known. */
static int opts_step(abi_u32 i, struct opts_walk *w)
{
	abi_u16 want = *(const abi_u16 *)(w->want + 2 * (i & 15));
	abi_u32 size = 1;
	abi_u8 h[2];

	w->answer = NEXT;
	if (w->left < 1 || read_bytes(w->ctx, w->at, h, 1) || h[0] != want >> 8)
		return 1;
	if (h[0]) {
		if (w->left < 2 || read_bytes(w->ctx, w->at, h, 2))
			return 1;
		if ((want & 0xff) != 0xff && (want & 0xff) != h[1])
			return 1;
		size = h[1] + 2;
	}
	if ((w->at > w->len - size || w->left < size) && i + 1 < w->n)
		return 1;
	w->at += size;
	w->left -= size;
	w->answer = MATCH;
	return 0;
}

/*
 * The options of a header that opts_header() matched: they begin with @n ones,
 * each (in two bytes, as this machine has them) type << 8 | length, 255 for any
 * length.
 */
static NOINLINE int opts_list(struct bpf_nf_ctx *ctx, struct pkt *p,
			      abi_u32 target, abi_u32 n, const abi_u8 *want)
{
	struct opts_walk w = {.ctx = ctx, .want = want, .len = p->len, .n = n};
	abi_u32 at;
	abi_u8 h[2];
	int r = read_hdr(ctx, target, h, sizeof(h), &at);

	if (r != MATCH)
		return r;
	w.left = (h[1] + 1) * 8 - 2;
	w.at = at + 2;
	w.answer = MATCH;
	bpf_loop(n, opts_step, &w, 0);
	return w.answer;
}

#define opts(ctx, p, target, n, want, size) opts_list(ctx, p, target, n, want)
#endif

#if NEED_IPV6HEADER
struct ipv6header_walk {
	struct bpf_nf_ctx *ctx;
	abi_u32 at, len;
	int left;
	abi_u32 there; /* MASK_* of ip6t_ipv6header.h */
	abi_u8 next;
	int answer;
};

/* One round of ipv6header_mt6()'s loop. 1: it ends. */
static int ipv6header_step(abi_u32 i, struct ipv6header_walk *w)
{
	abi_u8 h[2];

	if (!is_ext_hdr(w->next) && w->next != 50)
		return 1;
	if (w->next == 59) {
		w->there |= 2;
		return 1;
	}
	w->answer = NEXT;
	if (w->left < 2)
		return 1;
	w->answer = MATCH;
	if (w->next == 50) {
		w->there |= 4;
		return 1;
	}
	if (read_bytes(w->ctx, w->at, h, 2)) {
		w->answer = DROP;
		return 1;
	}
	w->there |= w->next == 0    ? 128
		    : w->next == 43 ? 32
		    : w->next == 44 ? 16
		    : w->next == 51 ? 8
				    : 64;
	i = w->next == 44 ? 8 : w->next == 51 ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
	w->next = h[0];
	w->left -= i;
	w->at += i;
	return w->at > w->len;
}

/* ipv6header_mt6() of ip6t_ipv6header.c. */
GLOBAL int ipv6header(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 flags,
		      abi_u32 invert, abi_u32 soft)
{
	const struct sk_buff *skb = ctx->skb;
	struct ipv6header_walk w = {.ctx = ctx, .at = 40, .answer = MATCH};

	if (!p)
		return NEXT;
	w.next = raw_bytes(skb->head + skb->network_header)[6];
	w.len = p->len;
	w.left = p->len - 40;
	bpf_loop(1 << 20, ipv6header_step, &w, 0);
	if (w.answer != MATCH)
		return w.answer;
	if (w.next != 59 && w.next != 50)
		w.there |= 1;
	if (soft)
		return !((w.there ^ flags ^ invert) & flags);
	return (w.there == flags) ^ !!invert;
}
#endif
