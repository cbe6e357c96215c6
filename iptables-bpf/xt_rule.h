/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule's extensions while its command line is read: plugins loaded by -m, -j
 * and -p, their options merged into getopt's, their parse and final-check
 * callbacks. To be used inside xt_guarded(): everything here may leave through
 * the exit callback; xt_rule_end() cleans up in either case.
 */
#ifndef FRONTEND_XT_RULE_H
#define FRONTEND_XT_RULE_H

#include <getopt.h>
#include <stdbool.h>

#include <xtables.h>

#include "iptables-bpf/family.h"
#include "model/model.h"

struct xt_rule {
	const struct family_ops *ops;
	struct xtables_rule_match *matches;
	struct xtables_target *target;
	const char *jump;     /* -j or -g, as given; NULL: none */
	const char *protocol; /* -p, as given in lower case; NULL: none */
	bool protocol_loaded; /* its match was loaded implicitly */
	bool numeric; /* -n came before: no look-ups of protocol names */
	union family_entry entry;
};

/* Resets what the last rule left in the plugins and in getopt's options. */
void xt_rule_begin(struct xt_rule *xr, const struct family_ops *ops);
/* The options getopt_long() is to know now: iptables' and those of the
 * extensions so far. */
const struct option *xt_rule_options(void);

/* -m @name */
void xt_rule_match(struct xt_rule *xr, const char *name);
/* -j @name: an extension target, a verdict or else a chain. @name must live as
 * long as @xr. */
void xt_rule_jump(struct xt_rule *xr, const char *name);
/* -g @name */
void xt_rule_goto(struct xt_rule *xr, const char *name);

enum xt_option {
	XT_OPTION_TAKEN,   /* an extension parsed it */
	XT_OPTION_REREAD,  /* the protocol's match was loaded: run getopt on the
			      same word again */
	XT_OPTION_UNKNOWN, /* nobody's */
};
/* Offers option @c, as getopt returned it (optarg, optind are set), to the
 * extensions. */
enum xt_option xt_rule_option(struct xt_rule *xr, int c, char **argv,
			      bool invert);

/* The plugins' final checks. */
void xt_rule_check(struct xt_rule *xr);
/* Help of the extensions named so far, on stdout. */
void xt_rule_help(struct xt_rule *xr);
/* Adds what was parsed to @r: matches and target, jump or goto. 0 or -ENOMEM.
 */
int xt_rule_to_model(const struct xt_rule *xr, bool is_goto, struct rule *r);
/* Frees what the plugins hold for this rule. */
void xt_rule_end(struct xt_rule *xr);

/* Fails unless @name can be a chain's: length, first character, no target's
 * name, no spaces. */
void xt_check_chain_name(const char *name);

#endif
