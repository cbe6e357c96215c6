// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generated programs in the kernel, run on packets: the matches that look into
 * headers and payloads. tests/differential compares them with the kernel's own;
 * here are the answers that are known without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter/xt_dccp.h>
#include <linux/netfilter/xt_dscp.h>
#include <linux/netfilter/xt_ecn.h>
#include <linux/netfilter/xt_esp.h>
#include <linux/netfilter/xt_ipcomp.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_length.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_string.h>
#include <linux/netfilter/xt_tcpmss.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter/xt_u32.h>
#include <linux/netfilter_ipv4/ipt_ah.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_ah.h>
#include <linux/netfilter_ipv6/ip6t_frag.h>
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <linux/netfilter_ipv6/ip6t_mh.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>
#include <linux/netfilter_ipv6/ip6t_rt.h>
#include <stdio.h>

/* The packets that the match means are accepted, all others dropped. */
#define ACCEPT_IF(name, rev, info)                                             \
	with_match(add_rule(fx.base, ACTION_ACCEPT, NULL), name, rev, false,   \
		   &(info), sizeof(info))
#define ACCEPT_IF_PROTO(proto, name, rev, info)                                \
	with_proto(ACCEPT_IF(name, rev, info), proto, false)

/*
 * Whether the packet was dropped by the match itself: then the policy, counter
 * 1, does not count it.
 */
static bool hot_dropped(struct packet p)
{
	uint64_t before = program_counter(&prog, 1).packets;

	return run(p) == NF_DROP && program_counter(&prog, 1).packets == before;
}

static void test_spis(void **state)
{
	struct xt_esp esp = {.spis = {256, 511}};
	struct ipt_ah ah = {.spis = {1, 1}, .invflags = IPT_AH_INV_SPI};
	struct xt_ipcomp comp = {.spis = {3, 70000}};

	ACCEPT_IF_PROTO(50, "esp", 0, esp);
	build();
	assert_int_equal(run(plus(ip4(50, 0), "\0\0\1\0\0\0\0\0", 8)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(ip4(50, 0), "\0\0\2\0\0\0\0\0", 8)), NF_DROP);
	assert_int_equal(run(plus(ip4(50, 0), "\0\1\1\0\0\0\0\0", 8)), NF_DROP);
	assert_true(hot_dropped(plus(ip4(50, 0), "\0\0\1\0\0\0\0", 7)));
	assert_false(hot_dropped(plus(ip4(50, 1), "\0\0\1\0\0\0\0", 7)));
	ACCEPT_IF_PROTO(51, "ah", 0, ah);
	ACCEPT_IF_PROTO(108, "ipcomp", 0, comp);
	build();
	assert_int_equal(run(plus(ip4(51, 0), "\0\0\0\0\0\0\0\1\0\0\0\0", 12)),
			 NF_DROP);
	assert_int_equal(run(plus(ip4(51, 0), "\0\0\0\0\1\0\0\1\0\0\0\0", 12)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(ip4(108, 0), "\6\0\0\3", 4)), NF_ACCEPT);
	assert_int_equal(run(plus(ip4(108, 0), "\6\0\0\2", 4)), NF_DROP);
	assert_int_equal(run(plus(ip4(108, 0), "\6\0\xff\xff", 4)), NF_ACCEPT);
}

static void test_ip_fields(void **state)
{
	struct ipt_ttl_info ttl = {.mode = IPT_TTL_LT, .ttl = 64};
	struct xt_tos_match_info tos = {.tos_mask = 0x1c, .tos_value = 0x10};
	struct xt_dscp_info dscp = {.dscp = 10, .invert = 1};
	struct xt_length_info length = {.min = 0x1234, .max = 0x1236};
	struct packet p = ip4(17, 0);

	ACCEPT_IF("ttl", 0, ttl);
	ACCEPT_IF("tos", 1, tos);
	with_match(ACCEPT_IF("length", 0, length), "dscp", 0, false, &dscp,
		   sizeof(dscp));
	build();
	assert_int_equal(run(p), NF_DROP);
	p.b[8] = 63;
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[8] = 64;
	p.b[1] = 0x13;
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[1] = 0x14;
	assert_int_equal(run(p), NF_DROP);
	/* The header's length counts, not how many bytes there are. */
	p.b[2] = 0x12;
	p.b[3] = 0x35;
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[1] = 10 << 2;
	assert_int_equal(run(p), NF_DROP);
	p.b[1] = 0;
	p.b[3] = 0x37;
	assert_int_equal(run(p), NF_DROP);
}

