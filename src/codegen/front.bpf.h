/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind the chains of every generated program: the entry, and what a
 * decision does. Compiled with POLICY, POLICY_COUNT (0: not counted),
 * COUNTERS and STATE_DECIDES.
 */
struct abi_notes notes SEC(ABI_NOTES_MAP);
volatile abi_u64 ctl SEC(ABI_CTL_MAP);

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, ABI_CHAINS);
	__type(key, abi_u32);
	__type(value, struct abi_stats);
} stats SEC(".maps");

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, abi_u32);
	__type(value, struct abi_counter);
} counters SEC(".maps");

INLINE void add(abi_u64 *to, abi_u64 n)
{
	if (process_context)
		__sync_fetch_and_add(to, n);
	else
		*to += n;
}

INLINE void count(abi_u32 ordinal, abi_u32 bytes)
{
	struct abi_counter *c = bpf_map_lookup_elem(&counters, &ordinal);

	if (!c)
		return;
	add(&c->packets, 1);
	add(&c->bytes, bytes);
}

/* Of loader/abi.h's control word, this table's bits. */
#define EXCLUSIVE 1
#define AWAKE	  (1u << (ABI_CTL_AWAKE - ABI_CTL_EXCLUSIVE))
#define QUIET	  (1u << (ABI_CTL_QUIET - ABI_CTL_EXCLUSIVE))

INLINE abi_u32 read_phase(void)
{
	return ctl >> (ABI_CTL_EXCLUSIVE + table_id) &
	       (EXCLUSIVE | AWAKE | QUIET);
}

#define UNCOUNTED 2

/*
 * Leaves the note for nft, if that is awake. 0: it could not be left, hand the
 * packet over. That nft evaluates a packet once more is no reason where it may
 * not evaluate it at all; but where it is known to, it counts: UNCOUNTED.
 */
INLINE int claim(struct bpf_nf_ctx *ctx, abi_u32 phase)
{
	int left = 0;

	if (phase == EXCLUSIVE)
		return 1;
	if (!(phase & EXCLUSIVE) || phase & AWAKE)
		left = notes_claim(&notes, notes_skb_addr(ctx), chain_id);
	if (left || !(phase & EXCLUSIVE))
		return left;
	return phase & QUIET ? UNCOUNTED : 1;
}

/*
 * nft decides: no note may be left for it, and nothing is counted but this. No
 * program of an exclusive table gets here; a packet that did would meet no
 * ruleset.
 */
static NOINLINE int hand_over(struct bpf_nf_ctx *ctx)
{
	abi_u32 id = chain_id;
	struct abi_stats *s = bpf_map_lookup_elem(&stats, &id);

	notes_clear(&notes, notes_skb_addr(ctx));
	if (s)
		add(&s->handed_over, 1);
	return !(read_phase() & EXCLUSIVE);
}

INLINE void count_all(const struct pkt *p, abi_u32 decider)
{
	abi_u32 id = chain_id;
	struct abi_stats *s = bpf_map_lookup_elem(&stats, &id);

	if (s)
		add(&s->decided, 1);
	for (abi_u32 i = 0; i < HITS; i++) {
		if (i >= p->n)
			break;
		count(p->hit[i], p->len);
	}
	if (decider)
		count(decider - 1, p->len);
}

/*
 * Sets @p->verdict, and lets the verifier forget what it knows of @p: to it,
 * the store may hit any word. So it walks the chain once, and not once for each
 * way through read_packet(), and what follows once, not for each verdict. 1: no
 * packet gets there.
 */
INLINE int set_verdict(struct pkt *p, abi_u32 verdict)
{
	abi_u64 at = p->len, same = at;

	asm volatile("" : "+r"(same));
	at -= same;
	if (at > sizeof(*p) - sizeof(verdict))
		return 1;
	*(volatile abi_u32 *)((char *)p + (at & ~3)) = verdict;
	/* And clang: no value may outlive it in a register. */
	asm volatile("" : : "r"(p) : "memory");
	return 0;
}

/*
 * What the rules say. @left: what claim() said, where that must be known before
 * the rules are: nothing may be handed over once they have taken or counted
 * something.
 */
INLINE abi_u32 evaluate(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 phase,
			int *left)
{
	abi_u32 verdict;

	if (read_first(ctx, p))
		return HANDOVER;
	/* Most packets of a connection meet one of these. */
	verdict = LEADING(ctx, p);
	if (verdict)
		return verdict;
	if (read_packet(ctx, p) || set_verdict(p, HANDOVER))
		return HANDOVER;
	if (STATE_DECIDES) {
		*left = claim(ctx, phase);
		if (!*left)
			return HANDOVER;
	}
	return CHAIN_0(ctx, p);
}

SEC("netfilter")
int front(struct bpf_nf_ctx *ctx)
{
	abi_u32 verdict, phase = read_phase();
	int left = 0;
	struct pkt p;

	/*
	 * Nobody could trace a packet through a dormant table; and where state
	 * decides, nft's own would be asked about traced packets only.
	 */
	if (!STATE_DECIDES && READ_BITS(ctx->skb, nf_trace) &&
	    !(phase & EXCLUSIVE))
		return hand_over(ctx);
	if (set_verdict(&p, evaluate(ctx, &p, phase, &left)))
		return hand_over(ctx);
	verdict = p.verdict;
	if (!verdict)
		verdict = POLICY | POLICY_COUNT;
	switch (verdict & CODE_MASK) {
	case ACCEPT:
		if (!STATE_DECIDES)
			left = claim(ctx, phase);
		if (!left)
			return hand_over(ctx);
		if (left != UNCOUNTED)
			count_all(&p, verdict >> 3);
		return 1;
	case DROP:
		if (phase != EXCLUSIVE)
			notes_clear(&notes, notes_skb_addr(ctx));
		count_all(&p, verdict >> 3);
		return 0;
	}
	return hand_over(ctx);
}

char LICENSE[] SEC("license") = "GPL";
