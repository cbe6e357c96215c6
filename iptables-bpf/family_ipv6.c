// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/family.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <xtables.h>

#include "iptables-bpf/interface.h"

static void parse_addr(const char *arg, union model_addr **addrs,
		       union model_addr **masks, unsigned int *n)
{
	struct in6_addr *a = NULL, *m = NULL;

	xtables_ip6parse_multiple(arg, &a, &m, n);
	*addrs = xtables_calloc(*n, sizeof(**addrs));
	*masks = xtables_calloc(*n, sizeof(**masks));
	for (unsigned int i = 0; i < *n; i++) {
		(*addrs)[i].in6 = a[i];
		(*masks)[i].in6 = m[i];
	}
	free(a);
	free(m);
}

static void addr_list(struct buf *out, const union model_addr *addr,
		      const union model_addr *mask, bool numeric)
{
	if (IN6_IS_ADDR_UNSPECIFIED(&addr->in6) && !numeric) {
		buf_puts(out, "anywhere");
		return;
	}
	buf_puts(out, numeric ? xtables_ip6addr_to_numeric(&addr->in6)
			      : xtables_ip6addr_to_anyname(&addr->in6));
	buf_puts(out, xtables_ip6mask_to_numeric(&mask->in6));
}

static void addr_save(struct buf *out, const union model_addr *addr,
		      const union model_addr *mask)
{
	char text[INET6_ADDRSTRLEN];
	int bits = xtables_ip6mask_to_cidr(&mask->in6);

	buf_puts(out, inet_ntop(AF_INET6, &addr->in6, text, sizeof(text)));
	if (bits >= 0)
		buf_printf(out, "/%d", bits);
	else
		buf_printf(out, "/%s",
			   inet_ntop(AF_INET6, &mask->in6, text, sizeof(text)));
}

static void fill_ip(void *out, const struct rule *r)
{
	const struct core_match *c = &r->core;
	struct ip6t_ip6 *ip = out;

	memset(ip, 0, sizeof(*ip));
	ip->src = c->src.in6;
	ip->dst = c->dst.in6;
	ip->smsk = c->smsk.in6;
	ip->dmsk = c->dmsk.in6;
	interface_to_xt(c->has_iif, c->iif, c->iif_len, ip->iniface,
			ip->iniface_mask);
	interface_to_xt(c->has_oif, c->oif, c->oif_len, ip->outiface,
			ip->outiface_mask);
	ip->proto = c->proto;
	ip->flags = (uint8_t)((c->proto ? IP6T_F_PROTO : 0) |
			      (r->action == ACTION_GOTO ? IP6T_F_GOTO : 0));
	ip->invflags = c->inv;
}

static void entry_set_proto(union family_entry *entry, uint16_t proto,
			    uint8_t inv)
{
	entry->v6.ipv6.proto = proto;
	entry->v6.ipv6.invflags = inv;
	entry->v6.ipv6.flags |= IP6T_F_PROTO;
}

/* Extension headers: the transport protocol behind them is what -p compares. */
static bool never_upper_layer(uint16_t proto)
{
	return proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
	       proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS;
}

const struct family_ops family_ipv6 = {
	.family = FAMILY_IPV6,
	.progname = "ip6tables",
	.save_name = "ip6tables-save",
	.restore_name = "ip6tables-restore",
	.nft_name = "ip6",
	.xlate_proto = "meta l4proto",
	.addr_bits = 128,
	.option = '6',
	.never_upper_layer = never_upper_layer,
	.parse_addr = parse_addr,
	.addr_list = addr_list,
	.addr_save = addr_save,
	.fill_ip = fill_ip,
	.entry_set_proto = entry_set_proto,
};
