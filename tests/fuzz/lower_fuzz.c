// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any xt structures as rules: lowering, plan, tables and printing stay within
 * their data, and clang takes the C. Of the programs that differ every
 * $FUZZ_CLANG_EVERY-th (200 when it is not set, 0: none) is given to clang.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/codegen.h"
#include "tests/fuzz/input.h"

#define MAX_RULES   40
#define MAX_MATCHES 4
#define CLANG                                                                  \
	CLANG_PATH " -O2 -g -target bpf -mcpu=v3 -std=gnu11 -nostdinc "        \
		   "-Wall -Werror -x c -c -o /dev/null -"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long clang_every = 200;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *every = getenv("FUZZ_CLANG_EVERY");

	if (every)
		clang_every = strtoul(every, NULL, 10);
	return 0;
}

/* Matches, and the sizes of their structures. */
static const struct {
	const char *name;
	uint16_t size;
	uint8_t rev, proto;
} matches[] = {
	{"addrtype", 8, 0, 0},	  {"addrtype", 8, 1, 0},
	{"ah", 16, 0, 51},	  {"bpf", 528, 0, 0},
	{"bpf", 528, 1, 0},	  {"cgroup", 8, 0, 0},
	{"cgroup", 528, 2, 0},	  {"comment", 256, 0, 0},
	{"connbytes", 24, 0, 0},  {"connlabel", 4, 0, 0},
	{"connmark", 16, 1, 0},	  {"conntrack", 152, 1, 0},
	{"conntrack", 160, 2, 0}, {"conntrack", 168, 3, 0},
	{"cpu", 8, 0, 0},	  {"dccp", 16, 0, 33},
	{"devgroup", 24, 0, 0},	  {"dscp", 8, 0, 0},
	{"dst", 40, 0, 0},	  {"ecn", 8, 0, 6},
	{"esp", 16, 0, 50},	  {"eui64", 8, 0, 0},
	{"frag", 16, 0, 0},	  {"hashlimit", 328, 2, 0},
	{"hashlimit", 328, 3, 0}, {"hbh", 40, 0, 0},
	{"helper", 40, 0, 0},	  {"hl", 8, 0, 0},
	{"icmp", 8, 0, 1},	  {"icmp6", 8, 0, 58},
	{"ipcomp", 16, 0, 108},	  {"iprange", 72, 1, 0},
	{"ipv6header", 8, 0, 0},  {"length", 8, 0, 0},
	{"limit", 40, 0, 0},	  {"mac", 16, 0, 0},
	{"mark", 16, 1, 0},	  {"mh", 8, 0, 135},
	{"multiport", 48, 1, 6},  {"multiport", 48, 1, 17},
	{"owner", 24, 1, 0},	  {"physdev", 72, 0, 0},
	{"pkttype", 8, 0, 0},	  {"policy", 304, 0, 0},
	{"quota", 24, 0, 0},	  {"realm", 16, 0, 0},
	{"recent", 232, 1, 0},	  {"rt", 280, 0, 0},
	{"sctp", 296, 0, 132},	  {"socket", 8, 1, 0},
	{"socket", 8, 3, 0},	  {"state", 8, 0, 0},
	{"statistic", 24, 0, 0},  {"string", 160, 1, 0},
	{"tcp", 16, 0, 6},	  {"tcpmss", 8, 0, 6},
	{"time", 24, 0, 0},	  {"tos", 8, 1, 0},
	{"ttl", 8, 0, 0},	  {"u32", 1984, 0, 0},
	{"udp", 16, 0, 17},	  {"udplite", 16, 0, 136},
	{"nosuch", 8, 0, 0},
};

static void read_match(struct input *in, struct rule *r)
{
	unsigned int k = input_below(in, sizeof(matches) / sizeof(*matches));
	uint8_t how = input_u8(in), data[2048];
	uint16_t size = matches[k].size;
	struct ext *e;

	if (matches[k].proto && how & 0x0f)
		r->core.proto = matches[k].proto;
	if ((how & 0xf0) == 0x10)
		size = input_below(in, size + 1);
	input_bytes(in, data, size);
	e = ext_new(matches[k].name, matches[k].rev, data, size);
	if (!e)
		abort();
	e->native = how >> 5 == 2;
	e->resolved = how >> 5 == 3 ? (uint64_t)input_u8(in) << 56 | 7 : 0;
	rule_add_match(r, e);
}

