/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of every generated program, after the notes: the packet as the
 * predicates see it (packet.bpf.h reads it), and what chains answer.
 *
 * Compiled with FAMILY (4 or 6), HITS, and NEED_* for what some predicate asks
 * for.
 */

/*
 * What a chain's function returns: one of these, | COUNT(ordinal) of the
 * deciding rule's counter.
 */
#define NEXT	  0 /* no verdict: the caller goes on */
#define ACCEPT	  1
#define DROP	  2
#define HANDOVER  3
#define RETURN	  4 /* within a chain of several functions: leave it */
#define CODE_MASK 7
#define COUNT(i)  (((i) + 1) << 3)
/* What a match's own function answers: this, NEXT, or the packet's end. */
#define MATCH 1

#if NEED_CT_EXPIRES
#define NEED_CT_CALL 1
#endif
#if NEED_CT_CALL /* some function looks into the conntrack entry */
#define NEED_CT	      1
#define NEED_CT_ENTRY 1
#endif

/* What a chain's function is given. */
#if NEED_CTX
#define ARGS		struct bpf_nf_ctx *ctx, struct pkt *p
#define PASS		ctx, p
#define CHAIN_0(ctx, p) chain_0(ctx, p)
#define LEADING(ctx, p) leading(ctx, p)
#else
#define ARGS		struct pkt *p
#define PASS		p
#define CHAIN_0(ctx, p) chain_0(p)
#define LEADING(ctx, p) leading(p)
#endif

/* Set before the program is loaded. */
const volatile abi_u32 chain_id = 0;
const volatile abi_u32 table_id = 0; /* its bits in the control word */
/* In vmlinux BTF, where the name is ambiguous; 0: not known. */
const volatile abi_u32 nf_conn_type_id = 0;
/* This hook can be interrupted by itself on the same CPU. */
const volatile abi_u32 process_context = 0;

/*
 * Whether nft's fast path (nft_payload_fast_eval()) takes what is behind a
 * later fragment's IP header for a transport header there. Its slow path, for
 * what is not in the linear part, never does.
 */
#define FRAGMENTS_ASK_NFT 0 /* not known */
#define FRAGMENTS_READ	  1
#define FRAGMENTS_SKIPPED 2
const volatile abi_u32 fragments = FRAGMENTS_ASK_NFT;

#define PROTO_UNKNOWN 0x100

#if COUNTERS > 0xffff
typedef abi_u32 counter_no;
#else
typedef abi_u16 counter_no;
#endif

struct pkt {
	abi_u32 verdict; /* of the base chain; first: see set_verdict() */
#if NEED_IIF
	abi_u64 iif[NAME_WORDS];
#endif
#if NEED_OIF
	abi_u64 oif[NAME_WORDS];
#endif
#if NEED_CT
	abi_u64 ct; /* address of the conntrack entry, 0: none */
	abi_u32 ctinfo;
	abi_u32 ctstate;
#endif
#if FAMILY == 6
	abi_u64 saddr[2], daddr[2];
#else
	abi_u32 saddr[1], daddr[1];
#endif
	abi_u32 len;
	abi_u32 thoff;
	abi_u32 avail; /* bytes from thoff on; 0 in later fragments */
#if NATIVE_TRANSPORT
	abi_u32 fast; /* in later fragments: those that nft's fast path reads */
#endif
	abi_u16 proto; /* or PROTO_UNKNOWN */
	abi_u16 fragoff;
#if NEED_TH
	abi_u16 sport, dport; /* host order; of ICMP: type << 8 | code */
	abi_u8 tcpflags;
#endif
#if NEED_TH_WORD1
	abi_u32 word1;
#endif
#if NEED_TTL
	abi_u8 ttl;
#endif
#if NEED_TOS
	abi_u8 tos;
#endif
#if NEED_PKTTYPE
	abi_u8 pkttype;
#endif
#if NEED_LENGTH
	abi_u32 length;
#endif
#if NEED_MAC_SOURCE
	abi_u64 mac[1];
#endif
#if NEED_MARK
	abi_u32 mark;
#endif
#if NEED_CPU
	abi_u32 cpu;
#endif
#if NEED_IIF_GROUP
	abi_u32 iif_group;
#endif
#if NEED_OIF_GROUP
	abi_u32 oif_group;
#endif
#if NEED_REALM
	abi_u32 realm;
#endif
#if NEED_TCPOPT
	abi_u8 bad_options;
	abi_u64 options[4]; /* a bit per option number present */
#endif
	abi_u32 n;
	counter_no hit[HITS]; /* counters of rules matched so far */
};

#if HITS > 31
#error hit() counts to 31
#endif

/* Notes that a rule matched. True: the list is full. */
INLINE int hit(struct pkt *p, counter_no counter)
{
	abi_u64 n = p->n;

	/* A register clang knows nothing of gets compared, and then used. */
	asm volatile("" : "+r"(n));
	if (n >= HITS)
		return 1;
	p->hit[n] = counter;
	/* The verifier would follow each length of the list: so it knows no
	 * lower bound. */
	n++;
	asm volatile("%0 &= 31" : "+r"(n));
	p->n = n;
	return 0;
}
