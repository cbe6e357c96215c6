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

/*
 * What is not 0 to N is N + 1 to the last, and comes back as that. All ports
 * say nothing: such a condition may be left out.
 */
static uint32_t sketch_range(uint32_t seed, const uint16_t range[2],
			     bool inverted)
{
	uint32_t low = range[0], high = range[1];

	if (!low && high == UINT16_MAX)
		return 0;
	if (inverted && !low) {
		low = high + 1;
		high = UINT16_MAX;
		inverted = false;
	} else if (inverted && high == UINT16_MAX) {
		high = low - 1;
		low = 0;
		inverted = false;
	}
	return mix(seed + inverted, low << 16 | high);
}

static uint32_t sketch_ports(const struct ext *m)
{
	const struct xt_tcp *tcp = (const void *)m->data;
	const struct xt_udp *udp = (const void *)m->data;
	bool is_tcp = *m->name == 't';
	uint8_t inverted;

	if (m->size < sizeof(*udp) || (is_tcp && m->size < sizeof(*tcp)))
		return 0;
	inverted = is_tcp ? tcp->invflags : udp->invflags;
	return sketch_range(0x5bd1e995u, udp->spts,
			    inverted & XT_UDP_INV_SRCPT) +
	       sketch_range(0x27d4eb2fu, udp->dpts,
			    inverted & XT_UDP_INV_DSTPT);
}

/*
 * Only what the kernel gives back as it was given: neither names of matches
 * that may be written in other ways (or not at all), nor what is rounded, nor
 * the order.
 */
static uint32_t sketch_match(const struct ext *m)
{
	if (!strcmp(m->name, "tcp") || !strcmp(m->name, "udp"))
		return sketch_ports(m);
	if (!strcmp(m->name, "comment"))
		return mix_bytes(1, m->data,
				 strnlen((const char *)m->data, m->size));
	return 0;
}

uint32_t rule_sketch(const struct rule *r)
{
	const struct core_match *c = &r->core;
	uint32_t h = mix((uint8_t)c->proto, r->action);
	struct ext *m;

	h = mix_addr(h, &c->src, &c->smsk);
	h = mix_addr(h, &c->dst, &c->dmsk);
	if (r->action == ACTION_JUMP || r->action == ACTION_GOTO)
		h = mix_bytes(h, r->chain, strlen(r->chain));
	list_for_each (m, &r->matches, struct ext, node)
		h += sketch_match(m);
	return h;
}
