/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the command line parser: its state, shared by args*.c. */
#ifndef FRONTEND_ARGS_H
#define FRONTEND_ARGS_H

#include "iptables-bpf/command.h"
#include "iptables-bpf/options.h"
#include "iptables-bpf/xt_rule.h"

struct args {
	const struct family_ops *ops;
	int argc;
	char **argv;
	bool restore;
	bool translate; /* nothing is checked that only the kernel minds */
	struct command *cmd;
	struct err *e;

	bool invert;	       /* a `!' waits for its option */
	unsigned int commands; /* CMDF_* seen */
	unsigned int options;  /* OPTF_* seen */
	bool table_set, wait_set, interval_set;
	const char *table, *chain, *new_name, *policy;
	const char *source, *destination; /* as given */
	struct core_match core;		  /* all but the addresses */
	bool is_goto;
	struct xt_rule xt;
	struct address_list {
		union model_addr *addrs, *masks;
		unsigned int n;
	} src, dst;
};

/*
 * What a handler returns besides 0 (go on) and negative errnos. ARGS_DONE:
 * nothing is left to parse or to run (help, version, a line for the other
 * family); ARGS_REREAD: call getopt again, a pending `!' stays.
 */
#define ARGS_DONE   1
#define ARGS_REREAD 2

/* The handler of getopt's option @c, NULL when none of iptables' own. */
typedef int (*args_handler)(struct args *a);
args_handler args_command_handler(int c);
args_handler args_option_handler(int c);

/* Bad command line: -EINVAL with the message in a->e. */
int args_fail(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "Try `iptables -h' ..." alone, or after the line @fmt. */
int args_fail_plain(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether the next word is an argument: it does not begin with '-' or '!'. */
bool args_has_word(const struct args *a);
/* Takes it. */
char *args_word(struct args *a);

/* After the last option: checks that take the whole line into account, then
 * a->cmd is filled. */
int args_finish(struct args *a);

/* Prints -h's text. */
void args_help(struct args *a);

#endif
