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
#include "translate/rule_message.h"
#include "translate/snapshot.h"

/* A ruleset that changes faster than we read it this many times in a row is
 * given up. */
#define MAX_TRIES 1000

struct fetch {
	struct nft *nft;
	const struct nft_query *q;
	struct ruleset *rs;
	uint32_t generation;
	struct table *table;	  /* the one whose chains or rules come in */
	struct snap_record *keep; /* where they go, too */
	unsigned int found;	  /* rules that were looked for */
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
	conn_begin(f->nft, NFT_MSG_GETTABLE, 0, f->q->family);
	nlw_str(&f->nft->req, NFTA_TABLE_NAME, f->q->table);
	ret = conn_request(f->nft, table_cb, f);
	return ret == -ENOENT ? 0 : ret;
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
		return table_set_incompatible(t, name, "name too long");
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

static void keep_rule(struct fetch *f, const struct chain *c,
		      struct snap_content *content, const struct rule *r)
{
	const struct snap_place at = {f->q->family, f->table->name, c->name};

	content->sketch = rule_sketch(r);
	snap_add(f->keep, &at, NFT_APPEND, 0, content);
}

static int rule_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	struct snap_content content;
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
	content = rule_content(tb);
	ret = rule_make(f->table, c, &content, &r);
	if (ret)
		return ret;
	if (f->nft->debug)
		debug_rule(f->nft, nlh, r->flags & RULE_GUARD);
	if (f->keep)
		keep_rule(f, c, &content, r);
	return take_rule(f, c, r);
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

/* What has no more rules is read as quickly as it is found in a snapshot. */
#define SMALL_TABLE_MAX 500
#define SMALL_CHAIN_MAX 200

/* About how many rules @t has: its rules and some more. */
static uint64_t uses(const struct table *t)
{
	const struct chain *c;
	uint64_t n = 0;

	list_for_each (c, &t->chains, const struct chain, node)
		n += c->use;
	return n;
}

/* Counts what the rules of @t make of the chains' use counts, down or up. */
static void count_uses(struct table *t, uint32_t step)
{
	struct chain *c, *to;
	struct rule *r;

	list_for_each (c, &t->chains, struct chain, node) {
		c->use += c->nrules * step;
		list_for_each (r, &c->rules, struct rule, node) {
			to = *r->chain ? table_find_chain(t, r->chain) : NULL;
			if (to)
				to->use += step;
		}
	}
}

bool nft_uses_agree(struct table *t)
{
	struct chain *c;
	bool agree = true;

	count_uses(t, (uint32_t)-1);
	list_for_each (c, &t->chains, struct chain, node)
		agree &= !c->use;
	count_uses(t, 1);
	return agree;
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

static int dump_table(struct fetch *f)
{
	uint64_t n = uses(f->table);
	int ret;

	f->keep = n > SMALL_TABLE_MAX && !f->q->chain ? f->q->keep : NULL;
	if (f->keep)
		snap_reset(f->keep, f->q->family, f->table->name);
	if (f->nft->debug || (!f->q->chain && n > WHOLE_TABLE_MAX))
		ret = dump_by_chain(f);
	else
		ret = dump_rules(f, f->q->chain);
	f->keep = NULL;
	return ret;
}

/* ---- without a dump ---- */

/* One rule by its handle, when it is the one that is looked for. */
static int match_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct fetch *f = arg;
	int ret = rule_cb(nlh, arg);

	f->found += ret == FOUND;
	return ret == FOUND ? 0 : ret;
}

static int get_rule(struct fetch *f, const char *chain, uint64_t handle)
{
	conn_begin(f->nft, NFT_MSG_GETRULE, 0, f->q->family);
	nlw_str(&f->nft->req, NFTA_RULE_TABLE, f->table->name);
	nlw_str(&f->nft->req, NFTA_RULE_CHAIN, chain);
	nlw_u64(&f->nft->req, NFTA_RULE_HANDLE, handle);
	return conn_request(f->nft, match_cb, f);
}

#define MAX_CANDIDATES 8

/*
 * Looks for q->find among what is known. Each rule that may be it is read and
 * compared: what is known may be wrong about a rule, never we. False: the
 * kernel is to be asked for all; also where several are equal, since the first
 * one in the chain is meant.
 */
static bool look_up(struct fetch *f)
{
	const struct nft_query *q = f->q;
	const struct snap_place at = {q->family, f->table->name, q->chain};
	struct chain *c = table_find_chain(f->table, q->chain);
	uint64_t handle[MAX_CANDIDATES];
	int n, i, ret = 0;

	if (!c || c->use <= SMALL_CHAIN_MAX)
		return false;
	n = q->lookup(&at, f->generation, rule_sketch(q->find), handle,
		      MAX_CANDIDATES, q->arg);
	f->found = 0;
	for (i = 0; i < n && !ret; i++)
		ret = get_rule(f, q->chain, handle[i]);
	if (n >= 0 && !ret && f->found <= 1)
		return true;
	chain_flush(c);
	return false;
}

static bool is_known(struct fetch *f)
{
	const struct nft_query *q = f->q;

	if (f->nft->debug)
		return false;
	if (q->find && q->lookup)
		return look_up(f);
	return q->known && !q->chain && uses(f->table) > SMALL_TABLE_MAX &&
	       !q->known(f->table, f->generation, q->arg);
}

static int fetch_rules(struct fetch *f)
{
	int ret = 0;

	list_for_each (f->table, &f->rs->tables, struct table, node) {
		f->last = NULL;
		if (list_empty(&f->table->chains) || is_known(f))
			continue;
		ret = dump_table(f);
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
	f->generation = before;
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
		if (q->keep)
			snap_record_free(q->keep);
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

static int mark_cb(const struct nlmsghdr *nlh, void *arg)
{
	return 0;
}

int nft_has_mark(struct nft *nft, enum family family, const char *table,
		 const char *name)
{
	int ret;

	conn_begin(nft, NFT_MSG_GETOBJ, 0, family);
	nlw_str(&nft->req, NFTA_OBJ_TABLE, table);
	nlw_str(&nft->req, NFTA_OBJ_NAME, name);
	nlw_u32(&nft->req, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	ret = conn_request(nft, mark_cb, NULL);
	return ret == -ENOENT ? 0 : ret ? ret : 1;
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
