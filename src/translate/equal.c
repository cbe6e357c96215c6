// SPDX-License-Identifier: GPL-2.0-or-later
/* When two rules are the same to -C and -D. */
#include <string.h>

#include "translate/codec.h"
#include "translate/equal.h"
#include "translate/nft.h"

static bool same_core(const struct core_match *a, const struct core_match *b)
{
	return a->proto == b->proto && a->inv == b->inv && a->frag == b->frag &&
	       a->has_iif == b->has_iif && a->has_oif == b->has_oif &&
	       a->iif_len == b->iif_len && a->oif_len == b->oif_len &&
	       !memcmp(a->iif, b->iif, a->iif_len) &&
	       !memcmp(a->oif, b->oif, a->oif_len) &&
	       !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->dst, &b->dst, sizeof(a->dst)) &&
	       !memcmp(&a->smsk, &b->smsk, sizeof(a->smsk)) &&
	       !memcmp(&a->dmsk, &b->dmsk, sizeof(a->dmsk));
}

static bool zeros(const unsigned char *p, uint32_t len)
{
	while (len && !*p)
		p++, len--;
	return !len;
}

/* The first @len bytes; what one of them does not have counts as zeros. */
static bool same_bytes(const struct ext *a, const struct ext *b, uint32_t len)
{
	uint32_t la = a->size < len ? a->size : len;
	uint32_t lb = b->size < len ? b->size : len;
	uint32_t both = la < lb ? la : lb;

	return !memcmp(a->data, b->data, both) &&
	       zeros(a->data + both, la - both) &&
	       zeros(b->data + both, lb - both);
}

static bool same_ext(enum family family, const struct ext *a,
		     const struct ext *b, bool target, ext_cmp_size_fn size)
{
	if (a->revision != b->revision || strcmp(a->name, b->name))
		return false;
	return same_bytes(a, b, size ? size(family, a, target) : UINT32_MAX);
}

static bool same_matches(enum family family, const struct rule *a,
			 const struct rule *b, ext_cmp_size_fn size)
{
	const struct list *pa = a->matches.next, *pb = b->matches.next;

	for (; pa != &a->matches && pb != &b->matches;
	     pa = pa->next, pb = pb->next)
		if (!same_ext(family, container_of(pa, struct ext, node),
			      container_of(pb, struct ext, node), false, size))
			return false;
	return pa == &a->matches && pb == &b->matches;
}

static bool same_action(enum family family, const struct rule *a,
			const struct rule *b, ext_cmp_size_fn size)
{
	if (a->action != b->action)
		return false;
	if (a->action == ACTION_JUMP || a->action == ACTION_GOTO)
		return !strcmp(a->chain, b->chain);
	if (a->action == ACTION_TARGET)
		return a->target && b->target &&
		       same_ext(family, a->target, b->target, true, size);
	return true;
}

bool rule_equal_as_is(enum family family, const struct rule *a,
		      const struct rule *b, ext_cmp_size_fn size)
{
	return same_core(&a->core, &b->core) &&
	       same_action(family, a, b, size) &&
	       same_matches(family, a, b, size);
}

struct rule *rule_canonical(enum family family, const struct rule *r)
{
	struct buf exprs = BUF_INIT;
	struct rule *c = rule_new();

	if (!c || rule_encode(&exprs, family, r) ||
	    rule_decode(family, exprs.data, exprs.len, c, NULL)) {
		rule_free(c);
		c = NULL;
	}
	buf_free(&exprs);
	return c;
}

/*
 * iptables compares what it would read back from the kernel: a limit is
 * rounded on its way there, ports may change their form. So does this.
 */
bool rule_equal(enum family family, const struct rule *a, const struct rule *b,
		ext_cmp_size_fn userspace_size)
{
	struct rule *ca, *cb;
	bool same;

	if (rule_equal_as_is(family, a, b, userspace_size))
		return true;
	ca = rule_canonical(family, a);
	cb = rule_canonical(family, b);
	same = ca && cb && rule_equal_as_is(family, ca, cb, userspace_size);
	rule_free(ca);
	rule_free(cb);
	return same;
}
