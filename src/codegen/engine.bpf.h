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
#define ZERO (*WORD(WORD_ZERO))
#define ONES (*WORD(WORD_ONES))

struct walk {
	struct pkt *p;
	abi_u32 list;  /* the tables of the rules looked at */
	abi_u32 start; /* the least index wanted */
	abi_u32 best;  /* the least found, and its entry; none: all ones, 0 */
	abi_u32 entry;
	abi_u32 table; /* the next table */
	abi_u32 at;    /* the next entry of this one, 0: none */
	abi_u32 cond; /* the next condition of that entry, 0: its key is next */
	abi_u32 out;  /* the answer; WALK_ON: none yet */
	abi_u32 iif, oif; /* hashes of the devices' names */
#if WALK_DEPTH
	abi_u32 left; /* a goto has led out of the first chain */
	abi_u32 depth;
	abi_u64 back[WALK_DEPTH]; /* list << 32 | start */
#endif
};

INLINE abi_u64 walk_mix(abi_u64 h, abi_u64 w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

INLINE abi_u32 walk_hash(const struct walk *s, const abi_u32 *t)
{
	const struct pkt *p = s->p;
	abi_u64 h = 0, rest = (abi_u64)(p->proto & t[TABLE_PROTO]) << 32;

#if FAMILY == 6
	const abi_u64 *mask = (const abi_u64 *)(t + TABLE_ADDRS);

	h = walk_mix(h, p->saddr[0] & mask[0]);
	h = walk_mix(h, p->saddr[1] & mask[1]);
	h = walk_mix(h, p->daddr[0] & mask[2]);
	h = walk_mix(h, p->daddr[1] & mask[3]);
#else
	h = walk_mix(h, (p->saddr[0] & t[TABLE_ADDRS]) |
				(abi_u64)(p->daddr[0] & t[TABLE_ADDRS + 1])
					<< 32);
#endif
#if NEED_IIF || NEED_OIF
	if (t[TABLE_IFACES])
		h = walk_mix(h, (t[TABLE_IFACES] & ENGINE_IIF ? s->iif : 0) |
					(t[TABLE_IFACES] & ENGINE_OIF
						 ? (abi_u64)s->oif << 32
						 : 0));
#endif
#if NEED_TH
	rest |= (p->sport | (abi_u32)p->dport << 16) & t[TABLE_PORTS];
#endif
	return walk_mix(h, rest);
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

INLINE int key_fits(const struct pkt *p, const abi_u32 *x)
{
	abi_u32 proto = x[ENTRY_PROTO];
#if FAMILY == 6
	const abi_u64 *a = (const abi_u64 *)(x + ENTRY_ADDRS);

	if (((p->saddr[0] & a[2]) ^ a[0]) | ((p->saddr[1] & a[3]) ^ a[1]) |
	    ((p->daddr[0] & a[6]) ^ a[4]) | ((p->daddr[1] & a[7]) ^ a[5]))
		return 0;
#else
	const abi_u32 *a = x + ENTRY_ADDRS;

	if (((p->saddr[0] & a[1]) ^ a[0]) | ((p->daddr[0] & a[3]) ^ a[2]))
		return 0;
#endif
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

/* Begins a search of rules @start and on of @list. */
INLINE void walk_from(struct walk *s, abi_u32 list, abi_u32 start)
{
	s->list = s->table = list;
	s->start = start;
	s->best = ONES;
	s->entry = ZERO;
}

INLINE long walk_ends(struct walk *s, abi_u32 out)
{
	s->out = out;
	return 1;
}

/* Back to the caller of the chain of entries that ends here. */
INLINE long walk_back(struct walk *s)
{
#if WALK_DEPTH
	abi_u64 depth = s->depth - 1, to;

	if (!s->depth)
		return walk_ends(s, s->left ? WALK_LEFT : WALK_END);
	s->depth = depth;
	to = s->back[depth & (WALK_DEPTH - 1)];
	walk_from(s, to >> 32, to);
	return 0;
#else
	return walk_ends(s, WALK_END);
#endif
}

#if WALK_DEPTH
INLINE long walk_jump(struct walk *s, const abi_u32 *x, abi_u32 verdict)
{
	abi_u64 depth = s->depth;

	if (verdict == VERDICT_GOTO) {
		s->left |= depth ? ZERO : ONES;
	} else {
		if (depth >= WALK_DEPTH)
			return walk_ends(s, WALK_HANDOVER);
		s->back[depth & (WALK_DEPTH - 1)] = (abi_u64)s->list << 32 |
						    (x[ENTRY_INDEX] + 1);
		s->depth = depth + 1;
	}
	walk_from(s, x[ENTRY_TARGET], 0);
	return 0;
}
#endif

/* No table can better what was found. */
INLINE long walk_found(struct walk *s)
{
	const abi_u32 *x = WORD(s->entry);
	abi_u32 verdict = x[ENTRY_VERDICT] & 7;

	if (!s->entry)
		return walk_back(s);
	if (verdict == VERDICT_NEXT) {
		if (hit(s->p, x[ENTRY_COUNTER]))
			return walk_ends(s, WALK_HANDOVER);
		walk_from(s, s->list, x[ENTRY_INDEX] + 1);
		return 0;
	}
#if WALK_DEPTH
	if ((verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) &&
	    !(x[ENTRY_VERDICT] & ENTRY_FOREIGN)) {
		if (hit(s->p, x[ENTRY_COUNTER]))
			return walk_ends(s, WALK_HANDOVER);
		return walk_jump(s, x, verdict);
	}
	if (verdict == VERDICT_RETURN && (s->depth || s->left)) {
		if (hit(s->p, x[ENTRY_COUNTER]))
			return walk_ends(s, WALK_HANDOVER);
		return walk_back(s);
	}
#endif
	return walk_ends(s, s->entry);
}

/* Tables without an entry for the packet that are passed at once. */
#define TABLES_A_STEP 3

/*
 * One entry, or one condition, or one table without an entry for the packet; 1:
 * the walk is over.
 */
static NOINLINE long walk_step(abi_u32 i, struct walk *s)
{
	const abi_u32 *x;

	for (int k = 0; !s->at; k++) {
		const abi_u32 *t = WORD(s->table);

		if (t[TABLE_FIRST] >= s->best)
			return walk_found(s);
		if (k == TABLES_A_STEP)
			return 0;
		s->table += TABLE_STRIDE;
		if (t[TABLE_LAST] >= s->start)
			s->at = *WORD(t[TABLE_BUCKETS] +
				      (walk_hash(s, t) & t[TABLE_HASH]));
	}
	x = WORD(s->at);
#if CONDITIONS
	if (!s->cond) {
#endif
		if (x[ENTRY_INDEX] >= s->best) {
			s->at = ZERO;
			return 0;
		}
		if (x[ENTRY_INDEX] < s->start || !key_fits(s->p, x))
			goto next;
#if CONDITIONS
		s->cond = x[ENTRY_CONDS];
	}
	if (s->cond) {
		const abi_u32 *c = WORD(s->cond);
		abi_u32 last = c[0] & COND_LAST;

		if (!cond_holds(s->p, c)) {
			s->cond = ZERO;
			goto next;
		}
		s->cond += COND_STRIDE;
		if (!last)
			return 0;
		s->cond = ZERO;
	}
#endif
	s->best = x[ENTRY_INDEX];
	s->entry = s->at;
	s->at = ZERO;
	return 0;
next:
	s->at = x[ENTRY_VERDICT] & ENTRY_LAST ? ZERO : s->at + ENTRY_STRIDE;
	return 0;
}

#define WALK_STEPS (1 << 22)

#if NEED_IIF || NEED_OIF
INLINE abi_u32 hash_name(const abi_u64 *name)
{
	return walk_mix(walk_mix(0, name[0]), name[1]);
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
	abi_u32 zero = ZERO;
	struct walk s = {
		.p = p,
		.out = WALK_ON,
		.at = zero,
		.cond = zero,
#if WALK_DEPTH
		.left = zero,
		.depth = zero,
#endif
	};

	if (!p)
		return WALK_HANDOVER;
#if NEED_IIF
	s.iif = hash_name(p->iif);
#endif
#if NEED_OIF
	s.oif = hash_name(p->oif);
#endif
	walk_from(&s, *WORD(run), start);
	bpf_loop(WALK_STEPS, walk_step, &s, 0);
	return s.out == WALK_ON ? WALK_HANDOVER : s.out;
}
