// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads what the kernel's rule holds for a match and no dump tells: which
 * control group "-m cgroup --path" was resolved to when the rule was made (the
 * path may be another group's by now), what the table of "-m hashlimit" was
 * made for (its first rule decided that), where "-m quota" counts. Run by user
 * space, once for each such match, in the network namespace whose rules are
 * meant.
 */
#include "loader/bpf/vmlinux.bpf.h"

struct list_head {
	struct list_head *next;
} CORE;

struct nsproxy {
	struct net *net_ns;
} CORE;

struct task_struct {
	struct nsproxy *nsproxy;
} CORE;

struct net_generic___s {
	struct {
		abi_u32 len;
	} s;
} CORE;

struct nftables_pernet___tables {
	struct list_head tables;
} CORE;

struct nft_table {
	struct list_head list, chains;
	abi_u64 handle;
} CORE;

struct nft_chain {
	struct list_head rules, list;
	abi_u64 handle;
} CORE;

struct nft_rule {
	struct list_head list;
	abi_u64 handle : 42;
	abi_u64 dlen : 12;
	unsigned char data[0];
} CORE;

struct nft_expr_ops {
	abi_u32 size;
	const struct nft_expr_type *type;
	void *data;
} CORE;

struct nft_expr_type {
	const char *name;
} CORE;

struct nft_expr {
	const struct nft_expr_ops *ops;
	unsigned char data[0];
} CORE;

struct xt_match {
	const char name[29];
	abi_u32 matchsize;
} CORE;

struct cgroup {
	int level;
	struct kernfs_node *kn;
} CORE;

struct kernfs_node {
	abi_u64 id;
} CORE;

/* The struct of linux/netfilter/xt_hashlimit.h, which no kernel changes. */
struct hashlimit_cfg3 {
	abi_u64 words[6];
};

struct xt_quota_priv {
	abi_u64 quota;
} CORE;

struct xt_hashlimit_htable {
	struct hashlimit_cfg3 cfg;
} CORE;

extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

#define FIRST_PART 3 /* net/netns/generic.h: len, and a struct rcu_head */

static abi_u64 (*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_loop)(abi_u32 n, void *callback, void *arg,
			      abi_u64 flags) = (void *)181;

/* The question, and the answer; src/loader/rulematch.c has the same struct. */
struct {
	abi_u64 table, chain, rule; /* handles */
	abi_u32 nth;		    /* of the rule's matches with this name */
	abi_u32 at;		    /* where in its data the pointer is */
	char name[16];		    /* one of these three */
	abi_u64 found;		    /* the pointer; 0: not found */
	abi_u64 id, level;	    /* of the control group; where a quota is */
	struct hashlimit_cfg3 cfg;  /* of the table */
} query = {0};

#define INFO(type, member, kind)                                               \
	__builtin_preserve_field_info(((struct type *)0)->member, kind)
#define AT(type, member) INFO(type, member, 0)
/* A bit field, as the 64-bit word that holds it shows it. */
#define BITS(word, type, member)                                               \
	((word) << INFO(type, member, 4) >> INFO(type, member, 5))

#define INLINE static inline __attribute__((always_inline))

INLINE abi_u64 read64(abi_u64 addr)
{
	abi_u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (const void *)addr);
	return v;
}

INLINE abi_u32 read32(abi_u64 addr)
{
	abi_u32 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (const void *)addr);
	return v;
}

/* ---- lists ---- */

struct search {
	abi_u64 head, at; /* addresses of struct list_head */
	abi_u64 handle;	  /* looked for */
	abi_u32 list;	  /* where in its struct a list_head lies, ... */
	abi_u32 field;	  /* ... and the handle, */
	abi_u32 lshift, rshift;
	abi_u64 found;
};

static int search_step(abi_u32 i __attribute__((unused)), struct search *s)
{
	abi_u64 object = s->at - s->list;
	abi_u64 handle = read64(object + s->field);

	if (!s->at || s->at == s->head)
		return 1;
	if (handle << (s->lshift & 63) >> (s->rshift & 63) == s->handle) {
		s->found = object;
		return 1;
	}
	s->at = read64(s->at);
	return 0;
}

INLINE abi_u64 search(struct search *s, abi_u64 head, abi_u64 handle)
{
	s->head = head;
	s->at = read64(head);
	s->handle = handle;
	s->found = 0;
	bpf_loop(1 << 20, search_step, s, 0);
	return s->found;
}

#define SEARCH(type)                                                           \
	{                                                                      \
		.list = AT(type, list), .field = AT(type, handle),             \
		.lshift = INFO(type, handle, 4),                               \
		.rshift = INFO(type, handle, 5)                                \
	}

/* ---- a rule's expressions ---- */

