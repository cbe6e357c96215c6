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
	struct in_addr *a = NULL, *m = NULL;

	xtables_ipparse_multiple(arg, &a, &m, n);
	*addrs = xtables_calloc(*n, sizeof(**addrs));
	*masks = xtables_calloc(*n, sizeof(**masks));
	for (unsigned int i = 0; i < *n; i++) {
		(*addrs)[i].in = a[i];
		(*masks)[i].in = m[i];
	}
	free(a);
	free(m);
}

static void addr_list(struct buf *out, const union model_addr *addr,
		      const union model_addr *mask, bool numeric)
{
	if (!mask->ip && !numeric) {
		buf_puts(out, "anywhere");
		return;
	}
	buf_puts(out, numeric ? xtables_ipaddr_to_numeric(&addr->in)
			      : xtables_ipaddr_to_anyname(&addr->in));
	buf_puts(out, xtables_ipmask_to_numeric(&mask->in));
}

static void addr_save(struct buf *out, const union model_addr *addr,
		      const union model_addr *mask)
{
	char text[INET_ADDRSTRLEN];
	int bits = xtables_ipmask_to_cidr(&mask->in);

	buf_puts(out, inet_ntop(AF_INET, &addr->in, text, sizeof(text)));
	if (bits >= 0)
		buf_printf(out, "/%d", bits);
	else
		buf_printf(out, "/%s",
			   inet_ntop(AF_INET, &mask->in, text, sizeof(text)));
}

static void fill_ip(void *out, const struct rule *r)
{
	const struct core_match *c = &r->core;
	struct ipt_ip *ip = out;

	memset(ip, 0, sizeof(*ip));
	ip->src = c->src.in;
	ip->dst = c->dst.in;
	ip->smsk = c->smsk.in;
	ip->dmsk = c->dmsk.in;
	interface_to_xt(c->has_iif, c->iif, c->iif_len, ip->iniface,
			ip->iniface_mask);
	interface_to_xt(c->has_oif, c->oif, c->oif_len, ip->outiface,
			ip->outiface_mask);
	ip->proto = c->proto;
	ip->flags = (uint8_t)((c->frag ? IPT_F_FRAG : 0) |
			      (r->action == ACTION_GOTO ? IPT_F_GOTO : 0));
	ip->invflags = c->inv;
}

static void entry_set_proto(union family_entry *entry, uint16_t proto,
			    uint8_t inv)
{
	entry->v4.ip.proto = proto;
	entry->v4.ip.invflags = inv;
}

static bool never_upper_layer(uint16_t proto)
{
	return false;
}

const struct family_ops family_ipv4 = {
	.family = FAMILY_IPV4,
	.progname = "iptables",
	.save_name = "iptables-save",
	.restore_name = "iptables-restore",
	.nft_name = "ip",
	.xlate_proto = "ip protocol",
	.addr_bits = 32,
	.option = '4',
	.has_fragment = true,
	.never_upper_layer = never_upper_layer,
	.parse_addr = parse_addr,
	.addr_list = addr_list,
	.addr_save = addr_save,
	.fill_ip = fill_ip,
	.entry_set_proto = entry_set_proto,
};
