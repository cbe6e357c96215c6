/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that take effect together: one command line, or the lines of a saved
 * file between "*table" and "COMMIT". Running a transaction fetches what its
 * commands need to know (nothing per line; not one rule when the table is
 * flushed first and no line asks by rule or number), builds one netlink batch
 * and commits it. When the ruleset changed meanwhile all of that is done again:
 * rule numbers are resolved on what is then there.
 */
#ifndef FRONTEND_TRANSACTION_H
#define FRONTEND_TRANSACTION_H

#include "base/err.h"
#include "base/list.h"
#include "iptables-bpf/command.h"

struct transaction {
	struct list commands; /* of struct command, all of one table */
	int line;	      /* where the saved file says COMMIT, 0: none */
};

/* An empty one; transaction_clear() frees what comes into it. */
void transaction_init(struct transaction *t);
/* Appends @cmd, from malloc() or command_new(); it is owned by @t from now on.
 * CMD_NONE is fine. */
void transaction_add(struct transaction *t, struct command *cmd);
/* Frees the commands; @t itself belongs to the caller and may be used again. */
void transaction_clear(struct transaction *t);

/*
 * Runs the commands in order and commits. Sets fe->committed. Returns 0
 * or a negative errno with @e filled (its line: the command's, or COMMIT's
 * where iptables-restore reports that one); the kernel's ruleset is then as it
 * was.
 */
int transaction_run(struct frontend *fe, struct transaction *t, struct err *e);
/* The same without the commit and without output: whether @t could be run, as
 * far as this side of the kernel knows. */
int transaction_check(struct frontend *fe, struct transaction *t,
		      struct err *e);

#endif
