// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "iptables-bpf/bpfctl.h"
#include "loader/status.h"

static const char *const mode_names[] = {
	[CHAIN_NFT] = "nft",
	[CHAIN_HYBRID] = "hybrid",
	[CHAIN_EXCLUSIVE] = "exclusive",
};

/* In nft's words, by number (NF_INET_PRE_ROUTING ...). */
static const char *const hook_names[] = {"prerouting", "input", "forward",
					 "output", "postrouting"};

/* ---- JSON ---- */

static void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x",
			       c); /* names may be any bytes: as Latin-1 */
		else
			putchar(c);
	}
	putchar('"');
}

static void json_key(const char *key, const char *value)
{
	printf("\"%s\":", key);
	json_string(value);
}

static void json_handovers(const struct record *r, unsigned int id)
{
	const char *sep = "";
	unsigned int i;

	fputs("\"handover_rules\":[", stdout);
	for (i = 0; i < r->nhandovers; i++) {
		const struct record_handover *h = &r->handovers[i];

		if (h->chain_id != id)
			continue;
		printf("%s{", sep);
		json_key("chain", h->chain);
		printf(",\"rule\":%u,", h->rule);
		json_key("reason", h->reason);
		putchar('}');
		sep = ",";
	}
	putchar(']');
}

static void json_program(const struct record_chain *c)
{
	if (!c->insns) {
		fputs("\"program\":null", stdout);
		return;
	}
	printf("\"program\":{\"insns\":%u,\"jited_bytes\":%u,\"compile_ms\":%u,"
	       "\"load_ms\":%u,\"cache\":\"%s\"}",
	       c->insns, c->jited_bytes, c->compile_ms, c->load_ms,
	       c->cache_hit ? "hit" : "miss");
}

static void json_chain(const struct status *s, const struct record_chain *c)
{
	const struct builtin_chain *b;
	enum family family;

	b = place_chain_by_id(c->id, &family);
	putchar('{');
	json_key("family", place_family_name(family));
	putchar(',');
	json_key("table", b->table);
	putchar(',');
	json_key("chain", b->name);
	putchar(',');
	json_key("hook", hook_names[b->hook]);
	putchar(',');
	json_key("mode", mode_names[c->mode]);
	putchar(',');
	json_key("reason", c->reason);
	printf(",\"rules\":%u,", c->rules);
	json_handovers(&s->record, c->id);
	printf(",\"cost_ns\":{\"nft\":%u,\"hybrid\":%u,\"exclusive\":%u},",
	       c->cost.nft, c->cost.hybrid, c->cost.exclusive);
	json_key("not_exclusive", c->obstacle);
	printf(",\"decided_packets\":%" PRIu64
	       ",\"handed_over_packets\":%" PRIu64 ",",
	       (uint64_t)s->stats[c->id].decided,
	       (uint64_t)s->stats[c->id].handed_over);
	json_program(c);
	putchar('}');
}

static void print_json(const struct status *s)
{
	const char *sep = "";
	unsigned int i;

	printf("{\"generation\":%u,\"compiled_generation\":%u,", s->generation,
	       s->compiled_generation);
	json_key("state", status_state_name(s->state));
	putchar(',');
	json_key("reason", s->reason);
	printf(",\"watcher\":%s,", s->watcher ? "true" : "false");
	json_key("wanted_mode", wish_name(s->wish));
	fputs(",\"chains\":[", stdout);
	for (i = 0; i < s->record.nchains; i++) {
		fputs(sep, stdout);
		json_chain(s, &s->record.chains[i]);
		sep = ",";
	}
	puts("]}");
}

/* ---- for people ---- */

#define SHOWN_RUNS    8	 /* of rules of one chain, for one reason */
#define BESIDE_REASON 48 /* characters that fit in a row's last column */

static bool same_handover(const struct record_handover *a,
			  const struct record_handover *b)
{
	return a->chain_id == b->chain_id && !strcmp(a->reason, b->reason) &&
	       !strcmp(a->chain, b->chain);
}

/* Whether an earlier line already spoke of hand-over @i. */
static bool handover_told(const struct record *r, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < i; j++)
		if (same_handover(&r->handovers[j], &r->handovers[i]))
			return true;
	return false;
}

/* Rules @first to @last, as the @n-th such run of a line (from 0). */
static void print_run(unsigned int n, unsigned int first, unsigned int last)
{
	if (n > SHOWN_RUNS)
		return;
	if (n == SHOWN_RUNS)
		fputs(" and more", stdout);
	else if (first == last)
		printf("%s %u", n ? "," : "", first);
	else
		printf("%s %u-%u", n ? "," : "", first, last);
}

/* The next hand-over like @at, behind it; nhandovers: there is none. */
static unsigned int next_handover(const struct record *r, unsigned int at)
{
	unsigned int i;

	for (i = at + 1; i < r->nhandovers; i++)
		if (same_handover(&r->handovers[i], &r->handovers[at]))
			break;
	return i;
}

