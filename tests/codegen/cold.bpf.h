/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind a generated IPv4 program, for time_ruleset: the chain for many packets
 * in turn, so that caches are as cold as its tables are large. The packets are
 * bench/frame.h's struct flow; their connections are new, those with nothing
 * but ACK set established.
 */
struct cold_flow {
	abi_u32 saddr, daddr;
	abi_u16 sport, dport, check[2];
	abi_u8 protocol, flags, pad[6];
};

struct cold_result {
	abi_u64 ns, packets, accepted;
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 65536);
	__type(key, abi_u32);
	__type(value, struct cold_flow);
} cold_flows SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, abi_u32);
	__type(value, struct cold_result);
} cold_result SEC(".maps");

/* What the rest of the kernel does to the caches meanwhile. */
#define COLD_WORDS (1 << 20)
#define COLD_LINES 32

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, abi_u32);
	__type(value, abi_u32[COLD_WORDS]);
} cold_others SEC(".maps");

static NOINLINE void cold_caches(abi_u32 i)
{
	abi_u32 zero = 0;
	volatile abi_u32 *w = bpf_map_lookup_elem(&cold_others, &zero);

	for (abi_u32 k = 0; w && k < COLD_LINES; k++)
		(void)w[(i * COLD_LINES + k) * 16 & (COLD_WORDS - 1)];
}

static NOINLINE long cold_packet(abi_u32 i, struct cold_result *out)
{
	abi_u32 verdict, at = i & 65535;
	const struct cold_flow *f = bpf_map_lookup_elem(&cold_flows, &at);
	struct pkt p;

	if (!f || !f->protocol)
		return 1;
	__builtin_memset(&p, 0, sizeof(p));
	p.saddr[0] = f->saddr;
	p.daddr[0] = f->daddr;
	p.len = 40;
	p.thoff = p.avail = 20;
	p.proto = f->protocol;
#if NEED_TH
	p.sport = ntoh16(f->sport);
	p.dport = ntoh16(f->dport);
	p.tcpflags = f->flags;
#endif
#if NEED_CT
	p.ctstate = f->flags == 0x10 ? 2 : 8;
#endif
#if NEED_IIF
	p.iif[0] = 0x306e69; /* in0 */
#endif
#if NEED_OIF
	p.oif[0] = 0x3074756f; /* out0 */
#endif
	cold_caches(i);
	out->ns -= bpf_ktime_get_ns(); /* waits for all loads */
	verdict = CHAIN_0(0, &p);
	if (!verdict)
		verdict = POLICY | POLICY_COUNT;
	out->packets++;
	out->accepted += (verdict & CODE_MASK) == ACCEPT;
	count_all(&p, verdict >> 3);
	out->ns += bpf_ktime_get_ns();
	return 0;
}

SEC("netfilter")
int cold(struct bpf_nf_ctx *ctx)
{
	struct cold_result r = {0}, *out;
	abi_u32 zero = 0;

	out = bpf_map_lookup_elem(&cold_result, &zero);
	if (!out)
		return 1;
	bpf_loop(65536, cold_packet, &r, 0);
	*out = r;
	return 1;
}