static void test_ecn(void **state)
{
	struct xt_ecn_info ecn = {
		.operation = XT_ECN_OP_MATCH_ECE | XT_ECN_OP_MATCH_CWR,
		.invert = XT_ECN_OP_MATCH_CWR,
	};

	ACCEPT_IF_PROTO(6, "ecn", 0, ecn);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0x42, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0xc2, "", 0)), NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0x02, "", 0)), NF_DROP);
	/* No drop of its own, and no difference for fragments. */
	assert_false(hot_dropped(cut(tcp_to(ip4(6, 0), 1, 0x42, "", 0), 39)));
	assert_int_equal(run(tcp_to(ip4(6, 7), 1, 0x42, "", 0)), NF_ACCEPT);
}

static void test_tcpmss(void **state)
{
	struct xt_tcpmss_match_info mss = {.mss_min = 1400, .mss_max = 1460};

	ACCEPT_IF_PROTO(6, "tcpmss", 0, mss);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\2\4\5\xb4", 4)),
			 NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\2\4\5\xb5", 4)),
			 NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\1\1\1\2\4\5\xb4\0", 8)),
			 NF_ACCEPT);
	assert_false(hot_dropped(tcp_to(ip4(6, 0), 1, 2, "", 0)));
	assert_true(
		hot_dropped(cut(tcp_to(ip4(6, 0), 1, 2, "\2\4\5\xb4", 4), 43)));
}

static void test_iprange(void **state)
{
	struct xt_iprange_mtinfo r = {.flags = IPRANGE_SRC | IPRANGE_DST |
					       IPRANGE_DST_INV};

	inet_pton(AF_INET, "10.1.2.3", &r.src_min);
	inet_pton(AF_INET, "10.1.3.0", &r.src_max);
	inet_pton(AF_INET, "10.0.0.0", &r.dst_min);
	inet_pton(AF_INET, "192.168.0.6", &r.dst_max);
	ACCEPT_IF("iprange", 1, r);
	build();
	struct packet p = ip4(6, 0);
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[15] = 2;
	assert_int_equal(run(p), NF_DROP);
	p.b[14] = 3;
	p.b[15] = 0;
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[19] = 6;
	assert_int_equal(run(p), NF_DROP);
}

static void test_iprange6(void **state)
{
	struct xt_iprange_mtinfo r = {.flags = IPRANGE_SRC};
	struct packet p = ip6(6);

	inet_pton(AF_INET6, "2001:db8::1", &r.src_min);
	inet_pton(AF_INET6, "2001:db8::1:0", &r.src_max);
	ACCEPT_IF("iprange", 1, r);
	build();
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[23] = 0;
	assert_int_equal(run(p), NF_DROP);
	p.b[21] = 1;
	assert_int_equal(run(p), NF_ACCEPT);
	p.b[23] = 1;
	assert_int_equal(run(p), NF_DROP);
	p.b[8] = 0x1f;
	p.b[21] = 0;
	assert_int_equal(run(p), NF_DROP);
}

static struct packet sctp(const void *chunks, size_t len)
{
	return plus(plus(ip4(132, 0), "\0\1\0\x50\0\0\0\0\0\0\0\0", 12), chunks,
		    len);
}

static void test_sctp(void **state)
{
	struct xt_sctp_info s = {
		.flags = XT_SCTP_DEST_PORTS | XT_SCTP_CHUNK_TYPES,
		.dpts = {80, 80},
		.chunk_match_type = SCTP_CHUNK_MATCH_ALL,
		.flag_info = {{.chunktype = 0, .flag = 2, .flag_mask = 3}},
		.flag_count = 1,
	};

	SCTP_CHUNKMAP_SET(s.chunkmap, 0);
	SCTP_CHUNKMAP_SET(s.chunkmap, 3);
	ACCEPT_IF_PROTO(132, "sctp", 0, s);
	build();
	assert_int_equal(run(sctp("\0\2\0\4\3\0\0\4", 8)), NF_ACCEPT);
	assert_int_equal(run(sctp("\3\0\0\5x\0\0\0\1\0\0\4\0\2\0\4", 16)),
			 NF_ACCEPT);
	assert_int_equal(run(sctp("\0\3\0\4\3\0\0\4", 8)), NF_DROP);
	assert_int_equal(run(sctp("\0\2\0\4", 4)), NF_DROP);
	assert_true(hot_dropped(sctp("\0\2\0\4\3\0\0\0", 8)));
	assert_true(hot_dropped(sctp("\0\2\0\4\3\0", 6)));
	assert_true(hot_dropped(sctp("", 0)));
}

