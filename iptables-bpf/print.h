/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules, chains and tables as text: -L, -S, -save, -v after a change. Plugins
 * print with printf, so everything here goes to stdout, in order.
 */
#ifndef FRONTEND_PRINT_H
#define FRONTEND_PRINT_H

#include <stdio.h>

#include "iptables-bpf/command.h"

struct list_options {
	bool verbose, numeric, exact, line_numbers;
};

/*
 * Whether every extension of @r has a plugin that can print it; the error is
 * the one iptables gives for a rule it cannot decode. To be asked before a rule
 * is printed.
 */
int print_check_rule(const struct rule *r, struct err *e);

/* "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)" and the column heads. */
void print_chain_header(const struct chain *c, const struct list_options *o);
/* One rule as -L prints it. @num: its number. */
void print_rule_list(const struct family_ops *ops, const struct rule *r,
		     unsigned int num, const struct list_options *o);
/* The -v echo after -A, -D …: "ACCEPT  tcp opt -- in * out * ..." as stock
 * prints it. */
void print_rule_echo(const struct family_ops *ops, const struct rule *r);

enum save_counters {
	SAVE_NO_COUNTERS,
	SAVE_COUNTERS_PREFIX, /* "[1:2] -A …", iptables-save -c */
	SAVE_COUNTERS_OPTION, /* "… -c 1 2", -S -v */
};
/* "-A INPUT -s … -j ACCEPT" and a newline, as -S and -save print it. */
void print_rule_save(const struct family_ops *ops, const struct chain *c,
		     const struct rule *r, enum save_counters counters);
/* The same as another command, "-D INPUT …", in a chain of any name. */
void print_rule_command(const struct family_ops *ops, char command,
			const char *chain, const struct rule *r,
			enum save_counters counters);

/* Whole -L / -S output of a table or one of its chains; fetches what it needs.
 */
int print_list(struct frontend *fe, const struct command *cmd, struct err *e);
int print_list_rules(struct frontend *fe, const struct command *cmd,
		     struct err *e);
/* The same from a ruleset that the caller has; BPF's counters already merged.
 */
int print_list_ruleset(const struct family_ops *ops, const struct command *cmd,
		       const struct ruleset *rs, struct err *e);
int print_list_rules_ruleset(const struct family_ops *ops,
			     const struct command *cmd,
			     const struct ruleset *rs, struct err *e);

/* A table as iptables-save prints it, from "*filter" to "COMMIT". @t NULL: it
 * does not exist (yet). */
int print_table_save(const struct family_ops *ops, const char *name,
		     const struct table *t, bool counters, struct err *e);

/* "ACCEPT" or "DROP" for a base chain, NULL for others. */
const char *chain_policy_name(const struct chain *c);

/*
 * The chains of @t in the order iptables shows them: builtin ones by hook, then
 * the others by name. Base chains that are none of iptables' are left out. The
 * caller frees the array; NULL when out of memory.
 */
struct chain **chains_in_order(const struct table *t, unsigned int *n);

#endif
