// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/translate_util.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdlib.h>
#include <string.h>

#include "translate/nlread.h"

struct ext *make_ext(const char *name, uint8_t revision, const void *data,
		     size_t len)
{
	unsigned char aligned[1024] = {0};

	if (data)
		memcpy(aligned, data, len);
	return ext_new(name, revision, aligned, (uint32_t)XT_ALIGN(len));
}

struct ext *make_tcp(uint16_t sport_lo, uint16_t sport_hi, uint16_t dport_lo,
		     uint16_t dport_hi, uint8_t invflags)
{
	struct xt_tcp tcp = {.spts = {sport_lo, sport_hi},
			     .dpts = {dport_lo, dport_hi},
			     .invflags = invflags};

	return make_ext("tcp", 0, &tcp, sizeof(tcp));
}

static struct ext *make_udp(uint16_t sport_lo, uint16_t sport_hi,
			    uint16_t dport_lo, uint16_t dport_hi,
			    uint8_t invflags)
{
	struct ext *e = make_ext("udp", 0, NULL, sizeof(struct xt_udp));
	struct xt_udp *udp = (void *)e->data;

	udp->spts[0] = sport_lo;
	udp->spts[1] = sport_hi;
	udp->dpts[0] = dport_lo;
	udp->dpts[1] = dport_hi;
	udp->invflags = invflags;
	return e;
}

struct ext *make_limit(uint32_t avg, uint32_t burst)
{
	struct xt_rateinfo r = {.avg = avg, .burst = burst};

	return make_ext("limit", 0, &r, sizeof(r));
}

static struct ext *make_mark(uint32_t mark, uint32_t mask, bool invert)
{
	struct ext *e =
		make_ext("mark", 1, NULL, sizeof(struct xt_mark_mtinfo1));
	struct xt_mark_mtinfo1 *m = (void *)e->data;

	m->mark = mark;
	m->mask = mask;
	m->invert = invert;
	return e;
}

struct ext *make_bpf_pinned(const char *path)
{
	struct xt_bpf_info_v1 info = {.mode = XT_BPF_MODE_PATH_PINNED,
				      .fd = -1};

	strncpy(info.path, path, sizeof(info.path) - 1);
	return make_ext("bpf", 1, &info, sizeof(info));
}

void set_addr4(union model_addr *addr, union model_addr *mask, const char *a,
	       const char *m)
{
	inet_pton(AF_INET, a, addr);
	inet_pton(AF_INET, m, mask);
}

static void set_addr6(union model_addr *addr, union model_addr *mask,
		      const char *a, const char *m)
{
	inet_pton(AF_INET6, a, addr);
	inet_pton(AF_INET6, m, mask);
}

void set_iface(struct rule *r, bool in, const char *name, uint8_t len,
	       bool inverted)
{
	struct core_match *c = &r->core;

	strcpy(in ? c->iif : c->oif, name);
	*(in ? &c->iif_len : &c->oif_len) = len;
	*(in ? &c->has_iif : &c->has_oif) = true;
	if (inverted)
		c->inv |= in ? CORE_INV_IIF : CORE_INV_OIF;
}

/* ---- the samples ---- */

static struct rule *with_action(enum rule_action action)
{
	struct rule *r = rule_new();

	r->action = action;
	r->has_counter = true;
	return r;
}

static struct rule *with_proto(uint16_t proto, struct ext *match)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	r->core.proto = proto;
	if (match)
		rule_add_match(r, match);
	return r;
}

static struct rule *build_count_only(void)
{
	struct rule *r = with_action(ACTION_NONE);

	r->packets = 3;
	r->bytes = 252;
	return r;
}

static struct rule *build_drop(void)
{
	return with_action(ACTION_DROP);
}

static struct rule *build_return(void)
{
	return with_action(ACTION_RETURN);
}

static struct rule *build_jump(void)
{
	struct rule *r = with_action(ACTION_JUMP);

	strcpy(r->chain, "allowed");
	return r;
}

static struct rule *build_goto(void)
{
	struct rule *r = with_action(ACTION_GOTO);

	strcpy(r->chain, "a-chain-with-28-characters--");
	return r;
}

static struct rule *build_addresses(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	set_addr4(&r->core.src, &r->core.smsk, "10.1.0.0", "255.255.0.0");
	set_addr4(&r->core.dst, &r->core.dmsk, "192.0.2.1", "255.255.255.255");
	r->core.inv = CORE_INV_DST;
	return r;
}

static struct rule *build_odd_masks(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	set_addr4(&r->core.src, &r->core.smsk, "0.0.0.7", "0.0.0.255");
	set_addr4(&r->core.dst, &r->core.dmsk, "10.16.0.0", "255.240.0.0");
	r->core.inv = CORE_INV_SRC;
	return r;
}

