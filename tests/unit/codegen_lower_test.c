// SPDX-License-Identifier: GPL-2.0-or-later
/* Rule -> predicates: every match, every form of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "extensions/extension.h"
#include "codegen/rate.h"
#include "tests/unit/codegen_util.h"

static void expect(struct rule *r, enum family family, const char *want)
{
	expect_lowered(family, r, want);
}

static struct rule *rule4(void)
{
	struct rule *r = rule_new();

	r->action = ACTION_ACCEPT;
	return r;
}

static void expect4(struct rule *r, const char *want)
{
	expect(r, FAMILY_IPV4, want);
}

static void test_core(void **state)
{
	expect4(rule4(), "");
	expect4(with_src(rule4(), "10.1.0.0", "255.255.0.0", false),
		"saddr&ffff0000==0a010000");
	expect4(with_dst(rule4(), "0.0.0.7", "0.0.0.255", true),
		"daddr&000000ff!=00000007");
	expect4(with_src(rule4(), "0.0.0.0", "0.0.0.0", true), "never");
	/* A value outside the mask: nothing can be equal to it. */
	expect4(with_src(rule4(), "10.0.0.1", "255.0.0.0", false), "never");
	expect4(with_src(rule4(), "10.0.0.1", "255.0.0.0", true), "");
	expect4(with_proto(rule4(), 6, false), "proto&ffff==6");
	expect4(with_proto(rule4(), 17, true), "proto&ffff!=11");
	expect4(with_frag(rule4(), false), "fragoff&ffff!=0");
	expect4(with_frag(rule4(), true), "fragoff&ffff==0");
	expect(with_src(rule4(), "fe80::", "ffc0::", false), FAMILY_IPV6,
	       "saddr&ffc00000000000000000000000000000"
	       "==fe800000000000000000000000000000");
}

static void test_interfaces(void **state)
{
	expect4(with_iif(rule4(), "eth0", false),
		"iif&ffffffffff0000000000000000000000"
		"==65746830000000000000000000000000");
	expect4(with_oif(rule4(), "et+", true),
		"oif&ffff0000000000000000000000000000"
		"!=65740000000000000000000000000000");
	expect4(with_iif(rule4(), "abcdefghijklmno", false),
		"iif&ffffffffffffffffffffffffffffffff"
		"==6162636465666768696a6b6c6d6e6f00");
	expect4(with_iif(rule4(), "+", true), "never");
}

static void test_flags(void **state)
{
	struct rule *r = with_src(rule4(), "10.0.0.0", "255.0.0.0", false);

	r->flags = RULE_UNKNOWN;
	expect4(r, "refused: expressions iptables does not know");
	r = with_src(rule4(), "10.0.0.0", "255.0.0.0", false);
	r->flags = RULE_ODD_ORDER;
	expect4(r, "refused: conditions in an unusual order");
}

static struct rule *tcp(const struct xt_tcp *info, bool native)
{
	return with_match(with_proto(rule4(), IPPROTO_TCP, false), "tcp", 0,
			  native, info, sizeof(*info));
}

