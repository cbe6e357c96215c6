/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In front of every generated program, first part: types, the members of
 * kernel structs that it reads (placed by CO-RE), helpers by number.
 * No includes: the generated source stands alone.
 */

/* No program uses all that follows. */
#pragma clang diagnostic ignored "-Wunused-function"
#pragma clang diagnostic ignored "-Wunused-const-variable"

typedef unsigned char abi_u8;
typedef unsigned short abi_u16;
typedef unsigned int abi_u32;
typedef unsigned long long abi_u64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE	  static inline __attribute__((always_inline))
#define NOINLINE  __attribute__((noinline))
/* Weak: clang must not drop what it thinks are unused arguments from calls. */
#define GLOBAL		  __attribute__((noinline, weak))
#define __ksym		  __attribute__((section(".ksyms")))
#define __weak		  __attribute__((weak))
#define __kconfig	  __attribute__((section(".kconfig")))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name

enum { /* enum bpf_map_type, linux/bpf.h */
       MAP_HASH = 1,
       MAP_ARRAY = 2,
       MAP_PERCPU_ARRAY = 6,
};
#define MAP_F_NO_PREALLOC (1u << 0)
#define MAP_F_MMAPABLE	  (1u << 10)
#define MAP_U_NOEXIST	  1 /* of bpf_map_update_elem() */

#pragma clang attribute push(__attribute__((preserve_access_index)),           \
			     apply_to = record)

struct net_device {
	char name[16];
	abi_u32 group;
	abi_u16 type;
};

struct sk_buff {
	abi_u32 len, data_len, mark;
	abi_u64 _nfct;
	abi_u8 nf_trace : 1;
	abi_u8 pkt_type : 3;
	abi_u16 network_header, mac_header;
	abi_u32 end;
	struct net_device *dev;
	unsigned char *head, *data;
	struct sock *sk;
	abi_u64 _skb_refdst;
	abi_u8 active_extensions;
};

struct skb_frag { /* another type in older kernels */
	abi_u32 len;
};

struct skb_shared_info {
	abi_u16 gso_size;
	abi_u32 gso_type;
	struct sk_buff *frag_list;
	struct skb_frag frags[0];
};

struct nf_hook_state {
	struct net_device *in, *out;
	struct net *net;
};

union nf_inet_addr {
	abi_u32 all[4];
};

union nf_conntrack_man_proto {
	abi_u16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			abi_u16 all;
		} u;
		abi_u8 protonum;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
	abi_u32 mark, timeout;
	struct nf_conn *master;
	struct nf_ct_ext *ext;
};

struct nf_ct_ext {
	abi_u8 offset[9];
	abi_u32 gen_id; /* not in all kernels */
};

enum nf_ct_ext_id {
	NF_CT_EXT_HELPER,
	NF_CT_EXT_ACCT,
	NF_CT_EXT_LABELS,
};

struct nf_conn_counter {
	struct {
		abi_u64 counter;
	} packets, bytes;
};

struct nf_conn_help {
	struct nf_conntrack_helper *helper;
};

struct nf_conntrack_helper {
	char name[16];
};

enum skb_ext_id {
	SKB_EXT_BRIDGE_NF,
	SKB_EXT_SEC_PATH,
};

struct dst_entry {
	void *xfrm;
	abi_u32 tclassid;
};

struct net {
	struct user_namespace *user_ns;
	struct {
		void *fib_table_hash;
		abi_u8 fib_has_custom_rules;
	} ipv4;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct fib_table {
	struct hlist_node tb_hlist;
	abi_u32 tb_id;
	unsigned long *tb_data;
};

/* net/ipv4/fib_trie.c: */
struct key_vector {
	abi_u32 key;
	abi_u8 pos, bits, slen;
	struct hlist_head leaf;
	struct key_vector *tnode[0];
};

struct tnode {
	struct key_vector *parent;
	struct key_vector kv[1];
};

struct trie {
	struct key_vector kv[1];
};

struct fib_alias {
	struct hlist_node fa_list;
	struct fib_info *fa_info;
	abi_u8 fa_dscp, fa_type, fa_slen;
};

struct fib_nh_common {
	struct net_device *nhc_dev;
	abi_u8 nhc_flags;
};

struct fib_nh {
	struct fib_nh_common nh_common;
};

struct fib_info {
	abi_u32 fib_flags;
	abi_u8 fib_dead;
	int fib_nhs;
	struct nexthop *nh;
	struct fib_nh fib_nh[0];
};

struct user_namespace {
	int level;
};

struct sock_common {
	abi_u8 skc_state;
	struct {
		struct net *net;
	} skc_net;
	struct sock *skc_listener;
	abi_u32 skc_rcv_saddr;
	union nf_inet_addr skc_v6_rcv_saddr;
};

struct kernfs_node {
	abi_u64 id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[0];
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
	abi_u32 classid;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct file *file;
};

struct file {
	struct cred *f_cred;
};

struct cred {
	struct {
		abi_u32 val;
	} fsuid, fsgid;
	struct group_info *group_info;
};

struct group_info {
	int ngroups;
	struct {
		abi_u32 val;
	} gid[0];
};

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
	abi_u64 offset;
};

