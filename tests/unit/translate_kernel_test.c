// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Batches, dumps and searches against the running kernel, each test in a
 * network namespace of its own that ends with it. Without the permission for
 * that: skipped (77).
 */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/translate_util.h"
#include "translate/codec.h"
#include "translate/expr.h"
#include "translate/nft.h"
#include "translate/nlwrite.h"

static int fresh_namespace(void **state)
{
	struct nft *nft;

	if (unshare(CLONE_NEWNET) || nft_open(&nft, NULL))
		return -1;
	*state = nft;
	return 0;
}

static int close_nft(void **state)
{
	nft_close(*state);
	return 0;
}

static void commit_ok(struct nft *nft, struct nft_batch *b)
{
	struct err e = {0};

	if (nft_batch_commit(nft, b, 0, &e))
		fail_msg("commit: %s", e.msg);
	nft_batch_free(b);
}

/* A filter table with INPUT and the chains the samples jump to. */
static struct nft_batch *batch_with_table(enum family family)
{
	const struct builtin_chain *input =
		builtin_chain_find("filter", "INPUT");
	struct nft_batch *b = nft_batch_new();

	assert_non_null(b);
	assert_true(nft_batch_is_empty(b));
	nft_batch_add_table(b, family, "filter");
	nft_batch_set_builtin(b, family, input, NF_ACCEPT, NULL);
	nft_batch_add_chain(b, family, "filter", "allowed");
	nft_batch_add_chain(b, family, "filter",
			    "a-chain-with-28-characters--");
	assert_false(nft_batch_is_empty(b));
	return b;
}

static void fetch(struct nft *nft, struct ruleset *rs, enum family family,
		  const char *chain)
{
	struct nft_query q = {.family = family,
			      .table = "filter",
			      .chain = chain,
			      .detail = NFT_RULES};
	struct err e = {0};

	ruleset_init(rs);
	if (nft_fetch(nft, &q, rs, &e))
		fail_msg("fetch: %s", e.msg);
}

static struct chain *input_of(const struct ruleset *rs, enum family family)
{
	struct table *t = ruleset_find_table(rs, family, "filter");

	assert_non_null(t);
	assert_null(t->incompatible);
	assert_false(t->tainted);
	return table_find_chain(t, "INPUT");
}

/* The guard's program must exist to be loaded, and -j REJECT needs its checks
 * met: all else is. */
static bool loadable(const struct sample *s)
{
	return strcmp(s->name, "guard") != 0;
}

static void rules_come_back(void **state)
{
	const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct ruleset rs;
	struct chain *c;
	struct rule *r, *want;
	unsigned int f, i;

	for (f = 0; f < 2; f++) {
		struct nft_batch *b = batch_with_table(families[f]);

		for (i = 0; i < sample_count; i++) {
			if (samples[i].family != families[f] ||
			    !loadable(&samples[i]))
				continue;
			r = samples[i].build();
			assert_int_equal(nft_batch_add_rule(b, families[f],
							    "filter", "INPUT",
							    r, NFT_APPEND, 0,
							    NULL),
					 0);
			rule_free(r);
		}
		commit_ok(*state, b);

		fetch(*state, &rs, families[f], NULL);
		assert_true(rs.generation != 0);
		c = input_of(&rs, families[f]);
		assert_true(c->base);
		assert_int_equal(c->policy, NF_ACCEPT);
		assert_false(c->has_counters);
		r = container_of(c->rules.next, struct rule, node);
		for (i = 0; i < sample_count; i++) {
			if (samples[i].family != families[f] ||
			    !loadable(&samples[i]))
				continue;
			want = samples[i].build();
			if (!rule_equal(families[f], r, want, NULL) ||
			    r->flags || r->packets != want->packets)
				fail_msg("%s is not the same", samples[i].name);
			assert_true(r->handle != 0);
			rule_free(want);
			r = container_of(r->node.next, struct rule, node);
		}
		assert_ptr_equal(&r->node, &c->rules);
		ruleset_clear(&rs);
	}
}