static void test_tcp(void **state)
{
	struct xt_tcp any = {.spts = {0, 0xffff}, .dpts = {0, 0xffff}};
	struct xt_tcp port = {.spts = {0, 0xffff}, .dpts = {22, 22}};
	struct xt_tcp syn = {
		.spts = {1024, 0xffff},
		.dpts = {0, 0xffff},
		.flg_mask = 0x17,
		.flg_cmp = 0x02,
		.invflags = XT_TCP_INV_SRCPT | XT_TCP_INV_FLAGS,
	};
	struct xt_tcp option = {
		.spts = {0, 0xffff},
		.dpts = {0, 0xffff},
		.option = 5,
		.invflags = XT_TCP_INV_OPTION,
	};
	struct xt_tcp both = {
		.spts = {1, 1},
		.dpts = {2, 2},
		.invflags = XT_TCP_INV_SRCPT | XT_TCP_INV_DSTPT,
	};

	expect4(tcp(&any, false),
		"proto&ffff==6; transport>=20 dropshort dropfrag1");
	expect4(tcp(&any, true), "proto&ffff==6");
	expect4(tcp(&port, true),
		"proto&ffff==6; transport>=4 native; dport in 22-22");
	expect4(tcp(&port, false), "proto&ffff==6; transport>=20 dropshort "
				   "dropfrag1; dport in 22-22");
	expect4(tcp(&syn, true),
		"proto&ffff==6; transport>=14 native; sport not in 1024-65535; "
		"tcpflags&17!=2");
	expect4(tcp(&option, false), "proto&ffff==6; transport>=20 dropshort "
				     "dropfrag1; tcpoption not 5");
	expect4(tcp(&option, true),
		"proto&ffff==6; refused: match tcp: native option");
	expect4(tcp(&both, true), "proto&ffff==6; transport>=4 native; sport "
				  "not in 1-1; dport not in 2-2");
	expect4(with_match(rule4(), "tcp", 0, false, &port, sizeof(port)),
		"refused: match tcp: without -p tcp");
	/*
	 * Flags that cannot come out of the mask: clang would refuse such a
	 * comparison.
	 */
	port.flg_cmp = 0x04;
	port.flg_mask = 0x02;
	expect4(tcp(&port, false), "proto&ffff==6; transport>=20 dropshort "
				   "dropfrag1; dport in 22-22; never");
}

static void test_udp(void **state)
{
	struct xt_udp info = {
		.spts = {53, 53},
		.dpts = {0, 0xffff},
		.invflags = XT_UDP_INV_SRCPT,
	};

	expect4(with_match(with_proto(rule4(), IPPROTO_UDP, false), "udp", 0,
			   true, &info, sizeof(info)),
		"proto&ffff==11; transport>=2 native; sport not in 53-53");
	expect4(with_match(with_proto(rule4(), IPPROTO_UDP, false), "udp", 0,
			   false, &info, sizeof(info)),
		"proto&ffff==11; transport>=8 dropshort; sport not in 53-53");
	expect4(with_match(with_proto(rule4(), IPPROTO_UDP, true), "udp", 0,
			   false, &info, sizeof(info)),
		"proto&ffff!=11; refused: match udp: without -p udp");
	expect4(with_match(with_proto(rule4(), IPPROTO_UDP, false), "udp", 0,
			   false, &info, sizeof(info) - 1),
		"proto&ffff==11; refused: match udp: short data");
}

static void test_icmp(void **state)
{
	struct ipt_icmp echo = {.type = 8, .code = {0, 255}};
	struct ipt_icmp any = {
		.type = 0xff, .code = {0, 255}, .invflags = IPT_ICMP_INV};
	struct ip6t_icmp echo6 = {
		.type = 128, .code = {3, 5}, .invflags = IP6T_ICMP_INV};

	expect4(with_match(with_proto(rule4(), 1, false), "icmp", 0, false,
			   &echo, sizeof(echo)),
		"proto&ffff==1; transport>=8 dropshort; icmp in 2048-2303");
	expect4(with_match(with_proto(rule4(), 1, false), "icmp", 0, false,
			   &any, sizeof(any)),
		"proto&ffff==1; transport>=8 dropshort; never");
	expect(with_match(with_proto(rule4(), 58, false), "icmp6", 0, false,
			  &echo6, sizeof(echo6)),
	       FAMILY_IPV6,
	       "proto&ffff==3a; transport>=8 dropshort; icmp not in "
	       "32771-32773");
	/* Each in its own family. */
	expect4(with_match(with_proto(rule4(), 58, false), "icmp6", 0, false,
			   &echo6, sizeof(echo6)),
		"proto&ffff==3a; refused: match icmp6");
}

