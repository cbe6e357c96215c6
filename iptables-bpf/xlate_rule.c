// SPDX-License-Identifier: GPL-2.0-or-later
/* One rule in nft's syntax, in the order and with the blanks of
 * iptables-translate. */
#include "iptables-bpf/xlate_rule.h"

#include <netdb.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/print_fields.h"
#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

static void xlate_interface(struct xt_xlate *xl, const char *key, bool inverted,
			    const char *name, uint8_t len)
{
	char text[IFACE_TEXT_LEN + 1];
	size_t last;

	iface_text(text, name, len);
	last = strlen(text) - 1;
	if (!strcmp(text, "+")) {
		/* Only ever inverted: a name that no interface has. */
		strcpy(text, "INVAL/D");
		inverted = false;
	} else if (text[last] == '+') {
		text[last] = '*';
	} else if (text[last] == '*') {
		strcpy(text + last, "\\*");
	}
	xt_xlate_add(xl, "%s %s\"%s\" ", key, inverted ? "!= " : "", text);
}

/* A match by the protocol's name says it already. */
static bool has_match(const struct rule *r, const char *name)
{
	const struct ext *m;

	list_for_each (m, &r->matches, struct ext, node)
		if (!strcmp(m->name, name))
			return true;
	return false;
}

/* … or by one of the names that libxtables has for it. */
static bool has_alias(const struct rule *r)
{
	for (unsigned int i = 0; xtables_chain_protos[i].name; i++)
		if (xtables_chain_protos[i].num == r->core.proto &&
		    has_match(r, xtables_chain_protos[i].name))
			return true;
	return false;
}

static void xlate_protocol(const struct family_ops *ops, const struct rule *r,
			   struct xt_xlate *xl)
{
	const struct protoent *p = getprotobynumber(r->core.proto);
	const char *op = r->core.inv & CORE_INV_PROTO ? "!= " : "";
	const char *name = p ? p->p_name : NULL;

	if (stock_iptables()->translates_aliases) {
		if (has_alias(r))
			return;
		name = proto_text(r->core.proto, true);
	}
	if (p && has_match(r, p->p_name))
		return;
	if (name)
		xt_xlate_add(xl, "%s %s%s ", ops->xlate_proto, op, name);
	else
		xt_xlate_add(xl, "%s %s%u ", ops->xlate_proto, op,
			     r->core.proto);
}

static void xlate_address(const struct family_ops *ops, struct xt_xlate *xl,
			  const char *which, bool inverted,
			  const union model_addr *addr,
			  const union model_addr *mask)
{
	static const union model_addr zero;
	struct buf b = BUF_INIT;
	char *suffix;

	if (!inverted && !memcmp(addr, &zero, ops->addr_bits / 8) &&
	    !memcmp(mask, &zero, ops->addr_bits / 8))
		return;
	ops->addr_save(&b, addr, mask);
	suffix = b.data ? strchr(b.data, '/') : NULL;
	if (suffix) {
		*suffix++ = '\0';
		if (strpbrk(suffix, ".:"))
			xt_xlate_add(xl, "%s %s & %s %s %s ", ops->nft_name,
				     which, suffix,
				     inverted ? "!=" : "==", b.data);
		else if (strtoul(suffix, NULL, 10) == ops->addr_bits)
			xt_xlate_add(xl, "%s %s %s%s ", ops->nft_name, which,
				     inverted ? "!= " : "", b.data);
		else
			xt_xlate_add(xl, "%s %s %s%s/%s ", ops->nft_name, which,
				     inverted ? "!= " : "", b.data, suffix);
	}
	buf_free(&b);
}

static void xlate_core(const struct family_ops *ops, const struct rule *r,
		       struct xt_xlate *xl)
{
	const struct core_match *c = &r->core;

	if (c->has_iif)
		xlate_interface(xl, "iifname", c->inv & CORE_INV_IIF, c->iif,
				c->iif_len);
	if (c->has_oif)
		xlate_interface(xl, "oifname", c->inv & CORE_INV_OIF, c->oif,
				c->oif_len);
	if (c->frag)
		xt_xlate_add(xl, "ip frag-off & 0x1fff %s0 ",
			     c->inv & CORE_INV_FRAG ? "" : "!= ");
	if (c->proto)
		xlate_protocol(ops, r, xl);
	xlate_address(ops, xl, "saddr", c->inv & CORE_INV_SRC, &c->src,
		      &c->smsk);
	xlate_address(ops, xl, "daddr", c->inv & CORE_INV_DST, &c->dst,
		      &c->dmsk);
}

static bool xlate_match(const struct ext *m, const void *ip,
			struct xt_xlate *xl)
{
	const struct xtables_match *plugin = xt_match_for(m);
	struct xt_xlate_mt_params params = {.ip = ip};

	if (!plugin || !plugin->xlate)
		return false;
	params.match = plugin->m;
	return plugin->xlate(xl, &params);
}

static bool xlate_target(const struct rule *r, const void *ip,
			 struct xt_xlate *xl)
{
	const struct xtables_target *plugin = xt_target_for(r->target);
	struct xt_xlate_tg_params params = {.ip = ip};

	if (!plugin || !plugin->xlate)
		return false;
	/* The model has nft's longer prefix, the plugin knows its own only. */
	if (!strcmp(r->target->name, "NFLOG")) {
		struct xt_nflog_info *info = (void *)plugin->t->data;

		info->prefix[sizeof(info->prefix) - 1] = '\0';
	}
	params.target = plugin->t;
	return plugin->xlate(xl, &params);
}

static bool xlate_action(const struct rule *r, const void *ip,
			 struct xt_xlate *xl)
{
	switch (r->action) {
	case ACTION_ACCEPT:
		xt_xlate_add(xl, " accept");
		break;
	case ACTION_DROP:
		xt_xlate_add(xl, " drop");
		break;
	case ACTION_RETURN:
		xt_xlate_add(xl, " return");
		break;
	case ACTION_JUMP:
		xt_xlate_add(xl, " jump %s", r->chain);
		break;
	case ACTION_GOTO:
		xt_xlate_add(xl, " goto %s", r->chain);
		break;
	case ACTION_TARGET:
		return xlate_target(r, ip, xl);
	case ACTION_NONE:
	case ACTION_QUEUE:
		break;
	}
	return true;
}

bool xlate_rule(const struct family_ops *ops, const struct rule *r,
		struct xt_xlate *xl)
{
	unsigned char ip[FILL_IP_SIZE] __attribute__((aligned(8))) = {0};
	const char *comment;
	const struct ext *m;
	bool ok;

	ops->fill_ip(ip, r);
	xlate_core(ops, r, xl);
	list_for_each (m, &r->matches, struct ext, node)
		if (!xlate_match(m, ip, xl))
			return false;
	xt_xlate_add(xl, "counter");
	ok = xlate_action(r, ip, xl);
	comment = xt_xlate_get_comment(xl);
	if (comment)
		xt_xlate_add(xl, " comment %s", comment);
	return ok;
}
