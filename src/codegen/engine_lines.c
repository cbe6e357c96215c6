// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries as words: what a packet costs with many flows is the cache lines that
 * it brings in, so an entry lies in one, found by its hash.
 */
#include "codegen/engine_lines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"

static uint32_t proto_word(const struct engine_key *k)
{
	return k->proto | (uint32_t)k->need << 8 | (uint32_t)k->below << 16 |
	       (k->has_proto ? ENTRY_PROTO_KNOWN : 0) |
	       (k->is_native && k->need ? ENTRY_PROTO_NATIVE : 0) |
	       (k->is_short ? ENTRY_PROTO_SHORT : 0) |
	       (k->frag1 ? ENTRY_PROTO_FRAG1 : 0);
}

/*
 * What happens to a packet for which @k holds, at @at: index, verdict, target
 * and conditions. 0 or -ENOMEM.
 */
static int write_outcome(const struct engine_rules *rs, uint32_t at,
			 uint32_t index, const struct engine_key *k)
{
	const struct plan_rule *r = &rs->chain->rules[rs->run->first + index];
	uint32_t verdict = r->verdict, more = k->conds, target = 0;

	if (k->is_short) {
		verdict = VERDICT_DROP | ENTRY_UNCOUNTED;
	} else if (r->target && r->target->data) {
		target = r->target->runs[0].at;
	} else if (r->target) {
		while (rs->run->target[target] != r->target)
			target++;
		verdict |= ENTRY_FOREIGN;
	}
	if (k->is_short || !r->target) {
		verdict |= k->conds ? ENTRY_CONDS : 0;
	} else if (!k->conds) {
		more = target;
	} else {
		more = engine_add_words(rs->plan, 2);
		if (!more)
			return -ENOMEM;
		rs->plan->words[more + BOX_TARGET] = target;
		rs->plan->words[more + BOX_CONDS] = k->conds;
		verdict |= ENTRY_BOXED;
	}
	rs->plan->words[at + ENTRY_INDEX] = r->counter;
	rs->plan->words[at + ENTRY_VERDICT] = verdict;
	rs->plan->words[at + ENTRY_MORE] = more;
	return 0;
}

static void write_addrs(const struct engine_rules *rs, uint32_t *w,
			const struct engine_key *k)
{
	uint32_t s = k->sbits, d = k->dbits, addr[2];

	if (rs->plan->family == FAMILY_IPV4) {
		memcpy(&addr[0], k->saddr, 4);
		memcpy(&addr[1], k->daddr, 4);
		w[ENTRY_ADDRS] = ntohl(addr[0]);
		w[ENTRY_ADDRS + 1] = ntohl(addr[1]);
		s = 32 - s;
		d = 32 - d;
	} else {
		memcpy(w + ENTRY_ADDRS, k->saddr, 16);
		memcpy(w + ENTRY_ADDRS + 4, k->daddr, 16);
	}
	w[ENTRY_VERDICT] |= s << ENTRY_SADDR_SHIFT | d << ENTRY_DADDR_SHIFT;
}

static int write_entry(const struct engine_rules *rs, uint32_t at, uint32_t key)
{
	const struct engine_key *k = &rs->keys->key[key];
	int ret = write_outcome(rs, at, rs->keys->index[key], k);
	uint32_t *w = rs->plan->words + at;

	w[ENTRY_PROTO] = proto_word(k);
	w[ENTRY_SPORT] = k->sport[0] | (uint32_t)k->sport[1] << 16;
	w[ENTRY_DPORT] = k->dport[0] | (uint32_t)k->dport[1] << 16;
	write_addrs(rs, w, k);
	return ret;
}

/*
 * A table is lines of a cache line each, over which entries are spread by their
 * hash. What has no room in its line goes to the next one; entries of one hash
 * stand by index. Where nothing spills over, the last entry of a line says so.
 */
static uint32_t line_of(uint64_t hash, uint32_t nlines)
{
	return (hash >> 32) * nlines >> 32;
}

static unsigned int entries_per_line(const struct engine_rules *rs)
{
	return ENGINE_LINE_WORDS / ENGINE_ENTRY_WORDS(rs->plan->family);
}

/* The keys by their line and then by index; start[i]: the first of line i. */
struct sorted {
	uint32_t *key, *start, n;
};

