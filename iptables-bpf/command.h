/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parsed command line, and what runs it. args.c turns argv into a struct command;
 * each command is one descriptor in its own cmd_*.c. Restore parses its rule
 * lines through the same function.
 */
#ifndef FRONTEND_COMMAND_H
#define FRONTEND_COMMAND_H

#include <stdbool.h>

#include "base/err.h"
#include "iptables-bpf/family.h"
#include "loader/loader.h"
#include "model/model.h"
#include "translate/nft.h"

/* One run of a front end: what used to be global. */
struct frontend {
	const struct family_ops *ops;
	const char *progname; /* as in messages: "iptables", "iptables-restore" */
	struct nft *nft;      /* opened on first use: frontend_nft() */
	struct loader_config loader;
	bool committed;	      /* something was committed: kick the loader at the end */
};

/* The connection, opened on first use; NULL with @e filled when that fails. */
struct nft *frontend_nft(struct frontend *fe, struct err *e);

enum command_id {
	CMD_NONE,
	CMD_APPEND,
	CMD_INSERT,
	CMD_REPLACE,
	CMD_DELETE,	/* by rule */
	CMD_DELETE_NUM, /* by number */
	CMD_CHECK,
	CMD_LIST,
	CMD_LIST_RULES,
	CMD_ZERO,
	CMD_ZERO_NUM,
	CMD_FLUSH,
	CMD_NEW_CHAIN,
	CMD_DELETE_CHAIN,
	CMD_RENAME_CHAIN,
	CMD_SET_POLICY,
	CMD_VERSION,
	CMD_HELP,
};

struct command {
	enum command_id id;
	bool also_zero;	      /* -L -Z, -S -Z */
	const char *table;    /* "filter" when none was given; points into argv or a literal */
	bool table_given;
	const char *chain;    /* NULL: none given */
	const char *new_name; /* -E */
	const char *policy;   /* -P */
	unsigned int rulenum; /* 0: none given */
	unsigned int verbose; /* how many -v */
	bool numeric, exact, line_numbers;
	bool counters_given;
	struct nft_counters counters; /* -c */
	/* -A -I -R -D -C: the rules, more than one for address lists (sources x destinations). */
	struct list rules; /* of struct rule; owned */
};

/*
 * Parses @argv (argv[0] is the program) into @cmd. In @restore mode the table
 * is given and -t, -L … are refused the way iptables-restore does. Errors as iptables words them.
 * command_clear() frees what @cmd owns. @argv must outlive @cmd.
 */
int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e);
void command_clear(struct command *cmd);

/* Runs one command as a transaction of its own; returns 0 or a negative errno with @e filled. */
int command_run(struct frontend *fe, const struct command *cmd, struct err *e);

/* Reports @e on stderr the way @fe's program does and returns the exit status. */
int frontend_report(const struct frontend *fe, const struct err *e);

/* The applets: argv as the user typed it, the exit status back. */
typedef int (*applet_fn)(const struct family_ops *ops, int argc, char **argv);
int applet_iptables(const struct family_ops *ops, int argc, char **argv);
int applet_save(const struct family_ops *ops, int argc, char **argv);
int applet_restore(const struct family_ops *ops, int argc, char **argv);

#endif