static void test_dccp(void **state)
{
	struct xt_dccp_info d = {
		.flags = XT_DCCP_TYPE | XT_DCCP_OPTION,
		.invflags = XT_DCCP_TYPE,
		.typemask = 1 << 1,
		.option = 3,
	};
	/* A request has 16 bytes in front of its options. */
	struct packet p = plus(ip4(33, 0), "\0\1\0\2\5\0\0\0\0\0\0\0svc\0", 16);

	ACCEPT_IF_PROTO(33, "dccp", 0, d);
	build();
	assert_int_equal(run(plus(p, "\0\1\3\0", 4)), NF_ACCEPT);
	assert_int_equal(run(plus(p, "\x20\3\3\0", 4)), NF_DROP);
	assert_true(hot_dropped(plus(p, "\3\0\0", 3)));
	p.b[28] = 1 << 1;
	assert_false(hot_dropped(plus(p, "\3\0\0", 3)));
	p.b[28] = 0;
	p.b[24] = 3;
	assert_true(hot_dropped(plus(p, "\3\0\0\0", 4)));
}

static void test_udplite(void **state)
{
	struct xt_udp udp = {.spts = {0, 0xffff}, .dpts = {53, 53}};

	ACCEPT_IF_PROTO(136, "udplite", 0, udp);
	build();
	assert_int_equal(run(with_ports(ip4(136, 0), 9, 53)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(136, 0), 9, 54)), NF_DROP);
	assert_int_equal(run(with_ports(ip4(17, 0), 9, 53)), NF_DROP);
}

static void test_mh(void **state)
{
	struct ip6t_mh mh = {.types = {2, 5}};

	ACCEPT_IF_PROTO(135, "mh", 0, mh);
	build();
	assert_int_equal(run(plus(ip6(135), "\x3b\0\2\0\0\0\0\0", 8)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(ip6(135), "\x3b\0\6\0\0\0\0\0", 8)), NF_DROP);
	assert_true(hot_dropped(plus(ip6(135), "\6\0\2\0\0\0\0\0", 8)));
	assert_true(hot_dropped(plus(ip6(135), "\x3b\0\2\0\0", 5)));
}

static void test_ah6(void **state)
{
	struct ip6t_ah ah = {.spis = {7, 9}, .hdrres = 1};
	struct packet p = plus(ip6(60), "\x33\0\0\0\0\0\0\0", 8);

	ACCEPT_IF("ah", 0, ah);
	build();
	assert_int_equal(run(plus(p, "\6\1\0\0\0\0\0\x8\0\0\0\0", 12)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(p, "\6\1\0\1\0\0\0\x8\0\0\0\0", 12)),
			 NF_DROP);
	assert_true(hot_dropped(plus(p, "\6\2\0\0\0\0\0\x8\0\0\0\0", 12)));
	assert_false(hot_dropped(ip6(6)));
	assert_true(hot_dropped(ip6(60)));
}

static void test_frag6(void **state)
{
	struct ip6t_frag frag = {.ids = {1, 1}, .flags = IP6T_FRAG_MF};

	ACCEPT_IF("frag", 0, frag);
	build();
	assert_int_equal(run(plus(ip6(44), "\6\0\0\1\0\0\0\1", 8)), NF_ACCEPT);
	assert_int_equal(run(plus(ip6(44), "\6\0\0\x9\0\0\0\1", 8)), NF_ACCEPT);
	assert_int_equal(run(plus(ip6(44), "\6\0\0\x8\0\0\0\1", 8)), NF_DROP);
	assert_int_equal(run(plus(ip6(44), "\6\0\0\1\0\0\0\2", 8)), NF_DROP);
	assert_true(hot_dropped(plus(ip6(44), "\6\0\0\1\0\0\0", 7)));
}

