/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A parsed command line, and what runs it. args.c turns argv into a struct
 * command; each command is one descriptor in its own cmd_*.c. Restore parses
 * its rule lines through the same function.
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
	const char
		*progname; /* as in messages: "iptables", "iptables-restore" */
	struct nft *nft;   /* opened on first use: frontend_nft() */
	struct loader_config loader;
	struct loader_snapshot snapshot;
	bool committed; /* something was committed: kick the loader at the end
			 */
	bool restore;	/* iptables-restore: other error wording, other options
			   refused */
	bool translate; /* to nft text only: what only the kernel minds is no
			   error */
};

/* Opens nothing yet; @fe is the caller's. frontend_close() kicks the loader
 * when something was committed. */
void frontend_init(struct frontend *fe, const struct family_ops *ops,
		   const char *progname);
void frontend_close(struct frontend *fe);

/* The connection, opened on first use; NULL with @e filled when that fails. */
struct nft *frontend_nft(struct frontend *fe, struct err *e);

/* The place of our network namespace; NULL while nobody has looked. */
const struct place *frontend_place(const struct frontend *fe);

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
	/* What only a saved file can say. */
	CMD_FLUSH_TABLE,   /* "*table" without --noflush: the table starts empty
			    */
	CMD_RESTORE_CHAIN, /* ":chain policy [p:b]": flush it, or create it, or
			      set its policy */
	/* Done by command_parse itself, on stdout; nothing is left to run. */
	CMD_VERSION,
	CMD_HELP,
};

struct command {
	struct list node; /* in transaction.commands */
	int line;	  /* of the saved file it comes from, 0: none */
	enum command_id id;
	bool also_zero;	     /* -L -Z, -S -Z */
	bool also_zero_rule; /* … and of -Z the rule number was given: only that
				rule */
	/* The strings are copies that @names owns. */
	char *names;
	const char *table; /* "filter" when none was given */
	bool table_given;
	const char *chain;    /* NULL: none given */
	const char *new_name; /* -E */
	const char *policy; /* -P: "ACCEPT", "DROP"; in a saved file also "-" */
	unsigned int rulenum; /* 0: none given */
	unsigned int verbose; /* how many -v */
	bool numeric, exact, line_numbers;
	bool counters_given;
	struct nft_counters counters; /* -c */
	/* -A -I -R -D -C: the rules, more than one for address lists (sources x
	 * destinations). */
	struct list rules; /* of struct rule; owned */
};

/*
 * Parses @argv (argv[0] is the program) into @cmd. In @restore mode @argv is
 * what iptables-restore makes of a rule line: { program, "-t", table, ["-v",]
 * ["--set-counters", p, b,] words … }; a second -t, -w and -W are refused, a
 * line for the other family (-4, -6) becomes CMD_NONE. Errors as iptables words
 * them. Writes into @argv's strings as getopt and plugins do; nothing points
 * into them afterwards. command_clear() frees what @cmd owns.
 */
int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e);
void command_clear(struct command *cmd);

/* Makes @cmd's names copies of these (NULL: none). 0 or -ENOMEM. */
int command_set_names(struct command *cmd, const char *table, const char *chain,
		      const char *new_name, const char *policy);
/* A command that no argv stands for (CMD_FLUSH_TABLE, CMD_RESTORE_CHAIN);
 * @chain, @policy may be NULL. NULL: out of memory. */
struct command *command_new(enum command_id id, const char *table,
			    const char *chain, const char *policy);

/* Runs one command as a transaction of its own; returns 0 or a negative errno
 * with @e filled. */
int command_run(struct frontend *fe, struct command *cmd, struct err *e);

/* Reports @e on stderr the way @fe's program does and returns the exit status.
 */
int frontend_report(const struct frontend *fe, const struct err *e);

/* The applets: argv as the user typed it, the exit status back. */
typedef int (*applet_fn)(const struct family_ops *ops, int argc, char **argv);
int applet_iptables(const struct family_ops *ops, int argc, char **argv);
int applet_save(const struct family_ops *ops, int argc, char **argv);
int applet_restore(const struct family_ops *ops, int argc, char **argv);
int applet_translate(const struct family_ops *ops, int argc, char **argv);
int applet_restore_translate(const struct family_ops *ops, int argc,
			     char **argv);
int applet_monitor(const struct family_ops *ops, int argc, char **argv);

#endif
