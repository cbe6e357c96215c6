// SPDX-License-Identifier: GPL-2.0-or-later
/* A number that equal rules share, to find the few among many that are worth
 * being compared. */
#include <netinet/in.h>

#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "translate/nft.h"

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t mix_bytes(uint32_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		h = (h ^ *p++) * 16777619u;
	return mix(h, 0);
}

static uint32_t mix_addr(uint32_t h, const union model_addr *addr,
			 const union model_addr *mask)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		h = mix(h, addr->ip6[i] & mask->ip6[i]);
		h = mix(h, mask->ip6[i]);
	}
	return h;
}

/* xt_tcp and xt_udp begin alike. All ports say nothing: such a match may be
 * left out. */
static uint32_t mix_ports(uint32_t h, const struct ext *m)
{
	const struct xt_udp *l4 = (const void *)m->data;

	if (m->size < offsetof(struct xt_udp, invflags))
		return h;
	if (l4->spts[0] || l4->spts[1] != UINT16_MAX)
		h = mix(mix(h, 1u << 31 | l4->spts[0]), l4->spts[1]);
	if (l4->dpts[0] || l4->dpts[1] != UINT16_MAX)
		h = mix(mix(h, 1u << 30 | l4->dpts[0]), l4->dpts[1]);
	return h;
}

static uint32_t mix_text(uint32_t h, const struct ext *m)
{
	return mix_bytes(h, m->data, strnlen((const char *)m->data, m->size));
}

/*
 * Only what the kernel gives back as it was given: neither names of matches
 * that may be written in other ways (or not at all), nor what is rounded.
 */
static uint32_t mix_match(uint32_t h, const struct ext *m)
{
	if (!strcmp(m->name, "tcp") || !strcmp(m->name, "udp"))
		return mix_ports(h, m);
	if (!strcmp(m->name, "comment"))
		return mix_text(h, m);
	return h;
}

uint32_t rule_sketch(const struct rule *r)
{
	const struct core_match *c = &r->core;
	uint32_t h = mix(c->proto, r->action);
	struct ext *m;

	h = mix_addr(h, &c->src, &c->smsk);
	h = mix_addr(h, &c->dst, &c->dmsk);
	if (r->action == ACTION_JUMP || r->action == ACTION_GOTO)
		h = mix_bytes(h, r->chain, strlen(r->chain));
	list_for_each (m, &r->matches, struct ext, node)
		h = mix_match(h, m);
	return h;
}
