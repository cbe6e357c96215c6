// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard: an xt_bpf match, first rule of a hybrid base chain. It matches
 * (verdict accept) exactly the packets whose front left a note.
 */
#include "loader/bpf/vmlinux.bpf.h"
#include "loader/bpf/notes.bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(map_flags, MAP_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, abi_u32);
	__type(value, struct abi_notes);
} notes SEC(".maps");

const volatile abi_u32 chain_id = 0;

struct __sk_buff {
	abi_u32 len;
};

SEC("socket")
int guard_v2(struct __sk_buff *ctx)
{
	void *volatile words[2] = {ctx, ctx};
	abi_u32 zero = 0;
	struct abi_notes *n;
	abi_u64 addr;

	/*
	 * No arithmetic on the pointer, and this context is the skb itself, so
	 * there is no memory to read its address from. But what is loaded from
	 * the stack at a place that the verifier cannot tell is a number.
	 */
	addr = (abi_u64)words[ctx->len & 1];

	n = bpf_map_lookup_elem(&notes, &zero);
	return n && notes_consume(n, addr, chain_id);
}

char LICENSE[] SEC("license") = "GPL";
