/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of the chains: the type of an IPv4 address, as -m addrtype asks the
 * routing table "local" for it. The table is walked as fib_table_lookup() of
 * net/ipv4/fib_trie.c does, under the same RCU read lock. Whatever is out of
 * the ordinary on the way (routes by TOS, nexthop objects, dead routes) is
 * handed over.
 */
#if NEED_ADDR_TYPE
enum { /* RTN_* of linux/rtnetlink.h; those from the last one on are errors */
       TYPE_UNICAST = 1,
       TYPE_BROADCAST = 3,
       TYPE_MULTICAST = 5,
       TYPE_BLACKHOLE = 6,
       TYPE_UNKNOWN = 255,
};

struct fib_walk {
	abi_u64 n, pn; /* struct key_vector */
	abi_u64 fa;    /* in a leaf: the next struct fib_alias to look at */
	abi_u64 dev;   /* not 0: only a route over this device counts */
	abi_u32 key, cindex;
	enum {
		FIB_DOWN,  /* to the longest match */
		FIB_MATCH, /* does the prefix of n match at all? */
		FIB_BACK,  /* to the next shorter one */
		FIB_LEAF,
	} mode;
	abi_u32 type;
};

INLINE abi_u64 fib_child(abi_u64 n, abi_u32 i)
{
	return K64(n + 8ULL * i, key_vector, tnode);
}

INLINE void fib_enter_leaf(struct fib_walk *w)
{
	w->mode = FIB_LEAF;
	w->fa = K64(w->n, key_vector, leaf);
}

INLINE void fib_down(struct fib_walk *w)
{
	abi_u32 pos = K8(w->n, key_vector, pos);
	abi_u32 bits = K8(w->n, key_vector, bits);
	abi_u64 index = (w->key ^ K32(w->n, key_vector, key)) >> (pos & 31);

	if (index >= 1ULL << (bits & 63)) {
		w->mode = FIB_MATCH;
		return;
	}
	if (!bits) {
		fib_enter_leaf(w);
		return;
	}
	if (K8(w->n, key_vector, slen) > pos) {
		w->pn = w->n;
		w->cindex = index;
	}
	w->n = fib_child(w->n, index);
	if (!w->n)
		w->mode = FIB_BACK;
}

INLINE void fib_match(struct fib_walk *w)
{
	abi_u32 prefix = K32(w->n, key_vector, key);

	w->mode = FIB_BACK;
	if ((w->key ^ prefix) & (prefix | -prefix) ||
	    K8(w->n, key_vector, slen) == K8(w->n, key_vector, pos))
		return;
	if (!K8(w->n, key_vector, bits)) {
		fib_enter_leaf(w);
		return;
	}
	w->n = fib_child(w->n, 0);
	if (w->n)
		w->mode = FIB_MATCH;
}

/* 1: there is no shorter one. */
INLINE int fib_back(struct fib_walk *w)
{
	abi_u32 key, pos;

	if (!w->cindex) {
		if (K8(w->pn, key_vector, pos) >= 32) { /* the root */
			w->type = TYPE_UNICAST;
			return 1;
		}
		key = K32(w->pn, key_vector, key);
		w->pn = K64(w->pn - FIELD_AT(tnode, kv), tnode, parent);
		pos = K8(w->pn, key_vector, pos);
		w->cindex = pos >= 32 ? 0
				      : (key ^ K32(w->pn, key_vector, key)) >>
						(pos & 31);
		return 0;
	}
	w->cindex &= w->cindex - 1;
	w->n = fib_child(w->pn, w->cindex);
	if (w->n)
		w->mode = FIB_MATCH;
	return 0;
}

/* One route of a leaf. 1: the type is found, or unknown. */
INLINE int fib_leaf(struct fib_walk *w)
{
	abi_u64 fa = w->fa, fi;
	abi_u64 index = w->key ^ K32(w->n, key_vector, key);

	if (!fa) {
		w->mode = FIB_BACK;
		return 0;
	}
	fa -= FIELD_AT(fib_alias, fa_list);
	w->fa = K64(fa, fib_alias, fa_list);
	if (index >= 1ULL << (K8(fa, fib_alias, fa_slen) & 63))
		return 0;
	fi = K64(fa, fib_alias, fa_info);
	if (!fi || K8(fa, fib_alias, fa_dscp) || K8(fi, fib_info, fib_dead))
		return 1;
	if (K8(fa, fib_alias, fa_type) >= TYPE_BLACKHOLE) {
		w->type = TYPE_UNICAST;
		return 1;
	}
	/* RTNH_F_DEAD, RTNH_F_LINKDOWN */
	if (K32(fi, fib_info, fib_flags) & 1 || K64(fi, fib_info, nh) ||
	    !K32(fi, fib_info, fib_nhs) ||
	    K8(fi, fib_info, fib_nh[0].nh_common.nhc_flags) & 17)
		return 1;
	w->type = K8(fa, fib_alias, fa_type);
	if (w->dev && w->dev != K64(fi, fib_info, fib_nh[0].nh_common.nhc_dev))
		w->type = TYPE_UNICAST;
	return 1;
}

