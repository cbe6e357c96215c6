// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs around the measured ruleset: one makes packets, others make an
 * end of them and count, two are the cheapest possible contenders. None of them
 * depends on the ruleset.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/frame.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_FLOWS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cursor);
} cursor SEC(".maps");

/* Packets that got through the ruleset. The generator is one thread on one CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

static __always_inline void count_arrival(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&arrived, &zero);

	if (n)
		++*n;
}

static __always_inline struct flow *next_flow(void)
{
	__u32 zero = 0, i;
	struct cursor *c = bpf_map_lookup_elem(&cursor, &zero);

	if (!c)
		return NULL;
	i = c->next;
	c->next = i + 1 < c->count ? i + 1 : 0;
	return bpf_map_lookup_elem(&flows, &i);
}

static __always_inline void write_ethernet(struct ethhdr *eth)
{
	const __u8 to[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x01};
	const __u8 from[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x10};

	__builtin_memcpy(eth->h_dest, to, ETH_ALEN);
	__builtin_memcpy(eth->h_source, from, ETH_ALEN);
	eth->h_proto = bpf_htons(ETH_P_IP);
}

static __always_inline void write_ip(struct iphdr *ip, const struct flow *f)
{
	*(__u8 *)ip = 0x45;
	ip->tos = 0;
	ip->tot_len = bpf_htons(FRAME_LEN - ETH_HLEN);
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = 64;
	ip->protocol = f->protocol;
	ip->check = f->ip_check;
	ip->saddr = f->saddr;
	ip->daddr = f->daddr;
}

static __always_inline void write_tcp(struct tcphdr *tcp, const struct flow *f)
{
	tcp->source = f->sport;
	tcp->dest = f->dport;
	tcp->seq = bpf_htonl(1);
	tcp->ack_seq = bpf_htonl(1);
	((__u8 *)tcp)[12] = sizeof(*tcp) / 4 << 4;
	((__u8 *)tcp)[13] = f->tcp_flags;
	tcp->window = bpf_htons(65535);
	tcp->check = f->l4_check;
	tcp->urg_ptr = 0;
}

static __always_inline void write_udp(void *header, const struct flow *f)
{
	struct udphdr *udp = header;
	__u32 *payload = (void *)(udp + 1);

	udp->source = f->sport;
	udp->dest = f->dport;
	udp->len = bpf_htons(FRAME_LEN - ETH_HLEN - sizeof(struct iphdr));
	udp->check = f->l4_check;
	payload[0] = payload[1] = payload[2] = 0;
}

/* Frames are recycled as the stack left them (addresses, ttl, checksum):
 * everything is written anew. */
SEC("xdp")
int inject(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct flow *f;

	if (data + FRAME_LEN > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	f = next_flow();
	if (!f)
		return XDP_ABORTED;
	write_ethernet(eth);
	write_ip(ip, f);
	if (f->protocol == IPPROTO_TCP)
		write_tcp((void *)(ip + 1), f);
	else
		write_udp(ip + 1, f);
	return XDP_PASS;
}

/* On the device itself: without a program it has no queue that live frames
 * could come from. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Behind the router, on egress: the packet was forwarded. */
SEC("tcx/egress")
int end_of_path(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		count_arrival();
	return TC_ACT_SHOT;
}

/* On a socket of the router's own: the packet was delivered. */
SEC("socket")
int end_of_input(struct __sk_buff *skb)
{
	count_arrival();
	return 0;
}

SEC("netfilter")
int accept_all(void *ctx)
{
	return 1; /* NF_ACCEPT */
}

SEC("netfilter")
int drop_all(void *ctx)
{
	return 0; /* NF_DROP */
}

char _license[] SEC("license") = "GPL";
