// SPDX-License-Identifier: GPL-2.0-or-later
#include "codegen/lower.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "extensions/extension.h"

struct lower {
	enum family family;
	struct lowered *out;
	unsigned int cap;
	bool pass_no_ct;
};

enum family lower_family(const struct lower *l)
{
	return l->family;
}

bool lower_has_proto(const struct rule *r, uint8_t proto)
{
	return r->core.proto == proto && !(r->core.inv & CORE_INV_PROTO);
}

int lower_refuse(struct lower *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->out->refused, sizeof(l->out->refused), fmt, ap);
	va_end(ap);
	return 0;
}

int lower_add(struct lower *l, const struct pred *p)
{
	struct pred *preds = l->out->preds;

	if (l->out->n == l->cap) {
		unsigned int cap = l->cap ? l->cap * 2 : 8;

		preds = realloc(preds, cap * sizeof(*preds));
		if (!preds)
			return -ENOMEM;
		l->out->preds = preds;
		l->cap = cap;
	}
	preds[l->out->n] = *p;
	preds[l->out->n++].pass_no_ct = l->pass_no_ct;
	return 0;
}

const char *pred_has_state(const struct pred *p)
{
	if (p->field == FIELD_CALL)
		return call_descs[p->call.fn].state;
	return p->field == FIELD_LIMIT ? "limit" : NULL;
}

bool pred_is_bucket(const struct pred *p)
{
	return p->field == FIELD_LIMIT ||
	       (p->field == FIELD_CALL && p->call.fn == CALL_HASHLIMIT);
}

bool pred_can_drop(const struct pred *p)
{
	if (p->field == FIELD_CALL)
		return call_descs[p->call.fn].drops;
	return p->field == FIELD_TRANSPORT &&
	       (p->transport.drop_short || p->transport.drop_frag1);
}

bool pred_can_hand_over(const struct pred *p)
{
	return p->field == FIELD_CALL &&
	       (call_descs[p->call.fn].hands_over || p->call.gate);
}

unsigned int pred_frames(const struct pred *p)
{
	return p->field == FIELD_CALL ? call_descs[p->call.fn].frames : 0;
}

unsigned int pred_weight(const struct pred *p)
{
	if (p->field == FIELD_CALL)
		return 1 + call_descs[p->call.fn].weight + p->call.weight;
	return p->op == OP_RANGES ? 1 + p->ranges.n : 1;
}

void lower_pass_no_ct(struct lower *l, bool pass)
{
	l->pass_no_ct = pass;
}

/*
 * A test whose outcome is known: left out when it holds. Not so for fields that
 * may be unreadable, where even the negation of an impossible test asks for the
 * field.
 */
static int add_known(struct lower *l, bool holds)
{
	struct pred never = {.field = FIELD_NEVER};

	return holds ? 0 : lower_add(l, &never);
}

/*
 * An interface, address or header byte is there whatever the test; these need
 * not be.
 */
static bool always_there(enum pred_field field)
{
	return field != FIELD_PROTO && field < FIELD_CT_ENTRY;
}

static bool all_zero(const uint8_t *p, unsigned int len)
{
	while (len && !p[len - 1])
		len--;
	return !len;
}

int lower_masked(struct lower *l, enum pred_field field, uint32_t value,
		 uint32_t mask, bool invert)
{
	struct pred p = {
		.field = field,
		.op = OP_MASKED,
		.invert = invert,
		.number = {.value = value, .mask = mask},
	};

	if (always_there(field)) {
		if (value & ~mask)
			return add_known(l, invert);
		if (!mask)
			return add_known(l, !invert);
	}
	return lower_add(l, &p);
}

int lower_any_bit(struct lower *l, enum pred_field field, uint32_t mask,
		  bool invert)
{
	struct pred p = {
		.field = field,
		.op = OP_ANY_BIT,
		.invert = invert,
		.number = {.mask = mask},
	};

	if (always_there(field) && !mask)
		return add_known(l, invert);
	return lower_add(l, &p);
}

int lower_range(struct lower *l, enum pred_field field, uint16_t lo,
		uint16_t hi, bool invert)
{
	struct pred_range r = {.lo = lo, .hi = hi};

	return lower_ranges(l, field, &r, 1, invert);
}

int lower_ranges(struct lower *l, enum pred_field field,
		 const struct pred_range *r, unsigned int n, bool invert)
{
	struct pred p = {
		.field = field,
		.op = OP_RANGES,
		.invert = invert,
	};

	for (unsigned int i = 0; i < n; i++) {
		if (r[i].lo > r[i].hi)
			continue;
		if (r[i].lo == 0 && r[i].hi == UINT16_MAX &&
		    always_there(field))
			return add_known(l, !invert);
		p.ranges.r[p.ranges.n++] = r[i];
	}
	if (!p.ranges.n && always_there(field))
		return add_known(l, invert);
	return lower_add(l, &p);
}

int lower_bytes(struct lower *l, enum pred_field field, const void *value,
		const void *mask, unsigned int len, bool invert)
{
	struct pred p = {
		.field = field,
		.op = OP_MASKED,
		.invert = invert,
		.bytes.len = len,
	};

	memcpy(p.bytes.value, value, len);
	memcpy(p.bytes.mask, mask, len);
	if (always_there(field)) {
		for (unsigned int i = 0; i < len; i++)
			if (p.bytes.value[i] & ~p.bytes.mask[i])
				return add_known(l, invert);
		if (all_zero(p.bytes.mask, len))
			return add_known(l, !invert);
	}
	return lower_add(l, &p);
}

