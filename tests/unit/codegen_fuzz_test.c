// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of random bytes: whatever the kernel might hold, lowering stays within
 *its data, and what the plan lets through, clang (with -Werror) and the
 *verifier accept.
 *
 *	codegen_fuzz_test [FIRST-SEED [ROUNDS]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_util.h" /* before the kernel's headers */
#include "tests/unit/random.h"
#include <linux/netfilter/xt_bpf.h>
#include <linux/limits.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_quota.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_string.h>
#include <linux/netfilter/xt_time.h>
#include <linux/netfilter/xt_u32.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>
#include <linux/netfilter_ipv6/ip6t_rt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/codegen/program.h"

#define RULES_PER_CHAIN 30

static unsigned int first_seed = 1, rounds = 4;
static uint64_t rng;

static uint64_t next_random(void)
{
	return random_next(&rng);
}

static unsigned int below(unsigned int n)
{
	return next_random() % n;
}

/* Mostly small and special bytes: they get further than noise. */
static void random_bytes(void *to, size_t len)
{
	static const uint8_t special[] = {0,	0,    0,    1,	 2,
					  0x7f, 0x80, 0xff, 0xff};
	unsigned int sparse = below(4);

	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = sparse && below(4)
					     ? special[below(sizeof(special))]
					     : next_random();
}

/* Brings counts within their arrays: else most would be refused at once. */
static void mend_u32(void *data)
{
	struct xt_u32 *u = data;

	u->ntests %= 4;
	u->invert &= 1;
	for (unsigned int i = 0; i < u->ntests; i++) {
		u->tests[i].nnums %= XT_U32_MAXSIZE + 2;
		u->tests[i].nvalues %= XT_U32_MAXSIZE + 2;
		for (unsigned int k = 0; k <= XT_U32_MAXSIZE; k++) {
			u->tests[i].location[k].nextop %= 4;
			if (u->tests[i].location[k].nextop != XT_U32_AT &&
			    below(20))
				u->tests[i].location[k].number %= 32;
		}
	}
}

static void mend_string(void *data)
{
	struct xt_string_info *s = data;

	strcpy(s->algo, below(2) ? "bm" : "kmp");
	s->patlen %= XT_STRING_MAX_PATTERN_SIZE + 2;
}

static void mend_bpf(void *data)
{
	struct xt_bpf_info *b = data;
	struct sock_filter *f = b->bpf_program;

	b->bpf_program_num_elem = 1 + below(XT_BPF_MAX_NUM_INSTR);
	for (unsigned int i = 0; i < b->bpf_program_num_elem; i++) {
		static const uint8_t codes[] = {
			0x20, 0x28, 0x30, 0x40, 0x50, 0xb1, 0x80, 0x81, 0x00,
			0x01, 0x60, 0x61, 0x02, 0x03, 0x04, 0x0c, 0x1c, 0x2c,
			0x34, 0x3c, 0x64, 0x6c, 0x7c, 0x84, 0x9c, 0xac, 0x15,
			0x1d, 0x25, 0x3d, 0x45, 0x05, 0x06, 0x16, 0x07, 0x87};

		f[i].code = codes[below(sizeof(codes))];
		f[i].k = below(4) ? below(16) : f[i].k & INT32_MAX;
		if (f[i].code == 0x64)
			f[i].k &= 31;
		f[i].k += f[i].code == 0x34;
		f[i].jt = below(b->bpf_program_num_elem - i);
		f[i].jf = below(b->bpf_program_num_elem - i);
		if (f[i].code == 0x05)
			f[i].k = f[i].jt;
	}
	f[b->bpf_program_num_elem - 1].code = 0x16;
}

static void mend_sctp(void *data)
{
	((struct xt_sctp_info *)data)->flag_count %= XT_NUM_SCTP_FLAGS + 1;
}

static void mend_rt(void *data)
{
	((struct ip6t_rt *)data)->addrnr %= IP6T_RT_HOPS + 2;
}

static void mend_opts(void *data)
{
	((struct ip6t_opts *)data)->optsnr %= IP6T_OPTS_OPTSNR + 2;
}

static void mend_time(void *data)
{
	((struct xt_time_info *)data)->flags &= XT_TIME_CONTIGUOUS;
}

static void mend_quota(void *data)
{
	((struct xt_quota_info *)data)->flags &= XT_QUOTA_INVERT;
}

/* One of a few names: tables are shared by it. */
#define MEND_HASHLIMIT(revision)                                               \
	static void mend_hashlimit##revision(void *data)                       \
	{                                                                      \
		struct xt_hashlimit_mtinfo##revision *m = data;                \
                                                                               \
		strcpy(m->name, (const char *[]){"a", "b", "c"}[below(3)]);    \
		m->cfg.mode &= below(3) ? 0x1f : 0x7f;                         \
		m->cfg.srcmask %= 33;                                          \
		m->cfg.dstmask %= 33;                                          \
		m->cfg.burst %= 1000;                                          \
		m->cfg.avg %= 100000;                                          \
		m->cfg.max %= 1000;                                            \
		if (below(2))                                                  \
			memset(&m->cfg, 1, sizeof(m->cfg));                    \
	}
MEND_HASHLIMIT(1)
MEND_HASHLIMIT(2)
MEND_HASHLIMIT(3)

static void random_match(struct rule *r)
{
	static const struct {
		const char *name;
		uint8_t proto; /* that it needs; 0: any */
		uint16_t size; /* of its structure */
		uint8_t rev;
		void (*mend)(void *data);
	} kinds[] = {
		{"ah", 51, 24, 0, NULL},
		{"bpf", 0, 528, 0, mend_bpf},
		{"dccp", 33, 16, 0, NULL},
		{"dscp", 0, 8, 0, NULL},
		{"dst", 0, 40, 0, mend_opts},
		{"ecn", 6, 8, 0, NULL},
		{"esp", 50, 16, 0, NULL},
		{"eui64", 0, 8, 0, NULL},
		{"frag", 0, 16, 0, NULL},
		{"hbh", 0, 40, 0, mend_opts},
		{"hl", 0, 8, 0, NULL},
		{"ipcomp", 108, 16, 0, NULL},
		{"iprange", 0, 72, 1, NULL},
		{"ipv6header", 0, 8, 0, NULL},
		{"length", 0, 8, 0, NULL},
		{"mac", 0, 16, 0, NULL},
		{"mh", 135, 8, 0, NULL},
		{"pkttype", 0, 8, 0, NULL},
		{"rt", 0, 280, 0, mend_rt},
		{"sctp", 132, 296, 0, mend_sctp},
		{"string", 0, 160, 1, mend_string},
		{"tcpmss", 6, 8, 0, NULL},
		{"tos", 0, 8, 1, NULL},
		{"ttl", 0, 8, 0, NULL},
		{"u32", 0, 1984, 0, mend_u32},
		{"udplite", 136, 12, 0, NULL},
		{"comment", 0, 256, 0, NULL},
		{"mark", 0, 12, 1, NULL},
		{"tcp", 6, 16, 0, NULL},
		{"udp", 17, 12, 0, NULL},
		{"icmp", 1, 4, 0, NULL},
		{"icmp6", 58, 4, 0, NULL},
		{"multiport", 6, 48, 1, NULL},
		{"state", 0, 8, 0, NULL},
		{"conntrack", 0, 152, 1, NULL},
		{"conntrack", 0, 156, 2, NULL},
		{"conntrack", 0, 168, 3, NULL},
		{"limit", 0, 40, 0, NULL},
		{"hashlimit", 0, 64, 1, mend_hashlimit1},
		{"hashlimit", 0, 312, 2, mend_hashlimit2},
		{"hashlimit", 0, 320, 3, mend_hashlimit3},
		{"quota", 0, 24, 0, mend_quota},
		{"time", 0, 24, 0, mend_time},
		{"nosuch", 0, 8, 0, NULL},
	};
	unsigned int k = below(sizeof(kinds) / sizeof(*kinds));
	unsigned int size = kinds[k].size;
	uint8_t data[2048] __attribute__((aligned(8)));

	if (kinds[k].proto && below(10))
		with_proto(r, kinds[k].proto, false);
	if (!below(20))
		size = below(size);
	random_bytes(data, sizeof(data));
	if (kinds[k].mend && below(8))
		kinds[k].mend(data);
	with_match(r, kinds[k].name, kinds[k].rev, !below(4), data, size);
	/* What the loader may have found in the kernel. */
	if (below(2))
		container_of(r->matches.prev, struct ext, node)->resolved =
			next_random();
}

static void random_core(struct rule *r)
{
	struct core_match *c = &r->core;

	if (!below(3))
		random_bytes(&c->src, sizeof(c->src));
	if (!below(3))
		random_bytes(&c->smsk, sizeof(c->smsk));
	if (!below(3))
		random_bytes(&c->dmsk, sizeof(c->dmsk));
	if (!below(3))
		random_bytes(&c->dst, sizeof(c->dst));
	if (!below(4)) {
		c->has_iif = true;
		random_bytes(c->iif, sizeof(c->iif));
		c->iif_len = below(20);
	}
	c->has_oif = !below(5);
	/*
	 * Hardly a rule without a condition: what comes after it would not be
	 * compiled.
	 */
	c->proto = !below(30) ? 0 : below(9) ? below(256) : next_random();
	c->frag = !below(6);
	c->inv = next_random();
	if (below(2))
		c->inv = 0;
}

static void random_rule(struct fixture *f, struct chain *c, bool last)
{
	static const char *const names[] = {"c0", "c1", "c2"};
	enum rule_action action = below(ACTION_TARGET + 1);
	struct rule *r;

	if (last && (action == ACTION_JUMP || action == ACTION_GOTO))
		action = ACTION_NONE;
	r = add_rule(c, action,
		     action == ACTION_TARGET ? "LOG"
		     : c == f->base	     ? names[below(3)]
					     : "c2");
	r->has_counter = below(5);
	random_core(r);
	for (unsigned int n = below(4); n; n--)
		random_match(r);
}

static void random_ruleset(struct fixture *f)
{
	struct chain *c[4] = {f->base, fixture_chain(f, "c0"),
			      fixture_chain(f, "c1"), fixture_chain(f, "c2")};

	for (unsigned int i = 0; i < 4; i++)
		for (unsigned int n = 0; n < RULES_PER_CHAIN; n++)
			random_rule(f, c[i], i == 3);
}

static bool one_round(unsigned int seed, enum family family)
{
	struct program prog = {0};
	struct buf c = BUF_INIT;
	const struct plan *p;
	struct fixture f;
	int ret;

	rng = seed;
	fixture_init(&f, family);
	random_ruleset(&f);
	p = fixture_plan(&f);
	assert_non_null(p);
	ret = plan_print_c(p, &c, false, NULL, NULL);
	if (plan_mode(p) == CHAIN_NFT) {
		assert_int_not_equal(ret, 0);
		ret = 0;
	} else {
		assert_int_equal(ret, 0);
		if (!geteuid())
			ret = program_build(&prog, p);
	}
	if (ret)
		fprintf(stderr, "seed %u, family %d\n", seed, family);
	program_free(&prog);
	buf_free(&c);
	fixture_clear(&f);
	return !ret;
}

static void test_random(void **state)
{
	bool good = true;

	for (unsigned int s = first_seed; s < first_seed + rounds; s++) {
		good &= one_round(s, FAMILY_IPV4);
		good &= one_round(s, FAMILY_IPV6);
	}
	assert_true(good);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	if (argc > 1)
		first_seed = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	if (geteuid())
		fprintf(stderr,
			"without root nothing is compiled and loaded\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
