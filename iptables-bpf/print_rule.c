// SPDX-License-Identifier: GPL-2.0-or-later
/* One rule as -L shows it, and as -v echoes it. */
#include <errno.h>
#include <xtables.h>

#include "iptables-bpf/print.h"
#include "iptables-bpf/print_fields.h"
#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

/* Asked twice: a plugin of another revision prints "[unsupported revision]",
 * none at all is an error. */
static bool has_match_plugin(const struct ext *m)
{
	return xt_match_for(m) ||
	       xtables_find_match(m->name, XTF_TRY_LOAD, NULL);
}

static bool has_target_plugin(const struct ext *t)
{
	return xt_target_for(t) || xtables_find_target(t->name, XTF_TRY_LOAD);
}

/* -j ACCEPT and the like have a plugin, too; that of a user chain is the chain.
 */
static bool has_verdict_plugin(const struct rule *r)
{
	switch (r->action) {
	case ACTION_ACCEPT:
	case ACTION_DROP:
	case ACTION_RETURN:
		return xtables_find_target(target_text(r), XTF_TRY_LOAD);
	default:
		return true;
	}
}

int print_check_rule(const struct rule *r, struct err *e)
{
	bool bad = r->flags & RULE_UNKNOWN;
	const struct ext *m;

	list_for_each (m, &r->matches, struct ext, node) {
		if (has_match_plugin(m))
			continue;
		fprintf(stderr, "Error: %s%smatch extension not found\n",
			m->native ? m->name : "", m->native ? " " : "");
		bad = true;
	}
	if (r->action == ACTION_TARGET && !has_target_plugin(r->target)) {
		fputs("Error: target extension not found\n", stderr);
		bad = true;
	}
	if (!has_verdict_plugin(r)) {
		fputs("Error: verdict extension not found\n", stderr);
		bad = true;
	}
	return bad ? err_set(e, ERR_VERSION, EINVAL,
			     "Parsing nftables rule failed")
		   : 0;
}

/* How the columns are laid out: aligned for -L, one blank between fields for
 * the echo. */
struct layout {
	bool table;
	bool numeric, interfaces;
};

static void print_protocol(const struct core_match *m, const struct layout *l)
{
	const char *name = proto_text(m->proto, !l->numeric);

	putchar(m->inv & CORE_INV_PROTO ? '!' : ' ');
	if (!name || (l->table && l->numeric && !stock_iptables()->lists_names))
		printf(l->table ? "%-4hu " : "%hu ", m->proto);
	else
		printf(l->table ? "%-4s " : "%s ", name);
}

static void print_fragment(const struct core_match *m, const struct layout *l)
{
	if (!l->table)
		fputs("opt ", stdout);
	putchar(m->inv & CORE_INV_FRAG ? '!' : '-');
	putchar(m->frag ? 'f' : '-');
	putchar(' ');
}

static void print_interface(const char *fmt, bool has, bool inverted,
			    const char *name, uint8_t len, bool numeric)
{
	char text[IFACE_TEXT_LEN + 1] = "!";

	if (has)
		iface_text(text + inverted, name, len);
	else
		snprintf(text + inverted, IFACE_TEXT_LEN, "%s",
			 numeric ? "*" : "any");
	printf(fmt, text);
}

static void print_interfaces(const struct core_match *m, const struct layout *l)
{
	if (!l->interfaces)
		return;
	print_interface(l->table ? " %-6s " : "in %s ", m->has_iif,
			m->inv & CORE_INV_IIF, m->iif, m->iif_len, l->numeric);
	print_interface(l->table ? "%-6s " : "out %s ", m->has_oif,
			m->inv & CORE_INV_OIF, m->oif, m->oif_len, l->numeric);
}

static void print_addresses(const struct family_ops *ops,
			    const struct core_match *m, const struct layout *l)
{
	struct buf b = BUF_INIT;

	ops->addr_list(&b, &m->src, &m->smsk, l->numeric);
	putchar(m->inv & CORE_INV_SRC ? '!' : ' ');
	printf(l->table ? "%-19s " : "%s ", b.data ? b.data : "");
	buf_reset(&b);
	ops->addr_list(&b, &m->dst, &m->dmsk, l->numeric);
	putchar(m->inv & CORE_INV_DST ? '!' : ' ');
	printf(l->table ? "%-19s " : "-> %s", b.data ? b.data : "");
	buf_free(&b);
}

static void print_extensions(const struct family_ops *ops, const struct rule *r,
			     bool numeric)
{
	unsigned char ip[FILL_IP_SIZE] __attribute__((aligned(8))) = {0};
	const struct ext *m;

	ops->fill_ip(ip, r);
	list_for_each (m, &r->matches, struct ext, node) {
		const struct xtables_match *plugin = xt_match_for(m);

		if (plugin && plugin->print)
			plugin->print(ip, plugin->m, numeric);
		else if (!plugin)
			printf(" %s [unsupported revision]", m->name);
	}
	if (r->action == ACTION_TARGET) {
		const struct xtables_target *plugin = xt_target_for(r->target);

		if (plugin && plugin->print)
			plugin->print(ip, plugin->t, numeric);
		else if (!plugin)
			fputs(" [unsupported revision]", stdout);
	}
}

static void print_rest(const struct family_ops *ops, const struct rule *r,
		       const struct layout *l)
{
	print_protocol(&r->core, l);
	print_fragment(&r->core, l);
	print_interfaces(&r->core, l);
	print_addresses(ops, &r->core, l);
	if (!l->table)
		fputs("  ", stdout);
	if (r->action == ACTION_GOTO)
		fputs("[goto] ", stdout);
	print_extensions(ops, r, l->numeric);
	putchar('\n');
}

void print_rule_list(const struct family_ops *ops, const struct rule *r,
		     unsigned int num, const struct list_options *o)
{
	const struct layout l = {
		.table = true, .numeric = o->numeric, .interfaces = o->verbose};
	unsigned int number_format = o->exact ? 0 : FIELD_KILOMEGAGIGA;

	if (o->line_numbers)
		printf("%-4u ", num);
	if (o->verbose) {
		xtables_print_num(r->packets, number_format);
		xtables_print_num(r->bytes, number_format);
	}
	printf("%-9s ", target_text(r));
	print_rest(ops, r, &l);
}

void print_rule_echo(const struct family_ops *ops, const struct rule *r)
{
	static const struct layout l = {.numeric = true, .interfaces = true};

	printf("%s ", target_text(r));
	print_rest(ops, r, &l);
}
