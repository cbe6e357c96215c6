/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of iptables itself: names, letters, which go together. */
#ifndef FRONTEND_OPTIONS_H
#define FRONTEND_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "base/err.h"

/* For getopt_long(); libxtables appends the extensions' options to a copy (and
 * wants it writable). */
extern struct option options_table[];
/* Leading '-': words that are no option arrive as option 1, in order; then ':'
 * for a missing argument. */
extern const char options_short[];

/* Commands that were given; more than one only for -Z with -L or -S. */
enum command_flag {
	CMDF_INSERT = 1 << 0,
	CMDF_DELETE = 1 << 1,
	CMDF_DELETE_NUM = 1 << 2,
	CMDF_REPLACE = 1 << 3,
	CMDF_APPEND = 1 << 4,
	CMDF_LIST = 1 << 5,
	CMDF_FLUSH = 1 << 6,
	CMDF_ZERO = 1 << 7,
	CMDF_NEW_CHAIN = 1 << 8,
	CMDF_DELETE_CHAIN = 1 << 9,
	CMDF_SET_POLICY = 1 << 10,
	CMDF_RENAME_CHAIN = 1 << 11,
	CMDF_LIST_RULES = 1 << 12,
	CMDF_ZERO_NUM = 1 << 13,
	CMDF_CHECK = 1 << 14,
};
#define CMDF_WITH_RULE                                                         \
	(CMDF_INSERT | CMDF_DELETE | CMDF_REPLACE | CMDF_APPEND | CMDF_CHECK)

/* Options that were given, in the order in which conflicts are reported. */
enum option_flag {
	OPTF_NUMERIC = 1 << 0,
	OPTF_SOURCE = 1 << 1,
	OPTF_DESTINATION = 1 << 2,
	OPTF_PROTOCOL = 1 << 3,
	OPTF_JUMP = 1 << 4,
	OPTF_VERBOSE = 1 << 5,
	OPTF_EXACT = 1 << 6,
	OPTF_IN = 1 << 7,
	OPTF_OUT = 1 << 8,
	OPTF_LINE_NUMBERS = 1 << 9,
	OPTF_COUNTERS = 1 << 10,
	OPTF_FRAGMENT = 1 << 11,
};

/* The letter of the lowest command in @flags, for messages. */
char command_letter(unsigned int flags);
/* The lowest option in @flags as messages name it: "-j" or "--jump". */
const char *option_text(unsigned int flags);
/* The CORE_INV_* bit that `!' before the option sets, 0 when it may not have
 * one. */
unsigned int option_inverse(enum option_flag flag);
/* Whether all @options may be used with at least one of @commands; fills @e
 * when not. */
int options_check(unsigned int commands, unsigned int options, struct err *e);

#endif
