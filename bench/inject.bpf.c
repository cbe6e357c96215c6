// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs around the measured ruleset: one makes packets, others make an
 * end of them and count, two are the cheapest possible contenders. None of them
 * depends on the ruleset.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/frame.h"

#define TTL    64
#define L4_LEN (FRAME_LEN - ETH_HLEN - sizeof(struct iphdr))

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

static __always_inline void write_ethernet(struct ethhdr *eth, __u16 proto)
{
	const __u8 to[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x01};
	const __u8 from[ETH_ALEN] = {0x02, 0, 0, 0, 0, 0x10};

	__builtin_memcpy(eth->h_dest, to, ETH_ALEN);
	__builtin_memcpy(eth->h_source, from, ETH_ALEN);
	eth->h_proto = bpf_htons(proto);
}

static __always_inline void write_ip(struct iphdr *ip, const struct flow *f)
{
	*(__u8 *)ip = 0x45;
	ip->tos = 0;
	ip->tot_len = bpf_htons(FRAME_LEN - ETH_HLEN);
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = TTL;
	ip->protocol = f->protocol;
	ip->check = f->ip_check;
	ip->saddr = f->saddr[0];
	ip->daddr = f->daddr[0];
}

static __always_inline void write_ipv6(struct ipv6hdr *ip, const struct flow *f)
{
	*(__u32 *)ip = bpf_htonl(0x60000000);
	ip->payload_len = bpf_htons(L4_LEN);
	ip->nexthdr = f->protocol;
	ip->hop_limit = TTL;
	__builtin_memcpy(&ip->saddr, f->saddr, sizeof(f->saddr));
	__builtin_memcpy(&ip->daddr, f->daddr, sizeof(f->daddr));
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
	udp->len = bpf_htons(L4_LEN);
	udp->check = f->l4_check;
	payload[0] = payload[1] = payload[2] = 0;
}

static __always_inline void write_l4(void *header, const struct flow *f)
{
	if (f->protocol == IPPROTO_TCP)
		write_tcp(header, f);
	else
		write_udp(header, f);
}

/* Frames are recycled as the stack left them (addresses, ttl, checksum):
 * everything is written anew. */
SEC("xdp")
int inject(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	void *ip = eth + 1;
	struct flow *f = next_flow();

	if (!f || data + FRAME_LEN > end)
		return XDP_ABORTED;
	if (f->ip_version == 4) {
		write_ethernet(eth, ETH_P_IP);
		write_ip(ip, f);
		write_l4(ip + sizeof(struct iphdr), f);
		return XDP_PASS;
	}
	if (data + FRAME_LEN_V6 > end)
		return XDP_ABORTED;
	write_ethernet(eth, ETH_P_IPV6);
	write_ipv6(ip, f);
	write_l4(ip + sizeof(struct ipv6hdr), f);
	return XDP_PASS;
}

/* On the device itself: without a program it has no queue that live frames
 * could come from. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Behind the router, on egress: the packet was forwarded, which its time to
 * live shows. What the router says itself (ICMP for a REJECT, neighbours and
 * multicast of IPv6) is not counted. */
SEC("tcx/egress")
int end_of_path(struct __sk_buff *skb)
{
	unsigned int offset = skb->protocol == bpf_htons(ETH_P_IP)
				      ? offsetof(struct iphdr, ttl)
				      : offsetof(struct ipv6hdr, hop_limit);
	__u8 ttl;

	if (!bpf_skb_load_bytes(skb, ETH_HLEN + offset, &ttl, sizeof(ttl)) &&
	    ttl == TTL - 1)
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
