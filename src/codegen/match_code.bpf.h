/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches on any byte of the packet: u32, bpf, string. */

#if NEED_LOAD
/* Users' programs may be odd. */
#pragma clang diagnostic ignored "-Wunused-but-set-variable"
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wunused-label"
#pragma clang diagnostic ignored "-Wtautological-compare"
#pragma clang diagnostic ignored "-Wtype-limits"

#define NOT_THERE (1ULL << 32)

/*
 * @size (1, 2 or 4) bytes, most significant first; NOT_THERE when they lie
 * behind the packet's end.
 */
GLOBAL abi_u64 load(struct bpf_nf_ctx *ctx, abi_u32 off, abi_u32 size)
{
	const struct sk_buff *skb = ctx->skb;
	abi_u32 head = skb->len - skb->data_len;
	abi_u8 h[4] = {0};
	const abi_u8 *d;

	if (off < head && head - off >= size) {
		d = raw_bytes(skb->data + off);
		h[0] = d[0];
		if (size > 1)
			h[1] = d[1];
		if (size > 2) {
			h[2] = d[2];
			h[3] = d[3];
		}
	} else if (read_bytes(ctx, off, h, size > 4 ? 4 : size)) {
		return NOT_THERE;
	}
	if (size == 1)
		return h[0];
	if (size == 2)
		return h[0] << 8 | h[1];
	return (abi_u32)h[0] << 24 | h[1] << 16 | h[2] << 8 | h[3];
}

/* Within generated code: behind the packet's end a program of classic BPF ends
 * with 0; u32 looked before. */
#define CBPF_LOAD(off, size)                                                   \
	r = load(ctx, off, size);                                              \
	if (r & NOT_THERE)                                                     \
	break
#define U32_LOAD(off)                                                          \
	{                                                                      \
		abi_u64 r = load(ctx, off, 4);                                 \
		if (r & NOT_THERE)                                             \
			return DROP;                                           \
		v = r;                                                         \
	}
#endif

#if NEED_STRING
struct string_walk {
	const abi_u8 *data; /* the pattern; 128 bytes on the table */
	abi_u64 text;	    /* address of the linear part */
	abi_u32 at, end;
	abi_u32 size; /* of the pattern */
	/*
	 * Here, in memory of which the verifier does not know what it holds,
	 * is how much of the pattern was met: it must not try all values.
	 */
	struct pkt *p;
	abi_u32 fold;
	int answer;
};

/* One byte of the text, or one step back in the pattern. */
static int string_step(abi_u32 i, struct string_walk *w)
{
	abi_u32 c, met = w->p->scratch & 127;

	if (w->at >= w->end) {
		w->answer = NEXT;
		return 1;
	}
	c = raw_bytes((void *)(w->text + w->at))[0];
	if (w->fold && c >= 'a' && c <= 'z')
		c -= 'a' - 'A';
	if (w->data[met] == c) {
		w->at++;
		if (++met == w->size) {
			w->answer = MATCH;
			return 1;
		}
	} else if (met) {
		met = w->data[128 + met - 1];
	} else {
		w->at++;
	}
	w->p->scratch = met;
	return 0;
}

/*
 * skb_find_text() in a packet that is all linear; what the two algorithms find
 * differs only where a pattern lies across a fragment's end. @what: size of the
 * pattern << 32 | to << 16 | from.
 */
static NOINLINE int find_string(struct bpf_nf_ctx *ctx, struct pkt *p,
				abi_u64 what, abi_u32 fold, const abi_u8 *data)
{
	const struct sk_buff *skb = ctx->skb;
	struct string_walk w = {
		.data = data,
		.p = p,
		.text = (abi_u64)skb->data,
		.at = what & 0xffff,
		.end = what >> 16 & 0xffff,
		.size = what >> 32,
		.fold = fold,
		.answer = HANDOVER,
	};

	if (skb->data_len)
		return HANDOVER;
	if (w.end > p->len)
		w.end = p->len;
	p->scratch = 0;
	/* Each step is at least one byte on, or behind one that was. */
	bpf_loop(2 * 65536 + 2, string_step, &w, 0);
	return w.answer;
}
#endif
