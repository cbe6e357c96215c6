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

#define SHOWN_RULES 8 /* of one chain, for one reason */

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

/* "COUNTRY rules 1, 3, 5 and 20 more, target LOG": one line a chain and reason.
 */
static void print_handover(const struct record *r, unsigned int first)
{
	const struct record_handover *h = &r->handovers[first];
	unsigned int i, n = 0;

	for (i = first; i < r->nhandovers; i++)
		n += same_handover(&r->handovers[i], h);
	printf("        left to nft: %s rule%s", h->chain, n > 1 ? "s" : "");
	for (i = first, n = 0; i < r->nhandovers; i++)
		if (same_handover(&r->handovers[i], h) && n++ < SHOWN_RULES)
			printf("%s %u", n > 1 ? "," : "", r->handovers[i].rule);
	if (n > SHOWN_RULES)
		printf(" and %u more", n - SHOWN_RULES);
	printf(", %s\n", h->reason);
}

static void print_handovers(const struct record *r, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < r->nhandovers; i++)
		if (r->handovers[i].chain_id == id && !handover_told(r, i))
			print_handover(r, i);
}

static void print_chain(const struct status *s, const struct record_chain *c)
{
	const struct builtin_chain *b;
	enum family family;

	b = place_chain_by_id(c->id, &family);
	printf("%-6s %-8s %-11s %-9s %6u %12" PRIu64 " %12" PRIu64,
	       place_family_name(family), b->table, b->name,
	       mode_names[c->mode], c->rules, (uint64_t)s->stats[c->id].decided,
	       (uint64_t)s->stats[c->id].handed_over);
	if (c->insns)
		printf(" %7u insns, %u bytes", c->insns, c->jited_bytes);
	putchar('\n');
	if (*c->reason)
		printf("        %s\n", c->reason);
	if (c->cost.nft)
		printf("        estimated ns a packet: nft %u, hybrid %u, "
		       "exclusive %u\n",
		       c->cost.nft, c->cost.hybrid, c->cost.exclusive);
	print_handovers(&s->record, c->id);
}

/* Where a watcher runs or is wanted: why a table is not exclusive, once. */
static void print_obstacles(const struct status *s)
{
	const struct record_chain *c;
	const struct builtin_chain *b;
	unsigned int i, told = 0;
	enum family family;
	int table;

	if (!s->watcher && s->wish != WISH_EXCLUSIVE)
		return;
	for (i = 0; i < s->record.nchains; i++) {
		c = &s->record.chains[i];
		table = place_table_of_chain(c->id);
		if (table < 0 || !*c->obstacle || told >> table & 1)
			continue;
		told |= 1u << table;
		b = place_chain_by_id(c->id, &family);
		printf("%s%s %s is not exclusive: %s\n",
		       told == 1u << table ? "\n" : "",
		       place_family_name(family), b->table, c->obstacle);
	}
}

static void print_human(const struct status *s)
{
	unsigned int i;

	printf("State:      %s\n", status_state_name(s->state));
	if (*s->reason)
		printf("Reason:     %s\n", s->reason);
	printf("Generation: %u, compiled for %u\n", s->generation,
	       s->compiled_generation);
	printf("Watcher:    %s\n", s->watcher ? "running" : "none");
	if (s->wish != WISH_AUTO)
		printf("Mode:       %s, as asked for\n", wish_name(s->wish));
	if (!s->record.nchains)
		return;
	printf("\n%-6s %-8s %-11s %-9s %6s %12s %12s %s\n", "family", "table",
	       "chain", "mode", "rules", "by BPF", "by nft", "program");
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
