// SPDX-License-Identifier: GPL-2.0-or-later
/* Chain headers of -L, and the order in which chains are shown. */
#include "iptables-bpf/print.h"

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "iptables-bpf/print_fields.h"

const char *chain_policy_name(const struct chain *c)
{
	if (!c->base)
		return NULL;
	return c->policy == NF_DROP ? "DROP" : "ACCEPT";
}

static int compare_chains(const void *pa, const void *pb)
{
	const struct chain *a = *(const struct chain *const *)pa;
	const struct chain *b = *(const struct chain *const *)pb;

	if (a->base != b->base)
		return a->base ? -1 : 1;
	if (a->base)
		return (int)a->hook - (int)b->hook;
	return strcmp(a->name, b->name);
}

unsigned int chains_collect(const struct table *t, struct chain **chains)
{
	struct chain *c;
	unsigned int n = 0;

	list_for_each (c, &t->chains, struct chain, node)
		chains[n++] = c;
	return n;
}

void chains_sort(struct chain **chains, unsigned int n)
{
	if (n)
		qsort(chains, n, sizeof(*chains), compare_chains);
}

struct chain **chains_in_order(const struct table *t, unsigned int *n)
{
	struct chain **chains = calloc(t->nchains + 1, sizeof(*chains));

	if (!chains)
		return NULL;
	*n = chains_collect(t, chains);
	chains_sort(chains, *n);
	return chains;
}

void print_chain_header(const struct chain *c, const struct list_options *o)
{
	unsigned int number_format = o->exact ? 0 : FIELD_KILOMEGAGIGA;
	const char *policy = chain_policy_name(c);

	printf("Chain %s", c->name);
	if (policy) {
		printf(" (policy %s", policy);
		if (o->verbose) {
			putchar(' ');
			xtables_print_num(c->packets,
					  number_format | FIELD_NO_TABLE);
			fputs("packets, ", stdout);
			xtables_print_num(c->bytes,
					  number_format | FIELD_NO_TABLE);
			fputs("bytes", stdout);
		}
		puts(")");
	} else {
		printf(" (%d references)\n", (int)(c->use - c->nrules));
	}

	if (o->line_numbers)
		printf("%-4s ", "num");
	if (o->verbose && o->exact)
		printf("%8s %10s ", "pkts", "bytes");
	else if (o->verbose)
		printf("%5s %5s ", "pkts", "bytes");
	printf("%-9s  prot opt", "target");
	if (o->verbose)
		printf(" %-6s %-6s ", "in", "out");
	printf(" %-19s  %-19s \n", "source", "destination");
}
