// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/print_fields.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/xt.h"

void iface_text(char out[IFACE_TEXT_LEN], const char *name, uint8_t len)
{
	bool wildcard = len <= strnlen(name, IFNAMSIZ);

	snprintf(out, IFACE_TEXT_LEN, "%.*s%s",
		 (int)(wildcard ? len : IFNAMSIZ), name, wildcard ? "+" : "");
}

const char *proto_text(uint16_t proto, bool lookup)
{
	const struct protoent *p;

	for (unsigned int i = 0; xtables_chain_protos[i].name; i++)
		if (xtables_chain_protos[i].num == proto)
			return xtables_chain_protos[i].name;
	if (!proto || !lookup)
		return NULL;
	p = getprotobynumber(proto);
	return p ? p->p_name : NULL;
}

const char *target_text(const struct rule *r)
{
	switch (r->action) {
	case ACTION_ACCEPT:
		return "ACCEPT";
	case ACTION_DROP:
		return "DROP";
	case ACTION_RETURN:
		return "RETURN";
	case ACTION_JUMP:
	case ACTION_GOTO:
		return r->chain;
	case ACTION_TARGET:
		return r->target->name;
	case ACTION_NONE:
	case ACTION_QUEUE: /* nothing stock's front end knows how to show */
		break;
	}
	return "";
}

static void fill_absent(struct chain *c, const struct builtin_chain *b)
{
	snprintf(c->name, sizeof(c->name), "%s", b->name);
	snprintf(c->type, sizeof(c->type), "%s", b->type);
	c->base = true;
	c->hook = b->hook;
	c->prio = b->prio;
	c->policy = NF_ACCEPT;
	list_init(&c->rules);
}

int chain_view_init(struct chain_view *v, const char *table,
		    const struct table *t)
{
	unsigned int have = t ? t->nchains : 0;
	unsigned int absent = 0;

	v->n = 0;
	v->chains = calloc(have + builtin_chain_count, sizeof(*v->chains));
	v->absent = calloc(builtin_chain_count, sizeof(*v->absent));
	if (!v->chains || !v->absent) {
		chain_view_clear(v);
		return -ENOMEM;
	}
	if (t)
		v->n = chains_collect(t, v->chains);
	for (unsigned int i = 0; i < builtin_chain_count; i++) {
		const struct builtin_chain *b = &builtin_chains[i];

		if (strcmp(b->table, table) ||
		    (t && table_find_chain(t, b->name)))
			continue;
		fill_absent(&v->absent[absent], b);
		v->chains[v->n++] = &v->absent[absent++];
	}
	chains_sort(v->chains, v->n);
	return 0;
}

void chain_view_clear(struct chain_view *v)
{
	free(v->chains);
	free(v->absent);
	*v = (struct chain_view){0};
}
