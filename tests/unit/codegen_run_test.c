// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generated programs in the kernel, run on packets: what the conditions of a
 * rule say. Needs root; says so and is skipped without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* ---- core conditions ---- */

static void test_addresses(void **state)
{
	with_src(add_rule(fx.base, ACTION_ACCEPT, NULL), "10.0.0.3",
		 "255.0.0.255", false);
	build();
	assert_int_equal(run(ip4(6, 0)), NF_ACCEPT);
	struct packet p = ip4(6, 0);
	p.b[15] = 4;
	assert_int_equal(run(p), NF_DROP);
	p = ip4(6, 0);
	p.b[13] = 200;
	assert_int_equal(run(p), NF_ACCEPT);
	expect_count(0, 2, 40);
	expect_count(1, 1, 20);
}

static void test_devices(void **state)
{
	/*
	 * No input device: its name is empty, which is no name's prefix but
	 * that of "+".
	 */
	with_iif(add_rule(fx.base, ACTION_DROP, NULL), "eth+", false);
	with_oif(add_rule(fx.base, ACTION_DROP, NULL), "l", false);
	with_oif(add_rule(fx.base, ACTION_DROP, NULL), "lo0", false);
	with_oif(add_rule(fx.base, ACTION_NONE, NULL), "l+", false);
	with_oif(with_iif(add_rule(fx.base, ACTION_ACCEPT, NULL), "eth0", true),
		 "lo", false);
	build();
	assert_int_equal(run(ip4(6, 0)), NF_ACCEPT);
	expect_count(3, 1, 20);
	expect_count(4, 1, 20);
}

static void test_proto_frag(void **state)
{
	with_frag(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 17, true),
		  false);
	with_frag(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 17, false),
		  true);
	build();
	assert_int_equal(run(ip4(6, 0)), NF_DROP);
	assert_int_equal(run(ip4(6, 0x2000)), NF_DROP); /* first fragment */
	assert_int_equal(run(ip4(6, 0x2001)), NF_ACCEPT);
	assert_int_equal(run(ip4(17, 0)), NF_ACCEPT);
	assert_int_equal(run(ip4(17, 5)), NF_DROP);
}

/* ---- transport headers ---- */

static void test_native_tcp(void **state)
{
	with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 30, true);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 22, 2, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 30, 2, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 31, 2, "", 0)), NF_DROP);
	assert_int_equal(run(tcp_to(ip4(17, 0), 22, 2, "", 0)), NF_DROP);
	/* Short: matches as soon as the port is there. */
	assert_int_equal(run(cut(tcp_to(ip4(6, 0), 22, 2, "", 0), 24)),
			 NF_ACCEPT);
	assert_int_equal(run(cut(tcp_to(ip4(6, 0), 22, 2, "", 0), 23)),
			 NF_DROP);
	assert_int_equal(run(ip4(6, 0)), NF_DROP);
	/*
	 * What nft's native form makes of a later fragment differs between
	 * kernels.
	 */
	assert_int_equal(run(tcp_to(ip4(6, 9), 22, 2, "", 0)), HANDOVER);
	assert_int_equal(run(tcp_to(ip4(17, 9), 22, 2, "", 0)), NF_DROP);
	expect_count(0, 3, 40 + 40 + 24);
}

static void test_xt_tcp(void **state)
{
	fx.base->policy = NF_ACCEPT;
	with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 22, false);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 23, 2, "", 0)), NF_ACCEPT);
	expect_count(1, 1, 40);
	/* Dropped by the match itself: neither rule nor policy count it. */
	assert_int_equal(run(cut(tcp_to(ip4(6, 0), 22, 2, "", 0), 39)),
			 NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 1), 22, 2, "", 0)), NF_DROP);
	expect_count(0, 0, 0);
	expect_count(1, 1, 40);
	assert_int_equal(run(tcp_to(ip4(6, 2), 22, 2, "", 0)), NF_ACCEPT);
	expect_count(1, 2, 80);
}

static void test_ip_options(void **state)
{
	struct packet p = ip4(6, 0);

	with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 22, true);
	build();
	p.b[0] = 0x46;
	assert_int_equal(run(tcp_to(plus(p, "\1\1\1\0", 4), 22, 2, "", 0)),
			 NF_ACCEPT);
	p.b[0] = 0x4f; /* the header reaches behind the packet's end */
	assert_int_equal(run(tcp_to(p, 22, 2, "", 0)), NF_DROP);
}