static struct rule *build_interfaces(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	set_iface(r, true, "eth0", 5, false);
	set_iface(r, false, "ppp", 3, true);
	return r;
}

static struct rule *build_no_interface(void)
{
	struct rule *r = with_action(ACTION_DROP);

	set_iface(r, true, "", 0, true);
	return r;
}

static struct rule *build_longest_interface(void)
{
	struct rule *r = with_action(ACTION_DROP);

	set_iface(r, true, "alongifacename0", 16, false);
	return r;
}

static struct rule *build_fragment(void)
{
	struct rule *r = with_action(ACTION_DROP);

	r->core.frag = true;
	return r;
}

static struct rule *build_not_fragment(void)
{
	struct rule *r = build_fragment();

	r->core.inv = CORE_INV_FRAG;
	return r;
}

static struct rule *build_not_protocol(void)
{
	struct rule *r = with_proto(IPPROTO_ICMP, NULL);

	r->core.inv = CORE_INV_PROTO;
	return r;
}

static struct rule *build_tcp_dport(void)
{
	return with_proto(IPPROTO_TCP, make_tcp(0, 65535, 443, 443, 0));
}

static struct rule *build_tcp_pair(void)
{
	return with_proto(IPPROTO_TCP, make_tcp(20, 20, 21, 21, 0));
}

static struct rule *build_tcp_neither(void)
{
	return with_proto(
		IPPROTO_TCP,
		make_tcp(20, 20, 21, 21, XT_TCP_INV_SRCPT | XT_TCP_INV_DSTPT));
}

static struct rule *build_tcp_low_ports(void)
{
	return with_proto(IPPROTO_TCP, make_tcp(0, 1023, 1024, 65535, 0));
}

static struct rule *build_tcp_flags(void)
{
	struct xt_tcp tcp = {.spts = {0, 65535},
			     .dpts = {80, 90},
			     .flg_mask = 0x17,
			     .flg_cmp = 0x02,
			     .invflags = XT_TCP_INV_FLAGS | XT_TCP_INV_DSTPT};

	return with_proto(IPPROTO_TCP, make_ext("tcp", 0, &tcp, sizeof(tcp)));
}

static struct rule *build_tcp_any(void)
{
	return with_proto(IPPROTO_TCP, make_tcp(0, 65535, 0, 65535, 0));
}

static struct rule *build_tcp_option(void)
{
	struct xt_tcp tcp = {
		.spts = {0, 65535}, .dpts = {0, 65535}, .option = 8};

	return with_proto(IPPROTO_TCP, make_ext("tcp", 0, &tcp, sizeof(tcp)));
}

static struct rule *build_udp(void)
{
	return with_proto(IPPROTO_UDP, make_udp(0, 65535, 53, 53, 0));
}

static struct rule *build_udp_not_any(void)
{
	return with_proto(IPPROTO_UDP,
			  make_udp(0, 65535, 0, 65535, XT_UDP_INV_SRCPT));
}

static struct rule *build_mark(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	rule_add_match(r, make_mark(0x10, 0xff, true));
	rule_add_match(r, make_mark(0x20, UINT32_MAX, false));
	return r;
}

static struct rule *build_limit(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	rule_add_match(r, make_limit(10000 * 60 * 60 / 3, 5)); /* 3/hour */
	rule_add_match(r, make_limit(10000 / 100, 20));	       /* 100/second */
	return r;
}

static struct rule *build_comment(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);
	char text[256] = "who goes there";

	rule_add_match(r, make_ext("comment", 0, text, sizeof(text)));
	return r;
}

static struct rule *build_compat_target(void)
{
	static const unsigned char reject[] = {3, 0, 0, 0};
	struct rule *r = with_action(ACTION_TARGET);

	r->target = make_ext("REJECT", 0, reject, sizeof(reject));
	return r;
}

static struct rule *build_trace(void)
{
	struct rule *r = with_action(ACTION_TARGET);

	r->target = make_ext("TRACE", 0, NULL, 0);
	return r;
}

static struct rule *build_nflog(void)
{
	struct xt_nflog_info info = {.len = 40,
				     .group = 7,
				     .threshold = 2,
				     .flags = XT_NFLOG_F_COPY_LEN,
				     .prefix = "dropped: "};
	struct rule *r = with_action(ACTION_TARGET);

	r->target = make_ext("NFLOG", 0, &info, sizeof(info));
	return r;
}

static struct rule *build_guard(void)
{
	struct rule *r = with_action(ACTION_ACCEPT);