static void test_rt(void **state)
{
	struct ip6t_rt rt = {
		.segsleft = {0, 0xff},
		.flags = IP6T_RT_TYP | IP6T_RT_FST,
		.addrnr = 2,
	};
	struct packet p = plus(ip6(43), "\6\4\0\1\0\0\0\0", 8);

	inet_pton(AF_INET6, "2001:db8::1", &rt.addrs[0]);
	inet_pton(AF_INET6, "2001:db8::2", &rt.addrs[1]);
	ACCEPT_IF("rt", 0, rt);
	build();
	p = plus(plus(p, &rt.addrs[0], 16), &rt.addrs[1], 16);
	assert_int_equal(run(p), NF_ACCEPT);
	assert_true(hot_dropped(cut(p, p.len - 1)));
	p.b[42] = 2;
	assert_int_equal(run(p), NF_DROP);
	p.b[42] = 0;
	p = plus(p, &rt.addrs[0], 16);
	p.b[41] = 6;
	assert_int_equal(run(p), NF_DROP);
}

static void test_options6(void **state)
{
	struct ip6t_opts opts = {
		.flags = IP6T_OPTS_OPTS,
		.optsnr = 2,
		.opts = {5 << 8 | 2, 1 << 8 | 0xff},
	};

	ACCEPT_IF("hbh", 0, opts);
	build();
	assert_int_equal(run(plus(ip6(0), "\6\0\5\2\0\0\1\0", 8)), NF_ACCEPT);
	assert_int_equal(run(plus(ip6(0), "\6\0\5\2\0\0\0\0", 8)), NF_DROP);
	assert_int_equal(run(plus(ip6(0), "\6\0\5\3\0\0\0\1", 8)), NF_DROP);
	assert_int_equal(run(plus(ip6(60), "\6\0\5\2\0\0\1\0", 8)), NF_DROP);
	assert_true(hot_dropped(plus(ip6(0), "\6\1\5\2\0\0\1\0", 8)));
}

static void test_ipv6header(void **state)
{
	struct ip6t_ipv6header_info hop = {.matchflags = MASK_HOPOPTS |
							 MASK_PROTO};
	struct ip6t_ipv6header_info soft = {.matchflags = MASK_ESP,
					    .modeflag = 1};

	ACCEPT_IF("ipv6header", 0, hop);
	ACCEPT_IF("ipv6header", 0, soft);
	build();
	assert_int_equal(run(plus(ip6(0), "\6\0\1\4\0\0\0\0", 8)), NF_ACCEPT);
	assert_int_equal(run(plus(ip6(60), "\6\0\1\4\0\0\0\0", 8)), NF_DROP);
	assert_int_equal(run(plus(ip6(60), "\x32\0\1\4\0\0\0\0\1\2", 10)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(ip6(60), "\x32\0\1\4\0\0\0\0\1", 9)),
			 NF_DROP);
	assert_int_equal(run(ip6(6)), NF_DROP);
}

static void test_u32(void **state)
{
	/* 0 >> 22 & 0x3c @ 2 & 0xffff = 80:90, the destination port */
	struct xt_u32 u = {
		.ntests = 1,
		.tests[0] = {.nnums = 4,
			     .nvalues = 1,
			     .location = {{0, 0},
					  {22, XT_U32_RIGHTSH},
					  {0x3c, XT_U32_AND},
					  {0, XT_U32_AT}},
			     .value = {{80, 90}}},
	};

	u.tests[0].location[4] = (struct xt_u32_location_element){0xffff, 0};
	u.tests[0].nnums = 5;
	ACCEPT_IF("u32", 0, u);
	build();
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 80)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 91)), NF_DROP);
	assert_int_equal(run(cut(with_ports(ip4(17, 0), 1, 80), 24)),
			 NF_ACCEPT);
	assert_int_equal(run(cut(with_ports(ip4(17, 0), 1, 80), 23)), NF_DROP);
}

static void test_bpf(void **state)
{
	/* A loop's worth of everything: msh, ind, alu, scratch, jumps. */
	struct xt_bpf_info b = {
		.bpf_program_num_elem = 9,
		.bpf_program = {
			BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
			BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
			BPF_STMT(BPF_ST, 3),
			BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 3),
			BPF_STMT(BPF_LD | BPF_IMM, 160),
			BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, 1),
			BPF_STMT(BPF_RET | BPF_K, 0),
		}};

	ACCEPT_IF("bpf", 0, b);
	build();
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 80)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 53)), NF_DROP);
	/* Division by zero, and what cannot be loaded: 0. */
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 0)), NF_DROP);
	assert_int_equal(run(cut(with_ports(ip4(17, 0), 1, 80), 23)), NF_DROP);
}

