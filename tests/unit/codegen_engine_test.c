// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables against the rules taken one by one: random rulesets, random packets,
 * verdicts and the counters of all rules compared.
 *
 *	codegen_engine_test [FIRST-SEED [ROUNDS [RULES]]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include "tests/unit/random.h"
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int first_seed = 1, rounds = 6, max_rules = 1500;
static unsigned int with_tables, total_over;
static uint64_t rng;

#define PACKETS	  400
#define MAX_HITS  24
#define MAX_RULES 100000

static uint64_t next_random(void)
{
	return random_next(&rng);
}

static unsigned int below(unsigned int n)
{
	return next_random() % n;
}

/* ---- random rules ---- */

/* How this round's rules are drawn. */
static struct {
	unsigned int nets;   /* values of an address byte */
	unsigned int ports;  /* values of a port */
	unsigned int wild;   /* one in so many rules lacks a condition */
	unsigned int passes; /* one in so many rules does not decide */
	unsigned int
		chains;	    /* user chains, the first ones lead to later ones */
	unsigned int odd;   /* one in so many rules is straight code */
	unsigned int names; /* of devices */
	unsigned int marks;
	unsigned int fragments; /* FRAGMENTS_* of pkt.bpf.h */
} mood;

enum { ASK_NFT, READ, SKIPPED };

static void random_addr(uint8_t *addr, unsigned int len)
{
	memset(addr, 0, len);
	addr[0] = len == 4 ? 10 : 0x20;
	addr[1] = below(2);
	for (unsigned int i = len - 2; i < len; i++)
		addr[i] = below(mood.nets);
	if (len == 16)
		addr[6] = below(3);
}

static void random_prefix(uint8_t *addr, uint8_t *mask, unsigned int len)
{
	static const uint8_t of4[] = {32, 32, 32, 24, 24, 28, 31, 16, 8, 0};
	static const uint8_t of6[] = {128, 128, 64, 120, 127, 48, 56, 32, 0};
	unsigned int bits = len == 4 ? of4[below(sizeof(of4))]
				     : of6[below(sizeof(of6))];

	random_addr(addr, len);
	memset(mask, 0, len);
	for (unsigned int i = 0; i < bits; i++)
		mask[i / 8] |= 0x80 >> i % 8;
	if (!below(30))
		mask[below(len)] = next_random();
	for (unsigned int i = 0; i < len; i++)
		addr[i] &= mask[i];
}

static bool wanted(void)
{
	return below(mood.wild);
}

static void random_ports(uint16_t *p)
{
	p[0] = 0;
	p[1] = 0xffff;
	if (!wanted())
		return;
	p[0] = p[1] = below(mood.ports);
	if (!below(4))
		p[1] += below(mood.ports);
}

static void random_transport(struct rule *r)
{
	struct xt_multiport_v1 mp = {.flags = below(3), .count = 2};
	struct xt_tcp tcp = {0};
	struct xt_udp udp = {0};

	if (below(2)) {
		with_proto(r, 6, false);
		random_ports(tcp.spts);
		random_ports(tcp.dpts);
		if (!below(5)) {
			tcp.flg_mask = 0x17;
			tcp.flg_cmp = 0x02;
		}
		if (!below(9))
			tcp.invflags = XT_TCP_INV_DSTPT;
		with_match(r, "tcp", 0, below(2), &tcp, sizeof(tcp));
	} else {
		with_proto(r, 17, false);
		random_ports(udp.spts);
		random_ports(udp.dpts);
		with_match(r, "udp", 0, below(2), &udp, sizeof(udp));
	}
	mp.ports[0] = below(3);
	mp.ports[1] = mp.ports[0] + 5;
	mp.pflags[0] = !below(3);
	mp.invert = !below(4);
	if (!below(8))
		with_match(r, "multiport", 1, false, &mp, sizeof(mp));
}

static const char *random_name(void)
{
	static const char *const some[] = {"lo", "l+", "eth+", "lo0", "eth0"};
	static char name[16];
	unsigned int i = below(5 + mood.names);

	if (i < 5)
		return some[i];
	snprintf(name, sizeof(name), "veth%u", i);
	return name;
}

/* Marks, that packets do not have, but for 0. */
static void random_mark(struct rule *r)
{
	struct xt_mark_mtinfo1 m = {.mark = below(mood.marks), .mask = ~0u};

	if (!below(3))
		m.mask = 1u << below(4);
	m.mark &= m.mask;
	m.invert = below(2);
	with_match(r, "mark", 1, false, &m, sizeof(m));
}

static const char *chain_name(unsigned int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "u%u", i);
	return name;
}

