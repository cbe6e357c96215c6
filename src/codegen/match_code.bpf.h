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
/* So many false starts are looked into; a text with more is nft's. */
#define STRING_STARTS 256
#define STRING_WORDS  16 /* of eight bytes, in the longest pattern */

struct string_walk {
	/* The pattern, STRING_WORDS long; then which bits of that count. */
	const abi_u64 *data;
	abi_u64 text;	  /* address of the linear part */
	abi_u32 at, last; /* where it may begin: this and the last place */
	abi_u32 words, fold;
	int answer;
};

/* Eight bytes of the text; @fold: letters of ASCII as capitals. */
INLINE abi_u64 string_word(abi_u64 at, abi_u32 fold)
{
	abi_u64 v = *(const abi_u64 *)raw_bytes((void *)at);
	abi_u64 low = v & 0x7f7f7f7f7f7f7f7fULL;
	abi_u64 small = (low + 0x1f1f1f1f1f1f1f1fULL) &	 /* from a ... */
			~(low + 0x0505050505050505ULL) & /* ... to z */
			~v & 0x8080808080808080ULL;

	return fold ? v - (small >> 2) : v;
}

/* Looks at some places for the first eight bytes, at one for the others. */
static int string_step(abi_u32 i, struct string_walk *w)
{
	const abi_u64 *data = w->data;
	abi_u64 word = data[0], mask = data[STRING_WORDS], text = w->text;
	abi_u32 at = w->at, last = w->last, fold = w->fold, k;

	for (k = 0; k < 16; k++, at++) {
		if (at > last) {
			w->answer = NEXT;
			return 1;
		}
		if ((string_word(text + at, fold) & mask) == word)
			break;
	}
	w->at = at;
	if (k == 16)
		return 0;
	w->at = at + 1;
	for (k = 1; k < STRING_WORDS && k < w->words; k++)
		if ((string_word(text + at + 8 * k, fold) &
		     data[STRING_WORDS + k]) != data[k])
			return 0;
	w->answer = MATCH;
	return 1;
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
	abi_u32 end = what >> 16 & 0xffff, size = what >> 32;
	struct string_walk w = {
		.data = (const abi_u64 *)data,
		.text = (abi_u64)skb->data,
		.at = what & 0xffff,
		.words = (size + 7) / 8,
		.fold = fold,
		.answer = HANDOVER,
	};

	if (skb->data_len)
		return HANDOVER;
	if (end > p->len)
		end = p->len;
	if (end < size)
		return NEXT;
	w.last = end - size;
	bpf_loop(w.last / 16 + STRING_STARTS, string_step, &w, 0);
	return w.answer;
}
#endif
