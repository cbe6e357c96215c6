// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's ruleset -> model: tables, chains, rules; all of one generation.
 */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translate/codec.h"
#include "translate/conn.h"
#include "translate/debug.h"
#include "translate/nft.h"
#include "translate/nlwrite.h"

/* A ruleset that changes faster than we read it this many times in a row is
 * given up. */
#define MAX_TRIES 1000

struct fetch {
	struct nft *nft;
	const struct nft_query *q;
	struct ruleset *rs;
	struct table *table; /* the one whose chains or rules come in */
	struct chain *last; /* where the previous rule went: rules come chain by
			       chain */
};

static int table_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_TABLE_MAX + 1];
	struct fetch *f = arg;
	const char *name;
	struct table *t;

	attrs_parse(area.data, area.len, tb, NFTA_TABLE_MAX);
	name = attr_str(&tb[NFTA_TABLE_NAME]);
	if (!name || !builtin_table_exists(name))
		return 0;
	t = ruleset_add_table(f->rs, f->q->family, name);
	if (!t)
		return -ENOMEM;
	attr_u64(&tb[NFTA_TABLE_HANDLE], &t->handle);
	attr_u32(&tb[NFTA_TABLE_FLAGS], &t->flags);
	return 0;
}

static int fetch_tables(struct fetch *f)
{
	int ret;

	if (!f->q->table) {
		conn_begin(f->nft, NFT_MSG_GETTABLE, NLM_F_DUMP, f->q->family);
		return conn_request(f->nft, table_cb, f);
	}
	conn_begin(f->nft, NFT_MSG_GETTABLE, NLM_F_ACK, f->q->family);
	nlw_str(&f->nft->req, NFTA_TABLE_NAME, f->q->table);
	ret = conn_request(f->nft, table_cb, f);
	return ret == -ENOENT ? 0 : ret;
}

/* Why iptables does not take @t, said once. */
static int set_incompatible(struct table *t, const char *chain, const char *why)
{
	if (!t->incompatible &&
	    asprintf(&t->incompatible, "chain `%s': %s", chain, why) < 0) {
		t->incompatible = NULL;
		return -ENOMEM;
	}
	return 0;
}

static void chain_counters(struct chain *c, const struct attr *nest)
{
	struct attr tb[NFTA_COUNTER_MAX + 1];

	if (!nest->data)
		return;
	attrs_parse_nested(nest, tb, NFTA_COUNTER_MAX);
	c->has_counters = true;
	attr_u64(&tb[NFTA_COUNTER_PACKETS], &c->packets);
	attr_u64(&tb[NFTA_COUNTER_BYTES], &c->bytes);
}

/* The members of a base chain. False when it is not one of iptables' own (or
 * not understood). */
static bool chain_base(struct chain *c, const char *table,
		       const struct attr *tb)
{
	const struct builtin_chain *b = builtin_chain_find(table, c->name);
	struct attr hook[NFTA_HOOK_MAX + 1];
	const char *type = attr_str(&tb[NFTA_CHAIN_TYPE]);
	uint32_t num, prio, policy = NF_ACCEPT;

	attrs_parse_nested(&tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	if (!b || !type || strcmp(type, b->type) ||
	    !attr_u32(&hook[NFTA_HOOK_HOOKNUM], &num) || num != b->hook ||
	    !attr_u32(&hook[NFTA_HOOK_PRIORITY], &prio) ||
	    (int32_t)prio != b->prio)
		return false;
	attr_u32(&tb[NFTA_CHAIN_POLICY], &policy);
	c->base = true;
	c->hook = (uint8_t)num;
	c->prio = (int32_t)prio;
	c->policy = (uint8_t)policy;
	snprintf(c->type, sizeof(c->type), "%s", type);
	chain_counters(c, &tb[NFTA_CHAIN_COUNTERS]);
	return true;
}

static int chain_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_CHAIN_MAX + 1];
	const char *table, *name;
	struct fetch *f = arg;
	struct table *t;
	struct chain *c;

	attrs_parse(area.data, area.len, tb, NFTA_CHAIN_MAX);
	table = attr_str(&tb[NFTA_CHAIN_TABLE]);
	name = attr_str(&tb[NFTA_CHAIN_NAME]);
	t = table ? ruleset_find_table(f->rs, f->q->family, table) : NULL;
	if (!t || !name)
		return 0;
	if (strlen(name) >= MODEL_CHAIN_NAME_LEN)
		return set_incompatible(t, name, "name too long");
	c = table_add_chain(t, name);
	if (!c)
		return -ENOMEM;
	attr_u64(&tb[NFTA_CHAIN_HANDLE], &c->handle);
	attr_u32(&tb[NFTA_CHAIN_USE], &c->use);
	if (tb[NFTA_CHAIN_HOOK].data && !chain_base(c, table, tb)) {
		/* Another tool's base chain; iptables leaves it out, too. */
		table_remove_chain(t, c);
		t->tainted = true;
		t->builtin_tainted |= builtin_chain_find(table, name) != NULL;
	}
	return 0;
}