static struct rule *verdict(enum rule_action action)
{
	struct rule *r = rule_new();

	r->action = action;
	return r;
}

static void add(struct nft_batch *b, enum rule_action action,
		enum nft_where where, uint64_t ref, uint32_t *id)
{
	struct rule *r = verdict(action);

	assert_int_equal(nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT",
					    r, where, ref, id),
			 0);
	rule_free(r);
}

/* The actions of INPUT's rules as letters, and the handle of the @n-th. */
static const char *actions(struct nft *nft, char *out, unsigned int n,
			   uint64_t *handle)
{
	static const char letters[] = {[ACTION_NONE] = 'n',
				       [ACTION_ACCEPT] = 'a',
				       [ACTION_DROP] = 'd',
				       [ACTION_RETURN] = 'r'};
	struct ruleset rs;
	struct rule *r;
	unsigned int i = 0;

	fetch(nft, &rs, FAMILY_IPV4, "INPUT");
	list_for_each (r, &input_of(&rs, FAMILY_IPV4)->rules, struct rule,
		       node) {
		if (i == n)
			*handle = r->handle;
		out[i++] = letters[r->action];
	}
	out[i] = '\0';
	ruleset_clear(&rs);
	return out;
}

static void rules_go_where_told(void **state)
{
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	uint64_t handle, same;
	uint32_t id;
	char s[16];

	add(b, ACTION_DROP, NFT_APPEND, 0, NULL);
	add(b, ACTION_ACCEPT, NFT_PREPEND, 0, &id);
	add(b, ACTION_NONE, NFT_BEFORE_ID, id, NULL);
	commit_ok(*state, b);
	assert_string_equal(actions(*state, s, 1, &handle), "nad");

	b = nft_batch_new();
	add(b, ACTION_RETURN, NFT_BEFORE_HANDLE, handle, NULL);
	add(b, ACTION_DROP, NFT_AFTER_HANDLE, handle, NULL);
	commit_ok(*state, b);
	assert_string_equal(actions(*state, s, 2, &handle), "nradd");

	/* A replaced rule keeps its handle. */
	b = nft_batch_new();
	add(b, ACTION_RETURN, NFT_REPLACE, handle, NULL);
	add(b, ACTION_NONE, NFT_APPEND, 0, &id);
	nft_batch_del_rule_id(b, FAMILY_IPV4, "filter", "INPUT", id);
	commit_ok(*state, b);
	assert_string_equal(actions(*state, s, 2, &same), "nrrdd");
	assert_true(same == handle);

	b = nft_batch_new();
	nft_batch_del_rule(b, FAMILY_IPV4, "filter", "INPUT", handle);
	commit_ok(*state, b);
	assert_string_equal(actions(*state, s, 0, &handle), "nrdd");

	b = nft_batch_new();
	nft_batch_flush(b, FAMILY_IPV4, "filter", "INPUT");
	commit_ok(*state, b);
	assert_string_equal(actions(*state, s, 0, &handle), "");
}

/* A rule of another tool: counter first, a condition, a comment and a TLV of
 * its own. */
static struct rule *foreign_rule(void)
{
	static const unsigned char udata[] = "\0\6hello\0\7\3abc";
	static const unsigned char net[] = {10, 9};
	struct rule *r = verdict(ACTION_DROP);
	struct buf b = BUF_INIT;

	r->packets = 5;
	r->bytes = 600;
	r->flags = RULE_ODD_ORDER;
	expr_counter(&b, 1, 1);
	expr_payload(&b, NFT_PAYLOAD_NETWORK_HEADER, 16, 2);
	expr_cmp(&b, NFT_CMP_EQ, net, 2);
	expr_verdict(&b, NF_DROP, NULL);
	assert_int_equal(
		rule_keep_raw(r, b.data, b.len, udata, sizeof(udata) - 1), 0);
	buf_free(&b);
	return r;
}