/* A rule of chain @from (0: the base chain), which may lead to later ones. */
static void random_rule(struct chain *c, unsigned int from)
{
	static const enum rule_action pass[] = {ACTION_NONE,   ACTION_NONE,
						ACTION_RETURN, ACTION_JUMP,
						ACTION_JUMP,   ACTION_GOTO};
	enum rule_action action = below(2) ? ACTION_ACCEPT : ACTION_DROP;
	unsigned int len = fx.t->family == FAMILY_IPV4 ? 4 : 16;
	/* Not too deep: BPF has eight frames. */
	bool leaf = from == mood.chains || from % 4 == 3;
	unsigned int to = from + 1;
	struct core_match *m;
	struct rule *r;

	if (!below(mood.passes))
		action = pass[below(leaf ? 3 : 6)];
	if (!from)
		to = 1 + below(mood.chains);
	r = add_rule(c, action, chain_name(to));
	r->has_counter = below(mood.odd);
	m = &r->core;
	if (wanted())
		random_prefix((void *)&m->src, (void *)&m->smsk, len);
	if (wanted())
		random_prefix((void *)&m->dst, (void *)&m->dmsk, len);
	m->inv |= !below(20) ? CORE_INV_SRC : 0;
	if (wanted())
		random_transport(r);
	else /* no rule that nothing gets past */
		with_proto(r, 1 + below(20), !below(4));
	if (!below(12))
		with_oif(r, random_name(), !below(3));
	if (!below(30))
		with_iif(r, random_name(), below(3));
	if (!below(12))
		with_state(r, below(2) ? 1 : 2);
	if (!below(20))
		random_mark(r);
	if (!below(60) && len == 4)
		with_frag(r, below(2));
}

static void random_ruleset(unsigned int n)
{
	struct chain *u;

	mood.nets = 2 + below(60);
	mood.ports = 2 + below(30);
	mood.wild = 2 + below(20);
	mood.passes = 2 + below(12);
	mood.chains = 1 + (below(2) ? below(4) : below(200));
	mood.odd = below(2) ? n * 10 : 50 + below(2 * n);
	mood.names = below(3) ? below(4) : 200;
	mood.marks = 1 + below(300);
	mood.fragments = below(3);
	for (unsigned int i = 0; i < n; i++)
		random_rule(fx.base, 0);
	for (unsigned int i = 1; i <= mood.chains; i++) {
		u = fixture_chain(&fx, chain_name(i));
		for (unsigned int k = 0; k < 3 + below(n) / mood.chains; k++)
			random_rule(u, i);
	}
	fx.base->policy = below(2) ? NF_ACCEPT : NF_DROP;
}

/* ---- the rules one by one ---- */

struct view {
	const struct packet *pkt;
	const uint8_t *saddr, *daddr;
	unsigned int proto, fragoff, avail, fast;
	uint16_t sport, dport;
	uint8_t flags;
};

static struct view look(const struct packet *p)
{
	bool v4 = fx.t->family == FAMILY_IPV4;
	unsigned int hdr = v4 ? 20 : 40;
	const uint8_t *th = p->b + hdr;
	struct view v = {
		.pkt = p,
		.saddr = p->b + (v4 ? 12 : 8),
		.daddr = p->b + (v4 ? 16 : 24),
		.proto = p->b[v4 ? 9 : 6],
		.fragoff = v4 ? (p->b[6] << 8 | p->b[7]) & 0x1fff : 0,
	};

	v.avail = v.fragoff ? 0 : p->len - hdr;
	v.fast = v.fragoff && mood.fragments == READ ? p->len - hdr : 0;
	v.sport = th[0] << 8 | th[1];
	v.dport = th[2] << 8 | th[3];
	v.flags = th[13];
	return v;
}

enum answer { NO, YES, DROPPED };

static enum answer ask_header(const struct view *v, const struct pred *p)
{
	if (v->avail >= p->transport.need ||
	    (p->transport.native && v->fast >= p->transport.need))
		return YES;
	if (p->transport.native)
		return NO;
	if (v->fragoff == 1 && p->transport.drop_frag1)
		return DROPPED;
	return v->fragoff ? NO : DROPPED;
}

static bool in_ranges(uint16_t x, const struct pred *p)
{
	for (unsigned int i = 0; i < p->ranges.n; i++)
		if (x >= p->ranges.r[i].lo && x <= p->ranges.r[i].hi)
			return true;
	return false;
}