static void test_tcp_flags(void **state)
{
	struct xt_tcp syn = {
		.spts = {0, 0xffff},
		.dpts = {0, 0xffff},
		.flg_mask = 0x17,
		.flg_cmp = 0x02,
	};

	with_match(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false),
		   "tcp", 0, true, &syn, sizeof(syn));
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0x02, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0xc2, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 0x12, "", 0)), NF_DROP);
	assert_int_equal(run(cut(tcp_to(ip4(6, 0), 1, 2, "", 0), 34)),
			 NF_ACCEPT);
	assert_int_equal(run(cut(tcp_to(ip4(6, 0), 1, 2, "", 0), 33)), NF_DROP);
}

static void add_option(unsigned int option, bool invert)
{
	struct xt_tcp tcp = {
		.spts = {0, 0xffff},
		.dpts = {0, 0xffff},
		.option = option,
		.invflags = invert ? XT_TCP_INV_OPTION : 0,
	};

	with_match(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false),
		   "tcp", 0, false, &tcp, sizeof(tcp));
}

static void test_tcp_options(void **state)
{
	struct packet p;

	add_option(8, false);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "", 0)), NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\2\4\5\6\1\1\x8\2", 8)),
			 NF_ACCEPT);
	/* An 8 in another option's data is none; a length of 0 counts as 1. */
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\2\4\x8\x8", 4)),
			 NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\5\0\1\1", 4)), NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\5\0\0\x8", 4)),
			 NF_ACCEPT);
	/* Header length below 20, or beyond the packet: dropped. Not counted.
	 */
	expect_count(1, 3, 40 + 44 + 44);
	p = tcp_to(ip4(6, 0), 1, 2, "\x8\2\1\1", 4);
	p.b[32] = 0x40;
	assert_int_equal(run(p), NF_DROP);
	p.b[32] = 0x70;
	assert_int_equal(run(p), NF_DROP);
	expect_count(1, 3, 40 + 44 + 44);
}

static void test_tcp_option_inverted(void **state)
{
	add_option(200, true);
	build();
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\xc8\2\1\1", 4)),
			 NF_DROP);
	assert_int_equal(run(tcp_to(ip4(6, 0), 1, 2, "\1\1\1\1", 4)),
			 NF_ACCEPT);
}

static void test_udp(void **state)
{
	with_udp_sport(add_rule(fx.base, ACTION_ACCEPT, NULL), 67, 68, false);
	build();
	assert_int_equal(run(with_ports(ip4(17, 0), 68, 1)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(17, 0), 69, 1)), NF_DROP);
	expect_count(1, 1, 28);
	assert_int_equal(run(cut(with_ports(ip4(17, 0), 69, 1), 27)), NF_DROP);
	expect_count(1, 1, 28);
}

static void test_multiport(void **state)
{
	struct xt_multiport_v1 ports = {
		.flags = XT_MULTIPORT_EITHER,
		.count = 3,
		.ports = {53, 100, 200},
		.pflags = {0, 1, 0},
	};

	with_match(
		with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 17, false),
		"multiport", 1, false, &ports, sizeof(ports));
	ports.invert = 1;
	ports.flags = XT_MULTIPORT_DESTINATION;
	with_match(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false),
		   "multiport", 1, false, &ports, sizeof(ports));
	build();
	assert_int_equal(run(with_ports(ip4(17, 0), 53, 1)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(17, 0), 1, 150)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(17, 0), 54, 201)), NF_DROP);
	assert_int_equal(run(with_ports(ip4(6, 0), 53, 54)), NF_ACCEPT);
	assert_int_equal(run(with_ports(ip4(6, 0), 1, 200)), NF_DROP);
}

static void test_icmp(void **state)
{
	struct ipt_icmp echo = {.type = 3, .code = {1, 2}};

	with_match(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 1, false),
		   "icmp", 0, false, &echo, sizeof(echo));
	build();
	assert_int_equal(run(plus(ip4(1, 0), "\3\1\0\0\0\0\0\0", 8)),
			 NF_ACCEPT);
	assert_int_equal(run(plus(ip4(1, 0), "\3\3\0\0\0\0\0\0", 8)), NF_DROP);
	assert_int_equal(run(plus(ip4(1, 0), "\2\1\0\0\0\0\0\0", 8)), NF_DROP);
	expect_count(1, 2, 56);
	assert_int_equal(run(plus(ip4(1, 0), "\3\1\0\0\0\0\0", 7)), NF_DROP);
	assert_int_equal(run(plus(ip4(1, 9), "\3\1\0\0\0\0\0\0", 8)), NF_DROP);
	expect_count(1, 3, 84);
}

