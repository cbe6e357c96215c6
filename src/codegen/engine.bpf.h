/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind packet.bpf.h in programs with tables (doc/ENGINE.md): the first rule
 * of a run, at or after a given one, that a packet matches. Compiled with
 * TABLE_WORDS, a power of two. What the words mean: codegen/engine.h.
 */
abi_u32 tables[TABLE_WORDS + TABLE_SLACK] SEC(".bss.tables")
	__attribute__((aligned(64)));

/* Any index is within bounds; those that the loader wrote are right as well. */
#define WORD(i) (tables + ((i) & (TABLE_WORDS - 1)))

struct search {
	const struct pkt *p;
	abi_u32 residuals; /* a bit per predicate that holds */
	abi_u32 start;	   /* the least index wanted */
	abi_u32 best; /* the least found, and its entry; none: all ones, 0 */
	abi_u32 entry;
	abi_u32 table; /* the next table */
	abi_u32 at;    /* the next entry of this one, 0: none */
};

INLINE abi_u64 search_mix(abi_u64 h, abi_u64 w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

INLINE abi_u32 search_hash(const struct pkt *p, const abi_u32 *t)
{
	abi_u64 h = 0, rest = (abi_u64)(p->proto & t[TABLE_PROTO]) << 32;

#if FAMILY == 6
	const abi_u64 *mask = (const abi_u64 *)(t + TABLE_ADDRS);

	h = search_mix(h, p->saddr[0] & mask[0]);
	h = search_mix(h, p->saddr[1] & mask[1]);
	h = search_mix(h, p->daddr[0] & mask[2]);
	h = search_mix(h, p->daddr[1] & mask[3]);
#else
	h = search_mix(h, (p->saddr[0] & t[TABLE_ADDRS]) |
				  (abi_u64)(p->daddr[0] & t[TABLE_ADDRS + 1])
					  << 32);
#endif
#if NEED_TH
	rest |= (p->sport | (abi_u32)p->dport << 16) & t[TABLE_PORTS];
#endif
	return search_mix(h, rest);
}

INLINE int in_range(abi_u32 x, abi_u32 range)
{
	return x >= (range & 0xffff) && x <= range >> 16;
}

INLINE int search_matches(const struct search *s, const abi_u32 *x)
{
	const struct pkt *p = s->p;
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
	return !((p->proto ^ x[ENTRY_PROTO]) & x[ENTRY_PROTO] >> 16) &&
	       !(x[ENTRY_RESIDUALS] & ~s->residuals);
}

/* One entry, or one table without any; 1: the search is over. */
static NOINLINE long search_step(abi_u32 i, struct search *s)
{
	const abi_u32 *t, *x;
	abi_u32 at = s->at;

	if (!at) {
		t = WORD(s->table);
		if (t[TABLE_FIRST] >= s->best)
			return 1;
		s->table += TABLE_STRIDE;
		if (t[TABLE_LAST] < s->start)
			return 0;
		at = *WORD(t[TABLE_BUCKETS] +
			   (search_hash(s->p, t) & t[TABLE_HASH]));
		if (!at)
			return 0;
	}
	x = WORD(at);
	s->at = 0;
	if (x[ENTRY_INDEX] >= s->best)
		return 0;
	if (x[ENTRY_INDEX] >= s->start && search_matches(s, x)) {
		s->best = x[ENTRY_INDEX];
		s->entry = at;
		return 0;
	}
	if (!(x[ENTRY_VERDICT] & ENTRY_LAST))
		s->at = at + ENTRY_STRIDE;
	return 0;
}

#define SEARCH_STEPS (1 << 22)

/*
 * The entry of the first rule of run @run at or after @start, 0: none. A
 * function of its own: verified once, whatever asks.
 */
GLOBAL abi_u32 search(struct pkt *p, abi_u32 run, abi_u32 start,
		      abi_u32 residuals)
{
	struct search s = {
		.p = p,
		.residuals = residuals,
		.start = start,
		.best = ~0u,
		.table = *WORD(run),
	};

	if (!p)
		return 0;
	bpf_loop(SEARCH_STEPS, search_step, &s, 0);
	return s.entry;
}
