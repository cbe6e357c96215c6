/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind packet.bpf.h in programs with tables (doc/ENGINE.md): the first rule
 * of a run, at or after a given one, that a packet matches; and on from there,
 * as long as rules lead to others that are data. Compiled with TABLE_WORDS, a
 * power of two. What the words mean: codegen/engine.h.
 */
abi_u32 tables[TABLE_WORDS + TABLE_SLACK] SEC(".bss.tables")
	__attribute__((aligned(64)));

/* Any index is within bounds; those that the loader wrote are right as well. */
#define WORD(i) (tables + ((i) & (TABLE_WORDS - 1)))

/*
 * Numbers that the verifier does not know, and so does not tell states of a
 * walk apart by.
 */
#define ZERO   (*WORD(WORD_ZERO))
#define ONES   (*WORD(WORD_ONES))
#define ZERO64 (*(const abi_u64 *)WORD(WORD_ZERO64))

/* What the verifier knows of @x, it is to forget. */
#define UNKNOWN(x) ((x) ^ ZERO)

/*
 * In a loop that the verifier is to see once: the kernel's may_goto, which
 * leads to @label when the program has gone on for too long. clang has no word
 * for it: BPF_JMP | BPF_JCOND.
 */
#define ENDLESS_OR(label)                                                      \
	asm volatile goto("1: .byte 0xe5; .byte 0;"                            \
			  ".long ((%l0 - 1b - 8) / 8) & 0xffff; .short 0"      \
			  :                                                    \
			  :                                                    \
			  :                                                    \
			  : label)

