// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dispatcher: the linked program of an accelerated base chain. It never
 * changes; what it calls does. Whatever does not fit, the packet is nft's.
 */
#include "loader/bpf/vmlinux.bpf.h"
#include "loader/bpf/notes.bpf.h"

struct abi_notes notes SEC(ABI_NOTES_MAP);
abi_u64 ctl SEC(ABI_CTL_MAP);

struct {
	__uint(type, MAP_PERCPU_ARRAY);
	__uint(max_entries, ABI_CHAINS);
	__type(key, abi_u32);
	__type(value, struct abi_stats);
} stats SEC(".maps");

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(max_entries, ABI_SLOTS *ABI_CHAINS);
	__type(key, abi_u32);
	__type(value, abi_u32);
} progs SEC(".maps");

const volatile abi_u32 chain_id = 0;
const volatile abi_u32 table_id = 0; /* its bits in ctl */
const volatile abi_u32 process_context =
	0; /* hooks OUTPUT and POSTROUTING: may be interrupted by itself */
const volatile abi_u32 nft_net_id =
	0; /* nf_tables_net_id where base_seq is the module's */

/* For loads at any address, a cast to a struct with a member of the right size:
 * 4 bytes here. */
struct iphdr {
	abi_u32 saddr;
} CORE;

#define cast_at(type, addr)                                                    \
	((const struct type *)bpf_rdonly_cast(                                 \
		(const void *)(addr),                                          \
		__builtin_btf_type_id(*(struct type *)0, 1)))
#define FIELD_OFFSET 0 /* enum bpf_field_info_kind */
#define FIELD_EXISTS 2
#define field_info(type, member, kind)                                         \
	__builtin_preserve_field_info(((struct type *)0)->member, kind)

/*
 * The generation counter inside struct nftables_pernet, reached through
 * net->gen on every packet: a remembered address would not survive a reload of
 * the nf_tables module.
 */
NOTES_INLINE abi_u32 pernet_generation(const struct net *net)
{
	const char *gen = (const char *)net->gen;
	abi_u64 pernet =
		cast_at(timespec64, gen + 8 * (abi_u64)nft_net_id)->tv_sec;

	if (!nft_net_id || !pernet)
		return 0;
	return cast_at(iphdr, pernet +
				      field_info(nftables_pernet, base_seq,
						 FIELD_OFFSET) -
				      field_info(iphdr, saddr, FIELD_OFFSET))
		->saddr;
}

/* The nft generation of the packet's namespace; 0, which is none, when it
 * cannot be read. */
NOTES_INLINE abi_u32 generation(const struct net *net)
{
	if (field_info(netns_nftables, base_seq, FIELD_EXISTS))
		return net->nft.base_seq;
	if (field_info(nftables_pernet, base_seq, FIELD_EXISTS))
		return pernet_generation(net);
	return 0;
}

/*
 * A tail call with a constant index: the JIT compiler makes a direct jump of it
 * and patches that when the map changes. A variable index means an indirect
 * jump, dear where these are guarded (retpolines). The comment within keeps the
 * compiler from making one of two.
 */
#define TAIL_CALL_SLOT(slot)                                                   \
	asm volatile("r1 = %[ctx]\n\t"                                         \
		     "r2 = %[map]\n\t"                                         \
		     "r3 = %[index]\n\t"                                       \
		     "call 12 # slot " #slot                                   \
		     :                                                         \
		     : [ctx] "r"(ctx), [map] "r"(&progs),                      \
		       [index] "r"((slot)*ABI_CHAINS + id)                     \
		     : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

SEC("netfilter")
int dispatch_v3(struct bpf_nf_ctx *ctx)
{
	abi_u64 now = *(volatile abi_u64 *)&ctl;
	abi_u32 id = chain_id, gen, slot = now >> ABI_CTL_SLOT & 0xff;
	abi_u32 exclusive = now >> (ABI_CTL_EXCLUSIVE + table_id) & 1;
	struct abi_stats *count;

	gen = exclusive ? 0 : generation(ctx->state->net);
	if (exclusive || (gen && gen == (abi_u32)now)) {
		if (slot == 0)
			TAIL_CALL_SLOT(0);
		else if (slot == 1)
			TAIL_CALL_SLOT(1);
	}
	/* Somebody has taken the programs away, and nft is asleep. */
	if (exclusive)
		return 0; /* NF_DROP */

	notes_clear(&notes, notes_skb_addr(ctx));
	count = bpf_map_lookup_elem(&stats, &id);
	if (count && process_context)
		__sync_fetch_and_add(&count->handed_over, 1);
	else if (count)
		count->handed_over++;
	return 1; /* NF_ACCEPT: on to nft */
}

char LICENSE[] SEC("license") = "GPL";
