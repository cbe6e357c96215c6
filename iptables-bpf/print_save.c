// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules and tables in the saved format, which the command line and -restore
 * read back. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "iptables-bpf/print.h"
#include "iptables-bpf/print_fields.h"
#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

static bool all_zero(const union model_addr *a, unsigned int bits)
{
	static const union model_addr zero;

	return !memcmp(a, &zero, bits / 8);
}

/* An address without a mask bit set is no condition, unless it is inverted (and
 * matches nothing). */
static void save_address(const struct family_ops *ops, struct buf *b,
			 char letter, bool inverted,
			 const union model_addr *addr,
			 const union model_addr *mask)
{
	if (!inverted && all_zero(mask, ops->addr_bits) &&
	    (ops->family == FAMILY_IPV6 || all_zero(addr, ops->addr_bits)))
		return;
	buf_reset(b);
	ops->addr_save(b, addr, mask);
	printf("%s -%c %s", inverted ? " !" : "", letter,
	       b->data ? b->data : "");
}

static void save_interface(char letter, bool inverted, const char *name,
			   uint8_t len)
{
	char text[IFACE_TEXT_LEN];

	iface_text(text, name, len);
	printf("%s -%c %s", inverted ? " !" : "", letter, text);
}

static void save_core(const struct family_ops *ops, const struct core_match *m)
{
	struct buf b = BUF_INIT;
	const char *proto;

	save_address(ops, &b, 's', m->inv & CORE_INV_SRC, &m->src, &m->smsk);
	save_address(ops, &b, 'd', m->inv & CORE_INV_DST, &m->dst, &m->dmsk);
	buf_free(&b);
	if (m->has_iif)
		save_interface('i', m->inv & CORE_INV_IIF, m->iif, m->iif_len);
	if (m->has_oif)
		save_interface('o', m->inv & CORE_INV_OIF, m->oif, m->oif_len);
	if (m->proto) {
		proto = proto_text(m->proto, stock_iptables()->saves_names);
		fputs(m->inv & CORE_INV_PROTO ? " ! -p " : " -p ", stdout);
		if (proto)
			fputs(proto, stdout);
		else
			printf("%u", m->proto);
	}
	if (m->frag)
		fputs(m->inv & CORE_INV_FRAG ? " ! -f" : " -f", stdout);
}

static void save_match(const void *ip, const struct ext *m)
{
	const struct xtables_match *plugin = xt_match_for(m);

	if (!plugin) {
		printf(" -m %s [unsupported revision]", m->name);
		return;
	}
	printf(" -m %s",
	       plugin->alias ? plugin->alias(plugin->m) : plugin->name);
	if (plugin->save)
		plugin->save(ip, plugin->m);
}

static void save_target(const void *ip, const struct rule *r)
{
	const struct xtables_target *plugin;

	if (r->action != ACTION_TARGET) {
		const char *name = target_text(r);

		if (*name)
			printf(" -%c %s", r->action == ACTION_GOTO ? 'g' : 'j',
			       name);
		return;
	}
	plugin = xt_target_for(r->target);
	if (!plugin) {
		printf(" -j %s [unsupported revision]", r->target->name);
		return;
	}
	printf(" -j %s",
	       plugin->alias ? plugin->alias(plugin->t) : target_text(r));
	if (plugin->save)
		plugin->save(ip, plugin->t);
}

void print_rule_command(const struct family_ops *ops, char command,
			const char *chain, const struct rule *r,
			enum save_counters counters)
{
	unsigned char ip[FILL_IP_SIZE] __attribute__((aligned(8))) = {0};
	const struct ext *m;

	if (counters == SAVE_COUNTERS_PREFIX)
		printf("[%" PRIu64 ":%" PRIu64 "] ", r->packets, r->bytes);
	printf("-%c %s", command, chain);
	save_core(ops, &r->core);
	ops->fill_ip(ip, r);
	list_for_each (m, &r->matches, struct ext, node)
		save_match(ip, m);
	if (counters == SAVE_COUNTERS_OPTION)
		printf(" -c %" PRIu64 " %" PRIu64, r->packets, r->bytes);
	save_target(ip, r);
	putchar('\n');
}

void print_rule_save(const struct family_ops *ops, const struct chain *c,
		     const struct rule *r, enum save_counters counters)
{
	print_rule_command(ops, 'A', c->name, r, counters);
}

static int save_rules(const struct family_ops *ops, const struct chain *c,
		      bool counters, struct err *e)
{
	const struct rule *r;
	int ret;

	list_for_each (r, &c->rules, struct rule, node) {
		if (r->flags & RULE_GUARD)
			continue;
		ret = print_check_rule(r, e);
		if (ret)
			return ret;
		print_rule_save(ops, c, r,
				counters ? SAVE_COUNTERS_PREFIX
					 : SAVE_NO_COUNTERS);
	}
	return 0;
}

int print_table_save(const struct family_ops *ops, const char *name,
		     const struct table *t, bool counters, struct err *e)
{
	struct chain_view v;
	int ret = chain_view_init(&v, name, t);

	if (ret)
		return err_set(e, ERR_OTHER, -ret, "out of memory");
	printf("*%s\n", name);
	for (unsigned int i = 0; i < v.n; i++) {
		const struct chain *c = v.chains[i];
		const char *policy = chain_policy_name(c);

		printf(":%s %s [%" PRIu64 ":%" PRIu64 "]\n", c->name,
		       policy ? policy : "-", c->packets, c->bytes);
	}
	for (unsigned int i = 0; !ret && i < v.n; i++)
		ret = save_rules(ops, v.chains[i], counters, e);
	if (!ret)
		puts("COMMIT");
	chain_view_clear(&v);
	return ret;
}
