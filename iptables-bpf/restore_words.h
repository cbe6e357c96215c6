/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of one line of a saved file, in one piece of memory that every line
 * uses again. They become the argv that the command line parser gets.
 */
#ifndef FRONTEND_RESTORE_WORDS_H
#define FRONTEND_RESTORE_WORDS_H

#include "base/buf.h"
#include "base/err.h"

/* iptables-restore's limits: arguments of a line, its own included, and bytes
 * of one, with the NUL. */
#define RESTORE_MAX_ARGS    254
#define RESTORE_MAX_ARG_LEN 1024

struct words {
	struct buf text;
	size_t start; /* of the word being collected */
	size_t offset[RESTORE_MAX_ARGS];
	char *argv[RESTORE_MAX_ARGS + 1];
	int argc;
};

/* Forgets all words, keeps the memory; all zero before the first time.
 * words_free() frees it. */
void words_reset(struct words *w);
void words_free(struct words *w);

/* Adds to the word being collected. Errors: too long (ERR_PARAMETER), out of
 * memory. */
int words_append(struct words *w, const char *s, size_t len, struct err *e);
/* Ends it. @even_empty: also when nothing was collected ("" in the file). */
int words_end(struct words *w, bool even_empty, struct err *e);
/* A whole word. */
int words_add(struct words *w, const char *s, struct err *e);

/* NULL-terminated, w->argc strings; writable, valid until words_reset(). */
char **words_argv(struct words *w);

#endif
