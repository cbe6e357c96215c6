/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object cache: /var/cache/iptables-bpf/HASH.c and HASH.o. A hit is a
 * source equal byte for byte; the hash only names the files.
 */
#ifndef LOADER_CACHE_H
#define LOADER_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Returns 0 and appends the object to @object, or -ENOENT. */
int cache_get(const struct buf *source, struct buf *object);
/* Best effort. Removes the oldest objects when there are many. */
void cache_put(const struct buf *source, const struct buf *object);

/* Helpers for small files: negative errno. */
int cache_write_all(int fd, const void *data, size_t len);
int cache_read_file(const char *path, struct buf *out);
/* Replaces @path as a whole or not at all. */
int cache_write_file(const char *path, const void *data, size_t len);
/* Removes the files of a directory but those that @keep (may be NULL) is true
 * for. Best effort. */
void cache_empty_dir(const char *path, bool (*keep)(const char *name));

#endif