/* ---- IPv6 ---- */

static void test_ip6_walk(void **state)
{
	static const char dstopt[8] = "\6\0", hop[8] = "\x3c\0";
	static const char frag0[8] = "\6\0\0\1", frag[8] = "\6\0\0\x9";
	static const char frag_more[8] = "\x3c\0\0\x9";
	struct packet p;

	with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 22, true);
	with_proto(add_rule(fx.base, ACTION_NONE, NULL), 6, false);
	with_proto(add_rule(fx.base, ACTION_NONE, NULL), 17, true);
	build();
	assert_int_equal(run(tcp_to(ip6(6), 22, 2, "", 0)), NF_ACCEPT);
	p = plus(plus(ip6(0), hop, 8), dstopt, 8);
	assert_int_equal(run(tcp_to(p, 22, 2, "", 0)), NF_ACCEPT);
	assert_int_equal(run(tcp_to(plus(ip6(44), frag0, 8), 22, 2, "", 0)),
			 NF_ACCEPT);
	assert_int_equal(run(tcp_to(plus(ip6(44), frag, 8), 22, 2, "", 0)),
			 HANDOVER);
	/*
	 * Cut short in an extension header, or a later fragment of one: no
	 * protocol at all.
	 */
	expect_count(2, 0, 0);
	assert_int_equal(run(plus(ip6(0), "\6", 1)), NF_DROP);
	assert_int_equal(run(plus(ip6(44), "\6\0\0", 3)), NF_DROP);
	assert_int_equal(run(plus(ip6(44), frag_more, 8)), NF_DROP);
	expect_count(1, 0, 0);
	expect_count(2, 0, 0);
	expect_count(3, 3, 41 + 43 + 48);
	/* "No next header" and authentication end the walk. */
	assert_int_equal(run(ip6(59)), NF_DROP);
	assert_int_equal(run(plus(ip6(51), "\6\4\0\0\0\0\0\0", 8)), NF_DROP);
	expect_count(2, 2, 88);
}

static void test_ip6_long_walk(void **state)
{
	struct packet p = ip6(60);

	with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false);
	build();
	for (int i = 0; i < 8; i++)
		p = plus(p, i < 7 ? "\x3c\0\0\0\0\0\0\0" : "\6\0\0\0\0\0\0\0",
			 8);
	assert_int_equal(run(p), NF_ACCEPT);
	p = ip6(60);
	for (int i = 0; i < 20; i++)
		p = plus(p, i < 19 ? "\x3c\0\0\0\0\0\0\0" : "\6\0\0\0\0\0\0\0",
			 8);
	assert_int_equal(run(p), NF_ACCEPT);
}

static void test_ip6_matches(void **state)
{
	struct ip6t_icmp echo = {.type = 128, .code = {0, 255}};

	with_match(with_proto(add_rule(fx.base, ACTION_NONE, NULL), 58, false),
		   "icmp6", 0, false, &echo, sizeof(echo));
	with_dst(with_src(add_rule(fx.base, ACTION_ACCEPT, NULL),
			  "2001:db8::", "ffff:ffff::", false),
		 "fe80::3", "ffff::ffff", true);
	build();
	assert_int_equal(run(plus(ip6(58), "\x80\0\0\0\0\0\0\0", 8)),
			 NF_ACCEPT);
	expect_count(0, 1, 48);
	expect_count(1, 1, 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_addresses, setup4),
		TEST(test_devices, setup4),
		TEST(test_proto_frag, setup4),
		TEST(test_native_tcp, setup4),
		TEST(test_xt_tcp, setup4),
		TEST(test_ip_options, setup4),
		TEST(test_tcp_flags, setup4),
		TEST(test_tcp_options, setup4),
		TEST(test_tcp_option_inverted, setup4),
		TEST(test_udp, setup4),
		TEST(test_multiport, setup4),
		TEST(test_icmp, setup4),
		TEST(test_ip6_walk, setup6),
		TEST(test_ip6_long_walk, setup6),
		TEST(test_ip6_matches, setup6),
	};

	if (cannot_load())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