static void with_string(const char *text, unsigned int from, unsigned int to,
			unsigned int flags)
{
	struct xt_string_info s = {
		.from_offset = from,
		.to_offset = to,
		.algo = "bm",
		.patlen = strlen(text),
		.u.v1.flags = flags,
	};

	memcpy(s.pattern, text, s.patlen);
	ACCEPT_IF("string", 1, s);
}

static void test_string(void **state)
{
	with_string("abab", 21, 30, 0);
	build();
	assert_int_equal(run(plus(ip4(17, 0), "xabaabab", 8)), NF_ACCEPT);
	assert_int_equal(run(plus(ip4(17, 0), "ababx", 5)), NF_DROP);
	assert_int_equal(run(plus(ip4(17, 0), "xxxxxxabab", 10)), NF_ACCEPT);
	assert_int_equal(run(plus(ip4(17, 0), "xxxxxxxabab", 11)), NF_DROP);
	assert_int_equal(run(plus(ip4(17, 0), "xABAB", 5)), NF_DROP);
	assert_int_equal(run(plus(ip4(17, 0), "xaba", 4)), NF_DROP);
}

static void test_string_flags(void **state)
{
	with_string("Host", 0, 0xffff,
		    XT_STRING_FLAG_IGNORECASE | XT_STRING_FLAG_INVERT);
	build();
	assert_int_equal(run(plus(ip4(17, 0), "ghhOsT", 6)), NF_DROP);
	assert_int_equal(run(plus(ip4(17, 0), "hos\x94", 4)), NF_ACCEPT);
}

/*
 * The longest way, with what takes most of the stack: three chains and the
 * four calls within a match.
 */
static void test_stack(void **state)
{
	struct ip6t_rt rt = {.segsleft = {0, 9}, .flags = IP6T_RT_FST};
	struct xt_tcp option = {
		.spts = {0, 0xffff}, .dpts = {0, 0xffff}, .option = 8};
	struct chain *c = fx.base;
	char name[16];

	with_match(with_proto(add_rule(c, ACTION_DROP, NULL), 6, false), "tcp",
		   0, false, &option, sizeof(option));
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		with_iif(with_proto(add_rule(c, ACTION_JUMP, name), 6, false),
			 "eth0", true);
		with_oif(add_rule(c, ACTION_JUMP, name), "lo", false);
		with_match(with_state(add_rule(c, ACTION_NONE, NULL), 1), "rt",
			   0, false, &rt, sizeof(rt));
		c = fixture_chain(&fx, name);
	}
	with_match(add_rule(c, ACTION_NONE, NULL), "rt", 0, false, &rt,
		   sizeof(rt));
	with_string("abc", 0, 100, 0);
	build();
	assert_int_equal(run(plus(ip6(17), "abc", 3)), NF_ACCEPT);
}

/* One chain more would be too deep for the verifier: nft decides. */
static void test_too_deep(void **state)
{
	struct ip6t_rt rt = {.segsleft = {0, 9}, .flags = IP6T_RT_FST};
	struct chain *c = fx.base;
	char name[16];

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		with_proto(add_rule(c, ACTION_JUMP, name), 6, false);
		with_proto(add_rule(c, ACTION_JUMP, name), 17, false);
		c = fixture_chain(&fx, name);
	}
	with_match(add_rule(c, ACTION_DROP, NULL), "rt", 0, false, &rt,
		   sizeof(rt));
	assert_non_null(fixture_plan(&fx));
	assert_non_null(strstr(plan_reason(fx.plan), "nest too deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_spis, setup4),	 TEST(test_ip_fields, setup4),
		TEST(test_ecn, setup4),		 TEST(test_tcpmss, setup4),
		TEST(test_iprange, setup4),	 TEST(test_iprange6, setup6),
		TEST(test_sctp, setup4),	 TEST(test_dccp, setup4),
		TEST(test_udplite, setup4),	 TEST(test_mh, setup6),
		TEST(test_ah6, setup6),		 TEST(test_frag6, setup6),
		TEST(test_rt, setup6),		 TEST(test_options6, setup6),
		TEST(test_ipv6header, setup6),	 TEST(test_u32, setup4),
		TEST(test_bpf, setup4),		 TEST(test_string, setup4),
		TEST(test_string_flags, setup4), TEST(test_stack, setup6),
		TEST(test_too_deep, setup6),
	};

	if (cannot_load())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
