/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, chains and tables as text: -L, -S, -save, -v after a change. Plugins print through stdout. */
#ifndef FRONTEND_PRINT_H
#define FRONTEND_PRINT_H

#include <stdio.h>

#include "iptables-bpf/command.h"

struct list_options {
	bool verbose, numeric, exact, line_numbers;
};

/* "Chain INPUT (policy ACCEPT 0 packets, 0 bytes)" and the column heads, to stdout. */
void print_chain_header(const struct family_ops *ops, const struct table *t,
			const struct chain *c, const struct list_options *o);
/* One rule as -L prints it. @num: its number. */
void print_rule_list(const struct family_ops *ops, const struct rule *r,
		     unsigned int num, const struct list_options *o);
/* The -v echo after -A, -D …: "ACCEPT  tcp opt -- in * out * ..." as stock prints it. */
void print_rule_echo(const struct family_ops *ops, const struct rule *r);

enum save_counters {
	SAVE_NO_COUNTERS,
	SAVE_COUNTERS_PREFIX, /* "[1:2] -A …", iptables-save -c */
	SAVE_COUNTERS_OPTION, /* "… -c 1 2", -S -v */
};
/* "-A INPUT -s … -j ACCEPT" and a newline, as -S and -save print it. */
void print_rule_save(const struct family_ops *ops, const struct chain *c,
		     const struct rule *r, enum save_counters counters);
/* Whole -L / -S output of a table or one of its chains; @rulenum 0: all rules. */
int print_list(struct frontend *fe, const struct command *cmd, struct err *e);
int print_list_rules(struct frontend *fe, const struct command *cmd,
		     struct err *e);

/* The chains of @t in the order iptables shows them: builtin ones by hook, then by name. Caller frees the array. */
struct chain **chains_in_order(const struct table *t, unsigned int *n);

#endif
