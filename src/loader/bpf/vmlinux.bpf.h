/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dispatcher and guard need of the kernel: a few members of its structs
 * (placed by CO-RE), helpers by number, map definition macros.
 */
#ifndef LOADER_VMLINUX_BPF_H
#define LOADER_VMLINUX_BPF_H

typedef unsigned char abi_u8;
typedef unsigned short abi_u16;
typedef unsigned int abi_u32;
typedef unsigned long long abi_u64;

#include "loader/abi.h"

#define SEC(name)	  __attribute__((section(name), used))
#define __ksym		  __attribute__((section(".ksyms")))
#define __weak		  __attribute__((weak))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name

enum { /* enum bpf_map_type, linux/bpf.h */
       MAP_ARRAY = 2,
       MAP_PROG_ARRAY = 3,
       MAP_PERCPU_ARRAY = 6,
};
#define MAP_F_MMAPABLE (1u << 10)

#define CORE __attribute__((preserve_access_index))

struct netns_nftables {
	abi_u32 base_seq; /* since 6.17 and in stable backports */
} CORE;

struct net_generic {
	abi_u32 len;
} CORE;

struct net {
	struct net_generic *gen;
	struct netns_nftables nft;
} CORE;

/* Of the nf_tables module; has base_seq where struct net has not. */
struct nftables_pernet {
	abi_u32 base_seq;
} CORE;

struct sk_buff {
	abi_u32 len;
} CORE;

struct nf_hook_state {
	struct net *net;
} CORE;

struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
} CORE;

extern void *bpf_rdonly_cast(const void *obj, abi_u32 btf_id) __ksym __weak;
extern void *bpf_cast_to_kern_ctx(void *obj) __ksym __weak;

/* Numbers of enum bpf_func_id, linux/bpf.h. */
static void *(*const bpf_map_lookup_elem)(void *map,
					  const void *key) = (void *)1;
static long (*const bpf_tail_call)(void *ctx, void *map,
				   abi_u32 index) = (void *)12;
static long (*const bpf_probe_read_kernel)(void *dst, abi_u32 size,
					   const void *addr) = (void *)113;

#endif
