// SPDX-License-Identifier: GPL-2.0-or-later
/* When two rules are the same to -C and -D. */
#include <string.h>

#include "translate/native.h"
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

/* An extension's bytes, read back through nft where that changes them. */
struct view {
	const unsigned char *data;
	uint32_t size;
	unsigned char copy[sizeof(struct nflog_info_wide)]
		__attribute__((aligned(8)));
};

static void view_ext(struct view *v, const struct ext *e, bool target)
{
	const struct native_desc *d = native_find(e, target);

	v->data = e->data;
	v->size = e->size;
	if (!d || !d->read_back || e->size > sizeof(v->copy))
		return;
	memcpy(v->copy, e->data, e->size);
	d->read_back(v->copy);
	v->data = v->copy;
}

/* The first @len bytes; what one of them does not have counts as zeros. */
static bool same_bytes(const struct view *a, const struct view *b, uint32_t len)
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
	struct view va, vb;

	if (a->revision != b->revision || strcmp(a->name, b->name))
		return false;
	if (a->size == b->size && !memcmp(a->data, b->data, a->size))
		return true;
	view_ext(&va, a, target);
	view_ext(&vb, b, target);
	return same_bytes(&va, &vb,
			  size ? size(family, a, target) : UINT32_MAX);
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

/*
 * iptables compares what it would read back from the kernel: a limit is
 * rounded on its way there, ports may change their form. So does this.
 */
bool rule_equal(enum family family, const struct rule *a, const struct rule *b,
		ext_cmp_size_fn userspace_size)
{
	return same_core(&a->core, &b->core) &&
	       same_action(family, a, b, userspace_size) &&
	       same_matches(family, a, b, userspace_size);
}
