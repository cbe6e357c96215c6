/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved file while it is parsed, and what it became: one transaction per
 * table. The scanner (restore_scanner.l) knows lines and words, the grammar
 * (restore_grammar.y) the order of lines; both call the functions here.
 */
#ifndef FRONTEND_RESTORE_FILE_H
#define FRONTEND_RESTORE_FILE_H

#include <setjmp.h>
#include <stdio.h>

#include "iptables-bpf/command.h"
#include "iptables-bpf/restore_words.h"
#include "iptables-bpf/transaction.h"

struct restore_options {
	bool counters; /* take the file's counters */
	bool noflush;
	bool test; /* parse and forget */
	int verbose;
	const char *table; /* only this one, NULL: all */
};

/* From "*table" to COMMIT. */
struct restore_table {
	struct list node; /* in restore_file.tables */
	char name[MODEL_TABLE_NAME_LEN];
	struct transaction transaction;
	struct buf comments; /* that stand before its COMMIT; -v shows them,
				first */
};

struct restore_file {
	struct frontend *fe;
	const struct restore_options *options;
	struct list tables; /* of struct restore_table, in the file's order */
	struct restore_table *current; /* NULL between tables */
	struct buf comments;	       /* since the last COMMIT */
	bool stop; /* a line asked for --version or --help: the rest does not
		      count */

	/* The scanner's: */
	int line;	/* of the last line begun, from 1 */
	bool in_table;	/* inside a table we want */
	bool skipping;	/* inside, or behind, one that --table leaves out */
	int read_error; /* errno, when the input could not be read to its end */
	struct words words;
	jmp_buf out_of_memory; /* where it goes when it cannot go on */

	struct err *e; /* what went wrong, with its line */
	int ret;       /* 0 or negative errno */
};

void restore_file_init(struct restore_file *f, struct frontend *fe,
		       const struct restore_options *options, struct err *e);
void restore_file_clear(struct restore_file *f);

/*
 * Parses all of @in. Returns 0, or a negative errno with f->e filled in the
 * words of iptables-restore; nothing has been sent in either case.
 */
int restore_file_parse(struct restore_file *f, FILE *in);

/* ---- for scanner and grammar; each returns 0 or a negative errno (then also
 * in f->ret) ---- */

/* Notes that @ret, whose message is in f->e, happened in line @line. */
int restore_failed(struct restore_file *f, int line, int ret);

/* A rule line begins: the words that iptables-restore itself puts first.
 * @counters: "1:2" or NULL. */
int restore_rule_begin(struct restore_file *f, char *counters);
int restore_rule(struct restore_file *f, int line);

/* "*NAME": checks it; @wanted: and begins a transaction. */
int restore_table_begin(struct restore_file *f, const char *name, bool wanted,
			int line);
void restore_comment(struct restore_file *f, const char *text);
void restore_table_commit(struct restore_file *f, int line);
/* ":NAME POLICY [COUNTERS]"; what is missing is NULL. */
int restore_chain(struct restore_file *f, const char *name, const char *policy,
		  const char *counters, int line);
/* A line outside of any table. */
int restore_stray_line(struct restore_file *f, int line);

#endif
