// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of -m hashlimit as C: a map each, and a function that asks it. */
#include "codegen/print.h"

#include <arpa/inet.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <string.h>

/* FNV-1a. */
static uint64_t hash_add(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

/*
 * What a table is called: a map of the same name is the same table, and keeps
 * its entries over a recompile (loader/kept.h).
 */
static uint64_t table_id(const struct plan_hashlimit *t, enum family family)
{
	const struct hashlimit *h = &t->h;
	const uint64_t numbers[] = {
		family,	    h->revision, h->srcmask,
		h->dstmask, h->avg,	 h->burst,
		h->size,    h->max,	 h->gc_interval,
		h->expire,  h->interval, h->mode & ~XT_HASHLIMIT_INVERT};

	return hash_add(hash_add(0xcbf29ce484222325, numbers, sizeof(numbers)),
			h->name, strlen(h->name)) &
	       0xffffffffffff;
}

static void print_mask(struct buf *out, unsigned int bits)
{
	buf_puts(out, "{");
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int n = bits > 32 ? 32 : bits;

		buf_printf(out, "0x%xu, ", n ? htonl(~0U << (32 - n)) : 0);
		bits -= n;
	}
	buf_puts(out, "},\n");
}

static void print_number(struct buf *out, uint64_t n)
{
	buf_printf(out, "%lluULL, ", (unsigned long long)n);
}

static void print_config(struct buf *out, const struct plan_hashlimit *t)
{
	struct hashlimit_numbers n;

	hashlimit_numbers(&t->h, rate_hz(), &n);
	if (t->gate) {
		plan_widen(&n.credits);
		n.full = n.credits.cap;
	}
	buf_printf(out,
		   "\tconst struct hashlimit_config c = {\n\t\t%u, %d,\n\t\t",
		   t->h.mode & ~XT_HASHLIMIT_INVERT, t->gate);
	print_mask(out, t->h.srcmask);
	buf_puts(out, "\t\t");
	print_mask(out, t->h.dstmask);
	buf_puts(out, "\t\t");
	print_number(out, n.credits.per_jiffy);
	print_number(out, n.credits.cost);
	print_number(out, n.credits.cap);
	print_number(out, n.full);
	buf_puts(out, "\n\t\t");
	print_number(out, n.rate);
	print_number(out, n.burst);
	buf_printf(out, "%u, %u, %u\n\t};\n\n", n.interval, n.expire,
		   n.gc_interval ? n.gc_interval : 1);
}

static void print_table(struct buf *out, const struct plan_hashlimit *t,
			enum family family, unsigned int i)
{
	unsigned long long id = table_id(t, family);

	buf_printf(out,
		   "struct {\n"
		   "\t__uint(type, MAP_HASH);\n"
		   "\t__uint(map_flags, MAP_F_NO_PREALLOC);\n"
		   "\t__uint(max_entries, %u);\n"
		   "\t__type(key, struct hashlimit_key);\n"
		   "\t__type(value, struct hashlimit_entry);\n"
		   "} hl%012llx SEC(\".maps\");\n\n"
		   "static abi_u64 swept_%u;\n\n",
		   t->h.max, id, i);
	buf_printf(out,
		   "static NOINLINE int hashlimit_%u(struct bpf_nf_ctx *ctx, "
		   "struct pkt *p)\n{\n",
		   i);
	print_config(out, t);
	buf_printf(
		out,
		"\treturn hashlimit(ctx, p, &hl%012llx, &swept_%u, &c);\n}\n\n",
		id, i);
}

void print_hashlimits(struct buf *out, const struct plan *p)
{
	if (p->nhashlimits)
		buf_puts(out, "\n/* ---- tables of hashlimit ---- */\n\n");
	for (unsigned int i = 0; i < p->nhashlimits; i++)
		print_table(out, &p->hashlimits[i], p->family, i);
}

void print_hashlimit(struct buf *out, const struct pred *p)
{
	buf_printf(out, "\t\t\tint m = hashlimit_%u(ctx, p);\n", p->state);
	if (p->call.gate && p->invert)
		buf_puts(out, "\t\t\tif (m == MATCH)\n"
			      "\t\t\t\treturn HANDOVER;\n");
}
