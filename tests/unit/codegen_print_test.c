// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plan -> C against golden files. UPDATE_GOLDEN=1 writes them anew: read the
 * diff. What surrounds the chains is the same for all programs and left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_util.h" /* before the kernel's headers */
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef GOLDEN_DIR
#error "where the golden files are"
#endif

static struct fixture fx;

static int setup4(void **state)
{
	fixture_init(&fx, FAMILY_IPV4);
	return 0;
}

static int setup6(void **state)
{
	fixture_init(&fx, FAMILY_IPV6);
	return 0;
}

static int teardown(void **state)
{
	fixture_clear(&fx);
	return 0;
}

/* Text that tries everything to get out of its comment. */
static void hostile_text(struct buf *out, const struct table *t,
			 const struct chain *c, const struct rule *r, void *arg)
{
	buf_puts(out,
		 "-A \"x\" */ int main; /* **// ?\?/ \\\n#define X\t\xc3\xa4");
}

/* The #defines and the chains: without the runtime before and after. */
static char *essence(bool annotate)
{
	const struct plan *p = fixture_plan(&fx);
	struct buf c = BUF_INIT, out = BUF_INIT;
	char *head, *chains, *tail;

	assert_non_null(p);
	assert_string_equal(plan_reason(p), "");
	assert_int_equal(plan_print_c(p, &c, annotate,
				      annotate ? hostile_text : NULL, NULL),
			 0);
	head = strstr(c.data, "\n\n");
	chains = strstr(c.data, "/* ---- chains ---- */\n\n");
	assert_non_null(head);
	assert_non_null(chains);
	tail = strstr(chains, "/* SPDX-License-Identifier");
	assert_non_null(tail);
	buf_add(&out, c.data, head - c.data);
	chains += strlen("/* ---- chains ---- */\n");
	buf_add(&out, chains, tail - chains);
	buf_free(&c);
	return out.data;
}

static char *read_all(const char *path)
{
	struct buf b = BUF_INIT;
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	buf_puts(&b, "");
	while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	if (f)
		fclose(f);
	return b.data;
}

static void expect_golden(const char *name, bool annotate)
{
	char *have = essence(annotate), *want, path[512];
	FILE *f;

	snprintf(path, sizeof(path), GOLDEN_DIR "/codegen_%s.txt", name);
	if (getenv("UPDATE_GOLDEN")) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(have, f);
		fclose(f);
	}
	want = read_all(path);
	assert_string_equal(have, want);
	free(want);
	free(have);
}

static void test_core4(void **state)
{
	struct rule *r = add_rule(fx.base, ACTION_ACCEPT, NULL);

	with_src(r, "10.1.2.3", "255.255.255.255", false);
	with_dst(r, "0.0.0.7", "0.0.0.255", true);
	with_iif(r, "eth0", false);
	with_oif(r, "abcdefghij+", true);
	with_proto(with_frag(add_rule(fx.base, ACTION_DROP, NULL), false), 17,
		   true);
	add_rule(fx.base, ACTION_NONE, NULL)->has_counter = false;
	add_rule(fx.base, ACTION_RETURN, NULL);
	expect_golden("core4", false);
}

static void test_core6(void **state)
{
	struct rule *r = add_rule(fx.base, ACTION_ACCEPT, NULL);

	with_src(r, "2001:db8::", "ffff:ffff::", false);
	with_dst(r, "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true);
	with_proto(r, 58, true);
	with_tcp_dport(add_rule(fx.base, ACTION_ACCEPT, NULL), 22, 22, true);
	fx.base->policy = NF_ACCEPT;
	fx.base->has_counters = false;
	expect_golden("core6", false);
}

static void add_tcp(void)
{
	struct xt_tcp tcp = {
		.spts = {0, 1023},
		.dpts = {1024, 0xffff},
		.flg_mask = 0x17,
		.flg_cmp = 0x02,
		.option = 70,
		.invflags = XT_TCP_INV_SRCPT,
	};

	with_match(with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false),
		   "tcp", 0, false, &tcp, sizeof(tcp));
}

