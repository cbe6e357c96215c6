// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rule -> predicates for matches on what the kernel knows of a packet; what
 * they mean is compared with the kernel by tests/differential/kernelstate.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/limits.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_cgroup.h>
#include <linux/netfilter/xt_connbytes.h>
#include <linux/netfilter/xt_connlabel.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_cpu.h>
#include <linux/netfilter/xt_devgroup.h>
#include <linux/netfilter/xt_helper.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_policy.h>
#include <linux/netfilter/xt_realm.h>
#include <linux/netfilter/xt_socket.h>
#include <linux/netfilter/xt_statistic.h>

#include "tests/unit/codegen_util.h"

static struct rule *match(const char *name, unsigned int rev, const void *data,
			  size_t size)
{
	struct rule *r = rule_new();

	r->action = ACTION_ACCEPT;
	return with_match(r, name, rev, false, data, size);
}

static void expect(struct rule *r, const char *want)
{
	expect_lowered(FAMILY_IPV4, r, want);
}

#define EXPECT(name, rev, info, want)                                          \
	expect(match(name, rev, &(info), sizeof(info)), want)
/* One byte too few is never read beyond. */
#define EXPECT_SHORT(name, rev, info)                                          \
	expect(match(name, rev, &(info), sizeof(info) - 1),                    \
	       "refused: match " name ": unexpected form")

static void test_connections(void **state)
{
	struct xt_connmark_mtinfo1 mark = {
		.mark = 0x17, .mask = 0xff, .invert = 1};
	struct xt_connlabel_mtinfo label = {.bit = 65,
					    .options = XT_CONNLABEL_OP_INVERT};
	struct xt_connbytes_info bytes = {
		.count = {7, 3},
		.what = XT_CONNBYTES_AVGPKT,
		.direction = XT_CONNBYTES_DIR_BOTH,
	};

	EXPECT("connmark", 1, mark, "ctentry; ctmark&ff!=17");
	expect(match("connmark", 1, &mark, 8),
	       "refused: match connmark: unexpected form");
	EXPECT("connlabel", 0, label, "call not connlabel 41");
	EXPECT_SHORT("connlabel", 0, label);
	label.options = XT_CONNLABEL_OP_SET;
	EXPECT("connlabel", 0, label, "refused: match connlabel --set");
	label.bit = 128;
	EXPECT("connlabel", 0, label,
	       "refused: match connlabel: unexpected form");
	EXPECT("connbytes", 0, bytes, "call connbytes 202 7 3");
	bytes.direction = 3;
	EXPECT("connbytes", 0, bytes,
	       "refused: match connbytes: unknown count");
}

static void test_sockets(void **state)
{
	struct xt_owner_match_info owner = {
		.uid_min = 1,
		.uid_max = 2,
		.match = XT_OWNER_UID | XT_OWNER_SOCKET,
		.invert = XT_OWNER_UID,
	};
	struct xt_socket_mtinfo3 sock = {.flags = XT_SOCKET_TRANSPARENT |
						  XT_SOCKET_NOWILDCARD};
	struct xt_cgroup_info_v1 cg = {.has_classid = 1, .classid = 9};

	struct rule *by_path;
	struct ext *e;

	EXPECT("owner", 1, owner, "call owner 200000001 0 105");
	EXPECT("cgroup", 1, cg, "call cgroup_classid 9 0");
	EXPECT("socket", 3, sock, "call socket_of 3");
	expect(match("socket", 0, NULL, 0), "call socket_of 0");
	EXPECT_SHORT("socket", 2, sock);
	sock.flags |= XT_SOCKET_RESTORESKMARK;
	EXPECT("socket", 3, sock,
	       "refused: match socket --restore-skmark: sets the packet's "
	       "mark");
	cg.has_path = 1;
	EXPECT("cgroup", 1, cg,
	       "refused: match cgroup --path: only the kernel knows which "
	       "group it was");
	cg.invert_path = 1;
	by_path = match("cgroup", 1, &cg, sizeof(cg));
	list_for_each (e, &by_path->matches, struct ext, node)
		e->resolved = 3ULL << 56 | 0x1234;
	expect(by_path, "call cgroup_path 300000000001234 1");
}