/* "COUNTRY rules 1, 3-40, target LOG": one line a chain and reason. */
static void print_handover(const struct record *r, unsigned int at)
{
	const struct record_handover *h = &r->handovers[at];
	unsigned int first = h->rule, last = h->rule, runs = 0;
	unsigned int i = next_handover(r, at);

	printf("        left to nft: %s rule%s", h->chain,
	       i < r->nhandovers ? "s" : "");
	for (; i < r->nhandovers; i = next_handover(r, i)) {
		if (r->handovers[i].rule != last + 1) {
			print_run(runs++, first, last);
			first = r->handovers[i].rule;
		}
		last = r->handovers[i].rule;
	}
	print_run(runs, first, last);
	printf(", %s\n", h->reason);
}

static void print_handovers(const struct record *r, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < r->nhandovers; i++)
		if (r->handovers[i].chain_id == id && !handover_told(r, i))
			print_handover(r, i);
}

/* Packets; a chain without a program does not count them. */
static void print_packets(const struct record_chain *c, uint64_t n)
{
	if (n || c->mode != CHAIN_NFT)
		printf(" %12" PRIu64, n);
	else
		printf(" %12s", "-");
}

static void print_chain(const struct status *s, const struct record_chain *c)
{
	const struct builtin_chain *b;
	const char *reason = strcmp(c->reason, s->reason) ? c->reason : "";
	bool beside = !c->insns && strlen(reason) <= BESIDE_REASON;
	enum family family;

	b = place_chain_by_id(c->id, &family);
	printf("%-6s %-8s %-11s %-9s %6u", place_family_name(family), b->table,
	       b->name, mode_names[c->mode], c->rules);
	print_packets(c, s->stats[c->id].decided);
	print_packets(c, s->stats[c->id].handed_over);
	if (c->insns)
		printf(" %u insns, %u bytes", c->insns, c->jited_bytes);
	printf("%s%s\n", beside && *reason ? " " : "", beside ? reason : "");
	if (!beside && *reason)
		printf("        %s\n", reason);
	if (c->cost.nft && c->rules)
		printf("        estimated ns a packet: nft %u, hybrid %u, "
		       "exclusive %u\n",
		       c->cost.nft, c->cost.hybrid, c->cost.exclusive);
	print_handovers(&s->record, c->id);
}

/* Why a table with rules is not exclusive, once for each. */
static void print_obstacles(const struct status *s)
{
	const struct record_chain *c;
	const struct builtin_chain *b;
	unsigned int i, told = 0;
	enum family family;
	int table;

	if (s->state == STATUS_OFF || s->wish == WISH_HYBRID)
		return;
	for (i = 0; i < s->record.nchains; i++) {
		c = &s->record.chains[i];
		table = place_table_of_chain(c->id);
		if (table < 0 || !c->rules || !*c->obstacle ||
		    told >> table & 1)
			continue;
		if (!told)
			puts("\nNot decided by BPF alone (exclusive):");
		told |= 1u << table;
		b = place_chain_by_id(c->id, &family);
		printf("    %s %s: %s\n", place_family_name(family), b->table,
		       c->obstacle);
	}
}

/* How many of the chains that have anything to decide. */
static void print_share(const struct record *r)
{
	unsigned int i, running = 0, all = 0;

	for (i = 0; i < r->nchains; i++) {
		const struct record_chain *c = &r->chains[i];
		bool runs = c->mode != CHAIN_NFT && !c->idle;

		running += runs;
		all += runs || c->rules;
	}
	if (all)
		printf("In BPF:     %u of %u chain%s with rules\n", running,
		       all, all == 1 ? "" : "s");
	else
		puts("In BPF:     nothing: iptables has no rules here");
}

static void print_human(const struct status *s)
{
	unsigned int i;

	printf("State:      %s\n", status_state_name(s->state));
	if (*s->reason)
		printf("Reason:     %s\n", s->reason);
	/* No ruleset could be read: there is nothing to say of it. */
	if (!s->generation)
		return;
	print_share(&s->record);
	printf("Generation: %u, compiled for ", s->generation);
	if (s->compiled_generation)
		printf("%u\n", s->compiled_generation);
	else
		puts("none");
	printf("Watcher:    %s\n", s->watcher ? "running" : "none");
	if (s->wish != WISH_AUTO)
		printf("Mode:       %s, as asked for\n", wish_name(s->wish));
	if (!s->record.nchains)
		return;
	printf("\n%-6s %-8s %-11s %-9s %6s %12s %12s %s\n", "family", "table",
	       "chain", "mode", "rules", "by BPF", "by nft",
	       "program, or why none");
	for (i = 0; i < s->record.nchains; i++)
		print_chain(s, &s->record.chains[i]);
	print_obstacles(s);
}

int bpfctl_status(int argc, char **argv)
{
	bool json = argc == 2 &&
		    (!strcmp(argv[1], "-j") || !strcmp(argv[1], "--json"));
	struct status s;

	if (argc > 1 && !json)
		return BPFCTL_USAGE;
	status_get(&s);
	if (json)
		print_json(&s);
	else
		print_human(&s);
	status_free(&s);
	return BPFCTL_OK;
}
