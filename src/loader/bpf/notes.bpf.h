/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The note "this skb: accept" from a front to its guard (loader/abi.h has the
 * format). For BPF programs only. The includer supplies abi_u32, abi_u64,
 * bpf_rdonly_cast(), struct bpf_nf_ctx, and loader/abi.h before this file.
 *
 * The life of a note: the front claims the slot of its skb's address, the
 * guard consumes it. A front that does not decide clears what an earlier
 * packet at the same address may have left behind.
 */
#ifndef LOADER_NOTES_BPF_H
#define LOADER_NOTES_BPF_H

/* Eight bytes of kernel memory as a number: see notes_skb_addr(). */
struct timespec64 {
	long long tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

#define NOTES_INLINE	 static inline __attribute__((always_inline))
#define NOTES_EPOCH_MASK ((1u << ABI_NOTE_EPOCH_BITS) - 1)
#define NOTES_ADDR_SHIFT (ABI_NOTE_EPOCH_BITS + ABI_NOTE_CHAIN_BITS)

/*
 * The skb's address as a plain number. The verifier allows no arithmetic on
 * ctx->skb, but the context lies in kernel memory, and a word of a struct read
 * through bpf_rdonly_cast() is a number: { state, skb } has the shape of a
 * struct timespec64.
 */
NOTES_INLINE abi_u64 notes_skb_addr(struct bpf_nf_ctx *ctx)
{
	const struct timespec64 *words = bpf_rdonly_cast(
		ctx, __builtin_btf_type_id(*(struct timespec64 *)0, 1));

	return (abi_u64)words->tv_nsec;
}

NOTES_INLINE abi_u64 *notes_slot(struct abi_notes *n, abi_u64 addr)
{
	/* skbs are at least 256 bytes apart */
	return &n->slot[(addr >> 8) & (ABI_NOTES - 1)];
}

NOTES_INLINE abi_u32 notes_epoch(const struct abi_notes *n)
{
	return *(const volatile abi_u32 *)&n->epoch & NOTES_EPOCH_MASK;
}

/*
 * Whether @note was written at most one epoch from @now: before it, or after
 * it by a CPU that has seen the next epoch already.
 */
NOTES_INLINE _Bool notes_live(abi_u64 note, abi_u32 now)
{
	abi_u32 then = (note >> ABI_NOTE_CHAIN_BITS) & NOTES_EPOCH_MASK;
	abi_u32 age = (now - then + 1) & NOTES_EPOCH_MASK;

	return age <= 2;
}

/*
 * Leaves the note "accept" for the guard of chain number @chain. False: the
 * slot holds another packet's live note; hand this packet over (there is no
 * note for it then).
 */
NOTES_INLINE _Bool notes_claim(struct abi_notes *n, abi_u64 addr, abi_u32 chain)
{
	abi_u64 *slot = notes_slot(n, addr);
	abi_u64 old = *(volatile abi_u64 *)slot;
	abi_u32 now = notes_epoch(n);
	abi_u64 new = addr << NOTES_ADDR_SHIFT |
		      (abi_u64)now << ABI_NOTE_CHAIN_BITS | chain;

	if (old && (old ^ new) >> NOTES_ADDR_SHIFT && notes_live(old, now))
		return 0;
	return __sync_val_compare_and_swap(slot, old, new) == old;
}

/* Removes a note for @addr, whatever its chain and epoch. */
NOTES_INLINE void notes_clear(struct abi_notes *n, abi_u64 addr)
{
	abi_u64 *slot = notes_slot(n, addr);
	abi_u64 old = *(volatile abi_u64 *)slot;

	if (old && !((old ^ addr << NOTES_ADDR_SHIFT) >> NOTES_ADDR_SHIFT))
		__sync_val_compare_and_swap(slot, old, 0);
}

/*
 * Takes the note for @addr and @chain; false when there is none. No atomic
 * operation: while a packet is between its front and its guard nobody else
 * writes to the slot that holds its note (no front overwrites another's live
 * note, nor clears one of another address).
 */
NOTES_INLINE _Bool notes_consume(struct abi_notes *n, abi_u64 addr,
				 abi_u32 chain)
{
	abi_u64 *slot = notes_slot(n, addr);
	abi_u64 old = *(volatile abi_u64 *)slot;

	if ((old ^ addr << NOTES_ADDR_SHIFT) >> NOTES_ADDR_SHIFT || !old ||
	    (old & ((1u << ABI_NOTE_CHAIN_BITS) - 1)) != chain ||
	    !notes_live(old, notes_epoch(n)))
		return 0;
	*(volatile abi_u64 *)slot = 0;
	return 1;
}

#endif
