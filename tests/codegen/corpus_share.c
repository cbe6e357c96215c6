// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * corpus_share: plans a program for each base chain of this network namespace
 * (nat's aside, which stay with nft) without compiling any, and says what
 * becomes of how many rules:
 *
 *	chain FAMILY TABLE CHAIN MODE: REASON
 *	handover FAMILY TABLE CHAIN RULE: REASON
 *	rules COMPILED HANDED_OVER LEFT_TO_NFT UNREACHED NAT
 *
 * A rule that several base chains reach counts once, as the worst of them has
 * it. "Left to nft" are those of a chain in mode nft.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/plan.h"
#include "model/model.h"
#include "translate/nft.h"

enum fate { UNREACHED, COMPILED, HANDED_OVER, LEFT_TO_NFT, NAT, FATES };

struct rule_fate {
	const struct rule *rule;
	enum fate fate;
};

/* The rules of one table, by address. */
struct fates {
	struct rule_fate *f;
	size_t n;
};

static int compare(const void *pa, const void *pb)
{
	const struct rule_fate *a = pa, *b = pb;

	return (a->rule > b->rule) - (a->rule < b->rule);
}

static int fates_init(struct fates *all, const struct table *t, enum fate first)
{
	const struct chain *c;
	const struct rule *r;

	*all = (struct fates){0};
	list_for_each (c, &t->chains, struct chain, node)
		all->n += c->nrules;
	all->f = calloc(all->n + 1, sizeof(*all->f));
	if (!all->f)
		return -ENOMEM;
	all->n = 0;
	list_for_each (c, &t->chains, struct chain, node)
		list_for_each (r, &c->rules, struct rule, node)
			if (!(r->flags & RULE_GUARD))
				all->f[all->n++] = (struct rule_fate){r, first};
	qsort(all->f, all->n, sizeof(*all->f), compare);
	return 0;
}

static struct rule_fate *fate_of(struct fates *all, const struct rule *r)
{
	const struct rule_fate key = {.rule = r};

	return bsearch(&key, all->f, all->n, sizeof(key), compare);
}

static void worsen(struct fates *all, const struct rule *r, enum fate fate)
{
	struct rule_fate *f = fate_of(all, r);

	if (f && f->fate < fate)
		f->fate = fate;
}

/* Of @c and all it leads to: nothing is looked at twice, as then it is marked.
 */
static void leave_to_nft(struct fates *all, const struct table *t,
			 const struct chain *c)
{
	const struct chain *next;
	const struct rule *r;

	list_for_each (r, &c->rules, struct rule, node) {
		struct rule_fate *f = fate_of(all, r);

		if (!f || f->fate == LEFT_TO_NFT)
			continue;
		f->fate = LEFT_TO_NFT;
		if (r->action != ACTION_JUMP && r->action != ACTION_GOTO)
			continue;
		next = table_find_chain(t, r->chain);
		if (next)
			leave_to_nft(all, t, next);
	}
}

static void print_handovers(const struct plan *p, const char *where)
{
	unsigned int n;
	const struct plan_handover *h = plan_handovers(p, &n);

	for (unsigned int i = 0; i < n; i++)
		printf("handover %s %s %u: %s\n", where, h[i].chain->name,
		       h[i].rule, h[i].reason);
}

static void take_plan(struct fates *all, const struct plan *p)
{
	for (unsigned int i = 0; i < p->nchains; i++) {
		const struct plan_chain *c = p->chains[i];

		for (unsigned int k = 0; k < c->nrules; k++)
			worsen(all, c->rules[k].rule,
			       c->rules[k].verdict == VERDICT_HANDOVER
				       ? HANDED_OVER
				       : COMPILED);
	}
}

static int share_chain(struct fates *all, const struct ruleset *rs,
		       const struct table *t, const struct chain *c,
		       struct err *e)
{
	static const char *const modes[] = {"nft", "hybrid", "exclusive"};
	char where[MODEL_TABLE_NAME_LEN + 8];
	struct plan *p;
	int ret = plan_build(rs, t, c, &p, e);

	if (ret)
		return ret;
	snprintf(where, sizeof(where), "%s %s",
		 t->family == FAMILY_IPV4 ? "ip" : "ip6", t->name);
	printf("chain %s %s %s: %s\n", where, c->name, modes[plan_mode(p)],
	       plan_reason(p));
	print_handovers(p, where);
	if (plan_mode(p) == CHAIN_NFT)
		leave_to_nft(all, t, c);
	else
		take_plan(all, p);
	plan_free(p);
	return 0;
}

static int share_table(const struct ruleset *rs, const struct table *t,
		       unsigned int count[FATES], struct err *e)
{
	const bool nat = !strcmp(t->name, "nat");
	const struct chain *c;
	struct fates all;
	int ret = fates_init(&all, t, nat ? NAT : UNREACHED);

	if (ret)
		return err_set(e, ERR_OTHER, -ret, "out of memory");
	list_for_each (c, &t->chains, struct chain, node)
		if (!ret && !nat && c->base)
			ret = share_chain(&all, rs, t, c, e);
	for (size_t i = 0; i < all.n; i++)
		count[all.f[i].fate]++;
	free(all.f);
	return ret;
}

static int share_ruleset(struct nft *nft, unsigned int count[FATES],
			 struct err *e)
{
	struct nft_query q = {.detail = NFT_RULES};
	const struct table *t;
	struct ruleset rs;
	int ret = 0;

	ruleset_init(&rs);
	q.family = FAMILY_IPV4;
	ret = nft_fetch(nft, &q, &rs, e);
	q.family = FAMILY_IPV6;
	if (!ret)
		ret = nft_fetch(nft, &q, &rs, e);
	list_for_each (t, &rs.tables, struct table, node)
		if (!ret && builtin_table_exists(t->name))
			ret = share_table(&rs, t, count, e);
	ruleset_clear(&rs);
	return ret;
}

int main(void)
{
	unsigned int count[FATES] = {0};
	struct nft *nft;
	struct err e;

	if (nft_open(&nft, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	if (share_ruleset(nft, count, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		nft_close(nft);
		return 1;
	}
	nft_close(nft);
	printf("rules %u %u %u %u %u\n", count[COMPILED], count[HANDED_OVER],
	       count[LEFT_TO_NFT], count[UNREACHED], count[NAT]);
	return 0;
}