static int fib_step(abi_u32 i, struct fib_walk *w)
{
	switch (w->mode) {
	case FIB_DOWN:
		fib_down(w);
		return 0;
	case FIB_MATCH:
		fib_match(w);
		return 0;
	case FIB_BACK:
		return fib_back(w);
	case FIB_LEAF:
		return fib_leaf(w);
	}
	return 1;
}

/* fib_get_table() of RT_TABLE_LOCAL; 0: not found. */
INLINE abi_u64 fib_local_table(abi_u64 net)
{
	abi_u64 tb;

	/* A kernel without many tables has no hash of them. */
	if (!FIELD_EXISTS(net, ipv4.fib_has_custom_rules))
		return 0;
	tb = *(const abi_u64 *)raw_bytes(
		(const void *)(K64(net, net, ipv4.fib_table_hash) + 255 * 8));
	for (int i = 0; i < 4 && tb; i++) {
		tb -= FIELD_AT(fib_table, tb_hlist);
		if (K32(tb, fib_table, tb_id) == 255)
			return tb;
		tb = K64(tb, fib_table, tb_hlist);
	}
	return 0;
}

/* __inet_dev_addr_type() of net/ipv4/fib_frontend.c. */
static NOINLINE int fib_type(struct bpf_nf_ctx *ctx, abi_u32 addr, abi_u64 dev)
{
	struct fib_walk w = {.key = addr, .dev = dev, .type = TYPE_UNKNOWN};
	abi_u64 tb;

	if (!addr || addr == 0xffffffff)
		return TYPE_BROADCAST;
	if (addr >> 28 == 14)
		return TYPE_MULTICAST;
	tb = fib_local_table(STATE64(ctx, net));
	if (!tb)
		return TYPE_UNKNOWN;
	w.pn = K64(tb, fib_table, tb_data) + FIELD_AT(trie, kv);
	w.n = fib_child(w.pn, 0);
	if (!w.n)
		return TYPE_UNICAST;
	bpf_loop(1024, fib_step, &w, 0);
	return w.type;
}

/*
 * match_type() of xt_addrtype.c. @limit: XT_ADDRTYPE_LIMIT_IFACE_IN, _OUT or 0;
 * a hook without that device knows no limit either.
 */
GLOBAL int addr_type(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 dst,
		     abi_u32 mask, abi_u32 limit_invert)
{
	abi_u32 limit = limit_invert >> 1;
	abi_u64 dev = 0;
	abi_u32 type;

	if (!p)
		return HANDOVER;
	if (limit)
		dev = limit == 4 ? STATE64(ctx, in) : STATE64(ctx, out);
	type = fib_type(ctx, ntoh32(dst ? p->daddr[0] : p->saddr[0]), dev);
	if (type > 15)
		return HANDOVER;
	return (mask >> type & 1) ^ (limit_invert & 1);
}
#endif

#if NEED_ADDR6_TYPE
/*
 * match_type6() of xt_addrtype.c; the types of an address by itself as
 * ipv6_addr_type() finds them. The others need a route lookup: nft's.
 */
INLINE int addr6_type(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 dst,
		      abi_u32 mask, abi_u32 invert)
{
	const abi_u64 *a = dst ? p->daddr : p->saddr;
	int any = !(a[0] | a[1]);
	int multicast = *(const abi_u8 *)a == 0xff;
	int mapped = !a[0] && (abi_u32)(ntoh64(a[1]) >> 32) == 0xffff;

	if ((mask & 1 << 0 && !any) || (mask & 1 << 5 && !multicast) ||
	    (mask & 1 << 1 && (any || multicast || mapped)))
		return invert;
	/* XT_ADDRTYPE_LOCAL, _ANYCAST, _UNREACHABLE */
	return mask & (1 << 2 | 1 << 4 | 1 << 7) ? HANDOVER : !invert;
}
#endif
