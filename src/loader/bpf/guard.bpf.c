// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard: an xt_bpf match, first rule of a hybrid base chain. It matches
 * (verdict accept) exactly the packets whose front left a note.
 */
#include "loader/bpf/vmlinux.bpf.h"
#include "loader/bpf/notes.bpf.h"

struct abi_notes notes SEC(ABI_NOTES_MAP);

const volatile abi_u32 chain_id = 0;

struct __sk_buff {
	abi_u32 len;
};

SEC("socket")
int guard_v3(struct __sk_buff *ctx)
{
	void *volatile words[2] = {ctx, ctx};
	abi_u64 addr;

	/*
	 * No arithmetic on the pointer, and this context is the skb itself, so
	 * there is no memory to read its address from. But what is loaded from
	 * the stack at a place that the verifier cannot tell is a number.
	 */
	addr = (abi_u64)words[ctx->len & 1];

	return notes_consume(&notes, addr, chain_id);
}

char LICENSE[] SEC("license") = "GPL";
