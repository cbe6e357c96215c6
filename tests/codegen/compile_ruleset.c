// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compile_ruleset [-v]: plans and loads a program for each base chain of the
 * filter tables in this network namespace, and says what came of it. Exits 1
 * when clang or the verifier refused what the plan let through.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/codegen/program.h"

static void no_text(struct buf *out, const struct table *t,
		    const struct chain *c, const struct rule *r, void *arg)
{
	buf_printf(out, "%s handle %llu", c->name,
		   (unsigned long long)r->handle);
}

static void print_handovers(const struct plan *p)
{
	unsigned int n;
	const struct plan_handover *h = plan_handovers(p, &n);

	for (unsigned int i = 0; i < n; i++)
		printf("  hand-over: %s rule %u: %s\n", h[i].chain->name,
		       h[i].rule, h[i].reason);
}

static int compile(const struct table *t, const struct chain *c, bool verbose,
		   const char *dump)
{
	struct program prog = {0};
	struct buf text = BUF_INIT;
	struct plan *p;
	struct err e;
	int ret = plan_build(NULL, t, c, &p, &e);

	if (ret) {
		fprintf(stderr, "%s: %s\n", c->name, e.msg);
		return ret;
	}
	printf("%s %s: %u rules, ", t->family == FAMILY_IPV4 ? "ip" : "ip6",
	       c->name, plan_rule_count(p));
	if (plan_mode(p) == CHAIN_NFT) {
		printf("nft: %s\n", plan_reason(p));
	} else {
		ret = program_build(&prog, p);
		printf("%s: verified %u insns, clang %.0f ms, load %.0f ms\n",
		       ret ? "FAILED" : "loaded", prog.insns, prog.clang_ms,
		       prog.load_ms);
		program_free(&prog);
	}
	if (verbose)
		print_handovers(p);
	if (dump && !strcmp(dump, c->name) && plan_mode(p) != CHAIN_NFT) {
		plan_print_c(p, &text, true, no_text, NULL);
		fputs(text.data, stdout);
		buf_free(&text);
	}
	plan_free(p);
	return ret;
}

int main(int argc, char **argv)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	const char *dump = argc > 2 ? argv[2] : NULL;
	struct nft *nft;
	struct err e;
	int failed = 0;

	if (nft_open(&nft, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct nft_query q = {.family = families[i],
				      .table = "filter",
				      .detail = NFT_RULES};
		const struct table *t;
		const struct chain *c;
		struct ruleset rs;

		ruleset_init(&rs);
		if (nft_fetch(nft, &q, &rs, &e)) {
			fprintf(stderr, "%s\n", e.msg);
			failed = 1;
		} else if ((t = ruleset_find_table(&rs, families[i],
						   "filter"))) {
			list_for_each (c, &t->chains, struct chain, node)
				if (c->base && compile(t, c, verbose, dump))
					failed = 1;
		}
		ruleset_clear(&rs);
	}
	nft_close(nft);
	return failed;
}