static bool bytes_are(const uint8_t *b, const struct pred *p)
{
	for (unsigned int i = 0; i < p->bytes.len; i++)
		if ((b[i] & p->bytes.mask[i]) != p->bytes.value[i])
			return false;
	return true;
}

static bool number_is(uint32_t x, const struct pred *p)
{
	return p->op == OP_ANY_BIT ? x & p->number.mask
				   : (x & p->number.mask) == p->number.value;
}

static enum answer ask(const struct view *v, const struct pred *p)
{
	static const uint8_t lo[16] = "lo", none[16];
	bool yes = false;

	switch (p->field) {
	case FIELD_NEVER:
		return NO;
	case FIELD_TRANSPORT:
		return ask_header(v, p);
	case FIELD_SADDR:
		yes = bytes_are(v->saddr, p);
		break;
	case FIELD_DADDR:
		yes = bytes_are(v->daddr, p);
		break;
	case FIELD_IIF:
		yes = bytes_are(none, p);
		break;
	case FIELD_OIF:
		yes = bytes_are(lo, p);
		break;
	case FIELD_PROTO:
		yes = number_is(v->proto, p);
		break;
	case FIELD_FRAGOFF:
		yes = number_is(v->fragoff, p);
		break;
	case FIELD_SPORT:
		yes = in_ranges(v->sport, p);
		break;
	case FIELD_DPORT:
		yes = in_ranges(v->dport, p);
		break;
	case FIELD_ANY_PORT:
		yes = in_ranges(v->sport, p) || in_ranges(v->dport, p);
		break;
	case FIELD_TCP_FLAGS:
		yes = number_is(v->flags, p);
		break;
	case FIELD_MARK:
		yes = number_is(0, p);
		break;
	case FIELD_CT_STATE: /* conntrack has not seen it */
		yes = number_is(CT_INVALID, p);
		break;
	default:
		fail_msg("field %d", p->field);
	}
	return yes != p->invert;
}

/* What the plan lists for one rule, and what is expected of it. */
struct expected {
	const struct rule *rule;
	struct lowered l;
	uint64_t packets, bytes;
};

static struct expected *expected;
static unsigned int nexpected;
static unsigned int hits[4096], nhits;

enum { GO_ON = -1, BACK = -2 };

static int walk(const struct chain *c, const struct view *v);

static struct expected *expected_of(const struct rule *r)
{
	/* Rules are numbered in their handles. */
	return &expected[r->handle];
}

static enum answer ask_all(const struct expected *e, const struct view *v)
{
	enum answer a = YES;

	for (unsigned int i = 0; i < e->l.n && a == YES; i++)
		a = ask(v, &e->l.preds[i]);
	return a;
}

static int walk_rule(const struct rule *r, const struct view *v)
{
	struct expected *e = expected_of(r);
	enum answer a = ask_all(e, v);
	int verdict;

	if (a != YES)
		return a == DROPPED ? NF_DROP : GO_ON;
	hits[nhits++] = r->handle;
	switch (r->action) {
	case ACTION_ACCEPT:
		return NF_ACCEPT;
	case ACTION_DROP:
		return NF_DROP;
	case ACTION_RETURN:
		return BACK;
	case ACTION_JUMP:
		return walk(table_find_chain(fx.t, r->chain), v);
	case ACTION_GOTO:
		verdict = walk(table_find_chain(fx.t, r->chain), v);
		return verdict == GO_ON ? BACK : verdict;
	default:
		return GO_ON;
	}
}

static int walk(const struct chain *c, const struct view *v)
{
	const struct rule *r;

	list_for_each (r, &c->rules, struct rule, node) {
		int verdict = walk_rule(r, v);

		if (verdict == BACK)
			return GO_ON;
		if (verdict != GO_ON)
			return verdict;
	}
	return GO_ON;
}

static void lower_all(void)
{
	struct chain *c;
	struct rule *r;

	nexpected = 0;
	list_for_each (c, &fx.t->chains, struct chain, node)
		list_for_each (r, &c->rules, struct rule, node) {
			struct expected *e = &expected[nexpected];

			r->handle = nexpected++;
			*e = (struct expected){.rule = r};
			assert_int_equal(lower_rule(fx.t->family, r, &e->l), 0);
			assert_string_equal(e->l.refused, "");
		}
}

/* ---- random packets ---- */

