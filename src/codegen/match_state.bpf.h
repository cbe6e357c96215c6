/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of the chains: matches on what the kernel holds about a packet
 * (call.h). Each says which function of the kernel it stands for. What cannot
 * be read exactly as that function does is handed over.
 */

#if NEED_CT_CALL
/*
 * nf_ct_ext_find() of an entry's extension @id, 0: it has none. Where
 * unconfirmed entries carry a generation, @unsure is set for them: nft knows
 * the current one.
 */
INLINE abi_u64 ct_ext_find(abi_u64 ct, abi_u32 id, int *unsure)
{
	abi_u64 ext = K64(ct, nf_conn, ext);
	abi_u32 at;

	*unsure = 0;
	if (!ext)
		return 0;
	at = K8(ext + id, nf_ct_ext, offset);
	if (!at)
		return 0;
	if (FIELD_EXISTS(nf_ct_ext, gen_id))
		*unsure = K32(ext, nf_ct_ext, gen_id) != 0;
	return ext + at;
}

/* connlabel_mt() of xt_connlabel.c, without XT_CONNLABEL_OP_SET. */
GLOBAL int connlabel(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 bit)
{
	abi_u64 labels;
	int unsure;

	if (!p || !p->ct)
		return NEXT;
	labels = ct_ext_find(p->ct, ENUM_VALUE(nf_ct_ext_id, NF_CT_EXT_LABELS),
			     &unsure);
	if (unsure)
		return HANDOVER;
	if (!labels)
		return NEXT;
	labels = *(const abi_u64 *)raw_bytes(
		(const void *)(labels + bit / 64 * 8));
	return labels >> (bit & 63) & 1;
}

/*
 * connbytes_mt() of xt_connbytes.c. @kind: xt_connbytes_what |
 * xt_connbytes_direction << 8.
 */
GLOBAL int connbytes(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 kind,
		     abi_u64 from, abi_u64 to)
{
	abi_u32 size =
		__builtin_preserve_type_info(*(struct nf_conn_counter *)0, 1);
	abi_u64 acct, packets = 0, bytes = 0, what;
	int unsure;

	if (!p || !p->ct)
		return NEXT;
	acct = ct_ext_find(p->ct, ENUM_VALUE(nf_ct_ext_id, NF_CT_EXT_ACCT),
			   &unsure);
	if (unsure)
		return HANDOVER;
	if (!acct)
		return NEXT;
	if (kind >> 8 != 1) { /* not XT_CONNBYTES_DIR_REPLY */
		packets = K64(acct, nf_conn_counter, packets);
		bytes = K64(acct, nf_conn_counter, bytes);
	}
	if (kind >> 8 != 0) { /* not XT_CONNBYTES_DIR_ORIGINAL */
		packets += K64(acct + size, nf_conn_counter, packets);
		bytes += K64(acct + size, nf_conn_counter, bytes);
	}
	switch (kind & 255) {
	case 0: /* XT_CONNBYTES_PKTS */
		what = packets;
		break;
	case 1: /* XT_CONNBYTES_BYTES */
		what = bytes;
		break;
	default: /* XT_CONNBYTES_AVGPKT */
		what = packets ? bytes / packets : 0;
	}
	if (to >= from)
		return what <= to && what >= from;
	return what < to || what > from;
}

/*
 * helper_mt() of xt_helper.c. @name: 30 bytes; empty: any helper. The kernel
 * compares as many characters as the helper's name has.
 */
static NOINLINE int helper_is(const struct pkt *p, const abi_u8 *name)
{
	abi_u64 master, help, helper;
	const abi_u8 *own;
	int unsure;

	if (!p->ct)
		return NEXT;
	master = K64(p->ct, nf_conn, master);
	if (!master)
		return NEXT;
	help = ct_ext_find(master, ENUM_VALUE(nf_ct_ext_id, NF_CT_EXT_HELPER),
			   &unsure);
	if (unsure)
		return HANDOVER;
	helper = help ? K64(help, nf_conn_help, helper) : 0;
	if (!helper)
		return NEXT;
	if (!name[0])
		return MATCH;
	own = raw_bytes(
		(const void *)(helper + FIELD_AT(nf_conntrack_helper, name)));
	for (int i = 0; i < 16; i++) {
		if (!own[i])
			return MATCH;
		if (own[i] != name[i])
			return NEXT;
	}
	return MATCH;
}

#define helper_name(ctx, p, name, size) helper_is(p, name)
#endif

#if NEED_CT_EXPIRES
extern int CONFIG_HZ __kconfig __weak;

/*
 * The last condition of conntrack_mt() of xt_conntrack.c, with nf_ct_expires():
 * seconds left. Entries count from a moment only once they are confirmed.
 * @invert: as xt_conntrack's. Without an entry the state alone counts.
 */