static void test_matches(void **state)
{
	struct xt_multiport_v1 ports = {
		.flags = XT_MULTIPORT_EITHER,
		.count = 3,
		.invert = 1,
		.ports = {53, 100, 200},
		.pflags = {0, 1, 0},
	};
	struct xt_mark_mtinfo1 mark = {.mark = 5, .mask = 0xff, .invert = 1};
	struct ipt_icmp icmp = {.type = 8, .code = {0, 255}};

	add_tcp();
	with_tcp_dport(add_rule(fx.base, ACTION_DROP, NULL), 22, 22, true);
	with_udp_sport(add_rule(fx.base, ACTION_DROP, NULL), 67, 68, false);
	with_match(with_proto(add_rule(fx.base, ACTION_DROP, NULL), 17, false),
		   "multiport", 1, false, &ports, sizeof(ports));
	with_match(add_rule(fx.base, ACTION_DROP, NULL), "mark", 1, true, &mark,
		   sizeof(mark));
	with_match(with_proto(add_rule(fx.base, ACTION_DROP, NULL), 1, false),
		   "icmp", 0, false, &icmp, sizeof(icmp));
	with_state(with_comment(add_rule(fx.base, ACTION_ACCEPT, NULL)),
		   CT_ESTABLISHED | CT_RELATED);
	expect_golden("matches", false);
}

static void test_conntrack(void **state)
{
	struct xt_conntrack_mtinfo3 ct = {
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_DIRECTION |
			       XT_CONNTRACK_PROTO | XT_CONNTRACK_STATUS |
			       XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_REPLDST |
			       XT_CONNTRACK_ORIGDST_PORT |
			       XT_CONNTRACK_REPLSRC_PORT,
		.invert_flags = XT_CONNTRACK_REPLDST |
				XT_CONNTRACK_REPLSRC_PORT,
		.state_mask = CT_NEW | CT_SNAT,
		.status_mask = 2,
		.l4proto = 6,
		.origdst_port = 80,
		.origdst_port_high = 80,
		.replsrc_port = 1,
		.replsrc_port_high = 1024,
		.origsrc_addr.ip = 0x01020304,
		.origsrc_mask.ip = 0xffffffff,
		.repldst_addr.ip = 0x00000004,
		.repldst_mask.ip = 0x000000ff,
	};

	with_match(add_rule(fx.base, ACTION_ACCEPT, NULL), "conntrack", 3,
		   false, &ct, sizeof(ct));
	ct.match_flags = XT_CONNTRACK_STATUS;
	with_match(add_rule(fx.base, ACTION_ACCEPT, NULL), "conntrack", 3,
		   false, &ct, sizeof(ct));
	expect_golden("conntrack", false);
}

static void test_chains(void **state)
{
	struct chain *small = fixture_chain(&fx, "small");
	struct chain *shared = fixture_chain(&fx, "shared");

	with_proto(add_rule(fx.base, ACTION_JUMP, "small"), 6, false);
	with_proto(add_rule(fx.base, ACTION_GOTO, "shared"), 17, false);
	with_foreign(
		with_proto(add_rule(fx.base, ACTION_DROP, NULL), 1, false));
	with_proto(add_rule(small, ACTION_RETURN, NULL), 6, false);
	add_rule(small, ACTION_JUMP, "shared");
	with_src(add_rule(shared, ACTION_ACCEPT, NULL), "10.0.0.0", "255.0.0.0",
		 false);
	expect_golden("chains", false);
}

static void test_parts(void **state)
{
	struct chain *c = fixture_chain(&fx, "c");

	add_rule(fx.base, ACTION_JUMP, "c");
	for (int i = 0; i < 66; i++)
		with_proto(add_rule(c, ACTION_RETURN, NULL), i + 1, false)
			->has_counter = i % 40; /* too few for a table */
	with_proto(add_rule(c, ACTION_GOTO, "d"), 100, false);
	with_proto(add_rule(c, ACTION_GOTO, "d"), 101, false);
	c = fixture_chain(&fx, "d");
	add_rule(c, ACTION_ACCEPT, NULL);
	expect_golden("parts", false);
}

static void test_limit(void **state)
{
	with_limit(with_udp_sport(add_rule(fx.base, ACTION_ACCEPT, NULL), 53,
				  53, true));
	expect_golden("limit", false);
}

static void test_annotated(void **state)
{
	add_rule(fx.base, ACTION_JUMP, "*/ int evil;");
	with_proto(add_rule(fixture_chain(&fx, "*/ int evil;"), ACTION_ACCEPT,
			    NULL),
		   6, false);
	with_foreign(add_rule(fx.base, ACTION_ACCEPT, NULL));
	expect_golden("annotated", true);
}

#define TEST(fn, setup) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_core4, setup4),   TEST(test_core6, setup6),
		TEST(test_matches, setup4), TEST(test_conntrack, setup4),
		TEST(test_chains, setup4),  TEST(test_parts, setup4),
		TEST(test_limit, setup4),   TEST(test_annotated, setup4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
