// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a rule becomes: keys (several, when it names several port ranges), and
 * conditions that are tested when a key fits.
 */
#include "codegen/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"
#include "codegen/print.h"

/* ---- what becomes of a predicate ---- */

static bool is_address(const struct pred *p)
{
	return (p->field == FIELD_SADDR || p->field == FIELD_DADDR) &&
	       p->op == OP_MASKED && !p->invert;
}

static bool is_proto(const struct pred *p)
{
	return p->field == FIELD_PROTO && p->op == OP_MASKED && !p->invert &&
	       (p->number.mask & UINT16_MAX) == UINT16_MAX &&
	       p->number.value <= UINT8_MAX;
}

static bool is_ports(const struct pred *p)
{
	return p->op == OP_RANGES &&
	       (p->field == FIELD_SPORT || p->field == FIELD_DPORT ||
		(p->field == FIELD_ANY_PORT && !p->invert));
}

/* Has no outcome but to hold or not, and no trace. */
static bool is_pure(const struct pred *p)
{
	return p->field != FIELD_NEVER && p->field != FIELD_TCP_OPTION &&
	       p->field != FIELD_CALL && !pred_can_drop(p) &&
	       !pred_can_hand_over(p) && !pred_has_state(p);
}

bool engine_is_whole_name(const struct pred *p)
{
	unsigned int n = 0;

	if ((p->field != FIELD_IIF && p->field != FIELD_OIF) || p->invert ||
	    p->op != OP_MASKED || p->bytes.len != 16)
		return false;
	while (n < 16 && p->bytes.mask[n] == 0xff)
		n++;
	if (!n || (n < 16 && p->bytes.value[n - 1]))
		return false;
	for (unsigned int i = n; i < 16; i++)
		if (p->bytes.mask[i])
			return false;
	return true;
}

/* Port ranges that a rule allows: each pair becomes a key. */
struct ports {
	struct {
		uint16_t sport[2], dport[2];
	} pair[ENGINE_MAX_KEYS];
	unsigned int n;
	bool has_sport, has_dport;
};

/* A rule on its way. */
struct reading {
	struct plan *plan;
	struct engine_key key; /* ports aside */
	struct ports ports;
	bool has_saddr, has_daddr;
	uint32_t cond[ENGINE_MAX_CONDS * COND_STRIDE];
	unsigned int nconds;
};

/* ---- ports ---- */

/* The ranges of @p, or what they leave. */
static unsigned int list_ranges(const struct pred *p,
				struct pred_range out[PRED_MAX_RANGES + 1])
{
	unsigned int n = 0;
	uint32_t from = 0;

	if (!p->invert) {
		memcpy(out, p->ranges.r, p->ranges.n * sizeof(*out));
		return p->ranges.n;
	}
	while (from <= UINT16_MAX) {
		uint32_t lo = UINT16_MAX + 1, end = from;

		/* What covers @from, and the next range behind it. */
		for (unsigned int i = 0; i < p->ranges.n; i++) {
			const struct pred_range *r = &p->ranges.r[i];

			if (r->lo <= from && r->hi >= end)
				end = r->hi + 1u;
			if (r->lo > from && r->lo <= r->hi && r->lo < lo)
				lo = r->lo;
		}
		if (end > from) {
			from = end;
			continue;
		}
		out[n++] = (struct pred_range){from, lo - 1};
		from = lo;
	}
	return n;
}

static void narrow(uint16_t port[2], const struct pred_range *r)
{
	port[0] = r->lo;
	port[1] = r->hi;
}

/* False: too many, or these ports have been narrowed before. */
static bool add_ports(struct ports *ports, const struct pred *p)
{
	bool any = p->field == FIELD_ANY_PORT;
	bool source = p->field == FIELD_SPORT;
	struct pred_range r[PRED_MAX_RANGES + 1];
	struct ports new = {.has_sport = ports->has_sport || any || source,
			    .has_dport = ports->has_dport || any || !source};
	unsigned int n = list_ranges(p, r);

	if (((any || source) && ports->has_sport) ||
	    ((any || !source) && ports->has_dport) ||
	    ports->n * n * (any ? 2 : 1) > ENGINE_MAX_KEYS)
		return false;
	for (unsigned int i = 0; i < ports->n; i++) {
		for (unsigned int k = 0; k < n; k++) {
			if (any || source) {
				new.pair[new.n] = ports->pair[i];
				narrow(new.pair[new.n++].sport, &r[k]);
			}
			if (any || !source) {
				new.pair[new.n] = ports->pair[i];
				narrow(new.pair[new.n++].dport, &r[k]);
			}
		}
	}
	*ports = new;
	return true;
}

/* ---- texts ---- */

