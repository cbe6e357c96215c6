/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growable byte/string buffer. Allocation failure is sticky: checked once, at
 * the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* always NUL-terminated once anything was added */
	size_t len, cap;
	bool failed; /* an allocation failed; what was added since is lost */
};

#define BUF_INIT                                                               \
	{                                                                      \
		0                                                              \
	}

/* Append; the content is the caller's and is copied. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Makes room for @len more bytes and returns where they go, NULL on failure;
 * b->len grows. */
void *buf_extend(struct buf *b, size_t len);
/* Forgets the content, keeps the memory. */
void buf_reset(struct buf *b);
/* Frees the memory and leaves an empty buffer, which may be used again. */
void buf_free(struct buf *b);

#endif
