// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * time_ruleset CHAIN [SADDR DADDR SPORT DPORT]...: what the program of an IPv4
 * base chain of this network namespace's filter table costs for these UDP
 * packets: the least of seven means, in ns.
 *
 * time_ruleset CHAIN --cold FILE...: what its chain costs for packets that
 * differ, in turn, caches being what they are then. A file holds up to 65,536
 * packets as bench/injector.py's Flow.pack() writes them.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/codegen/program.h"

#define REPEAT 200000
#define TRIES  7

#define COLD_TRIES 25
#define COLD_FLOWS 65536

extern const char *const cold_text; /* cold.bpf.h */

struct cold_flow {
	uint8_t b[24];
};

struct cold_result {
	uint64_t ns, packets, accepted;
};

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

static bool load_flows(struct program *prog, const char *path)
{
	struct bpf_map *m =
		bpf_object__find_map_by_name(prog->obj, "cold_flows");
	FILE *f = fopen(path, "r");
	struct cold_flow flow;
	uint32_t i = 0;

	if (!f || !m)
		return false;
	for (; i < COLD_FLOWS && fread(&flow, sizeof(flow), 1, f) == 1; i++)
		bpf_map_update_elem(bpf_map__fd(m), &i, &flow, 0);
	fclose(f);
	/* The end: no protocol. */
	memset(&flow, 0, sizeof(flow));
	bpf_map_update_elem(bpf_map__fd(m), &i, &flow, 0);
	return i;
}

static int run_cold(struct program *prog, struct cold_result *out)
{
	struct bpf_program *p =
		bpf_object__find_program_by_name(prog->obj, "cold");
	struct bpf_map *m =
		bpf_object__find_map_by_name(prog->obj, "cold_result");
	uint8_t b[128] = {[12] = 8};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = b,
		    .data_size_in = sizeof(b));
	uint32_t zero = 0;

	if (!p || !m || bpf_prog_test_run_opts(bpf_program__fd(p), &o))
		return -1;
	return bpf_map_lookup_elem(bpf_map__fd(m), &zero, out);
}

static void time_cold(struct program *prog, char **files)
{
	struct cold_result r = {0};

	for (; *files; files++) {
		uint64_t least = UINT64_MAX;

		if (!load_flows(prog, *files)) {
			fprintf(stderr, "%s: no packets\n", *files);
			continue;
		}
		for (int i = 0; i < COLD_TRIES; i++) {
			if (run_cold(prog, &r) || !r.packets)
				break;
			if (r.ns < least)
				least = r.ns;
		}
		if (r.packets)
			printf("  %s: %.1f ns, %llu packets, %llu accepted\n",
			       *files, (double)least / r.packets,
			       (unsigned long long)r.packets,
			       (unsigned long long)r.accepted);
	}
}

static int time_chain(struct ruleset *rs, char **argv)
{
	const struct table *t = ruleset_find_table(rs, FAMILY_IPV4, "filter");
	const struct chain *c = t ? table_find_chain(t, argv[1]) : NULL;
	bool cold = argv[2] && !strcmp(argv[2], "--cold");
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
		ret = program_build_with(&prog, p, cold ? cold_text : NULL) !=
		      0;
	plan_tables(p, &size);
	printf("%u rules, tables of %zu bytes, clang %.0f ms, load %.0f ms, %u "
	       "instructions verified\n",
	       plan_rule_count(p), size, prog.clang_ms, prog.load_ms,
	       prog.insns);
	if (!ret && cold)
		time_cold(&prog, argv + 3);
	else if (!ret)
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