static void read_core(struct input *in, struct rule *r)
{
	struct core_match *c = &r->core;
	uint8_t what = input_u8(in);

	if (what & 1) {
		input_bytes(in, &c->src, sizeof(c->src));
		memset(&c->smsk, 0xff, input_below(in, 17));
	}
	if (what & 2) {
		input_bytes(in, &c->dst, sizeof(c->dst));
		input_bytes(in, &c->dmsk, sizeof(c->dmsk));
	}
	if (what & 4) {
		c->has_iif = true;
		input_bytes(in, c->iif, sizeof(c->iif));
		c->iif_len = input_u8(in);
	}
	if (what & 8) {
		c->has_oif = true;
		input_bytes(in, c->oif, sizeof(c->oif));
		c->oif_len = input_below(in, IFNAMSIZ + 1);
	}
	c->frag = what & 16;
	if (what & 32)
		c->proto = input_u8(in);
	if (what & 64)
		c->inv = input_u8(in);
}

static void read_rule(struct input *in, struct chain *c, unsigned int depth)
{
	static const char *const chains[] = {"INPUT", "c1", "c2", "c3"};
	struct rule *r = rule_new();
	uint8_t what = input_u8(in);

	if (!r)
		abort();
	r->action = what % (ACTION_TARGET + 1);
	/* nft lets no loop in. */
	if (depth == 3 &&
	    (r->action == ACTION_JUMP || r->action == ACTION_GOTO))
		r->action = ACTION_NONE;
	if (r->action == ACTION_TARGET)
		r->target = ext_new(what & 0x80 ? "LOG" : "REJECT", 0, "", 0);
	else
		strcpy(r->chain,
		       chains[depth < 3 ? depth + 1 + input_below(in, 3 - depth)
					: 3]);
	r->has_counter = what & 0x40;
	read_core(in, r);
	for (unsigned int n = input_below(in, MAX_MATCHES + 1); n; n--)
		read_match(in, r);
	chain_append_rule(c, r);
}

static void read_ruleset(struct input *in, struct ruleset *rs,
			 enum family family)
{
	static const char *const names[] = {"INPUT", "c1", "c2", "c3"};
	struct table *t = ruleset_add_table(rs, family, "filter");
	struct chain *c[4];

	for (unsigned int i = 0; i < 4; i++)
		c[i] = table_add_chain(t, names[i]);
	c[0]->base = true;
	c[0]->hook = input_below(in, NF_INET_NUMHOOKS);
	c[0]->policy = input_u8(in) & 1 ? NF_DROP : NF_ACCEPT;
	c[0]->has_counters = true;
	for (unsigned int n = 0; n < MAX_RULES && in->len; n++) {
		unsigned int depth = input_below(in, 4);

		/* A run long enough to become a table. */
		for (unsigned int again = n ? 1 : 1 + input_below(in, 64);
		     again && in->len; again--)
			read_rule(in, c[depth], depth);
	}
}

static uint64_t hash_of(const struct buf *b)
{
	uint64_t h = 1469598103934665603;

	for (size_t i = 0; i < b->len; i++)
		h = (h ^ (unsigned char)b->data[i]) * 0x100000001b3;
	return h ^ h >> 31;
}

static void compile(const struct buf *c)
{
	FILE *clang;

	if (!clang_every || hash_of(c) % clang_every)
		return;
	clang = popen(CLANG, "w");
	if (!clang)
		return;
	fwrite(c->data, 1, c->len, clang);
	if (pclose(clang)) {
		fprintf(stderr, "lower_fuzz: clang does not take\n%s\n",
			c->data);
		abort();
	}
}

static void print(const struct plan *p)
{
	struct buf c = BUF_INIT, people = BUF_INIT;
	int ret = plan_print_c(p, &c, false, NULL, NULL);

	if ((plan_mode(p) == CHAIN_NFT) != (ret != 0))
		abort();
	if (plan_mode(p) == CHAIN_NFT && !*plan_reason(p))
		abort();
	if (!ret) {
		plan_print_c(p, &people, true, NULL, NULL);
		compile(&c);
	}
	buf_free(&c);
	buf_free(&people);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct ruleset rs;
	struct table *t;
	struct plan *p;
	struct err e;
	enum family family = input_u8(&in) & 1 ? FAMILY_IPV6 : FAMILY_IPV4;

	ruleset_init(&rs);
	read_ruleset(&in, &rs, family);
	t = ruleset_find_table(&rs, family, "filter");
	if (plan_build(&rs, t, table_find_chain(t, "INPUT"), &p, &e))
		abort();
	print(p);
	plan_free(p);
	ruleset_clear(&rs);
	return 0;
}