static struct rule *multiport(const struct xt_multiport_v1 *info)
{
	return with_match(with_proto(rule4(), IPPROTO_UDP, false), "multiport",
			  1, false, info, sizeof(*info));
}

static void test_multiport(void **state)
{
	struct xt_multiport_v1 info = {
		.flags = XT_MULTIPORT_EITHER,
		.count = 4,
		.ports = {53, 100, 200, 7},
		.pflags = {0, 1, 0, 0},
	};

	expect4(multiport(&info), "proto&ffff==11; transport>=4 dropshort; "
				  "anyport in 53-53 100-200 7-7");
	info.flags = XT_MULTIPORT_SOURCE;
	info.invert = 1;
	expect4(multiport(&info), "proto&ffff==11; transport>=4 dropshort; "
				  "sport not in 53-53 100-200 7-7");
	info.count = 16;
	expect4(multiport(&info),
		"proto&ffff==11; refused: match multiport: bad data");
}

static void test_mark(void **state)
{
	struct xt_mark_mtinfo1 mark = {.mark = 5, .mask = 0xff, .invert = 1};
	struct xt_mark_mtinfo1 odd = {.mark = 0x105, .mask = 0xff};

	expect4(with_match(rule4(), "mark", 1, true, &mark, sizeof(mark)),
		"mark&ff!=5");
	expect4(with_match(rule4(), "mark", 1, false, &odd, sizeof(odd)),
		"never");
	expect4(with_match(rule4(), "mark", 0, false, &mark, sizeof(mark)),
		"refused: match mark");
}

static void test_state(void **state)
{
	struct xt_state_info info = {.statemask = 1 | 8 | XT_STATE_UNTRACKED};

	expect4(with_match(rule4(), "state", 0, false, &info, sizeof(info)),
		"ctstate&109!=0");
	info.statemask = 0;
	expect4(with_match(rule4(), "state", 0, false, &info, sizeof(info)),
		"never");
}

static struct rule *conntrack3(const struct xt_conntrack_mtinfo3 *ct)
{
	return with_match(rule4(), "conntrack", 3, false, ct, sizeof(*ct));
}

static void test_conntrack(void **state)
{
	struct xt_conntrack_mtinfo3 ct = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = CT_ESTABLISHED | CT_DNAT,
	};

	expect4(conntrack3(&ct), "ctstate&82!=0");
	ct.invert_flags = XT_CONNTRACK_STATE;
	expect4(conntrack3(&ct), "ctstate&82==0");
	ct.match_flags = 0;
	expect4(conntrack3(&ct), "ctentry");
	ct.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_DIRECTION |
			 XT_CONNTRACK_PROTO | XT_CONNTRACK_ORIGDST_PORT |
			 XT_CONNTRACK_STATUS | XT_CONNTRACK_REPLSRC;
	ct.invert_flags = XT_CONNTRACK_DIRECTION | XT_CONNTRACK_REPLSRC;
	ct.l4proto = 6;
	ct.origdst_port = 80;
	ct.origdst_port_high = 90;
	ct.status_mask = 2;
	ct.replsrc_addr.ip = htonl(0x0a010203);
	ct.replsrc_mask.ip = htonl(0xff000000);
	expect4(conntrack3(&ct),
		"ctstate&82!=0; ctreply&1!=0 or none; "
		"ctreplsrc&ff000000!=0a000000 or none; ctproto&ffff==6 or "
		"none; "
		"ctorigdstport in 80-90 or none; ctstatus&2!=0 or none");
	ct.match_flags = XT_CONNTRACK_STATUS | XT_CONNTRACK_EXPIRES;
	expect4(conntrack3(&ct),
		"ctentry; ctstatus&2!=0; call ct_expires 0 0 0");
}

