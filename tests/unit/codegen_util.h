/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small rulesets by hand, for the tests of lowering, plan and printer. */
#ifndef TESTS_CODEGEN_UTIL_H
#define TESTS_CODEGEN_UTIL_H

#include <stddef.h>
#include <net/if.h> /* before any linux/if.h */
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_conntrack.h>

#include "base/buf.h"
#include "codegen/codegen.h"
#include "codegen/lower.h"
#include "model/model.h"

/* A ruleset with one table "filter" whose base chain is INPUT. */
struct fixture {
	struct ruleset rs;
	struct table *t;
	struct chain *base;
	struct plan *plan; /* of fixture_plan() */
};

void fixture_init(struct fixture *f, enum family family);
void fixture_clear(struct fixture *f);
struct chain *fixture_chain(struct fixture *f, const char *name);
/* Plans the base chain; a plan made before is freed. */
const struct plan *fixture_plan(struct fixture *f);

/*
 * A rule with a counter at the end of @c. @to: destination of a jump or goto,
 * target of ACTION_TARGET.
 */
struct rule *add_rule(struct chain *c, enum rule_action action, const char *to);

/* Conditions; they return the rule, to be chained. */
struct rule *with_proto(struct rule *r, unsigned int proto, bool invert);
/* "10.0.0.0", "255.0.0.0" or IPv6 addresses. */
struct rule *with_src(struct rule *r, const char *addr, const char *mask,
		      bool invert);
struct rule *with_dst(struct rule *r, const char *addr, const char *mask,
		      bool invert);
/* "eth0" or "eth+" */
struct rule *with_iif(struct rule *r, const char *name, bool invert);
struct rule *with_oif(struct rule *r, const char *name, bool invert);
struct rule *with_frag(struct rule *r, bool invert);

struct rule *with_match(struct rule *r, const char *name, unsigned int rev,
			bool native, const void *data, size_t size);
struct rule *with_tcp_dport(struct rule *r, unsigned int lo, unsigned int hi,
			    bool native);
struct rule *with_udp_sport(struct rule *r, unsigned int lo, unsigned int hi,
			    bool native);
struct rule *with_state(struct rule *r, unsigned int mask);
struct rule *with_limit(struct rule *r);
struct rule *with_comment(struct rule *r);
/* A match that no descriptor knows. */
struct rule *with_foreign(struct rule *r);

/* "proto==6 transport>=4 dport in 22-22": what lowering made of @r. */
void lowered_text(struct buf *out, enum family family, const struct rule *r);
/* Fails the test unless that is @want. Frees @r, which is in no chain. */
void expect_lowered(enum family family, struct rule *r, const char *want);

#endif
