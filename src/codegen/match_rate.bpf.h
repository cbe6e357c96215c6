/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of the chains: -m hashlimit, hashlimit_mt_common() of
 * xt_hashlimit.c. Each table is a map; it and a function that asks it are
 * printed by print_hashlimit.c. And -m quota.
 */

#if NEED_QUOTA
/*
 * quota_mt() of xt_quota.c, which keeps what is left at @left. The rule, and
 * with it that place, is there as long as the generation is the program's.
 */
#define quota(ctx, p, left)                                                    \
	(*(const volatile abi_u64 *)raw_bytes((const void *)(left)) ? HANDOVER \
								    : NEXT)
#endif

#if NEED_HASHLIMIT
#define HASHLIMIT_DST	(1 << 0) /* XT_HASHLIMIT_HASH_*: */
#define HASHLIMIT_DPORT (1 << 1)
#define HASHLIMIT_SRC	(1 << 2)
#define HASHLIMIT_SPORT (1 << 3)
#define HASHLIMIT_BYTES (1 << 5)
#define HASHLIMIT_RATE	(1 << 6)

struct hashlimit_key {
#if FAMILY == 6
	abi_u32 src[4], dst[4];
#else
	abi_u32 src[1], dst[1];
#endif
	abi_u16 sport, dport;
};

/* Times in jiffies. */
struct hashlimit_entry {
	struct bpf_spin_lock lock;
	abi_u32 over;	 /* rate match: the window before this was */
	abi_u64 expires; /* 0: not begun */
	abi_u64 since;	 /* last looked at, or the window's begin */
	abi_u64 credit;	 /* or what was seen in this window */
	abi_u64 refills;
};

struct hashlimit_config {
	abi_u32 mode;
	int gate; /* in front of nft's table: it refuses nothing that that would
		     not */
	abi_u32 smask[4], dmask[4]; /* network order */
	abi_u64 per_jiffy, cost, cap, full;
	abi_u64 rate, burst;
	abi_u32 interval, expire, gc_interval;
};

/* ---- the key: hashlimit_init_dst() ---- */

/* proto_ports_offset(): where ports (or an SPI) lie, negative: nowhere. */
INLINE int ports_offset(abi_u32 proto)
{
	switch (proto) {
	case 6:	  /* TCP */
	case 17:  /* UDP */
	case 33:  /* DCCP */
	case 50:  /* ESP */
	case 132: /* SCTP */
	case 136: /* UDPLITE */
		return 0;
	case 51: /* AH */
		return 4;
	}
	return -1;
}

#if FAMILY == 6
INLINE abi_u32 first_proto(struct bpf_nf_ctx *ctx)
{
	const struct sk_buff *skb = ctx->skb;

	return raw_bytes(skb->head + skb->network_header)[6];
}

struct skip_walk {
	struct bpf_nf_ctx *ctx;
	abi_u32 off, proto;
	int bad;
};

static int skip_one(abi_u32 i, struct skip_walk *w)
{
	abi_u8 h[4];

	if (!is_ext_hdr(w->proto))
		return 1;
	w->bad = 1;
	if (w->proto == 59 || read_bytes(w->ctx, w->off, h, 2))
		return 1;
	if (w->proto == 44) {
		if (read_bytes(w->ctx, w->off, h, 4))
			return 1;
		w->bad = 0;
		/* A later fragment: no header is behind it. */
		if (get16(h + 2) & ~7)
			return 1;
		w->off += 8;
	} else {
		w->bad = 0;
		w->off += w->proto == 51 ? (h[1] + 2) << 2 : (h[1] + 1) << 3;
	}
	w->proto = h[0];
	return 0;
}

/* ipv6_skip_exthdr(); true: it finds no end. */
INLINE int find_ports(struct bpf_nf_ctx *ctx, const struct pkt *p,
		      abi_u32 *proto, abi_u32 *off)
{
	struct skip_walk w = {.ctx = ctx, .off = 40, .proto = first_proto(ctx)};

	bpf_loop(1 << 20, skip_one, &w, 0);
	*proto = w.proto;
	*off = w.off;
	return w.bad;
}
#else
#define first_proto(ctx) (p->proto)