static void test_conntrack_revisions(void **state)
{
	struct xt_conntrack_mtinfo1 rev1 = {
		.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_ORIGSRC_PORT,
		.state_mask = CT_NEW,
		.status_mask =
			0xff, /* the next byte: must not get into the state */
		.origsrc_port = htons(1234),
	};
	struct xt_conntrack_mtinfo2 rev2 = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = CT_UNTRACKED,
	};

	expect4(with_match(rule4(), "conntrack", 1, false, &rev1, sizeof(rev1)),
		"ctstate&8!=0; ctorigsrcport in 1234-1234 or none");
	expect4(with_match(rule4(), "conntrack", 2, false, &rev2, sizeof(rev2)),
		"ctstate&100!=0");
	expect4(with_match(rule4(), "conntrack", 4, false, &rev2, sizeof(rev2)),
		"refused: match conntrack");
}

static void expect_limit(unsigned int avg, unsigned int burst, const char *want)
{
	struct xt_rateinfo info = {.avg = avg, .burst = burst};

	expect4(with_match(rule4(), "limit", 0, true, &info, sizeof(info)),
		want);
}

static void test_limit(void **state)
{
	struct xt_rateinfo info = {.avg = 2000, .burst = 5};
	unsigned long long per_jiffy = 1, credits, hz = rate_hz();
	char want[64];

	/* 5 a second, 3 an hour, 1 a day: as nft_limit_init() works them out */
	expect_limit(2000, 7, "limit cost 200000000 max 1400000000");
	expect_limit(12000000, 5, "limit cost 1200000000000 max 6000000000000");
	expect_limit(864000000, 1,
		     "limit cost 86400000000000 max 86400000000000");
	expect_limit(1428, 5, "limit cost 142857142 max 714285710");
	expect_limit(0, 5, "refused: match limit: bad data");
	/* xt_limit counts in a power of two of credits a jiffy, of which a
	 * day's fit into 32 bits. */
	assert_true(hz >= 100);
	while (2 * per_jiffy * hz * 86400 <= UINT32_MAX)
		per_jiffy *= 2;
	credits = hz * per_jiffy / 5;
	snprintf(want, sizeof(want), "limit cost %llu max %llu", credits,
		 5 * credits);
	expect4(with_match(rule4(), "limit", 0, false, &info, sizeof(info)),
		want);
	info.burst = 0;
	expect4(with_match(rule4(), "limit", 0, false, &info, sizeof(info)),
		"refused: match limit: bad data");
}

static void test_others(void **state)
{
	struct rule *r;

	expect4(with_comment(rule4()), "");
	/* What stands before something unknown is still tested. */
	expect4(with_state(with_foreign(with_proto(rule4(), 6, false)), 1),
		"proto&ffff==6; refused: match unheard");
	r = with_proto(rule4(), 6, false);
	r->action = ACTION_TARGET;
	r->target = ext_new("LOG", 0, "", 0);
	expect4(r, "proto&ffff==6; refused: target LOG: logs");
	r = rule4();
	r->action = ACTION_QUEUE;
	expect4(r, "refused: target QUEUE: passes the packet to user space");
}

/* doc/MATCHES.md has a line for each descriptor. */
static void test_documented(void **state)
{
	const struct ext_desc *d;
	char line[256], want[256];
	bool found;

	for (unsigned int i = 0; (d = ext_at(i)); i++) {
		FILE *f = fopen(TOP_SRCDIR "/doc/MATCHES.md", "r");

		assert_non_null(f);
		snprintf(want, sizeof(want), "| `%s` | %s%s%s | %s |\n",
			 d->name, d->families & EXT_IPV4 ? "IPv4" : "",
			 d->families == (EXT_IPV4 | EXT_IPV6) ? ", " : "",
			 d->families & EXT_IPV6 ? "IPv6" : "", d->doc);
		found = false;
		while (fgets(line, sizeof(line), f))
			found |= !strcmp(line, want);
		fclose(f);
		if (!found)
			fail_msg("doc/MATCHES.md lacks: %s", want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_multiport),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_conntrack),
		cmocka_unit_test(test_conntrack_revisions),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