/*
 * -ENOSPC: it is none, after all. It is tested wherever some rule asks, so
 * nothing may follow from it but whether it holds.
 */
static int text_of(struct buf *text, enum family family, const struct pred *p)
{
	bool falls_through = print_pred(text, family, p);

	if (text->failed)
		return -ENOMEM;
	return !falls_through || strstr(text->data, "return") ? -ENOSPC : 0;
}

/*
 * The number of text @p; new when it had none. Equal bytes are the quick way;
 * what a union leaves undefined may differ, hence the texts.
 */
static int number_of_text(struct plan *plan, const struct pred *p)
{
	struct engine *e = &plan->engine;
	struct buf text = BUF_INIT;
	int ret;

	for (unsigned int i = 0; i < e->ntexts; i++)
		if (!memcmp(&e->text[i].pred, p, sizeof(*p)))
			return i;
	ret = text_of(&text, plan->family, p);
	for (unsigned int i = 0; i < e->ntexts && !ret; i++) {
		if (text.len == e->text[i].text.len &&
		    !memcmp(text.data, e->text[i].text.data, text.len)) {
			buf_free(&text);
			return i;
		}
	}
	if (!ret && e->ntexts == ENGINE_MAX_TEXTS)
		ret = -ENOSPC;
	if (ret) {
		buf_free(&text);
		return ret;
	}
	e->text[e->ntexts] = (struct engine_text){*p, text};
	return e->ntexts++;
}

/* ---- conditions ---- */

static uint32_t *add_cond(struct reading *rd, const struct pred *p,
			  uint32_t kind, bool invert)
{
	uint32_t *c;

	if (rd->nconds == ENGINE_MAX_CONDS)
		return NULL;
	c = &rd->cond[rd->nconds++ * COND_STRIDE];
	memset(c, 0, COND_STRIDE * sizeof(*c));
	c[0] = kind | (uint32_t)p->field << 8 | (invert ? COND_INVERT : 0);
	return c;
}

static int add_text(struct reading *rd, const struct pred *p)
{
	int k = number_of_text(rd->plan, p);
	uint32_t *c = k < 0 ? NULL : add_cond(rd, p, COND_TEXT, false);

	if (!c)
		return k < 0 ? k : -ENOSPC;
	c[1] = k;
	return 0;
}

static int add_bytes(struct reading *rd, const struct pred *p)
{
	uint32_t *c = add_cond(rd, p, COND_BYTES, p->invert);

	if (!c)
		return -ENOSPC;
	memcpy(c + 2, p->bytes.value, p->bytes.len);
	memcpy(c + 6, p->bytes.mask, p->bytes.len);
	rd->plan->engine.bytes |= 1ULL << p->field;
	return 0;
}

static int add_number(struct reading *rd, const struct pred *p)
{
	bool any_bit = p->op == OP_ANY_BIT;
	uint32_t *c;

	rd->plan->engine.numbers |= 1ULL << p->field;
	if (p->op == OP_RANGES) {
		c = add_cond(rd, p, COND_RANGES, p->invert);
		if (!c)
			return -ENOSPC;
		for (unsigned int i = 0; i < PRED_MAX_RANGES; i++)
			c[1 + i] = i < p->ranges.n
					   ? p->ranges.r[i].lo |
						     (uint32_t)p->ranges.r[i].hi
							     << 16
					   : COND_EMPTY;
		return 0;
	}
	if (p->op == OP_BETWEEN) {
		c = add_cond(rd, p, COND_BETWEEN, p->invert);
		if (!c)
			return -ENOSPC;
		c[1] = p->between.lo;
		c[2] = p->between.hi;
		return 0;
	}
	/* Some bit of the mask: not none of them. */
	c = add_cond(rd, p, COND_MASKED, p->invert != any_bit);
	if (!c)
		return -ENOSPC;
	c[1] = p->number.mask;
	c[2] = any_bit ? 0 : p->number.value;
	return 0;
}

static int add_condition(struct reading *rd, const struct pred *p)
{
	if (!is_pure(p))
		return -ENOSPC;
	if (pred_bytes(p))
		return add_bytes(rd, p);
	if (pred_number(p))
		return add_number(rd, p);
	return add_text(rd, p);
}

/* ---- a whole rule ---- */

static uint32_t hash_name(const uint8_t *name)
{
	uint64_t w[2];

	memcpy(w, name, sizeof(w));
	return engine_mix(engine_mix(0, w[0]), w[1]);
}

static void note_name(struct engine_key *k, const struct pred *p)
{
	if (!engine_is_whole_name(p))
		return;
	if (p->field == FIELD_IIF) {
		k->ifaces |= ENGINE_IIF;
		k->iif = hash_name(p->bytes.value);
	} else {
		k->ifaces |= ENGINE_OIF;
		k->oif = hash_name(p->bytes.value);
	}
}