INLINE int find_ports(struct bpf_nf_ctx *ctx, const struct pkt *p,
		      abi_u32 *proto, abi_u32 *off)
{
	*proto = p->proto;
	*off = p->thoff;
	return 0;
}
#endif

/* Numbers in host order. True: the packet is dropped. */
INLINE int hashlimit_ports(struct bpf_nf_ctx *ctx, const struct pkt *p,
			   abi_u16 *ports)
{
	abi_u32 proto, off;
	abi_u8 h[4];
	int at;

	ports[0] = ports[1] = 0;
#if NEED_TH
	/* No extension headers, and what was read already. */
	if (!p->fragoff && p->avail >= 4 && !ports_offset(p->proto) &&
	    first_proto(ctx) == p->proto) {
		ports[0] = p->sport;
		ports[1] = p->dport;
		return 0;
	}
#endif
	if (find_ports(ctx, p, &proto, &off))
		return 1;
	at = ports_offset(proto);
	if (at < 0)
		return 0;
	if (read_bytes(ctx, off + at, h, sizeof(h)))
		return 1;
	ports[0] = get16(h);
	ports[1] = get16(h + 2);
	return 0;
}

/* True: the packet is dropped. */
INLINE int hashlimit_key(struct bpf_nf_ctx *ctx, const struct pkt *p,
			 const struct hashlimit_config *c,
			 struct hashlimit_key *key)
{
	const abi_u32 *src = (const abi_u32 *)p->saddr;
	const abi_u32 *dst = (const abi_u32 *)p->daddr;
	abi_u16 ports[2];

	for (int i = 0; i < (FAMILY == 6 ? 4 : 1); i++) {
		key->src[i] = c->mode & HASHLIMIT_SRC ? src[i] & c->smask[i]
						      : 0;
		key->dst[i] = c->mode & HASHLIMIT_DST ? dst[i] & c->dmask[i]
						      : 0;
	}
	key->sport = key->dport = 0;
	if (!(c->mode & (HASHLIMIT_SPORT | HASHLIMIT_DPORT)))
		return 0;
	if (hashlimit_ports(ctx, p, ports))
		return 1;
	if (c->mode & HASHLIMIT_SPORT)
		key->sport = ports[0];
	if (c->mode & HASHLIMIT_DPORT)
		key->dport = ports[1];
	return 0;
}

/* ---- entries ---- */

/*
 * Whether the kernel's htable_gc(), which comes by every @gc_interval, would
 * have found that @expires is over.
 */
INLINE int hashlimit_expired(abi_u64 expires, abi_u64 now, abi_u32 gc_interval)
{
	return expires && now >= expires &&
	       now - now % gc_interval >= expires;
}

struct hashlimit_sweep {
	abi_u64 now;
};

static long hashlimit_sweep_one(void *map, const struct hashlimit_key *key,
				struct hashlimit_entry *e,
				struct hashlimit_sweep *s)
{
	if (e->expires && s->now >= e->expires)
		bpf_map_delete_elem(map, key);
	return 0;
}

/*
 * A new entry. In a full table those that are expired make room, looked for
 * no more often than the kernel looks for them.
 */
INLINE struct hashlimit_entry *hashlimit_add(void *map,
					     const struct hashlimit_key *key,
					     abi_u64 now, abi_u32 gc_interval,
					     volatile abi_u64 *swept)
{
	struct hashlimit_entry e = {0};
	struct hashlimit_sweep s = {.now = now};
	long err = bpf_map_update_elem(map, key, &e, MAP_U_NOEXIST);
	abi_u64 last = *swept;

	if (err == -7 /* E2BIG */ && now - last >= gc_interval &&
	    __sync_val_compare_and_swap(swept, last, now) == last) {
		bpf_for_each_map_elem(map, hashlimit_sweep_one, &s, 0);
		bpf_map_update_elem(map, key, &e, MAP_U_NOEXIST);
	}
	return bpf_map_lookup_elem(map, key);
}

