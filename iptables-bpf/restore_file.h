/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved file while it is parsed. The scanner (restore_scanner.l) knows lines
 * and words, the grammar (restore_grammar.y) the order of lines; both call the
 * functions here, which check a line by itself. What is to become of it, the
 * sink decides.
 */
#ifndef FRONTEND_RESTORE_FILE_H
#define FRONTEND_RESTORE_FILE_H

#include <setjmp.h>
#include <stdio.h>

#include "iptables-bpf/command.h"
#include "iptables-bpf/restore_words.h"

struct restore_options {
	bool counters; /* take the file's counters */
	bool noflush;
	bool test; /* parse and forget */
	int verbose;
	const char *table; /* only this one, NULL: all */
	/* A table may also end where the next one begins, or the file. */
	bool implicit_commit;
};

struct restore_file;

/* Where a file's lines go. Each function returns 0 or a negative errno, with
 * f->e filled. */
struct restore_sink {
	int (*table)(struct restore_file *f, int line); /* f->table */
	int (*chain)(struct restore_file *f, const char *name,
		     const char *policy, const struct nft_counters *counters,
		     int line);
	/* A rule line, parsed from @argv; @cmd, from malloc(), is the sink's.
	 */
	int (*command)(struct restore_file *f, struct command *cmd, int argc,
		       char **argv);
	int (*comment)(struct restore_file *f, const char *text);
	int (*commit)(struct restore_file *f, int line);
};

struct restore_file {
	struct frontend *fe;
	const struct restore_options *options;
	const struct restore_sink *sink;
	void *sink_data;
	char table[MODEL_TABLE_NAME_LEN]; /* the one we are in */
	/* A line asked for --version or --help: what follows does not count. */
	bool stop;

	/* The scanner's: */
	int line;      /* of the last line begun, from 1 */
	bool in_table; /* inside a table we want */
	bool skipping; /* inside, or behind, one that --table leaves out */
	bool at_line_start, after_nul; /* of what was read last */
	int read_error; /* errno, when the input could not be read to its end */
	struct words words;
	jmp_buf out_of_memory; /* where it goes when it cannot go on */

	struct err *e; /* what went wrong, with its line */
	int ret;       /* 0 or negative errno */
};

/*
 * Parses all of @in, handing its lines to @f->sink. The caller has set the
 * members up to sink_data and e, and the others to 0. Returns 0, or a negative
 * errno with f->e filled in the words of iptables-restore.
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

/* "*NAME": checks it; @wanted: and enters it. */
int restore_table_begin(struct restore_file *f, const char *name, bool wanted,
			int line);
int restore_table_commit(struct restore_file *f, int line);
int restore_comment(struct restore_file *f, const char *text, int line);
/* ":NAME POLICY [COUNTERS]"; what is missing is NULL. */
int restore_chain(struct restore_file *f, const char *name, const char *policy,
		  const char *counters, int line);
/* A line outside of any table. */
int restore_stray_line(struct restore_file *f, int line);

#endif
