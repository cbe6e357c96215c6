// SPDX-License-Identifier: GPL-2.0-or-later
/* -L and -S: a table, a chain or one rule of it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "iptables-bpf/legacy.h"
#include "iptables-bpf/print.h"
#include "iptables-bpf/print_fields.h"

/* How one chain, or one rule of a chain, is printed; -L and -S differ in these
 * only. */
struct lister {
	void (*header)(const struct chain *c, const struct command *cmd);
	void (*rule)(const struct family_ops *ops, const struct chain *c,
		     const struct rule *r, unsigned int num,
		     const struct command *cmd);
	bool headers_first; /* all chains' headers, then all rules */
};

static struct list_options options_of(const struct command *cmd)
{
	return (struct list_options){.verbose = cmd->verbose,
				     .numeric = cmd->numeric,
				     .exact = cmd->exact,
				     .line_numbers = cmd->line_numbers};
}

static void list_header(const struct chain *c, const struct command *cmd)
{
	const struct list_options o = options_of(cmd);

	print_chain_header(c, &o);
}

static void list_rule(const struct family_ops *ops, const struct chain *c,
		      const struct rule *r, unsigned int num,
		      const struct command *cmd)
{
	const struct list_options o = options_of(cmd);

	print_rule_list(ops, r, num, &o);
}

static void save_header(const struct chain *c, const struct command *cmd)
{
	const char *policy = chain_policy_name(c);

	if (!policy) {
		printf("-N %s\n", c->name);
		return;
	}
	printf("-P %s %s", c->name, policy);
	if (cmd->verbose)
		printf(" -c %" PRIu64 " %" PRIu64, c->packets, c->bytes);
	putchar('\n');
}

static void save_rule(const struct family_ops *ops, const struct chain *c,
		      const struct rule *r, unsigned int num,
		      const struct command *cmd)
{
	print_rule_save(ops, c, r,
			cmd->verbose ? SAVE_COUNTERS_OPTION : SAVE_NO_COUNTERS);
}

static const struct lister lister_list = {list_header, list_rule, false};
static const struct lister lister_save = {save_header, save_rule, true};

static int print_rules(const struct lister *l, const struct family_ops *ops,
		       const struct chain *c, const struct command *cmd,
		       struct err *e)
{
	const struct rule *r;
	unsigned int num = 0;
	int ret;

	list_for_each (r, &c->rules, struct rule, node) {
		if (r->flags & RULE_GUARD)
			continue;
		num++;
		if (cmd->rulenum && num != cmd->rulenum)
			continue;
		ret = print_check_rule(r, e);
		if (ret)
			return ret;
		l->rule(ops, c, r, num, cmd);
	}
	return 0;
}

static int print_chain(const struct lister *l, const struct family_ops *ops,
		       const struct chain_view *v, const struct command *cmd,
		       struct err *e)
{
	for (unsigned int i = 0; i < v->n; i++) {
		const struct chain *c = v->chains[i];

		if (strcmp(c->name, cmd->chain))
			continue;
		if (!cmd->rulenum)
			l->header(c, cmd);
		return print_rules(l, ops, c, cmd, e);
	}
	return err_set_style(e, ERR_OTHER, ERR_STYLE_SHORT, ENOENT,
			     "No chain/target/match by that name");
}

static int print_table(const struct lister *l, const struct family_ops *ops,
		       const struct chain_view *v, const struct command *cmd,
		       struct err *e)
{
	int ret;

	for (unsigned int i = 0; l->headers_first && i < v->n; i++)
		l->header(v->chains[i], cmd);
	for (unsigned int i = 0; i < v->n; i++) {
		if (!l->headers_first) {
			if (i)
				putchar('\n');
			l->header(v->chains[i], cmd);
		}
		ret = print_rules(l, ops, v->chains[i], cmd, e);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_compatible(const struct table *t, const struct command *cmd,
			    struct err *e)
{
	if (!t)
		return 0;
	if (t->incompatible && cmd->chain)
		return err_set(e, ERR_OTHER, EINVAL,
			       "chain `%s' in table `%s' is incompatible, use "
			       "'nft' tool.",
			       cmd->chain, cmd->table);
	if (t->incompatible)
		return err_set(e, ERR_OTHER, EINVAL,
			       "table `%s' is incompatible, use 'nft' tool.",
			       cmd->table);
	/* Asked for one chain, iptables looks at that and the builtin ones
	 * only. */
	if (cmd->chain ? t->builtin_tainted : t->tainted)
		printf("# Table `%s' contains incompatible base-chains, use "
		       "'nft' tool to list them.\n",
		       cmd->table);
	return 0;
}

static int print_with(const struct lister *l, const struct family_ops *ops,
		      const struct command *cmd, const struct ruleset *rs,
		      struct err *e)
{
	const struct table *t = ruleset_find_table(rs, ops->family, cmd->table);
	struct chain_view v;
	int ret = check_compatible(t, cmd, e);

	if (ret)
		return ret;
	if (chain_view_init(&v, cmd->table, t))
		return err_set(e, ERR_OTHER, ENOMEM, "out of memory");
	ret = (cmd->chain ? print_chain : print_table)(l, ops, &v, cmd, e);
	chain_view_clear(&v);
	return ret;
}

int print_list_ruleset(const struct family_ops *ops, const struct command *cmd,
		       const struct ruleset *rs, struct err *e)
{
	return print_with(&lister_list, ops, cmd, rs, e);
}

int print_list_rules_ruleset(const struct family_ops *ops,
			     const struct command *cmd,
			     const struct ruleset *rs, struct err *e)
{
	return print_with(&lister_save, ops, cmd, rs, e);
}

static int fetch_and_print(const struct lister *l, struct frontend *fe,
			   const struct command *cmd, struct err *e)
{
	const struct nft_query q = {.family = fe->ops->family,
				    .table = cmd->table,
				    .chain = cmd->chain,
				    .detail = NFT_RULES};
	struct nft *nft;
	struct ruleset rs;
	int ret;

	legacy_warn(fe->ops, "");
	nft = frontend_nft(fe, e);
	if (!nft)
		return -e->errnum;
	ruleset_init(&rs);
	nft_set_debug(nft, cmd->verbose, stdout);
	ret = nft_fetch(nft, &q, &rs, e);
	if (!ret) {
		loader_merge_counters(&rs, nft_socket(nft));
		ret = print_with(l, fe->ops, cmd, &rs, e);
	}
	ruleset_clear(&rs);
	return ret;
}

int print_list(struct frontend *fe, const struct command *cmd, struct err *e)
{
	return fetch_and_print(&lister_list, fe, cmd, e);
}

int print_list_rules(struct frontend *fe, const struct command *cmd,
		     struct err *e)
{
	return fetch_and_print(&lister_save, fe, cmd, e);
}