/* Leading ones; @rest: there are others behind them. */
static unsigned int prefix_length(const uint8_t *mask, unsigned int len,
				  bool *rest)
{
	unsigned int bits = 0, ones = 0;

	while (bits < 8 * len && mask[bits / 8] >> (7 - bits % 8) & 1)
		bits++;
	for (unsigned int i = 0; i < len; i++)
		ones += __builtin_popcount(mask[i]);
	*rest = ones > bits;
	return bits;
}

/* The key has a prefix; a mask that has holes is a condition, too. */
static int read_address(struct reading *rd, const struct pred *p)
{
	bool source = p->field == FIELD_SADDR, holes;
	bool *has = source ? &rd->has_saddr : &rd->has_daddr;
	uint8_t *to = source ? rd->key.saddr : rd->key.daddr;
	unsigned int bits = prefix_length(p->bytes.mask, p->bytes.len, &holes);

	if (*has)
		return add_condition(rd, p);
	*has = true;
	*(source ? &rd->key.sbits : &rd->key.dbits) = bits;
	memcpy(to, p->bytes.value, p->bytes.len);
	for (unsigned int i = bits / 8; i < p->bytes.len; i++)
		to[i] &= i == bits / 8 ? 0xff00 >> bits % 8 : 0;
	return holes ? add_condition(rd, p) : 0;
}

/* FIELD_TRANSPORT is none of these: its caller sees to it. */
static int read_pred(struct reading *rd, const struct pred *p)
{
	if (is_address(p))
		return read_address(rd, p);
	if (is_proto(p) && !rd->key.has_proto) {
		rd->key.has_proto = true;
		rd->key.proto = p->number.value;
		return 0;
	}
	if (is_ports(p) && add_ports(&rd->ports, p))
		return 0;
	note_name(&rd->key, p);
	return add_condition(rd, p);
}

static void start_reading(struct reading *rd, struct plan *plan)
{
	memset(&rd->key, 0, sizeof(rd->key));
	rd->plan = plan;
	rd->has_saddr = rd->has_daddr = false;
	rd->nconds = 0;
	rd->ports.n = 1;
	rd->ports.has_sport = rd->ports.has_dport = false;
	rd->ports.pair[0].sport[0] = rd->ports.pair[0].dport[0] = 0;
	rd->ports.pair[0].sport[1] = rd->ports.pair[0].dport[1] = UINT16_MAX;
}

struct engine_mark engine_mark(const struct plan *p)
{
	return (struct engine_mark){p->engine.ntexts, p->engine.numbers,
				    p->engine.bytes};
}

void engine_rewind(struct plan *p, const struct engine_mark *m)
{
	while (p->engine.ntexts > m->ntexts)
		buf_free(&p->engine.text[--p->engine.ntexts].text);
	p->engine.numbers = m->numbers;
	p->engine.bytes = m->bytes;
}

/* A header that is looked at only behind its protocol (engine_print.c). */
int engine_admit(struct plan *p, const struct plan_rule *r)
{
	struct engine_mark before = engine_mark(p);
	struct reading rd;
	int ret = r->counter < 0 ? -ENOSPC : 0;

	start_reading(&rd, p);
	for (unsigned int i = 0; i < r->npreds && !ret; i++) {
		if (r->preds[i].field != FIELD_TRANSPORT)
			ret = read_pred(&rd, &r->preds[i]);
		else if (!rd.key.has_proto)
			ret = -ENOSPC;
	}
	if (ret)
		engine_rewind(p, &before);
	return ret;
}

/* ---- lists of conditions ---- */

struct engine_conds {
	struct {
		uint32_t at, n; /* words */
	} * slot;
	uint32_t used, size; /* a power of two */
};

struct engine_conds *engine_conds_new(void)
{
	struct engine_conds *c = calloc(1, sizeof(*c));

	if (c) {
		c->size = 1024;
		c->slot = calloc(c->size, sizeof(*c->slot));
	}
	if (c && !c->slot) {
		free(c);
		c = NULL;
	}
	return c;
}

void engine_conds_free(struct engine_conds *c)
{
	if (c)
		free(c->slot);
	free(c);
}

static uint32_t hash_words(const uint32_t *w, uint32_t n)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < n; i++)
		h = engine_mix(h, w[i]);
	return h;
}

