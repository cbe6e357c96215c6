// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/cache.h"
#include "loader/record.h"

/* A field: tab, newline and % become %XX, so that lines and fields stay what
 * they are. */
static void put_field(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '\t' || *s == '\n' || *s == '%')
			buf_printf(b, "%%%02x", (unsigned char)*s);
		else
			buf_add(b, s, 1);
	}
}

static void get_field(char *out, size_t len, const char *s)
{
	unsigned int c;
	size_t n = 0;
	int digits;

	for (; *s && n + 1 < len; s++) {
		if (*s == '%' && sscanf(s + 1, "%2x%n", &c, &digits) == 1 &&
		    digits == 2) {
			out[n++] = c;
			s += 2;
		} else {
			out[n++] = *s;
		}
	}
	out[n] = '\0';
}

static void put_chain(struct buf *b, const struct record_chain *c)
{
	buf_printf(b, "chain\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t", c->id, c->mode,
		   c->rules, c->insns, c->jited_bytes, c->compile_ms,
		   c->load_ms, c->cache_hit);
	put_field(b, c->reason);
	buf_printf(b, "\ncost\t%u\t%u\t%u\t%u\t", c->idle, c->cost.nft,
		   c->cost.hybrid, c->cost.exclusive);
	put_field(b, c->obstacle);
	buf_puts(b, "\n");
}

static void put_handover(struct buf *b, const struct record_handover *h)
{
	buf_printf(b, "handover\t%u\t%u\t", h->chain_id, h->rule);
	put_field(b, h->chain);
	buf_puts(b, "\t");
	put_field(b, h->reason);
	buf_puts(b, "\n");
}

int record_write(const struct place *p, const struct record *r)
{
	struct buf b = BUF_INIT;
	char path[PLACE_PATH_LEN];
	unsigned int i;
	int err;

	buf_printf(&b, "generation\t%u\nerror\t", r->generation);
	put_field(&b, r->error);
	buf_puts(&b, "\n");
	for (i = 0; i < r->nchains; i++)
		put_chain(&b, &r->chains[i]);
	for (i = 0; i < r->nhandovers; i++)
		put_handover(&b, &r->handovers[i]);
	place_file(p, path, sizeof(path), "status");
	err = b.failed ? -ENOMEM : cache_write_file(path, b.data, b.len);
	buf_free(&b);
	return err;
}

static int get_chain(struct record *r, const char *line)
{
	struct record_chain *c = record_add_chain(r);
	unsigned int mode, hit;
	enum family family;
	int at = 0;

	if (!c)
		return -ENOMEM;
	if (sscanf(line, "chain %u %u %u %u %u %u %u %u%n", &c->id, &mode,
		   &c->rules, &c->insns, &c->jited_bytes, &c->compile_ms,
		   &c->load_ms, &hit, &at) != 8 ||
	    line[at] != '\t' || mode > CHAIN_EXCLUSIVE ||
	    !place_chain_by_id(c->id, &family))
		return -EUCLEAN;
	c->mode = mode;
	c->cache_hit = hit;
	get_field(c->reason, sizeof(c->reason), line + at + 1);
	return 0;
}

/* Of the chain whose line came before. */
static int get_cost(struct record *r, const char *line)
{
	struct record_chain *c;
	unsigned int idle;
	int at = 0;

	if (!r->nchains)
		return -EUCLEAN;
	c = &r->chains[r->nchains - 1];
	if (sscanf(line, "cost %u %u %u %u%n", &idle, &c->cost.nft,
		   &c->cost.hybrid, &c->cost.exclusive, &at) != 4 ||
	    line[at] != '\t')
		return -EUCLEAN;
	c->idle = idle;
	get_field(c->obstacle, sizeof(c->obstacle), line + at + 1);
	return 0;
}

static int get_handover(struct record *r, char *line)
{
	struct record_handover *h = record_add_handover(r);
	char *reason;
	int at = 0;

	if (!h)
		return -ENOMEM;
	if (sscanf(line, "handover %u %u%n", &h->chain_id, &h->rule, &at) !=
		    2 ||
	    line[at] != '\t')
		return -EUCLEAN;
	reason = strchr(line + at + 1, '\t');
	if (!reason)
		return -EUCLEAN;
	*reason++ = '\0';
	get_field(h->chain, sizeof(h->chain), line + at + 1);
	get_field(h->reason, sizeof(h->reason), reason);
	return 0;
}

static int get_line(struct record *r, char *line)
{
	if (!strncmp(line, "generation\t", 11)) {
		r->generation = strtoul(line + 11, NULL, 10);
		return 0;
	}
	if (!strncmp(line, "error\t", 6)) {
		get_field(r->error, sizeof(r->error), line + 6);
		return 0;
	}
	if (!strncmp(line, "chain\t", 6))
		return get_chain(r, line);
	if (!strncmp(line, "cost\t", 5))
		return get_cost(r, line);
	if (!strncmp(line, "handover\t", 9))
		return get_handover(r, line);
	return 0;
}

int record_read(const struct place *p, struct record *r)
{
	char path[PLACE_PATH_LEN], *line, *save = NULL;
	struct buf b = BUF_INIT;
	int err;

	memset(r, 0, sizeof(*r));
	place_file(p, path, sizeof(path), "status");
	err = cache_read_file(path, &b);
	if (!err && !b.data)
		err = -ENOENT;
	if (!err)
		for (line = strtok_r(b.data, "\n", &save); line && !err;
		     line = strtok_r(NULL, "\n", &save))
			err = get_line(r, line);
	buf_free(&b);
	if (err)
		record_free(r);
	return err;
}

void record_free(struct record *r)
{
	free(r->chains);
	free(r->handovers);
	memset(r, 0, sizeof(*r));
}

static void *grow(void *array, unsigned int *n, size_t size)
{
	char *more = realloc(array, (*n + 1) * size);

	if (more)
		memset(more + (*n)++ * size, 0, size);
	return more;
}

struct record_chain *record_add_chain(struct record *r)
{
	void *more = grow(r->chains, &r->nchains, sizeof(*r->chains));

	if (!more)
		return NULL;
	r->chains = more;
	return &r->chains[r->nchains - 1];
}

struct record_handover *record_add_handover(struct record *r)
{
	void *more = grow(r->handovers, &r->nhandovers, sizeof(*r->handovers));

	if (!more)
		return NULL;
	r->handovers = more;
	return &r->handovers[r->nhandovers - 1];
}

const struct record_chain *record_find_chain(const struct record *r,
					     unsigned int id)
{
	unsigned int i;

	for (i = 0; i < r->nchains; i++)
		if (r->chains[i].id == id)
			return &r->chains[i];
	return NULL;
}