enum hrtimer_base_type {
	HRTIMER_BASE_REALTIME = 1,
};

struct hrtimer_cpu_base {
	abi_u32 online : 1;
	struct hrtimer_clock_base clock_base[8];
};

struct task_struct {
	struct {
		struct {
			struct hrtimer_clock_base *base;
		} dl_timer;
	} dl;
};

#pragma clang attribute pop

/* Not placed by CO-RE: the verifier wants constant offsets into a context. */
struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};

/*
 * Stands for 200 bytes of anything: a kernel struct of nothing but eight byte
 * members, for bpf_rdonly_cast(), which wants a struct. A load must stay within
 * one of them.
 */
struct rtnl_link_stats64 {
	abi_u64 rx_packets;
};

struct bpf_dynptr {
	abi_u64 opaque[2];
} __attribute__((aligned(8)));

struct bpf_spin_lock { /* known to the verifier by name */
	abi_u32 val;
};

struct __sk_buff { /* complete: kfunc prototypes are compared by kind of type */
	abi_u32 len;
};

extern void *bpf_rdonly_cast(const void *obj, abi_u32 btf_id) __ksym __weak;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, abi_u64 flags,
			       struct bpf_dynptr *ptr__uninit) __ksym __weak;

/* Numbers of enum bpf_func_id, linux/bpf.h. */
static void *(*const bpf_map_lookup_elem)(void *map,
					  const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key,
					 const void *value,
					 abi_u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map,
					 const void *key) = (void *)3;
static long (*const bpf_spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static long (*const bpf_spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static long (*const bpf_for_each_map_elem)(void *map, void *callback, void *arg,
					   abi_u64 flags) = (void *)164;
static abi_u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static long (*const bpf_dynptr_read)(void *dst, abi_u32 len,
				     const struct bpf_dynptr *src,
				     abi_u32 offset,
				     abi_u64 flags) = (void *)201;
static long (*const bpf_loop)(abi_u32 n, void *callback, void *arg,
			      abi_u64 flags) = (void *)181;

static abi_u64 (*const bpf_jiffies64)(void) = (void *)118;
static abi_u64 (*const bpf_get_current_task)(void) = (void *)35;
static abi_u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static abi_u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;

/* 200 bytes at @p, readable in place; what faults reads as 0. */
INLINE const abi_u8 *raw_bytes(const void *p)
{
	return bpf_rdonly_cast(
		p, __builtin_btf_type_id(*(struct rtnl_link_stats64 *)0, 1));
}

/*
 * Members of kernel structs whose address is a number: at which distance, and
 * whether this kernel has them. K32() etc. read one; what faults reads as 0.
 */
#define FIELD_AT(type, field)                                                  \
	__builtin_preserve_field_info(((struct type *)0)->field, 0)
#define FIELD_EXISTS(type, field)                                              \
	__builtin_preserve_field_info(((struct type *)0)->field, 2)
#define TYPE_SIZE(type) __builtin_preserve_type_info(*(struct type *)0, 1)
#define ENUM_VALUE(type, name)                                                 \
	__builtin_preserve_enum_value(*(enum type *)name, 1)
#define K_AT(bits, addr, type, field)                                          \
	(*(const volatile abi_u##bits *)raw_bytes(                             \
		(const void *)((addr) + FIELD_AT(type, field))))
#define K8(addr, type, field)  K_AT(8, addr, type, field)
#define K32(addr, type, field) K_AT(32, addr, type, field)
#define K64(addr, type, field) K_AT(64, addr, type, field)
/* Of the skb, and of the hook's state. */
#define SKB64(ctx, field) K64((const abi_u8 *)(ctx)->skb, sk_buff, field)
#define STATE64(ctx, field)                                                    \
	K64((const abi_u8 *)(ctx)->state, nf_hook_state, field)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ntoh16(x) __builtin_bswap16(x)
#define ntoh32(x) __builtin_bswap32(x)
#define ntoh64(x) __builtin_bswap64(x)
#define le64(x)	  (x)
#else
#define ntoh16(x) (x)
#define ntoh32(x) (x)
#define ntoh64(x) (x)
#define le64(x)	  __builtin_bswap64(x)
#endif

INLINE abi_u16 get16(const abi_u8 *p)
{
	return ntoh16(*(const abi_u16 *)p);
}