/* ---- the arithmetic: true when the packet is within the limit ---- */

/* rateinfo_init() and rateinfo_recalc(). */
INLINE void hashlimit_begin(struct hashlimit_entry *e,
			    const struct hashlimit_config *c, abi_u64 now)
{
	e->since = now;
	e->over = 0;
	e->credit = c->full;
	e->refills = c->mode & HASHLIMIT_BYTES ? c->cap : 0;
}

INLINE int hashlimit_by_rate(struct hashlimit_entry *e,
			     const struct hashlimit_config *c, abi_u64 passed,
			     abi_u64 now, abi_u32 len)
{
	if (passed && passed >= c->interval) {
		e->since = now;
		e->over = e->credit * c->interval > passed * c->rate;
		e->credit = 0;
	}
	e->credit += c->mode & HASHLIMIT_BYTES ? len : 1;
	return !e->over && e->credit <= c->burst;
}

/* Sixteen bytes at a time; a bucket that is empty is filled up @refills times. */
INLINE int hashlimit_by_bytes(struct hashlimit_entry *e,
			      const struct hashlimit_config *c, abi_u64 passed,
			      abi_u64 now, abi_u32 len)
{
	abi_u64 was = e->credit, cost = ((abi_u64)(len >> 4) + 1) * c->cost;

	if (passed) {
		e->since = now;
		e->credit += c->per_jiffy * passed;
		if (was >= e->credit || e->credit > c->full)
			e->credit = c->full;
	}
	if (cost > c->full)
		cost = c->full;
	if (e->credit < cost && e->refills) {
		e->refills--;
		e->credit = c->full;
	}
	if (e->credit < cost)
		return 0;
	e->credit -= cost;
	return 1;
}

INLINE int hashlimit_by_packets(struct hashlimit_entry *e,
				const struct hashlimit_config *c,
				abi_u64 passed, abi_u64 now)
{
	abi_u64 was = e->credit;

	if (passed) {
		e->since = now;
		e->credit += c->per_jiffy * passed;
		if (e->credit > c->cap)
			e->credit = c->cap;
		/* What is too long for the numbers must not make a gate the
		 * stricter one. */
		if (c->gate && (passed > (1ULL << 63) / c->per_jiffy ||
				e->credit < was))
			e->credit = c->cap;
	}
	if (e->credit < c->cost)
		return 0;
	e->credit -= c->cost;
	return 1;
}

/* MATCH: within the limit, or for a gate, nft is to say. */
INLINE int hashlimit(struct bpf_nf_ctx *ctx, const struct pkt *p, void *map,
		     volatile abi_u64 *swept, const struct hashlimit_config *c)
{
	struct hashlimit_entry *e;
	struct hashlimit_key key;
	abi_u64 now, passed;
	int within;

	if (hashlimit_key(ctx, p, c, &key))
		return DROP;
	now = bpf_jiffies64();
	e = bpf_map_lookup_elem(map, &key);
	if (!e)
		e = hashlimit_add(map, &key, now, c->gc_interval, swept);
	if (!e)
		return c->gate ? MATCH : DROP;
	bpf_spin_lock(&e->lock);
	if (!e->expires || hashlimit_expired(e->expires, now,
					     c->gate ? 1 : c->gc_interval))
		hashlimit_begin(e, c, now);
	/* Another CPU may have been here a moment later. */
	passed = now > e->since ? now - e->since : 0;
	e->expires = now + c->expire;
	if (c->mode & HASHLIMIT_RATE)
		within = hashlimit_by_rate(e, c, passed, now, p->len);
	else if (c->mode & HASHLIMIT_BYTES)
		within = hashlimit_by_bytes(e, c, passed, now, p->len);
	else
		within = hashlimit_by_packets(e, c, passed, now);
	bpf_spin_unlock(&e->lock);
	return within ? MATCH : NEXT;
}
#endif
