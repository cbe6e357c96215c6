/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C source -> BPF object: clang, and the cache of what it made before. */
#ifndef LOADER_CLANG_H
#define LOADER_CLANG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* A usable clang's absolute path, NULL when there is none. The environment has
 * no say. */
const char *clang_find(void);
/* What to do when clang_find() finds none. */
#define CLANG_MISSING "clang not found: apt install clang"

/* What the compiler says of itself when its flags or version change: the first
 * line of every source. */
int clang_stamp(struct buf *out);

struct clang_result {
	struct buf object; /* the ELF file */
	unsigned int ms;   /* clang's time; 0 on a hit */
	bool hit;
};

/*
 * Compiles @source (which begins with the stamp), or takes the object of an
 * earlier compilation of the very same source from the cache. An unusable cache
 * only costs time. Temporary files go to @dir, which only the caller may write.
 * @out->object belongs to the caller, also after a failure.
 */
int clang_compile(const char *dir, const struct buf *source,
		  struct clang_result *out, struct err *e);
/* Removes what a killed compilation has left in @dir. */
void clang_tidy(const char *dir);

#endif