INLINE abi_u64 walk_mix(abi_u64 h, abi_u64 w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

#if NEED_IIF || NEED_OIF
INLINE abi_u32 hash_name(const abi_u64 *name)
{
	return walk_mix(walk_mix(0, name[0]), name[1]);
}

INLINE abi_u64 hash_names(const struct pkt *p, abi_u32 which)
{
	abi_u64 h = 0;

#if NEED_IIF
	if (which & ENGINE_IIF)
		h = hash_name(p->iif);
#endif
#if NEED_OIF
	if (which & ENGINE_OIF)
		h |= (abi_u64)hash_name(p->oif) << 32;
#endif
	return h;
}
#endif

/* What all tables ask about. */
struct key {
	abi_u64 rest; /* ports and protocol */
#if FAMILY == 4
	abi_u64 addrs;
	abi_u32 saddr, daddr; /* host order */
#endif
};

INLINE void read_key(const struct pkt *p, struct key *k)
{
	k->rest = (abi_u64)p->proto << 32;
#if NEED_TH
	k->rest |= p->sport | (abi_u32)p->dport << 16;
#endif
#if FAMILY == 4
	k->addrs = p->saddr[0] | (abi_u64)p->daddr[0] << 32;
	k->saddr = ntoh32(p->saddr[0]);
	k->daddr = ntoh32(p->daddr[0]);
#endif
}

INLINE abi_u64 walk_hash(const struct pkt *p, const struct key *k,
			 const abi_u32 *t)
{
	const abi_u64 *mask = (const abi_u64 *)(t + TABLE_ADDRS);
	abi_u64 h = 0;

#if FAMILY == 6
	h = walk_mix(h, p->saddr[0] & mask[0]);
	h = walk_mix(h, p->saddr[1] & mask[1]);
	h = walk_mix(h, p->daddr[0] & mask[2]);
	h = walk_mix(h, p->daddr[1] & mask[3]);
#else
	h = walk_mix(h, k->addrs & mask[0]);
#endif
#if NEED_IIF || NEED_OIF
	if (t[TABLE_IFACES])
		h = walk_mix(h, hash_names(p, t[TABLE_IFACES]));
#endif
	return walk_mix(h, k->rest & *(const abi_u64 *)(t + TABLE_REST));
}

INLINE int in_range(abi_u32 x, abi_u32 range)
{
	return x >= (range & 0xffff) && x <= range >> 16;
}

/* As much of the transport header as the entry wants is there. */
INLINE int header_fits(const struct pkt *p, abi_u32 proto)
{
	abi_u32 have = p->avail;

	if (proto & ENTRY_PROTO_NATIVE && have < fast_bytes(p))
		have = fast_bytes(p);
	if (have < (proto >> 8 & 0xff))
		return 0;
	if (!(proto & ENTRY_PROTO_SHORT))
		return 1;
	return p->avail < (proto >> 16 & 0xff) &&
	       (!p->fragoff || (proto & ENTRY_PROTO_FRAG1 && p->fragoff == 1));
}

INLINE abi_u64 addrs_differ(const struct pkt *p, const struct key *k,
			    const abi_u32 *x)
{
	abi_u32 s = x[ENTRY_VERDICT] >> ENTRY_SADDR_SHIFT & ENTRY_ADDR_BITS;
	abi_u32 d = x[ENTRY_VERDICT] >> ENTRY_DADDR_SHIFT & ENTRY_ADDR_BITS;
#if FAMILY == 6
	const abi_u64 *a = (const abi_u64 *)(x + ENTRY_ADDRS);
	const abi_u64 *sm = (const abi_u64 *)WORD(WORD_MASKS + 4 * s);
	const abi_u64 *dm = (const abi_u64 *)WORD(WORD_MASKS + 4 * d);

	return ((p->saddr[0] ^ a[0]) & sm[0]) | ((p->saddr[1] ^ a[1]) & sm[1]) |
	       ((p->daddr[0] ^ a[2]) & dm[0]) | ((p->daddr[1] ^ a[3]) & dm[1]);
#else
	return (abi_u64)(k->saddr ^ x[ENTRY_ADDRS]) >> (s & 63) |
	       (abi_u64)(k->daddr ^ x[ENTRY_ADDRS + 1]) >> (d & 63);
#endif
}

INLINE int key_fits(const struct pkt *p, const struct key *k, const abi_u32 *x)
{
	abi_u32 proto = x[ENTRY_PROTO];

	if (addrs_differ(p, k, x))
		return 0;
#if NEED_TH
	if (!in_range(p->sport, x[ENTRY_SPORT]) ||
	    !in_range(p->dport, x[ENTRY_DPORT]))
		return 0;
#endif
	if (proto & ENTRY_PROTO_KNOWN && p->proto != (proto & 0xff))
		return 0;
	return !(proto & ~(0xffu | ENTRY_PROTO_KNOWN)) || header_fits(p, proto);
}

#if CONDITIONS
/* Without branches, whose number would be the verifier's trouble, and as a
 * loop: unrolled it takes a lot of stack. */
INLINE abi_u32 any_range(abi_u64 v, const abi_u32 *range)
{
	abi_u64 outside = ~0ULL; /* the sign bit tells */

#pragma clang loop unroll(disable)
	for (int i = 0; i < 15; i++)
		outside &= (v - (range[i] & 0xffff)) |
			   ((abi_u64)(range[i] >> 16) - v);
	return !(outside >> 63);
}

INLINE int cond_holds(struct pkt *p, const abi_u32 *c)
{
	const abi_u64 *value = (const abi_u64 *)(c + 2);
	abi_u32 kind = c[0] & COND_KIND, v = 0, w = 0, holds;
	abi_u64 a[2] = {0, 0};

#if COND_TEXTS
	if (kind == COND_TEXT)
		return text_holds(p, c[1]);
#endif
	if (kind == COND_BYTES) {
		switch (c[0] >> 8 & 0xff) {
			COND_WORDS
		}
		holds = !(((a[0] & value[2]) ^ value[0]) |
			  ((a[1] & value[3]) ^ value[1]));
	} else {
		switch (c[0] >> 8 & 0xff) {
			COND_NUMBERS
		}
		if (kind == COND_MASKED)
			holds = (v & c[1]) == c[2];
		else if (kind == COND_BETWEEN)
			holds = v >= c[1] && v <= c[2];
		else
			holds = any_range(v, c + 1) | any_range(w, c + 1);
	}
	return holds != !!(c[0] & COND_INVERT);
}
#endif

/* The target of a jump, or a goto. */
INLINE abi_u32 entry_target(const abi_u32 *x)
{
	abi_u32 more = x[ENTRY_MORE];

	return x[ENTRY_VERDICT] & ENTRY_BOXED ? WORD(more)[BOX_TARGET] : more;
}

#if CONDITIONS
INLINE abi_u32 entry_conds(const abi_u32 *x)
{
	abi_u32 more = x[ENTRY_MORE];

	return x[ENTRY_VERDICT] & ENTRY_BOXED ? WORD(more)[BOX_CONDS] : more;
}

/* All of a list. A function of its own: verified once. */
GLOBAL int conds_hold(struct pkt *p, abi_u32 cond)
{
	abi_u32 last;

	if (!p)
		return 0;
	do {
		const abi_u32 *c = WORD(cond);

		ENDLESS_OR(over);
		if (!cond_holds(p, c))
			return 0;
		last = c[0] & COND_LAST;
		cond += COND_STRIDE;
	} while (!last);
over: /* there are no endless lists */
	return 1;
}
#endif

/*
 * The entry of the first rule of run @run at or after @start that code has to
 * see to: it decides, or leads to code, or is a RETURN of the run's own chain.
 * Or WALK_*: the run ended; the packet is to be handed over; the run's
 * chain ended. A function of its own: verified once, whatever asks.
 */
GLOBAL abi_u32 walk(struct pkt *p, abi_u32 run, abi_u32 start)
{
	abi_u32 list;	     /* the tables or entries of the rules looked at */
	abi_u32 best, entry; /* the least index found; none: all ones, 0 */
	abi_u32 table, at;   /* the next ones */
	abi_u32 verdict;
	const abi_u32 *x;
	struct key key;
#if WALK_DEPTH
	abi_u64 back[WALK_DEPTH]; /* list << 32 | start */
	abi_u32 left = ZERO;	  /* a goto has led out of the first chain */
	abi_u32 depth = ZERO;
#endif

	if (!p)
		return WALK_HANDOVER;
#if WALK_DEPTH
	for (int i = 0; i < WALK_DEPTH; i++)
		back[i] = ZERO64;
#endif
	read_key(p, &key);
	list = *WORD(run);
search:
	list = UNKNOWN(list);
	start = UNKNOWN(start);
#if WALK_DEPTH
	left = UNKNOWN(left);
	depth = UNKNOWN(depth);
#endif
	ENDLESS_OR(over);
	best = ONES;
	entry = ZERO;
	table = list;
	if (list & LIST_ENTRIES) {
		table = ZERO + WORD_ONES;
		at = list & ~LIST_ENTRIES;
		goto entries;
	}
	for (;;) {
		const abi_u32 *t = WORD(table);
		abi_u64 h;

		ENDLESS_OR(over);
		if (t[TABLE_FIRST] >= best)
			break;
		table += TABLE_STRIDE;
		if (t[TABLE_LAST] < start)
			continue;
		h = walk_hash(p, &key, t);
		if (!(*WORD(t[TABLE_BITS] + ((h & t[TABLE_MASK]) >> 5)) >>
			      (h & 31) &
		      1))
			continue;
		at = t[TABLE_LINES] +
		     (abi_u32)((h >> 32) * t[TABLE_NLINES] >> 32) * LINE_WORDS;
	entries:
		for (;;) {
			abi_u32 index;

			ENDLESS_OR(over);
			x = WORD(at);
			index = x[ENTRY_INDEX];
			if (index >= best || index < start ||
			    !key_fits(p, &key, x))
				goto next;
#if CONDITIONS
			if (x[ENTRY_VERDICT] & (ENTRY_CONDS | ENTRY_BOXED) &&
			    !conds_hold(p, entry_conds(x)))
				goto next;
#endif
			best = index;
			entry = at;
			break;
		next:
			if (WORD(at)[ENTRY_VERDICT] & ENTRY_LAST)
				break;
			at += ENTRY_STRIDE;
		}
	}
	/* No table can better what was found. */
	if (!entry)
		goto back;
	x = WORD(entry);
	verdict = x[ENTRY_VERDICT] & 7;
	if (verdict == VERDICT_NEXT) {
		if (hit(p, x[ENTRY_INDEX]))
			return WALK_HANDOVER;
		start = x[ENTRY_INDEX] + 1;
		goto search;
	}
#if WALK_DEPTH
	if ((verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) &&
	    !(x[ENTRY_VERDICT] & ENTRY_FOREIGN)) {
		if (hit(p, x[ENTRY_INDEX]))
			return WALK_HANDOVER;
		if (verdict == VERDICT_GOTO) {
			left |= depth ? ZERO : ONES;
		} else {
			if (depth >= WALK_DEPTH)
				return WALK_HANDOVER;
			back[depth & (WALK_DEPTH - 1)] = (abi_u64)list << 32 |
							 (x[ENTRY_INDEX] + 1);
			depth++;
		}
		list = entry_target(x);
		start = ZERO;
		goto search;
	}
	if (verdict == VERDICT_RETURN && (depth || left)) {
		if (hit(p, x[ENTRY_INDEX]))
			return WALK_HANDOVER;
		goto back;
	}
#endif
	return entry;
back:
#if WALK_DEPTH
	if (depth) {
		abi_u64 to;

		depth--;
		to = back[(abi_u64)depth & (WALK_DEPTH - 1)];
		list = to >> 32;
		start = to;
		goto search;
	}
	if (left)
		return WALK_LEFT;
#endif
	return WALK_END;
over:
	return WALK_HANDOVER;
}