GLOBAL int ct_expires(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 lo,
		      abi_u32 hi, abi_u32 invert)
{
	abi_u32 left;

	if (!p || !p->ct)
		return MATCH;
	/* IPS_CONFIRMED: bit 3 */
	if (!(K64(p->ct, nf_conn, status) & 8) || CONFIG_HZ <= 0)
		return HANDOVER;
	left = K32(p->ct, nf_conn, timeout) - (abi_u32)bpf_jiffies64();
	if ((int)left < 0)
		left = 0;
	left /= (abi_u32)CONFIG_HZ;
	return (left >= lo && left <= hi) ^ invert;
}
#endif

#if NEED_OWNER || NEED_CGROUP || NEED_SOCKET
#define STATE_TIME_WAIT	   6
#define STATE_NEW_SYN_RECV 12

INLINE int in_net_of(struct bpf_nf_ctx *ctx, abi_u64 sk)
{
	return K64(sk, sock, __sk_common.skc_net.net) == STATE64(ctx, net);
}
#endif

#if NEED_OWNER
/* The flags of xt_owner.h. */
#define OWNER_UID	   1
#define OWNER_GID	   2
#define OWNER_SOCKET	   4
#define OWNER_SUPPL_GROUPS 8
#define OWNER_MAX_GROUPS   64

INLINE int id_in(abi_u32 id, abi_u64 range)
{
	return id >= (abi_u32)range && id <= (abi_u32)(range >> 32);
}

INLINE int group_in(abi_u64 cred, abi_u64 gids, abi_u32 match)
{
	abi_u64 gi = K64(cred, cred, group_info);
	abi_u32 n;

	if (id_in(K32(cred, cred, fsgid), gids))
		return MATCH;
	if (!(match & OWNER_SUPPL_GROUPS) || !gi)
		return NEXT;
	n = K32(gi, group_info, ngroups);
	if (n > OWNER_MAX_GROUPS)
		return HANDOVER;
	for (int i = 0; i < OWNER_MAX_GROUPS && i < n; i++)
		if (id_in(K32(gi + 4 * i, group_info, gid), gids))
			return MATCH;
	return NEXT;
}

INLINE int owner_of_file(abi_u64 file, abi_u64 uids, abi_u64 gids,
			 abi_u32 match, abi_u32 invert)
{
	abi_u64 cred = K64(file, file, f_cred);
	int in;

	if (match & OWNER_UID &&
	    id_in(K32(cred, cred, fsuid), uids) == !!(invert & OWNER_UID))
		return NEXT;
	if (match & OWNER_GID) {
		in = group_in(cred, gids, match);
		if (in == HANDOVER)
			return HANDOVER;
		if (in == !!(invert & OWNER_GID))
			return NEXT;
	}
	return MATCH;
}

/*
 * owner_mt() of xt_owner.c. Ranges are low | high << 32, in the ids of the
 * first user namespace; @flags: match | invert << 8. In place of the lock that
 * it takes we look whether the socket was taken from its owner meanwhile: a
 * file is freed only after that.
 */
GLOBAL int owner(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 uids,
		 abi_u64 gids, abi_u32 flags)
{
	abi_u32 match = flags & 255, invert = flags >> 8;
	abi_u32 differ = match ^ invert;
	abi_u64 sk = SKB64(ctx, sk), socket, file;
	int answer;

	if (K32(K64(STATE64(ctx, net), net, user_ns), user_namespace, level))
		return HANDOVER;
	if (sk && K8(sk, sock, __sk_common.skc_state) == STATE_NEW_SYN_RECV)
		sk = K64(sk, sock, __sk_common.skc_listener);
	if (sk && K8(sk, sock, __sk_common.skc_state) == STATE_TIME_WAIT)
		return HANDOVER;
	socket = sk ? K64(sk, sock, sk_socket) : 0;
	if (!socket || !in_net_of(ctx, sk))
		return !differ;
	if (match & invert & OWNER_SOCKET)
		return NEXT;
	file = K64(socket, socket, file);
	answer = file ? owner_of_file(file, uids, gids, match, invert)
		      : !(differ & (OWNER_UID | OWNER_GID));
	return K64(sk, sock, sk_socket) == socket ? answer : HANDOVER;
}
#endif

#if NEED_CGROUP
/* The socket that xt_cgroup.c looks at; 0: none. @unsure: one that is nft's. */
INLINE abi_u64 cgroup_sock(struct bpf_nf_ctx *ctx, int *unsure)
{
	abi_u64 sk = SKB64(ctx, sk);
	abi_u32 state;

	*unsure = 0;
	if (!sk)
		return 0;
	state = K8(sk, sock, __sk_common.skc_state);
	if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV) {
		*unsure = 1;
		return 0;
	}
	return in_net_of(ctx, sk) ? sk : 0;
}

/* cgroup_mt_v0() of xt_cgroup.c, and the others' way with a classid. */
GLOBAL int cgroup_classid(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 id,
			  abi_u32 invert)
{
	int unsure;
	abi_u64 sk = cgroup_sock(ctx, &unsure);

	if (!sk)
		return unsure ? HANDOVER : NEXT;
	return (K32(sk, sock, sk_cgrp_data.classid) == id) ^ invert;
}