static struct packet random_packet(void)
{
	bool v4 = fx.t->family == FAMILY_IPV4;
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 1, 2, 132};
	unsigned int proto = protos[below(sizeof(protos))];
	unsigned int frag = !below(25) ? below(3) : 0;
	struct packet p = v4 ? ip4(proto, frag) : ip6(proto);
	uint8_t th[24] = {0};

	random_addr(p.b + (v4 ? 12 : 8), v4 ? 4 : 16);
	random_addr(p.b + (v4 ? 16 : 24), v4 ? 4 : 16);
	th[1] = below(mood.ports * 2);
	th[3] = below(mood.ports * 2);
	th[12] = 0x50;
	th[13] = below(2) ? 0x02 : 0x10;
	p = plus(p, th, proto == 17 ? 8 : 20);
	if (!below(20))
		p.len -= below(20);
	if (p.len < (v4 ? 20u : 40u))
		p.len = v4 ? 20 : 40;
	return p;
}

/* A hand-over must have a reason. */
static bool may_hand_over(const struct view *v)
{
	return (v->fragoff && mood.fragments == ASK_NFT &&
		(v->proto == 6 || v->proto == 17)) ||
	       nhits > MAX_HITS;
}

static unsigned int compare_packet(void)
{
	struct packet p = random_packet();
	struct view v = look(&p);
	int verdict, got;

	nhits = 0;
	verdict = walk(fx.base, &v);
	if (verdict < 0)
		verdict = fx.base->policy;
	got = run(p);
	if (got == HANDOVER) {
		assert_true(may_hand_over(&v));
		return 1;
	}
	assert_int_equal(got, verdict);
	for (unsigned int i = 0; i < nhits; i++) {
		struct expected *e = &expected[hits[i]];

		/* A match that drops the packet does so after others counted.
		 */
		e->packets++;
		e->bytes += p.len;
	}
	return 0;
}

static void compare_counters(void)
{
	unsigned int n;
	const struct plan_counter *c = plan_counters(fx.plan, &n);

	for (unsigned int i = 0; i < n; i++) {
		const struct expected *e;

		if (!c[i].rule)
			continue;
		e = expected_of(c[i].rule);
		expect_count(i, e->packets, e->bytes);
	}
}

static void one_round(unsigned int seed)
{
	unsigned int n, over = 0;
	size_t size;

	rng = seed;
	n = 60 + below(max_rules);
	random_ruleset(n);
	lower_all();
	print_message("seed %u: %u rules\n", seed, nexpected);
	if (plan_mode(fixture_plan(&fx)) == CHAIN_NFT) {
		/* Too mixed: nft decides. Not the rule. */
		print_message("%s\n", plan_reason(fx.plan));
		goto out;
	}
	build_for(mood.fragments);
	plan_tables(fx.plan, &size);
	with_tables += size > 0;
	for (unsigned int i = 0; i < PACKETS; i++)
		over += compare_packet();
	total_over += over;
	compare_counters();
out:
	for (unsigned int i = 0; i < nexpected; i++)
		lowered_clear(&expected[i].l);
}

static void test_random(void **state)
{
	enum family family = fx.t->family;

	with_tables = total_over = 0;

	for (unsigned int s = first_seed; s < first_seed + rounds; s++) {
		one_round(s);
		program_free(&prog);
		fixture_clear(&fx);
		fixture_init(&fx, family);
	}
	assert_true(with_tables > rounds / 2);
	/* The comparison is worth something. */
	assert_true(total_over < PACKETS * rounds / 2);
}

/* A rule more is data: the code stays as it is. */
static void test_shape(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	char addr[32];

	for (int i = 0; i < 100; i++) {
		snprintf(addr, sizeof(addr), "10.0.%d.1", i);
		with_src(add_rule(fx.base, ACTION_DROP, NULL), addr,
			 "255.255.255.255", false);
	}
	with_proto(add_rule(fx.base, ACTION_ACCEPT, NULL), 6, false);
	fx.base->has_counters = true;
	assert_int_equal(plan_print_c(fixture_plan(&fx), &a, false, NULL, NULL),
			 0);
	with_src(add_rule(fx.base, ACTION_DROP, NULL), "10.1.1.1",
		 "255.255.255.255", false);
	assert_int_equal(plan_print_c(fixture_plan(&fx), &b, false, NULL, NULL),
			 0);
	assert_string_equal(a.data, b.data);
	buf_free(&a);
	buf_free(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_random, setup4),
		TEST(test_random, setup6),
		TEST(test_shape, setup4),
	};
	int failed;

	if (cannot_load())
		return 77;
	if (argc > 1)
		first_seed = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	if (argc > 3)
		max_rules = strtoul(argv[3], NULL, 0);
	if (max_rules > MAX_RULES)
		max_rules = MAX_RULES;
	expected = calloc(2 * MAX_RULES, sizeof(*expected));
	if (!expected)
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(expected);
	return failed;
}
