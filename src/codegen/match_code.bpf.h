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
	abi_u32 words;
	abi_u64 fold; /* of string_fold() */
	int answer;
};

/* @fold: ~0 to make capitals of ASCII's letters, 0 to leave them. */
INLINE abi_u64 string_fold(abi_u64 v, abi_u64 fold)
{
	abi_u64 low = v & 0x7f7f7f7f7f7f7f7fULL;
	abi_u64 small = (low + 0x1f1f1f1f1f1f1f1fULL) &	 /* from a ... */
			~(low + 0x0505050505050505ULL) & /* ... to z */
			~v & 0x8080808080808080ULL;

	return v - (small >> 2 & fold);
}

/* Eight bytes of the text. */
INLINE abi_u64 string_word(abi_u64 at, abi_u64 fold)
{
	return string_fold(*(const abi_u64 *)raw_bytes((void *)at), fold);
}

/* Looks at some places for the first eight bytes, at one for the others. */
static int string_step(abi_u32 i, struct string_walk *w)
{
	const abi_u64 *data = w->data;
	abi_u64 word = data[0], mask = data[STRING_WORDS], text = w->text;
	abi_u64 fold = w->fold;
	abi_u32 at = w->at, last = w->last, k;

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
 * The same in a packet whose bytes do not all lie in one piece. Boyer-Moore
 * looks at one piece after the other, and finds nothing that lies in two.
 */
struct string_pieces {
	struct bpf_nf_ctx *ctx;
	const abi_u64 *data; /* as above */
	abi_u64 frags;	     /* address of the next piece's skb_frag */
	abi_u64 fold;	     /* of string_fold() */
	abi_u32 at, last;
	abi_u32 size;
	abi_u32 border; /* where the piece ends that @at lies in */
	abi_u32 known;	/* words of the pattern that are found at at - 1 */
	int answer;
};

#define STRING_READ 56 /* places looked at with one read */

/* The next eight bytes of the pattern, behind those found at place at - 1. */
INLINE int string_rest(struct string_pieces *w)
{
	abi_u32 k = w->known, left = w->size - 8 * k;
	abi_u64 word = 0;

	if (8 * k >= w->size || k >= STRING_WORDS) {
		w->answer = MATCH;
		return 1;
	}
	if (read_bytes(w->ctx, w->at - 1 + 8 * k, &word, left > 8 ? 8 : left))
		return 1;
	w->known = (string_fold(word, w->fold) & w->data[STRING_WORDS + k]) ==
				   w->data[k]
			   ? k + 1
			   : 0;
	return 0;
}

INLINE void string_next_piece(struct string_pieces *w)
{
	if (w->at < w->border)
		w->at = w->border;
	w->border += K32(w->frags, skb_frag, len);
	w->frags += TYPE_SIZE(skb_frag);
}

struct string_text {
	abi_u8 bytes[STRING_READ + 8];
};

/* The first of STRING_READ places at which @word stands; none: STRING_READ. */
GLOBAL abi_u32 string_place(struct string_text *t, abi_u64 word, abi_u64 mask,
			    abi_u64 fold)
{
	abi_u64 seen = 0;

	if (!t)
		return 0;
	for (abi_u32 k = 0; k < STRING_READ + 7; k++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		seen = seen >> 8 | (abi_u64)t->bytes[k] << 56;
#else
		seen = seen << 8 | t->bytes[k];
#endif
		if (k >= 7 && (string_fold(seen, fold) & mask) == word)
			return k - 7;
	}
	return STRING_READ;
}

/* Looks at STRING_READ places for the first eight bytes. */
INLINE int string_scan(struct string_pieces *w, abi_u32 last)
{
	struct string_text text = {{0}};
	abi_u32 at = w->at, there = last + w->size - at, place;

	if (there > STRING_READ + 7)
		there = STRING_READ + 7;
	if (read_bytes(w->ctx, at, &text, there))
		return 1;
	place = string_place(&text, w->data[0], w->data[STRING_WORDS], w->fold);
	at += place;
	/* What stands behind the last place is not all the text's, or not of
	 * this piece. */
	w->known = place < STRING_READ && at <= last;
	w->at = at > last ? last + 1 : at + w->known;
	return 0;
}

static int string_piece_step(abi_u32 i, struct string_pieces *w)
{
	abi_u32 last = w->last;

	if (w->known)
		return string_rest(w);
	if (w->at > last) {
		w->answer = NEXT;
		return 1;
	}
	if (FIELD_EXISTS(skb_frag, len) && w->at + w->size > w->border) {
		string_next_piece(w);
		return 0;
	}
	if (last > w->border - w->size)
		last = w->border - w->size;
	return string_scan(w, last);
}

INLINE int find_in_pieces(struct bpf_nf_ctx *ctx, abi_u32 from, abi_u32 last,
			  abi_u32 size, abi_u32 flags, const abi_u64 *data)
{
	const struct sk_buff *skb = ctx->skb;
	abi_u64 info = (abi_u64)skb->head + skb->end;
	struct string_pieces w = {
		.ctx = ctx,
		.data = data,
		.at = from,
		.last = last,
		.size = size,
		.fold = flags & 1 ? ~0ULL : 0,
		.border = ~0u,
		.answer = HANDOVER,
	};

	if (flags & 2) { /* Boyer-Moore */
		if (!FIELD_EXISTS(skb_frag, len) ||
		    K64(info, skb_shared_info, frag_list))
			return HANDOVER;
		w.frags = info + FIELD_AT(skb_shared_info, frags);
		w.border = skb->len - skb->data_len;
	}
	bpf_loop(last / STRING_READ + STRING_STARTS, string_piece_step, &w, 0);
	return w.answer;
}

/*
 * skb_find_text(). @what: size of the pattern << 32 | to << 16 | from. @flags:
 * 1 regardless of case, 2 Boyer-Moore: what the two algorithms find differs
 * only where a pattern lies across the end of a piece of memory.
 */
static NOINLINE int find_string(struct bpf_nf_ctx *ctx, struct pkt *p,
				abi_u64 what, abi_u32 flags, const abi_u8 *data)
{
	const struct sk_buff *skb = ctx->skb;
	abi_u32 end = what >> 16 & 0xffff, size = what >> 32;
	struct string_walk w = {
		.data = (const abi_u64 *)data,
		.text = (abi_u64)skb->data,
		.at = what & 0xffff,
		.words = (size + 7) / 8,
		.fold = flags & 1 ? ~0ULL : 0,
		.answer = HANDOVER,
	};

	if (end > p->len)
		end = p->len;
	if (end < size)
		return NEXT;
	w.last = end - size;
	if (skb->data_len)
		return find_in_pieces(ctx, w.at, w.last, size, flags, w.data);
	bpf_loop(w.last / 16 + STRING_STARTS, string_step, &w, 0);
	return w.answer;
}
#endif