static int fetch_chains(struct fetch *f)
{
	if (list_empty(&f->rs->tables))
		return 0;
	conn_begin(f->nft, NFT_MSG_GETCHAIN, NLM_F_DUMP, f->q->family);
	return conn_request(f->nft, chain_cb, f);
}

/* Rules come chain by chain. */
static struct chain *rule_chain(const struct fetch *f, const char *name)
{
	if (f->last && !strcmp(f->last->name, name))
		return f->last;
	return table_find_chain(f->table, name);
}

static int rule_from_attrs(enum family family, const struct attr *tb,
			   struct rule *r, struct decode_result *res)
{
	const struct attr *exprs = &tb[NFTA_RULE_EXPRESSIONS];
	const struct attr *udata = &tb[NFTA_RULE_USERDATA];
	int ret;

	attr_u64(&tb[NFTA_RULE_HANDLE], &r->handle);
	ret = rule_decode(family, exprs->data, exprs->data ? exprs->len : 0, r,
			  res);
	if (!ret && udata->data)
		ret = rule_decode_userdata(r, udata->data, udata->len);
	if (!ret)
		rule_mark_guard(r);
	if (!ret)
		ret = rule_keep_raw(r, exprs->data, exprs->len, udata->data,
				    udata->len);
	return ret;
}

/* Not an errno: the rule that was looked for is there, no more are needed. */
#define FOUND 1

/* Puts @r where it belongs, or frees it when another one is looked for. */
static int take_rule(struct fetch *f, struct chain *c, struct rule *r)
{
	const struct rule *want = f->q->find;

	if (want &&
	    (r->flags & (RULE_GUARD | RULE_UNKNOWN) ||
	     !rule_equal(f->q->family, r, want, f->q->userspace_size))) {
		rule_free(r);
		return 0;
	}
	chain_append_rule(c, r);
	return want ? FOUND : 0;
}

static int rule_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	struct decode_result res;
	struct fetch *f = arg;
	struct chain *c = NULL;
	const char *name;
	struct rule *r;
	int ret;

	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	name = attr_str(&tb[NFTA_RULE_CHAIN]);
	if (name)
		c = rule_chain(f, name);
	if (!c)
		return 0; /* of a base chain that we leave out */
	f->last = c;
	r = rule_new();
	if (!r)
		return -ENOMEM;
	ret = rule_from_attrs(f->q->family, tb, r, &res);
	if (ret) {
		rule_free(r);
		return ret;
	}
	if (f->nft->debug)
		debug_rule(f->nft, nlh, r->flags & RULE_GUARD);
	if (res.incompatible)
		ret = set_incompatible(f->table, name, res.why);
	if (ret) {
		rule_free(r);
		return ret;
	}
	return take_rule(f, c, r);
}

int nft_rule_from_message(const struct nlmsghdr *nlh,
			  struct nft_rule_message *out)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	struct decode_result res;
	int ret;

	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	out->table = attr_str(&tb[NFTA_RULE_TABLE]);
	out->chain = attr_str(&tb[NFTA_RULE_CHAIN]);
	if (!out->table || !out->chain)
		return -EBADMSG;
	out->family = nfg->nfgen_family;
	out->rule = rule_new();
	if (!out->rule)
		return -ENOMEM;
	/* Other families are decoded for what they have in common, the guard's
	 * absence. */
	ret = rule_from_attrs((enum family)out->family, tb, out->rule, &res);
	if (ret)
		rule_free(out->rule);
	return ret;
}

static int dump_rules(struct fetch *f, const char *chain)
{
	int ret;

	conn_begin(f->nft, NFT_MSG_GETRULE, NLM_F_DUMP, f->q->family);
	nlw_str(&f->nft->req, NFTA_RULE_TABLE, f->table->name);
	if (chain)
		nlw_str(&f->nft->req, NFTA_RULE_CHAIN, chain);
	ret = conn_request(f->nft, rule_cb, f);
	/* -ENOENT: no such chain in this table */
	return ret == -ENOENT || ret == FOUND ? 0 : ret;
}

/*
 * The kernel starts every piece of a dump by counting from the table's first
 * rule to where it was: of a large table in one dump most of the time would go
 * there. So large ones are read chain by chain.
 */
#define WHOLE_TABLE_MAX 2000

static bool is_large(const struct table *t)
{
	const struct chain *c;
	uint64_t rules = 0;

	list_for_each (c, &t->chains, const struct chain, node)
		rules += c->use; /* its rules and some more */
	return rules > WHOLE_TABLE_MAX;
}