static void other_tools_rules_stay_whole(void **state)
{
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	struct rule *put = foreign_rule(), *got;
	struct ruleset rs;
	uint64_t handle;

	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT", put, NFT_APPEND,
			   0, NULL);
	commit_ok(*state, b);
	fetch(*state, &rs, FAMILY_IPV4, NULL);
	got = chain_find_rule(input_of(&rs, FAMILY_IPV4), 1);
	assert_int_equal(got->flags, RULE_ODD_ORDER);
	assert_int_equal(got->packets, 5);
	assert_int_equal(got->bytes, 600);
	assert_non_null(got->raw);
	handle = got->handle;

	/* Zeroed, it is the same but for the counters. */
	got->packets = 0;
	got->bytes = 0;
	b = nft_batch_new();
	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT", got, NFT_REPLACE,
			   handle, NULL);
	commit_ok(*state, b);
	ruleset_clear(&rs);
	fetch(*state, &rs, FAMILY_IPV4, NULL);
	got = chain_find_rule(input_of(&rs, FAMILY_IPV4), 1);
	assert_true(got->handle == handle);
	assert_int_equal(got->flags, RULE_ODD_ORDER);
	assert_int_equal(got->packets, 0);
	assert_int_equal(got->bytes, 0);
	assert_int_equal(got->core.dst.ip, htonl(0x0a090000));
	assert_int_equal(got->raw->udata_len, put->raw->udata_len);
	assert_memory_equal(got->raw->data + got->raw->exprs_len,
			    put->raw->data + put->raw->exprs_len,
			    put->raw->udata_len);
	ruleset_clear(&rs);
	rule_free(put);
}

/* What iptables cannot handle: another tool's base chain, an expression it does
 * not know. */
static void foreign_tables_are_told(void **state)
{
	const struct builtin_chain other = {"filter", "mine", "filter",
					    NF_INET_LOCAL_IN, 7};
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	struct rule *r = verdict(ACTION_NONE);
	struct buf exprs = BUF_INIT;
	struct expr_nest n;
	struct ruleset rs;
	struct table *t;

	n = expr_begin(&exprs, "ct");
	nlw_u32(&exprs, NFTA_CT_KEY, NFT_CT_STATE);
	nlw_u32(&exprs, NFTA_CT_DREG, NFT_REG_1);
	expr_end(&exprs, n);
	r->flags = RULE_UNKNOWN;
	assert_int_equal(rule_keep_raw(r, exprs.data, exprs.len, NULL, 0), 0);
	nft_batch_set_builtin(b, FAMILY_IPV4, &other, NF_ACCEPT, NULL);
	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "mine", r, NFT_APPEND, 0,
			   NULL);
	commit_ok(*state, b);

	/* The rules of a chain that is left out do not matter. */
	fetch(*state, &rs, FAMILY_IPV4, NULL);
	t = ruleset_find_table(&rs, FAMILY_IPV4, "filter");
	assert_true(t->tainted);
	assert_null(t->incompatible);
	assert_null(table_find_chain(t, "mine"));
	ruleset_clear(&rs);

	b = nft_batch_new();
	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "allowed", r, NFT_APPEND,
			   0, NULL);
	commit_ok(*state, b);
	fetch(*state, &rs, FAMILY_IPV4, NULL);
	t = ruleset_find_table(&rs, FAMILY_IPV4, "filter");
	assert_string_equal(t->incompatible,
			    "chain `allowed': expression that iptables does "
			    "not know");
	assert_int_equal(
		chain_find_rule(table_find_chain(t, "allowed"), 1)->flags,
		RULE_UNKNOWN);
	ruleset_clear(&rs);
	rule_free(r);
	buf_free(&exprs);
}

