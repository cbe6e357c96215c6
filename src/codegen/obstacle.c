// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a program decides every packet, so that nft may sleep behind it. */
#include <stdio.h>

#include "codegen/plan.h"

static void say(struct plan *p, const struct plan_chain *c,
		const struct plan_rule *r, const char *what)
{
	snprintf(p->obstacle, sizeof(p->obstacle), "rule %u of %s: %s", r->num,
		 c->chain->name, what);
}

/* A match that asks nft about unusual states. */
static bool may_ask(const struct plan_rule *r)
{
	for (unsigned int i = 0; i < r->npreds; i++)
		if (pred_can_hand_over(&r->preds[i]))
			return true;
	return false;
}

static bool rule_asks(struct plan *p, const struct plan_chain *c,
		      const struct plan_rule *r)
{
	const struct ext *e;
	char what[96] = "a match that may ask nft";

	if (r->verdict == VERDICT_HANDOVER) {
		say(p, c, r, r->reason);
		return true;
	}
	if (!may_ask(r))
		return false;
	list_for_each (e, &r->rule->matches, struct ext, node) {
		snprintf(what, sizeof(what), "match %.32s, which may ask nft",
			 e->name);
		break;
	}
	say(p, c, r, what);
	return true;
}

static bool chain_asks(struct plan *p, const struct plan_chain *c)
{
	for (unsigned int i = 0; i < c->live; i++)
		if (rule_asks(p, c, &c->rules[i]))
			return true;
	return false;
}

void plan_find_obstacle(struct plan *p)
{
	p->obstacle[0] = '\0';
	if (p->mode == CHAIN_NFT)
		snprintf(p->obstacle, sizeof(p->obstacle), "%s", p->reason);
	else if (p->may_overflow)
		snprintf(p->obstacle, sizeof(p->obstacle),
			 "more than %d rules may match one packet on its way",
			 PLAN_MAX_HITS);
	for (unsigned int i = 0; i < p->nordered && !*p->obstacle; i++)
		if (p->order[i]->callers || p->order[i]->chain == p->base)
			chain_asks(p, p->order[i]);
}