int lower_between(struct lower *l, enum pred_field field, uint32_t lo,
		  uint32_t hi, bool invert)
{
	struct pred p = {
		.field = field,
		.op = OP_BETWEEN,
		.invert = invert,
		.between = {.lo = lo, .hi = hi},
	};

	if (always_there(field) && lo > hi)
		return add_known(l, invert);
	return lower_add(l, &p);
}

int lower_call_data(struct lower *l, enum pred_call fn, const uint64_t *arg,
		    unsigned int nargs, const void *data, unsigned int size,
		    bool invert)
{
	struct pred p = {
		.field = FIELD_CALL,
		.invert = invert,
		.call = {.fn = fn, .nargs = nargs, .data = data, .size = size},
	};

	for (unsigned int i = 0; i < nargs; i++)
		p.call.arg[i] = arg[i];
	return lower_add(l, &p);
}

int lower_call(struct lower *l, enum pred_call fn, const uint64_t *arg,
	       unsigned int nargs, bool invert)
{
	return lower_call_data(l, fn, arg, nargs, NULL, 0, invert);
}

int lower_call_ext(struct lower *l, enum pred_call fn, const struct ext *e,
		   unsigned int th, bool invert)
{
	struct pred p = {
		.field = FIELD_CALL,
		.invert = invert,
		.call = {.fn = fn, .ext = e, .th = th},
	};

	return lower_add(l, &p);
}

int lower_transport(struct lower *l, unsigned int need, bool native,
		    bool drop_frag1)
{
	struct pred p = {
		.field = FIELD_TRANSPORT,
		.transport =
			{
				.need = need,
				.native = native,
				.drop_short = !native,
				.drop_frag1 = drop_frag1,
			},
	};

	return lower_add(l, &p);
}

static int lower_device(struct lower *l, enum pred_field field,
			const char *name, unsigned int len, bool invert)
{
	uint8_t mask[IFNAMSIZ] = {0};
	uint8_t value[IFNAMSIZ] = {0};

	if (len > IFNAMSIZ)
		len = IFNAMSIZ;
	memset(mask, 0xff, len);
	memcpy(value, name, len);
	return lower_bytes(l, field, value, mask, IFNAMSIZ, invert);
}

static int lower_core(struct lower *l, const struct core_match *c)
{
	unsigned int len = l->family == FAMILY_IPV4 ? 4 : 16;
	int ret = 0;

	if (c->has_iif)
		ret = lower_device(l, FIELD_IIF, c->iif, c->iif_len,
				   c->inv & CORE_INV_IIF);
	if (!ret && c->has_oif)
		ret = lower_device(l, FIELD_OIF, c->oif, c->oif_len,
				   c->inv & CORE_INV_OIF);
	if (!ret && c->proto)
		ret = lower_masked(l, FIELD_PROTO, c->proto, UINT16_MAX,
				   c->inv & CORE_INV_PROTO);
	if (!ret && (c->inv & CORE_INV_SRC || !all_zero((void *)&c->smsk, len)))
		ret = lower_bytes(l, FIELD_SADDR, &c->src, &c->smsk, len,
				  c->inv & CORE_INV_SRC);
	if (!ret && (c->inv & CORE_INV_DST || !all_zero((void *)&c->dmsk, len)))
		ret = lower_bytes(l, FIELD_DADDR, &c->dst, &c->dmsk, len,
				  c->inv & CORE_INV_DST);
	if (!ret && c->frag && l->family == FAMILY_IPV4)
		ret = lower_masked(l, FIELD_FRAGOFF, 0, UINT16_MAX,
				   !(c->inv & CORE_INV_FRAG));
	return ret;
}

static int lower_ext(struct lower *l, const struct rule *r, const struct ext *e,
		     bool target)
{
	const struct ext_desc *d =
		ext_find(e->name, e->revision, target, l->family);

	if (!d)
		return lower_refuse(l, "%s %s", target ? "target" : "match",
				    e->name);
	if (!d->lower)
		return lower_refuse(l, "%s %s%s%s", target ? "target" : "match",
				    e->name, d->why ? ": " : "",
				    d->why ? d->why : "");
	return d->lower(l, r, e);
}

/* There may be a hundred thousand of them. */
static void trim(struct lowered *l)
{
	struct pred *preds = l->n ? realloc(l->preds, l->n * sizeof(*preds))
				  : NULL;

	if (preds)
		l->preds = preds;
}

int lower_rule(enum family family, const struct rule *r, struct lowered *out)
{
	struct lower l = {.family = family, .out = out};
	const struct ext *e;
	int ret;

	memset(out, 0, sizeof(*out));
	if (r->flags & RULE_UNKNOWN)
		return lower_refuse(&l, "expressions iptables does not know");
	if (r->flags & RULE_ODD_ORDER)
		return lower_refuse(&l, "conditions in an unusual order");
	ret = lower_core(&l, &r->core);
	list_for_each (e, &r->matches, struct ext, node) {
		if (ret || *out->refused)
			break;
		l.pass_no_ct = false;
		ret = lower_ext(&l, r, e, false);
	}
	if (!ret && !*out->refused && r->action == ACTION_TARGET)
		ret = lower_ext(&l, r, r->target, true);
	if (!ret && !*out->refused && r->action == ACTION_QUEUE)
		ret = lower_refuse(
			&l, "target QUEUE: passes the packet to user space");
	if (ret)
		lowered_clear(out);
	else
		trim(out);
	return ret;
}

void lowered_clear(struct lowered *l)
{
	free(l->preds);
	memset(l, 0, sizeof(*l));
}