/* The slot of these words, or the free one where they belong. */
static uint32_t find_slot(const struct engine_conds *c, const uint32_t *words,
			  const uint32_t *w, uint32_t n)
{
	uint32_t i = hash_words(w, n) & (c->size - 1);

	while (c->slot[i].n &&
	       (c->slot[i].n != n ||
		memcmp(words + c->slot[i].at, w, n * sizeof(*w))))
		i = (i + 1) & (c->size - 1);
	return i;
}

static int grow_conds(struct engine_conds *c, const uint32_t *words)
{
	struct engine_conds new = {.size = 2 * c->size, .used = c->used};

	new.slot = calloc(new.size, sizeof(*new.slot));
	if (!new.slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->size; i++)
		if (c->slot[i].n)
			new.slot[find_slot(&new, words, words + c->slot[i].at,
					   c->slot[i].n)] = c->slot[i];
	free(c->slot);
	*c = new;
	return 0;
}

static int write_conds(struct reading *rd, struct engine_conds *c, uint32_t *at)
{
	uint32_t n = rd->nconds * COND_STRIDE, i;
	struct plan *p = rd->plan;

	*at = 0;
	if (!n)
		return 0;
	for (i = 0; i < n; i += COND_STRIDE)
		rd->cond[i] &= ~COND_LAST;
	rd->cond[n - COND_STRIDE] |= COND_LAST;
	if (2 * c->used > c->size && grow_conds(c, p->words))
		return -ENOMEM;
	i = find_slot(c, p->words, rd->cond, n);
	if (!c->slot[i].n) {
		*at = engine_add_lines(p, n);
		if (!*at)
			return -ENOMEM;
		memcpy(p->words + *at, rd->cond, n * sizeof(*rd->cond));
		c->slot[i].at = *at;
		c->slot[i].n = n;
		c->used++;
	}
	*at = c->slot[i].at;
	return 0;
}

/* ---- the keys ---- */

static int grow_keys(struct engine_keys *k)
{
	uint32_t room = k->room ? 2 * k->room : 64;
	struct engine_key *key = realloc(k->key, room * sizeof(*key));
	uint32_t *index;

	if (!key)
		return -ENOMEM;
	k->key = key;
	index = realloc(k->index, room * sizeof(*index));
	if (!index)
		return -ENOMEM;
	k->index = index;
	k->room = room;
	return 0;
}

/* A key for each pair of port ranges read so far. */
static int emit(struct reading *rd, struct engine_conds *conds, uint32_t index,
		struct engine_keys *out)
{
	int ret = write_conds(rd, conds, &rd->key.conds);

	for (unsigned int i = 0; i < rd->ports.n && !ret; i++) {
		if (out->n == out->room)
			ret = grow_keys(out);
		if (ret)
			break;
		memcpy(rd->key.sport, rd->ports.pair[i].sport, 4);
		memcpy(rd->key.dport, rd->ports.pair[i].dport, 4);
		out->index[out->n] = index;
		out->key[out->n++] = rd->key;
	}
	return ret;
}

/*
 * Where the kernel has a match's own code look at a header that is cut short,
 * the packet is dropped, when all that comes before holds.
 */
static int emit_short(struct reading *rd, struct engine_conds *conds,
		      const struct pred *p, uint32_t index,
		      struct engine_keys *out)
{
	int ret;

	rd->key.is_short = true;
	rd->key.below = p->transport.need;
	rd->key.frag1 = p->transport.drop_frag1;
	ret = emit(rd, conds, index, out);
	rd->key.is_short = rd->key.frag1 = false;
	rd->key.below = 0;
	return ret;
}

/* Whether @p can find a header too short that those before it have not. */
static bool drops(const struct engine_key *k, const struct pred *p)
{
	return p->transport.need > k->need ||
	       (p->transport.drop_frag1 && k->is_native);
}

/* Once the match's own code has looked, there is no later fragment any more. */
static void add_header(struct engine_key *k, const struct pred *p)
{
	if (k->need < p->transport.need)
		k->need = p->transport.need;
	k->is_native &= p->transport.native;
}

int engine_add_keys(struct plan *p, struct engine_conds *conds,
		    const struct plan_rule *r, uint32_t index,
		    struct engine_keys *out)
{
	struct reading rd;
	int ret = 0;

	start_reading(&rd, p);
	rd.key.is_native = true;
	for (unsigned int i = 0; i < r->npreds && !ret; i++) {
		const struct pred *q = &r->preds[i];

		if (q->field != FIELD_TRANSPORT) {
			ret = read_pred(&rd, q);
			continue;
		}
		if (!q->transport.native && drops(&rd.key, q))
			ret = emit_short(&rd, conds, q, index, out);
		add_header(&rd.key, q);
	}
	/* It was admitted: what fails now is memory. */
	return ret ? -ENOMEM : emit(&rd, conds, index, out);
}
