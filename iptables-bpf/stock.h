/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depends on the version of iptables that we stand in for: that of the
 * libxtables we were built with. One row a version, in stock.c; nothing else in
 * the front ends knows versions.
 */
#ifndef FRONTEND_STOCK_H
#define FRONTEND_STOCK_H

#include <stdbool.h>

struct stock {
	const char *since; /* version: the row is for it and what came after */

	/* Messages. */
	bool names_options;    /* "--jump" instead of "-j" */
	bool names_letters;    /* --exact=x, which takes no x: "-x" */
	const char *repeated;  /* %s: an option */
	const char *wrong_way; /* %s, %s: -i or -o, the chain */
	/* %s, %d: the name, IFNAMSIZ; NULL: libxtables words it */
	const char *long_interface;

	/* What is printed. */
	bool lists_names; /* -L -n shows protocols by name */
	/* -S and -save ask /etc/protocols for those that iptables itself has no
	 * name for */
	bool saves_names;
	bool translates_index;	 /* -translate -I CHAIN NUMBER: "index" */
	bool translates_aliases; /* … knows a protocol's other names */
	bool monitors_programs;	 /* xtables-monitor: "iptables -t", not "-4 -t"
				  */

	/* What is accepted. */
	bool has_option_b;	     /* -b, of no meaning */
	bool deletes_decimal;	     /* -D CHAIN NUMBER: not octal, not hex */
	bool forgets_any_port;	     /* any_port.h */
	bool jumps_continue;	     /* -j CONTINUE: no target */
	bool checks_new_name;	     /* -E as -N */
	bool checks_policy_counters; /* restore: also where not asked for */
	bool zeroes_absent_chains;   /* -Z: builtin ones that were not made */
	bool zero_needs_rule;	     /* -Z CHAIN NUMBER: of a rule */
};

/* The row of the iptables that we were built to stand in for; never NULL. */
const struct stock *stock_iptables(void);

#endif
