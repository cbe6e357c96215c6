// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/codegen_util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

void fixture_init(struct fixture *f, enum family family)
{
	memset(f, 0, sizeof(*f));
	ruleset_init(&f->rs);
	f->t = ruleset_add_table(&f->rs, family, "filter");
	f->base = table_add_chain(f->t, "INPUT");
	f->base->base = true;
	f->base->hook = NF_INET_LOCAL_IN;
	f->base->policy = NF_DROP;
	f->base->has_counters = true;
}

void fixture_clear(struct fixture *f)
{
	plan_free(f->plan);
	ruleset_clear(&f->rs);
}

struct chain *fixture_chain(struct fixture *f, const char *name)
{
	return table_add_chain(f->t, name);
}

const struct plan *fixture_plan(struct fixture *f)
{
	struct err e;

	plan_free(f->plan);
	f->plan = NULL;
	return plan_build(&f->rs, f->t, f->base, &f->plan, &e) ? NULL : f->plan;
}

struct rule *add_rule(struct chain *c, enum rule_action action, const char *to)
{
	struct rule *r = rule_new();

	r->action = action;
	r->has_counter = true;
	if (action == ACTION_TARGET)
		r->target = ext_new(to, 0, "", 0);
	else if (to)
		strncpy(r->chain, to, sizeof(r->chain) - 1);
	chain_append_rule(c, r);
	return r;
}

struct rule *with_proto(struct rule *r, unsigned int proto, bool invert)
{
	r->core.proto = proto;
	r->core.inv |= invert ? CORE_INV_PROTO : 0;
	return r;
}

static void set_addr(union model_addr *a, const char *text)
{
	inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, a);
}

struct rule *with_src(struct rule *r, const char *addr, const char *mask,
		      bool invert)
{
	set_addr(&r->core.src, addr);
	set_addr(&r->core.smsk, mask);
	r->core.inv |= invert ? CORE_INV_SRC : 0;
	return r;
}

struct rule *with_dst(struct rule *r, const char *addr, const char *mask,
		      bool invert)
{
	set_addr(&r->core.dst, addr);
	set_addr(&r->core.dmsk, mask);
	r->core.inv |= invert ? CORE_INV_DST : 0;
	return r;
}

static uint8_t set_name(char *to, const char *name)
{
	size_t len = strlen(name);
	bool wild = len && name[len - 1] == '+';

	memcpy(to, name, wild ? len - 1 : len);
	return wild ? len - 1 : len + 1;
}

struct rule *with_iif(struct rule *r, const char *name, bool invert)
{
	r->core.has_iif = true;
	r->core.iif_len = set_name(r->core.iif, name);
	r->core.inv |= invert ? CORE_INV_IIF : 0;
	return r;
}

struct rule *with_oif(struct rule *r, const char *name, bool invert)
{
	r->core.has_oif = true;
	r->core.oif_len = set_name(r->core.oif, name);
	r->core.inv |= invert ? CORE_INV_OIF : 0;
	return r;
}

struct rule *with_frag(struct rule *r, bool invert)
{
	r->core.frag = true;
	r->core.inv |= invert ? CORE_INV_FRAG : 0;
	return r;
}

struct rule *with_match(struct rule *r, const char *name, unsigned int rev,
			bool native, const void *data, size_t size)
{
	struct ext *e = ext_new(name, rev, data, size);

	e->native = native;
	rule_add_match(r, e);
	return r;
}

struct rule *with_tcp_dport(struct rule *r, unsigned int lo, unsigned int hi,
			    bool native)
{
	struct xt_tcp tcp = {.spts = {0, 0xffff}, .dpts = {lo, hi}};

	with_proto(r, IPPROTO_TCP, false);
	return with_match(r, "tcp", 0, native, &tcp, sizeof(tcp));
}

struct rule *with_udp_sport(struct rule *r, unsigned int lo, unsigned int hi,
			    bool native)
{
	struct xt_udp udp = {.spts = {lo, hi}, .dpts = {0, 0xffff}};

	with_proto(r, IPPROTO_UDP, false);
	return with_match(r, "udp", 0, native, &udp, sizeof(udp));
}

struct rule *with_state(struct rule *r, unsigned int mask)
{
	struct xt_conntrack_mtinfo3 ct = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = mask,
	};

	return with_match(r, "conntrack", 3, false, &ct, sizeof(ct));
}

struct rule *with_limit(struct rule *r)
{
	struct xt_rateinfo limit = {.avg = XT_LIMIT_SCALE / 5, .burst = 7};

	return with_match(r, "limit", 0, true, &limit, sizeof(limit));
}

struct rule *with_comment(struct rule *r)
{
	return with_match(r, "comment", 0, false, "text", 5);
}

