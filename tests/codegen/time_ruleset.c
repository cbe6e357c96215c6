// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * time_ruleset CHAIN [SADDR DADDR SPORT DPORT]...: what the program of an IPv4
 * base chain of this network namespace's filter table costs for these UDP
 * packets: the least of seven means, in ns.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/codegen/program.h"

#define REPEAT 200000
#define TRIES  7

static size_t make_packet(uint8_t *b, char **words)
{
	unsigned int sport = atoi(words[2]), dport = atoi(words[3]);

	memset(b, 0, 64);
	b[0] = 0x45;
	b[8] = 64;
	b[9] = 17;
	inet_pton(AF_INET, words[0], b + 12);
	inet_pton(AF_INET, words[1], b + 16);
	b[20] = sport >> 8;
	b[21] = sport;
	b[22] = dport >> 8;
	b[23] = dport;
	return 64;
}

static void time_packets(struct program *prog, char **words)
{
	uint8_t b[64];
	struct program_packet pkt = {.family = FAMILY_IPV4, .data = b};

	for (; words[0] && words[1] && words[2] && words[3]; words += 4) {
		int least = 0;

		pkt.len = make_packet(b, words);
		for (int i = 0; i < TRIES; i++) {
			int ns = program_time(prog, &pkt, REPEAT);

			if (!i || ns < least)
				least = ns;
		}
		printf("  %s -> %s %s %s: verdict %d, %d ns\n", words[0],
		       words[1], words[2], words[3], program_run(prog, &pkt),
		       least);
	}
}

static int time_chain(struct ruleset *rs, char **argv)
{
	const struct table *t = ruleset_find_table(rs, FAMILY_IPV4, "filter");
	const struct chain *c = t ? table_find_chain(t, argv[1]) : NULL;
	struct program prog = {0};
	struct plan *p;
	struct err e;
	size_t size;
	int ret;

	if (!c || plan_build(NULL, t, c, &p, &e)) {
		fprintf(stderr, "%s: cannot plan it\n", argv[1]);
		return 1;
	}
	ret = plan_mode(p) == CHAIN_NFT;
	if (ret)
		fprintf(stderr, "%s: nft: %s\n", argv[1], plan_reason(p));
	else
		ret = program_build(&prog, p) != 0;
	plan_tables(p, &size);
	printf("%u rules, tables of %zu bytes, clang %.0f ms, load %.0f ms\n",
	       plan_rule_count(p), size, prog.clang_ms, prog.load_ms);
	if (!ret)
		time_packets(&prog, argv + 2);
	program_free(&prog);
	plan_free(p);
	return ret;
}

int main(int argc, char **argv)
{
	struct nft_query q = {
		.family = FAMILY_IPV4, .table = "filter", .detail = NFT_RULES};
	struct ruleset rs;
	struct nft *nft;
	struct err e;
	int ret;

	if (argc < 2 || nft_open(&nft, &e))
		return 2;
	ruleset_init(&rs);
	ret = nft_fetch(nft, &q, &rs, &e) ? 2 : time_chain(&rs, argv);
	ruleset_clear(&rs);
	nft_close(nft);
	return ret;
}
