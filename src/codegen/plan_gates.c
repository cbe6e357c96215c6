// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes of limits and other matches with state, in a program that does
 * not decide all packets, or whose state other programs share.
 */
#include "codegen/plan.h"

#include <linux/netfilter/xt_hashlimit.h>
#include <stdio.h>
#include <string.h>

/*
 * A bucket in front of nft's: what it refuses nft's would refuse, what it lets
 * through is handed over, and nft's bucket has the say. To never be the
 * stricter one it is a little quicker and a token larger. A bucket of one token
 * is full when nft's gives one and forgets all longer waiting: so this one asks
 * four times in that time, the fourth just behind it.
 */
static void widen(uint64_t *cost, uint64_t *max, uint64_t most)
{
	uint64_t was = *cost, burst;

	if (!was)
		return;
	burst = *max / was;
	*cost = burst > 1 ? was - was / 8 : was / 4 + was / 64;
	if (!*cost)
		*cost = 1;
	*max = burst < most / *cost ? *cost * (burst + 1) : most;
}

void plan_widen(struct rate_credits *c)
{
	widen(&c->cost, &c->cap, UINT64_MAX);
}

/* Why no gate can stand before the table of @h; NULL: one can. */
static const char *gate_hindrance(const struct hashlimit *h)
{
	struct hashlimit_numbers n;

	if (h->mode & XT_HASHLIMIT_RATE_MATCH)
		return "match hashlimit by rate";
	if (h->mode & XT_HASHLIMIT_BYTES)
		return "match hashlimit by bytes";
	/*
	 * nft's entry would be gone, and begin anew with all its tokens, before
	 * the gate lets the next packet through.
	 */
	hashlimit_numbers(h, rate_hz(), &n);
	if (n.credits.cost / n.credits.per_jiffy > n.expire)
		return "match hashlimit, whose entries expire early";
	return NULL;
}

static const char *why(const struct pred *pred)
{
	return pred->shared ? "as other chains share its state"
			    : "as other rules hand over, too";
}

/*
 * Two buckets for one limit would let through twice its rate. So where packets
 * are handed over, those that get a token are, too. True: what is behind @k of
 * @r is for those that get none.
 */
static bool gate_at(const struct plan *p, struct plan_rule *r, unsigned int k)
{
	struct pred *pred = &r->preds[k];
	const char *name = pred_has_state(pred), *hindrance = NULL;
	size_t n = strlen(r->reason);
	struct hashlimit h;

	if (pred->field == FIELD_LIMIT) {
		widen(&pred->limit.cost, &pred->limit.max,
		      pred->limit.per_jiffy ? UINT32_MAX : UINT64_MAX);
	} else {
		if (!hashlimit_read(&h, pred->call.ext, p->family))
			hindrance = "match hashlimit";
		else
			hindrance = gate_hindrance(&h);
		pred->call.gate = true;
	}
	if (hindrance) {
		plan_hand_over_at(r, k, "%s, %s", hindrance, why(pred));
		return false;
	}
	/* Within the rate or above: either is handed over. */
	if (pred->invert && r->verdict == VERDICT_HANDOVER) {
		r->npreds = k;
		return false;
	}
	if (pred->invert) {
		if (!*r->reason)
			snprintf(r->reason, sizeof(r->reason),
				 "match %s, within its rate, %s", name,
				 why(pred));
		return true;
	}
	if (r->verdict == VERDICT_HANDOVER) {
		r->npreds = k + 1;
		snprintf(r->reason + n, sizeof(r->reason) - n,
			 ", within its limit");
		return false;
	}
	plan_hand_over_at(r, k + 1, "match %s, within its rate, %s", name,
			  why(pred));
	return false;
}

static void gate_rule(const struct plan *p, struct plan_rule *r)
{
	for (unsigned int k = 0; k < r->npreds; k++)
		if (pred_is_bucket(&r->preds[k]) && !gate_at(p, r, k))
			return;
}

/* Chance has no memory that could be shared, or miss packets. */
static bool remembers(const struct pred *r)
{
	return pred_has_state(r) &&
	       !(r->field == FIELD_CALL && r->call.fn == CALL_RANDOM);
}

static bool shares_state(const struct plan *p)
{
	for (unsigned int i = 0; i < p->nordered; i++)
		for (unsigned int k = 0; k < p->order[i]->live; k++) {
			const struct plan_rule *r = &p->order[i]->rules[k];

			for (unsigned int q = 0; q < r->npreds; q++)
				if (r->preds[q].shared &&
				    remembers(&r->preds[q]))
					return true;
		}
	return false;
}

static void gate_limits(struct plan *p)
{
	plan_find_handovers(p);
	p->gates = p->chains[0]->handover_inside || shares_state(p);
	for (unsigned int i = 0; i < p->nordered && p->gates; i++)
		for (unsigned int k = 0; k < p->order[i]->live; k++)
			gate_rule(p, &p->order[i]->rules[k]);
}

const char *plan_state_decides(const struct plan *p, const struct pred *r)
{
	return p->gates && pred_is_bucket(r) ? NULL : pred_has_state(r);
}

/*
 * A packet for which something was counted here and that a later rule hands
 * over would be counted by nft again, and one that is handed over earlier is
 * counted by nft only. So such a match is itself the hand-over point; one that
 * has no memory, if a hand-over can follow. True: one was found.
 */
static bool demote_state(const struct plan *p, struct plan_chain *c,
			 unsigned int i)
{
	struct plan_rule *r = &c->rules[i];
	const struct pred *pred;
	unsigned int k = 0;

	while (k < r->npreds && !plan_state_decides(p, &r->preds[k]))
		k++;
	if (k == r->npreds)
		return false;
	pred = &r->preds[k];
	if (remembers(pred) && p->gates)
		plan_hand_over_at(r, k, "match %s, %s", pred_has_state(pred),
				  why(pred));
	else if (p->may_overflow || plan_rest_hands_over(c, i) ||
		 c->handover_after)
		plan_hand_over_at(r, k,
				  "match %s, as a hand-over can follow it",
				  pred_has_state(pred));
	else
		return false;
	return true;
}

void plan_gates(struct plan *p)
{
	bool again;

	gate_limits(p);
	do {
		again = false;
		plan_find_handovers(p);
		for (unsigned int i = 0; i < p->nordered; i++)
			for (unsigned int k = 0; k < p->order[i]->live; k++)
				again |= demote_state(p, p->order[i], k);
	} while (again);
}