	r->has_counter = false;
	r->flags = RULE_GUARD;
	rule_add_match(r, make_bpf_pinned("/run/iptables-bpf/bpf/"
					  "guard-ip-filter-INPUT"));
	return r;
}

static struct rule *build_six(void)
{
	struct rule *r = with_proto(
		IPPROTO_UDP, make_udp(1000, 2000, 53, 53, XT_UDP_INV_DSTPT));

	set_addr6(&r->core.src, &r->core.smsk, "2001:db8::", "ffff:ffff::");
	set_addr6(&r->core.dst, &r->core.dmsk, "2001:db8::1",
		  "ffff:ffff:ffff:ffff::ffff");
	r->core.inv = CORE_INV_SRC;
	return r;
}

const struct sample samples[] = {
	{"count only", FAMILY_IPV4, build_count_only},
	{"drop", FAMILY_IPV4, build_drop},
	{"return", FAMILY_IPV4, build_return},
	{"jump", FAMILY_IPV4, build_jump},
	{"goto", FAMILY_IPV4, build_goto},
	{"addresses of whole bytes", FAMILY_IPV4, build_addresses},
	{"addresses with other masks", FAMILY_IPV4, build_odd_masks},
	{"interfaces", FAMILY_IPV4, build_interfaces},
	{"no interface at all", FAMILY_IPV4, build_no_interface},
	{"longest interface name", FAMILY_IPV4, build_longest_interface},
	{"fragment", FAMILY_IPV4, build_fragment},
	{"not a fragment", FAMILY_IPV4, build_not_fragment},
	{"not a protocol", FAMILY_IPV4, build_not_protocol},
	{"tcp destination port", FAMILY_IPV4, build_tcp_dport},
	{"tcp both ports", FAMILY_IPV4, build_tcp_pair},
	{"tcp neither port", FAMILY_IPV4, build_tcp_neither},
	{"tcp open ranges", FAMILY_IPV4, build_tcp_low_ports},
	{"tcp flags and range, inverted", FAMILY_IPV4, build_tcp_flags},
	{"tcp without conditions", FAMILY_IPV4, build_tcp_any},
	{"tcp option", FAMILY_IPV4, build_tcp_option},
	{"udp destination port", FAMILY_IPV4, build_udp},
	{"udp not any port", FAMILY_IPV4, build_udp_not_any},
	{"marks", FAMILY_IPV4, build_mark},
	{"limits", FAMILY_IPV4, build_limit},
	{"comment", FAMILY_IPV4, build_comment},
	{"compat target", FAMILY_IPV4, build_compat_target},
	{"TRACE", FAMILY_IPV4, build_trace},
	{"NFLOG", FAMILY_IPV4, build_nflog},
	{"guard", FAMILY_IPV4, build_guard},
	{"IPv6", FAMILY_IPV6, build_six},
};
const unsigned int sample_count = sizeof(samples) / sizeof(samples[0]);

/* ---- expressions as text ---- */

static void print_hex(struct buf *out, const struct attr *a)
{
	uint16_t i, end = a->len;

	/* Long structures end in zeros that say nothing. */
	while (end > 8 && !a->data[end - 1])
		end--;
	for (i = 0; i < end; i++)
		buf_printf(out, "%02x", a->data[i]);
	if (end < a->len)
		buf_printf(out, "+%u*00", a->len - end);
}

static bool is_nest(const struct attr *a)
{
	struct attr_area area = {a->data, a->len};
	struct attr sub;
	bool any = false;

	while (attr_next(&area, &sub)) {
		if (!sub.type || sub.type > 8)
			return false;
		any = true;
	}
	return any && !area.len;
}

static void print_attrs(struct buf *out, const struct attr *nest)
{
	struct attr_area area = {nest->data, nest->len};
	struct attr a;

	while (attr_next(&area, &a)) {
		buf_printf(out, " %u:", a.type);
		if (is_nest(&a)) {
			buf_puts(out, "{");
			print_attrs(out, &a);
			buf_puts(out, " }");
		} else {
			print_hex(out, &a);
		}
	}
}

void print_exprs(struct buf *out, const void *exprs, size_t len)
{
	struct attr_area area = {exprs, len};
	struct attr elem, tb[NFTA_EXPR_MAX + 1];
	const char *name;

	while (attr_next(&area, &elem)) {
		attrs_parse_nested(&elem, tb, NFTA_EXPR_MAX);
		name = attr_str(&tb[NFTA_EXPR_NAME]);
		buf_printf(out, "  %s", name ? name : "?");
		print_attrs(out, &tb[NFTA_EXPR_DATA]);
		buf_puts(out, "\n");
	}
}