static void chains_and_policies(void **state)
{
	const struct builtin_chain *input =
		builtin_chain_find("filter", "INPUT");
	struct nft_counters counters = {7, 700};
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	struct ruleset rs;
	struct chain *c;

	commit_ok(*state, b);
	b = nft_batch_new();
	nft_batch_set_builtin(b, FAMILY_IPV4, input, NF_DROP, &counters);
	nft_batch_del_chain(b, FAMILY_IPV4, "filter", "allowed");
	commit_ok(*state, b);

	fetch(*state, &rs, FAMILY_IPV4, NULL);
	c = input_of(&rs, FAMILY_IPV4);
	assert_int_equal(c->policy, NF_DROP);
	assert_true(c->has_counters);
	assert_int_equal(c->packets, 7);
	assert_int_equal(c->bytes, 700);
	assert_null(table_find_chain(
		ruleset_find_table(&rs, FAMILY_IPV4, "filter"), "allowed"));
	c = table_find_chain(ruleset_find_table(&rs, FAMILY_IPV4, "filter"),
			     "a-chain-with-28-characters--");
	assert_false(c->base);
	b = nft_batch_new();
	nft_batch_rename_chain(b, FAMILY_IPV4, "filter", c, "renamed");
	commit_ok(*state, b);
	ruleset_clear(&rs);

	fetch(*state, &rs, FAMILY_IPV4, NULL);
	assert_non_null(table_find_chain(
		ruleset_find_table(&rs, FAMILY_IPV4, "filter"), "renamed"));
	ruleset_clear(&rs);

	b = nft_batch_new();
	nft_batch_del_table(b, FAMILY_IPV4, "filter");
	commit_ok(*state, b);
	fetch(*state, &rs, FAMILY_IPV4, NULL);
	assert_true(list_empty(&rs.tables));
	ruleset_clear(&rs);
}

static void errors_are_iptables_words(void **state)
{
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	struct rule *jump = verdict(ACTION_JUMP);
	struct err e;

	strcpy(jump->chain, "allowed");
	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT", jump, NFT_APPEND,
			   0, NULL);
	commit_ok(*state, b);

	b = nft_batch_new();
	nft_batch_del_chain(b, FAMILY_IPV4, "filter", "allowed");
	assert_int_equal(nft_batch_commit(*state, b, 0, &e), -EBUSY);
	assert_string_equal(e.msg, " CHAIN_DEL failed (Device or resource "
				   "busy): chain allowed");
	assert_int_equal(e.status, ERR_RESOURCE);
	nft_batch_free(b);

	/* With lines every failed operation is told, without only the first. */
	b = nft_batch_new();
	strcpy(jump->chain, "nowhere");
	nft_batch_set_line(b, 3);
	nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT", jump, NFT_APPEND,
			   0, NULL);
	nft_batch_set_line(b, 5);
	nft_batch_del_chain(b, FAMILY_IPV4, "filter", "missing");
	assert_int_equal(nft_batch_commit(*state, b, 0, &e), -ENOENT);
	assert_string_equal(e.msg,
			    "\nline 3: RULE_APPEND failed (No such file or "
			    "directory): rule in chain INPUT"
			    "\nline 5: CHAIN_DEL failed (No such file or "
			    "directory): chain missing");
	nft_batch_free(b);
	rule_free(jump);
}

static void stale_generation_restarts(void **state)
{
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	uint32_t gen, after;
	struct err e;

	assert_int_equal(nft_generation(*state, &gen, NULL), 0);
	assert_int_equal(nft_batch_commit(*state, b, gen, &e), 0);
	assert_int_equal(nft_generation(*state, &after, NULL), 0);
	assert_true(after != gen);
	/* The same batch once more, now built on the past. */
	assert_int_equal(nft_batch_commit(*state, b, gen, &e), -ERESTART);
	nft_batch_free(b);
	b = nft_batch_new();
	add(b, ACTION_DROP, NFT_APPEND, 0, NULL);
	assert_int_equal(nft_batch_commit(*state, b, after, &e), 0);
	nft_batch_free(b);
}

/* The handle of the first rule equal to @want in @chain, 0 when there is none.
 */