struct expressions {
	abi_u64 at, end;
	abi_u32 nth;
	abi_u64 found; /* what the match works on */
};

/* Whether it is a "match" of query.name, and how it keeps its data. */
INLINE int is_match(abi_u64 ops)
{
	static const char match[8] = "match";
	abi_u64 xt = read64(ops + AT(nft_expr_ops, data));
	abi_u64 type = read64(ops + AT(nft_expr_ops, type));
	char name[16] = {0};

	bpf_probe_read_kernel(
		name, 6, (const void *)read64(type + AT(nft_expr_type, name)));
	for (int i = 0; i < 6; i++)
		if (name[i] != match[i])
			return 0;
	bpf_probe_read_kernel(name, sizeof(name),
			      (const void *)(xt + AT(xt_match, name)));
	for (int i = 0; i < 16; i++) {
		if (name[i] != query.name[i])
			return 0;
		if (!name[i])
			break;
	}
	/* NFT_MATCH_LARGE_THRESH: larger data is held by a pointer. */
	return read32(xt + AT(xt_match, matchsize)) > 192 ? 2 : 1;
}

static int expression_step(abi_u32 i __attribute__((unused)),
			   struct expressions *e)
{
	abi_u64 ops = read64(e->at + AT(nft_expr, ops));
	abi_u32 size = read32(ops + AT(nft_expr_ops, size));
	int kind;

	if (e->at >= e->end || !size)
		return 1;
	kind = is_match(ops);
	if (kind && !e->nth--) {
		e->found = e->at + AT(nft_expr, data);
		if (kind == 2)
			e->found = read64(e->found);
		return 1;
	}
	e->at += size;
	return 0;
}

INLINE void read_cgroup(abi_u64 cgroup)
{
	query.level = read32(cgroup + AT(cgroup, level));
	query.id =
		read64(read64(cgroup + AT(cgroup, kn)) + AT(kernfs_node, id));
}

/* Where the kernel has no hashlimit there is no such rule. */
INLINE void read_table(abi_u64 table)
{
	if (!INFO(xt_hashlimit_htable, cfg, 2))
		return;
	bpf_probe_read_kernel(
		&query.cfg, sizeof(query.cfg),
		(const void *)(table + AT(xt_hashlimit_htable, cfg)));
}

INLINE void answer(abi_u64 rule)
{
	struct expressions e = {0};

	e.at = rule + AT(nft_rule, data);
	e.end = e.at + BITS(read64(rule + AT(nft_rule, dlen)), nft_rule, dlen);
	e.nth = query.nth;
	bpf_loop(128, expression_step, &e, 0);
	if (!e.found)
		return;
	query.found = read64(e.found + query.at);
	switch (query.name[0]) {
	case 'c':
		read_cgroup(query.found);
		break;
	case 'h':
		read_table(query.found);
		break;
	case 'q':
		if (INFO(xt_quota_priv, quota, 2))
			query.id = query.found + AT(xt_quota_priv, quota);
		break;
	}
}

/* @net: nf_tables' part of the network namespace; or something else. */
INLINE void find(abi_u64 net)
{
	struct search tables = SEARCH(nft_table), chains = SEARCH(nft_chain),
		      rules = SEARCH(nft_rule);
	abi_u64 table, chain, rule;

	table = search(&tables, net + AT(nftables_pernet___tables, tables),
		       query.table);
	if (!table)
		return;
	chain = search(&chains, table + AT(nft_table, chains), query.chain);
	if (!chain)
		return;
	rule = search(&rules, chain + AT(nft_chain, rules), query.rule);
	if (rule)
		answer(rule);
}

/*
 * Which of the namespace's parts is nf_tables' only kallsyms tells, and not on
 * all kernels. It is the one in which table, chain, rule and match are found.
 */
static int part_step(abi_u32 i, abi_u64 *gen)
{
	abi_u64 part;

	if (i >= read32(*gen + AT(net_generic___s, s.len)))
		return 1;
	part = read64(*gen + 8 * (abi_u64)i);
	/* What lies in front is the head of the array itself. */
	if (i >= FIRST_PART && part)
		find(part);
	return query.found != 0;
}

SEC("syscall")
int read_match(void *ctx __attribute__((unused)))
{
	abi_u64 task = bpf_get_current_task(), net, gen;

	query.found = 0;
	if (!bpf_rcu_read_lock || !bpf_rcu_read_unlock)
		return 0;
	bpf_rcu_read_lock();
	net = read64(read64(task + AT(task_struct, nsproxy)) +
		     AT(nsproxy, net_ns));
	gen = read64(net + AT(net, gen));
	bpf_loop(1024, part_step, &gen, 0);
	bpf_rcu_read_unlock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