/* The chains at @hook; -1: user chains, or the one that is asked for. */
static int dump_chains_at(struct fetch *f, int hook)
{
	const char *only = hook < 0 ? f->q->chain : NULL;
	struct chain *c;
	int ret = 0;

	list_for_each (c, &f->table->chains, struct chain, node) {
		if (!c->use || (c->base ? c->hook : -1) != hook ||
		    (only && strcmp(only, c->name)))
			continue;
		ret = dump_rules(f, c->name);
		if (ret)
			break;
	}
	return ret;
}

/* In the order of iptables, which -vv shows; as it does, base chains always. */
static int dump_by_chain(struct fetch *f)
{
	int ret = 0;

	for (int hook = 0; !ret && hook < NF_INET_NUMHOOKS; hook++)
		ret = dump_chains_at(f, hook);
	return ret ? ret : dump_chains_at(f, -1);
}

static int fetch_rules(struct fetch *f)
{
	int ret = 0;

	list_for_each (f->table, &f->rs->tables, struct table, node) {
		f->last = NULL;
		if (list_empty(&f->table->chains))
			continue;
		if (f->nft->debug || (!f->q->chain && is_large(f->table)))
			ret = dump_by_chain(f);
		else
			ret = dump_rules(f, f->q->chain);
		if (ret)
			break;
	}
	return ret;
}

/* One attempt; -EINTR when the ruleset changed meanwhile. */
static int fetch_once(struct fetch *f, struct err *e)
{
	uint32_t before, after;
	int ret;

	ret = nft_generation(f->nft, &before, e);
	if (ret)
		return ret;
	ret = fetch_tables(f);
	if (!ret && f->q->detail >= NFT_CHAINS)
		ret = fetch_chains(f);
	if (!ret && f->q->detail >= NFT_RULES)
		ret = fetch_rules(f);
	if (ret == -EINTR)
		return ret;
	if (ret)
		return err_set(e, ERR_RESOURCE, -ret,
			       "Could not read the ruleset: %s",
			       nft_strerror(-ret));
	ret = nft_generation(f->nft, &after, e);
	if (ret)
		return ret;
	if (before != after)
		return -EINTR;
	f->rs->generation = before;
	return 0;
}

int nft_fetch(struct nft *nft, const struct nft_query *q, struct ruleset *rs,
	      struct err *e)
{
	struct ruleset got;
	struct fetch f = {.nft = nft, .q = q, .rs = &got};
	int ret = -EINTR, tries;

	for (tries = 0; ret == -EINTR && tries < MAX_TRIES; tries++) {
		ruleset_init(&got);
		ret = fetch_once(&f, e);
		if (ret)
			ruleset_clear(&got);
	}
	if (ret == -EINTR)
		return err_set(e, ERR_RESOURCE, EAGAIN,
			       "Could not read the ruleset: it keeps changing");
	if (ret)
		return ret;
	list_splice(&rs->tables, &got.tables);
	rs->generation = got.generation;
	return 0;
}

/* ---- base chains of everybody ---- */

struct each {
	int (*cb)(const struct nft_hook_info *info, void *arg);
	void *arg;
};

static int hook_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr tb[NFTA_CHAIN_MAX + 1], hook[NFTA_HOOK_MAX + 1];
	struct attr_area area = nlmsg_attrs(nlh);
	const struct nfgenmsg *nfg = NLMSG_DATA(nlh);
	struct nft_hook_info info = {0};
	const struct each *each = arg;
	uint32_t num, prio;

	attrs_parse(area.data, area.len, tb, NFTA_CHAIN_MAX);
	attrs_parse_nested(&tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	info.table = attr_str(&tb[NFTA_CHAIN_TABLE]);
	info.name = attr_str(&tb[NFTA_CHAIN_NAME]);
	if (!info.table || !info.name ||
	    !attr_u32(&hook[NFTA_HOOK_HOOKNUM], &num) ||
	    !attr_u32(&hook[NFTA_HOOK_PRIORITY], &prio))
		return 0;
	info.family = nfg->nfgen_family;
	info.hook = (uint8_t)num;
	info.prio = (int32_t)prio;
	return each->cb(&info, each->arg);
}

int nft_each_base_chain(struct nft *nft,
			int (*cb)(const struct nft_hook_info *info, void *arg),
			void *arg, struct err *e)
{
	struct each each = {cb, arg};
	int ret;

	conn_begin(nft, NFT_MSG_GETCHAIN, NLM_F_DUMP, NFPROTO_UNSPEC);
	ret = conn_request(nft, hook_cb, &each);
	/* Negative: ours or the callback's own; both end it. */
	if (ret < 0)
		return err_set(e, ERR_RESOURCE, -ret,
			       "Could not read the base chains: %s",
			       nft_strerror(-ret));
	return ret;
}