/*
 * cgroup_mt_v1() and _v2(), the way with a path: cgroup_is_descendant() of the
 * group @level_id (level << 56 | id).
 */
GLOBAL int cgroup_path(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u64 level_id,
		       abi_u32 invert)
{
	abi_u32 level = level_id >> 56;
	abi_u64 id = level_id << 8 >> 8, group;
	int unsure;
	abi_u64 sk = cgroup_sock(ctx, &unsure);

	if (!sk)
		return unsure ? HANDOVER : NEXT;
	group = K64(sk, sock, sk_cgrp_data.cgroup);
	if (!group || group & 1 || !FIELD_EXISTS(cgroup, ancestors))
		return HANDOVER; /* older kernels keep both in this word */
	if (K32(group, cgroup, level) < level)
		return invert;
	group = K64(group + 8 * level, cgroup, ancestors);
	return (K64(K64(group, cgroup, kn), kernfs_node, id) == id) ^ invert;
}
#endif

#if NEED_SOCKET
/* The flags of xt_socket.h. */
#define SOCKET_TRANSPARENT 1
#define SOCKET_NOWILDCARD  2

/*
 * socket_match() of xt_socket.c, for packets whose socket the kernel has found
 * before the rules (early demux, in front of INPUT). Others it would look up
 * now: nft's.
 */
GLOBAL int socket_of(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 flags)
{
	abi_u64 sk = SKB64(ctx, sk);
	abi_u32 state;

	if (!sk || !in_net_of(ctx, sk))
		return HANDOVER;
	state = K8(sk, sock, __sk_common.skc_state);
#if FAMILY == 6
	if (!(flags & SOCKET_NOWILDCARD) && state != STATE_TIME_WAIT &&
	    state != STATE_NEW_SYN_RECV &&
	    !(K64(sk, sock, __sk_common.skc_v6_rcv_saddr) |
	      K64(sk + 8, sock, __sk_common.skc_v6_rcv_saddr)))
		return NEXT;
#else
	if (!(flags & SOCKET_NOWILDCARD) && state != STATE_TIME_WAIT &&
	    state != STATE_NEW_SYN_RECV &&
	    !K32(sk, sock, __sk_common.skc_rcv_saddr))
		return NEXT;
#endif
	return flags & SOCKET_TRANSPARENT ? HANDOVER : MATCH;
}
#endif

#if NEED_SKB_EXT
INLINE int has_skb_ext(struct bpf_nf_ctx *ctx, abi_u32 id)
{
	return K8((const abi_u8 *)ctx->skb, sk_buff, active_extensions) >> id &
	       1;
}

/*
 * policy_mt() of xt_policy.c. Incoming packets have a security path, outgoing
 * ones a route that transforms them; only nft looks into these.
 */
INLINE int is_transformed(struct bpf_nf_ctx *ctx, int out)
{
	if (out)
		return skb_dst(ctx) && K64(skb_dst(ctx), dst_entry, xfrm);
	return has_skb_ext(ctx, ENUM_VALUE(skb_ext_id, SKB_EXT_SEC_PATH));
}

#define policy_none(ctx, p, out)  (is_transformed(ctx, out) ? NEXT : MATCH)
#define policy_ipsec(ctx, p, out) (is_transformed(ctx, out) ? HANDOVER : NEXT)

/* physdev_mt() of xt_physdev.c, @answer for packets that met no bridge. */
#define physdev(ctx, p, answer)                                                \
	(has_skb_ext(ctx, ENUM_VALUE(skb_ext_id, SKB_EXT_BRIDGE_NF))           \
		 ? HANDOVER                                                    \
		 : (int)(answer))
#endif

#if NEED_RANDOM
/* statistic_mt() of xt_statistic.c, mode random. */
#define random_below(ctx, p, i, probability)                                   \
	((bpf_get_prandom_u32() & 0x7fffffff) < probability)
#endif

#if NEED_NTH
/*
 * The same, mode nth. The state is the kernel's counter plus 1; 0: not begun,
 * it starts with @first.
 */
INLINE int nth(struct bpf_nf_ctx *ctx, struct pkt *p, abi_u32 i, abi_u64 every,
	       abi_u64 first)
{
	abi_u64 *count = bpf_map_lookup_elem(&state, &i);

	if (!count)
		return NEXT;
	for (int tries = 0; tries < 32; tries++) {
		abi_u64 old = *(volatile abi_u64 *)count;
		abi_u64 was = old ? old - 1 : first;
		abi_u64 next = was == every ? 0 : was + 1;

		if (__sync_val_compare_and_swap(count, old, next + 1) == old)
			return next ? NEXT : MATCH;
	}
	return NEXT; /* beaten to it 32 times */
}
#endif