static void test_devices_routes(void **state)
{
	struct xt_devgroup_info groups = {
		.flags = XT_DEVGROUP_MATCH_SRC | XT_DEVGROUP_MATCH_DST |
			 XT_DEVGROUP_INVERT_DST,
		.src_group = 0x1ff,
		.src_mask = 0xf,
		.dst_group = 2,
		.dst_mask = UINT32_MAX,
	};
	struct xt_realm_info realm = {.id = 0x13, .mask = 3};
	struct xt_policy_info policy = {.flags = XT_POLICY_MATCH_OUT |
						 XT_POLICY_MATCH_NONE};
	struct xt_physdev_info physdev = {
		.bitmask = XT_PHYSDEV_OP_IN | XT_PHYSDEV_OP_BRIDGED,
		.invert = XT_PHYSDEV_OP_IN,
	};

	EXPECT("devgroup", 0, groups, "iifgroup&f==f; oifgroup&ffffffff!=2");
	/* The kernel compares all of the number with what the mask leaves. */
	EXPECT("realm", 0, realm, "never");
	realm.id = 1;
	EXPECT("realm", 0, realm, "realm&3==1");
	EXPECT("policy", 0, policy, "call policy_none 1");
	policy.flags = XT_POLICY_MATCH_IN;
	EXPECT("policy", 0, policy, "call policy_ipsec 0");
	EXPECT("physdev", 0, physdev, "call physdev 0");
	physdev.invert |= XT_PHYSDEV_OP_BRIDGED;
	EXPECT("physdev", 0, physdev, "call physdev 1");
}

static void expect6(struct rule *r, const char *want)
{
	expect_lowered(FAMILY_IPV6, r, want);
}

static void test_addrtype(void **state)
{
	struct xt_addrtype_info v0 = {.dest = XT_ADDRTYPE_LOCAL,
				      .invert_dest = 1};
	struct xt_addrtype_info_v1 v1 = {
		.source = XT_ADDRTYPE_MULTICAST | XT_ADDRTYPE_BROADCAST,
		.dest = XT_ADDRTYPE_UNICAST,
		.flags = XT_ADDRTYPE_INVERT_SOURCE,
	};

	EXPECT("addrtype", 0, v0, "call addr_type 1 4 1");
	EXPECT("addrtype", 1, v1,
	       "call addr_type 0 28 1; call addr_type 1 2 0");
	v1.flags = XT_ADDRTYPE_LIMIT_IFACE_IN;
	EXPECT("addrtype", 1, v1,
	       "call addr_type 0 28 8; call addr_type 1 2 8");
	v1.flags = XT_ADDRTYPE_INVERT_DEST | XT_ADDRTYPE_LIMIT_IFACE_OUT;
	v1.source = 0;
	EXPECT("addrtype", 1, v1, "call addr_type 1 2 11");
	expect6(match("addrtype", 1, &v1, sizeof(v1)), "call addr6_type 1 2 1");
	v1.dest = XT_ADDRTYPE_UNICAST | XT_ADDRTYPE_LOCAL;
	expect6(match("addrtype", 1, &v1, sizeof(v1)), "call addr6_type 1 6 1");
	v1.dest = XT_ADDRTYPE_LOCAL;
	expect6(match("addrtype", 1, &v1, sizeof(v1)),
		"refused: match addrtype: looks up a route");
	v1.dest = XT_ADDRTYPE_MULTICAST;
	expect6(match("addrtype", 1, &v1, sizeof(v1)),
		"daddr&ff000000000000000000000000000000!="
		"ff000000000000000000000000000000");
}

static void test_statistic(void **state)
{
	struct xt_statistic_info info = {
		.mode = XT_STATISTIC_MODE_NTH,
		.flags = XT_STATISTIC_INVERT,
		.u.nth = {.every = 4, .packet = 1, .count = 3},
	};

	EXPECT("statistic", 0, info, "call not nth 4 3");
	info.mode = XT_STATISTIC_MODE_RANDOM;
	info.flags = 0;
	info.u.random.probability = 0x7fffffff;
	EXPECT("statistic", 0, info, "call random_below 7fffffff");
	info.u.random.probability = 0x80000000;
	EXPECT("statistic", 0, info, "");
	info.flags = XT_STATISTIC_INVERT;
	EXPECT("statistic", 0, info, "never");
	info.u.random.probability = 0;
	EXPECT("statistic", 0, info, "");
}

/* A packet refused here must not get another chance from nft. */
static void test_statistic_flow(void **state)
{
	struct xt_statistic_info info = {.u.random.probability = 99};
	struct fixture f;
	const struct plan *p;
	const struct plan_handover *h;
	unsigned int n;

	fixture_init(&f, FAMILY_IPV4);
	with_match(add_rule(f.base, ACTION_ACCEPT, NULL), "statistic", 0, false,
		   &info, sizeof(info));
	p = fixture_plan(&f);
	plan_handovers(p, &n);
	assert_int_equal(n, 0);
	plan_states(p, &n);
	assert_int_equal(n, 1);
	with_foreign(with_proto(add_rule(f.base, ACTION_DROP, NULL), 6, false));
	p = fixture_plan(&f);
	h = plan_handovers(p, &n);
	assert_int_equal(n, 1); /* no packet gets past it */
	assert_int_equal(h[0].rule, 1);
	assert_string_equal(h[0].reason,
			    "match statistic, as a hand-over can follow it");
	plan_states(p, &n);
	assert_int_equal(n, 0);
	fixture_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_devices_routes),
		cmocka_unit_test(test_addrtype),
		cmocka_unit_test(test_statistic),
		cmocka_unit_test(test_statistic_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