static uint64_t find(struct nft *nft, const char *table, const char *chain,
		     const struct rule *want)
{
	const struct nft_query q = {.family = FAMILY_IPV4,
				    .table = table,
				    .chain = chain,
				    .detail = NFT_RULES,
				    .find = want};
	uint64_t handle = 0;
	struct ruleset rs;
	struct table *t;
	struct chain *c;

	ruleset_init(&rs);
	assert_int_equal(nft_fetch(nft, &q, &rs, NULL), 0);
	assert_true(rs.generation != 0);
	t = ruleset_find_table(&rs, FAMILY_IPV4, table);
	c = t ? table_find_chain(t, chain) : NULL;
	if (c && c->nrules) {
		assert_int_equal(c->nrules, 1);
		handle = chain_find_rule(c, 1)->handle;
	}
	ruleset_clear(&rs);
	return handle;
}

static void rules_are_found(void **state)
{
	struct nft_batch *b = batch_with_table(FAMILY_IPV4);
	struct rule *want = verdict(ACTION_DROP), *r;
	unsigned int i;
	uint64_t first;

	for (i = 0; i < 2000; i++) {
		r = verdict(ACTION_DROP);
		set_addr4(&r->core.src, &r->core.smsk, "10.0.0.0",
			  "255.255.255.255");
		/* Each address twice: the first of them is to be found. */
		r->core.src.ip |= htonl(i / 2);
		nft_batch_add_rule(b, FAMILY_IPV4, "filter", "INPUT", r,
				   NFT_APPEND, 0, NULL);
		rule_free(r);
	}
	commit_ok(*state, b);
	want->core.smsk.ip = UINT32_MAX;
	want->core.src.ip = htonl(0x0a000000);
	first = find(*state, "filter", "INPUT", want);
	assert_true(first != 0);
	want->core.src.ip = htonl(0x0a000000 + 999);
	assert_int_equal(find(*state, "filter", "INPUT", want), first + 1998);
	want->core.src.ip = htonl(0x0a000000 + 1000);
	assert_int_equal(find(*state, "filter", "INPUT", want), 0);
	assert_int_equal(find(*state, "filter", "nope", want), 0);
	assert_int_equal(find(*state, "nat", "INPUT", want), 0);
	rule_free(want);
}

static int count_hook(const struct nft_hook_info *info, void *arg)
{
	unsigned int *n = arg;

	if (!strcmp(info->table, "filter") && !strcmp(info->name, "INPUT") &&
	    info->hook == NF_INET_LOCAL_IN && info->prio == 0 &&
	    info->family == FAMILY_IPV4)
		++*n;
	return 0;
}

static void hooks_are_listed(void **state)
{
	unsigned int n = 0;

	commit_ok(*state, batch_with_table(FAMILY_IPV4));
	assert_int_equal(nft_each_base_chain(*state, count_hook, &n, NULL), 0);
	assert_int_equal(n, 1);
}

static void other_users_are_told(void **state)
{
	struct err e = {0};
	uint32_t gen;
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct nft *nft;

		if (setuid(65534) || nft_open(&nft, NULL))
			_exit(2);
		if (nft_generation(nft, &gen, &e) != -EPERM ||
		    strcmp(e.msg, "Could not fetch rule set generation id: "
				  "Permission denied (you must be root)") ||
		    e.status != ERR_RESOURCE)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define IN_NAMESPACE(t)                                                        \
	cmocka_unit_test_setup_teardown(t, fresh_namespace, close_nft)
	const struct CMUnitTest tests[] = {
		IN_NAMESPACE(rules_come_back),
		IN_NAMESPACE(rules_go_where_told),
		IN_NAMESPACE(other_tools_rules_stay_whole),
		IN_NAMESPACE(foreign_tables_are_told),
		IN_NAMESPACE(chains_and_policies),
		IN_NAMESPACE(errors_are_iptables_words),
		IN_NAMESPACE(stale_generation_restarts),
		IN_NAMESPACE(rules_are_found),
		IN_NAMESPACE(hooks_are_listed),
		IN_NAMESPACE(other_users_are_told),
	};

	if (unshare(CLONE_NEWNET)) {
		puts("needs CAP_SYS_ADMIN for network namespaces: skipped");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