struct rule *with_foreign(struct rule *r)
{
	return with_match(r, "unheard", 3, false, "", 1);
}

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_NEVER] = "never",
	[FIELD_SADDR] = "saddr",
	[FIELD_DADDR] = "daddr",
	[FIELD_IIF] = "iif",
	[FIELD_OIF] = "oif",
	[FIELD_PROTO] = "proto",
	[FIELD_FRAGOFF] = "fragoff",
	[FIELD_TRANSPORT] = "transport",
	[FIELD_SPORT] = "sport",
	[FIELD_DPORT] = "dport",
	[FIELD_ANY_PORT] = "anyport",
	[FIELD_ICMP] = "icmp",
	[FIELD_TCP_FLAGS] = "tcpflags",
	[FIELD_TCP_OPTION] = "tcpoption",
	[FIELD_TH_WORD0] = "word0",
	[FIELD_TH_WORD1] = "word1",
	[FIELD_MARK] = "mark",
	[FIELD_TTL] = "ttl",
	[FIELD_TOS] = "tos",
	[FIELD_LENGTH] = "length",
	[FIELD_PKTTYPE] = "pkttype",
	[FIELD_HAS_MAC] = "hasmac",
	[FIELD_MAC_SOURCE] = "macsource",
	[FIELD_SADDR4] = "saddr4",
	[FIELD_DADDR4] = "daddr4",
	[FIELD_CPU] = "cpu",
	[FIELD_IIF_GROUP] = "iifgroup",
	[FIELD_OIF_GROUP] = "oifgroup",
	[FIELD_REALM] = "realm",
	[FIELD_CT_MARK] = "ctmark",
	[FIELD_CT_STATE] = "ctstate",
	[FIELD_CT_ENTRY] = "ctentry",
	[FIELD_CT_REPLY] = "ctreply",
	[FIELD_CT_STATUS] = "ctstatus",
	[FIELD_CT_PROTO] = "ctproto",
	[FIELD_CT_ORIGSRC] = "ctorigsrc",
	[FIELD_CT_ORIGDST] = "ctorigdst",
	[FIELD_CT_REPLSRC] = "ctreplsrc",
	[FIELD_CT_REPLDST] = "ctrepldst",
	[FIELD_CT_ORIGSRC_PORT] = "ctorigsrcport",
	[FIELD_CT_ORIGDST_PORT] = "ctorigdstport",
	[FIELD_CT_REPLSRC_PORT] = "ctreplsrcport",
	[FIELD_CT_REPLDST_PORT] = "ctrepldstport",
	[FIELD_LIMIT] = "limit",
	[FIELD_CALL] = "call",
};

static void hex(struct buf *out, const uint8_t *p, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		buf_printf(out, "%02x", p[i]);
}

static bool is_bytes(const struct pred *p)
{
	return p->field <= FIELD_OIF || p->field == FIELD_MAC_SOURCE ||
	       (p->field >= FIELD_CT_ORIGSRC && p->field <= FIELD_CT_REPLDST);
}

static void operand_text(struct buf *out, const struct pred *p)
{
	const char *eq = p->invert ? "!=" : "==";

	if (p->op == OP_RANGES) {
		buf_puts(out, p->invert ? " not in" : " in");
		for (unsigned int i = 0; i < p->ranges.n; i++)
			buf_printf(out, " %u-%u", p->ranges.r[i].lo,
				   p->ranges.r[i].hi);
	} else if (p->op == OP_BETWEEN) {
		buf_printf(out, "%s %x-%x", p->invert ? " not in" : " in",
			   p->between.lo, p->between.hi);
	} else if (p->op == OP_ANY_BIT) {
		buf_printf(out, "&%x%s0", p->number.mask,
			   p->invert ? "==" : "!=");
	} else if (is_bytes(p)) {
		buf_puts(out, "&");
		hex(out, p->bytes.mask, p->bytes.len);
		buf_puts(out, eq);
		hex(out, p->bytes.value, p->bytes.len);
	} else {
		buf_printf(out, "&%x%s%x", p->number.mask, eq, p->number.value);
	}
}

static void call_text(struct buf *out, const struct pred *p)
{
	buf_printf(out, " %s%s", p->invert ? "not " : "",
		   call_descs[p->call.fn].name);
	for (unsigned int i = 0; i < p->call.nargs; i++)
		buf_printf(out, " %llx", (unsigned long long)p->call.arg[i]);
	buf_puts(out, p->call.size ? " " : "");
	hex(out, p->call.data, p->call.size);
}

static void pred_text(struct buf *out, const struct pred *p)
{
	buf_puts(out, field_names[p->field]);
	if (p->field == FIELD_TRANSPORT)
		buf_printf(out, ">=%u%s%s%s", p->transport.need,
			   p->transport.native ? " native" : "",
			   p->transport.drop_short ? " dropshort" : "",
			   p->transport.drop_frag1 ? " dropfrag1" : "");
	else if (p->field == FIELD_CALL)
		call_text(out, p);
	else if (p->field == FIELD_LIMIT)
		buf_printf(out, " cost %llu max %llu",
			   (unsigned long long)p->limit.cost,
			   (unsigned long long)p->limit.max);
	else if (p->field == FIELD_TCP_OPTION)
		buf_printf(out, " %s%u", p->invert ? "not " : "",
			   p->number.value);
	else if (p->field != FIELD_NEVER && p->field != FIELD_CT_ENTRY)
		operand_text(out, p);
	if (p->pass_no_ct)
		buf_puts(out, " or none");
}

void lowered_text(struct buf *out, enum family family, const struct rule *r)
{
	struct lowered l;

	if (lower_rule(family, r, &l)) {
		buf_puts(out, "failed");
		return;
	}
	for (unsigned int i = 0; i < l.n; i++) {
		if (i)
			buf_puts(out, "; ");
		pred_text(out, &l.preds[i]);
	}
	if (*l.refused)
		buf_printf(out, "%srefused: %s", l.n ? "; " : "", l.refused);
	lowered_clear(&l);
}

void expect_lowered(enum family family, struct rule *r, const char *want)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "");
	lowered_text(&b, family, r);
	assert_string_equal(b.data, want);
	buf_free(&b);
	rule_free(r);
}
