/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs and the loader agree on. Included by user space, by
 * src/loader/bpf/ and by the runtime in front of every generated program;
 * hence no includes of its own: the includer supplies fixed-width types abi_u8
 * .. abi_u64.
 */
#ifndef LOADER_ABI_H
#define LOADER_ABI_H

/* Accelerated base chains get a number: family (0 ip, 1 ip6) * 32 + index of
 * the builtin chain. */
#define ABI_CHAINS 64
#define ABI_SLOTS  2 /* program generations: one live, one being built */

/*
 * Maps that programs use as variables: of an array with one element the
 * program gets the address itself, and needs no lookup.
 */
#define ABI_NOTES_MAP ".bss.notes"
#define ABI_CTL_MAP   ".bss.ctl"

/*
 * ctl: per network namespace, one element: which slot of programs is live
 * and for which nft generation it may decide. One 64-bit word, written
 * atomically:
 *   generation (32 bits) | slot << 32 (8 bits)
 *   | exclusive << 40 | awake << 48 | quiet << 56 (a bit for each table)
 * Generation 0, which nft never has: nobody decides.
 *
 * The programs of a table whose exclusive bit is set decide whatever the
 * generation is: nft's copy of the table is dormant, or is about to be or no
 * longer is. Bit awake: notes are left where they can be. Bit quiet: nft
 * evaluates all packets, too, and so counts what BPF accepts without a note.
 */
#define ABI_TABLES	  8 /* family (0 ip, 1 ip6) * 4 + ABI_TABLE_* */
#define ABI_ALL_TABLES	  0xff
#define ABI_CTL_SLOT	  32
#define ABI_CTL_EXCLUSIVE 40
#define ABI_CTL_AWAKE	  48
#define ABI_CTL_QUIET	  56

enum {
	ABI_TABLE_RAW,
	ABI_TABLE_MANGLE,
	ABI_TABLE_FILTER,
	ABI_TABLE_SECURITY,
	ABI_FAMILY_TABLES
};

/*
 * A note "this skb: accept", from the front to the guard. Global (all
 * namespaces), keyed by the skb's address. A slot is claimed with a
 * compare-and-swap and freed by the guard, so that a live note is never
 * overwritten: a front that cannot claim its slot hands the packet over.
 *   note = skb address << 16 | epoch (10 bits) << 6 | chain number (6 bits)
 * 0: free. A note whose epoch is neither the current nor the previous one
 * is dead (its packet is long gone) and may be overwritten. The address' lost
 * top 16 bits are the same for all of the kernel's direct map (4-level paging:
 * all ones).
 */
#define ABI_NOTES	    4096
#define ABI_NOTE_EPOCH_BITS 10
#define ABI_NOTE_CHAIN_BITS 6

struct abi_notes {
	abi_u64 slot[ABI_NOTES];
	abi_u32 epoch;
	abi_u32 settled; /* the last epoch whose beginning no packet in flight
			    has seen: user space's own */
};

struct abi_counter {
	abi_u64 packets, bytes;
};

/* Per chain and CPU: what became of the packets the front saw. */
struct abi_stats {
	abi_u64 decided;     /* verdict by BPF */
	abi_u64 handed_over; /* left to nft: by the program, by a stale
				generation, or for lack of one */
};

#endif