static int sort_by_line(const struct engine_hashed *by_index, uint32_t nlines,
			struct sorted *s)
{
	s->key = malloc((s->n + 1ULL) * sizeof(*s->key));
	s->start = calloc(nlines + 2ULL, sizeof(*s->start));
	if (!s->key || !s->start)
		return -ENOMEM;
	/* One further on, until all are in their place. */
	for (uint32_t i = 0; i < s->n; i++)
		s->start[line_of(by_index[i].hash, nlines) + 2]++;
	for (uint32_t i = 2; i < nlines + 2; i++)
		s->start[i] += s->start[i - 1];
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t line = line_of(by_index[i].hash, nlines);

		s->key[s->start[line + 1]++] = by_index[i].key;
	}
	return 0;
}

/* How many entries stand in lines 0 to @line, if there is room for them. */
static uint32_t due_by(const struct sorted *s, uint32_t nlines, uint32_t line)
{
	return line < nlines ? s->start[line + 1] : s->n;
}

/* @nlines, and those over the end that entries spill to. */
static uint32_t count_lines(const struct sorted *s, uint32_t nlines,
			    unsigned int per_line)
{
	uint32_t done = 0, i;

	for (i = 0; i < nlines || done < s->n; i++) {
		uint32_t left = due_by(s, nlines, i) - done;

		done += left < per_line ? left : per_line;
	}
	return i;
}

static int write_lines(const struct engine_rules *rs, const struct sorted *s,
		       struct engine_lines *out)
{
	unsigned int stride = ENGINE_ENTRY_WORDS(rs->plan->family);
	unsigned int per_line = entries_per_line(rs);
	uint32_t total = count_lines(s, out->nlines, per_line), done = 0, at;
	int ret = 0;

	out->lines = at =
		engine_add_lines(rs->plan, (size_t)total * ENGINE_LINE_WORDS);
	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < total && !ret; i++) {
		uint32_t due = due_by(s, out->nlines, i), last = at;

		for (unsigned int k = 0; k < per_line; k++, at += stride) {
			rs->plan->words[at + ENTRY_INDEX] = UINT32_MAX;
			if (done == due || ret)
				continue;
			ret = write_entry(rs, at, s->key[done++]);
			last = at;
		}
		if (done == due)
			rs->plan->words[last + ENTRY_VERDICT] |= ENTRY_LAST;
	}
	return ret;
}

/* Which hashes there are: most packets without an entry get no further. */
static int write_bits(const struct engine_rules *rs,
		      const struct engine_hashed *h, uint32_t n,
		      struct engine_lines *out)
{
	uint32_t bits = 64;

	while (bits < 8ULL * n)
		bits *= 2;
	out->mask = bits - 1;
	out->bits = engine_add_words(rs->plan, bits / 32);
	if (!out->bits)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t bit = h[i].hash & out->mask;

		rs->plan->words[out->bits + bit / 32] |= 1u << bit % 32;
	}
	return 0;
}

int engine_write_lines(const struct engine_rules *rs,
		       const struct engine_hashed *by_index, uint32_t n,
		       struct engine_lines *out)
{
	struct sorted s = {.n = n};
	int ret;

	/* Two thirds of the places are taken. */
	out->nlines = 3ULL * n / (2 * entries_per_line(rs)) + 1;
	ret = write_bits(rs, by_index, n, out);
	if (!ret)
		ret = sort_by_line(by_index, out->nlines, &s);
	if (!ret)
		ret = write_lines(rs, &s, out);
	free(s.key);
	free(s.start);
	return ret;
}

int engine_write_list(const struct engine_rules *rs, const uint32_t *key,
		      uint32_t n, uint32_t *at)
{
	unsigned int stride = ENGINE_ENTRY_WORDS(rs->plan->family);
	uint32_t room = n ? n : 1;
	uint32_t to = engine_add_lines(rs->plan, (size_t)room * stride);
	int ret = to ? 0 : -ENOMEM;

	if (!to)
		return ret;
	*at = to | LIST_ENTRIES;
	rs->plan->words[to + ENTRY_INDEX] = UINT32_MAX;
	for (uint32_t i = 0; i < n && !ret; i++)
		ret = write_entry(rs, to + i * stride, key[i]);
	rs->plan->words[to + (room - 1) * stride + ENTRY_VERDICT] |= ENTRY_LAST;
	return ret;
}
