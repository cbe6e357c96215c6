// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/hash.h"
#include "loader/objects.h"

static bool is_roots(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Nor may anybody put another directory in its place. */
static bool is_path_roots(const char *dir)
{
	char path[PATH_MAX], *end;
	struct stat st;

	if (!realpath(dir, path))
		return false;
	do {
		if (stat(*path ? path : "/", &st) ||
		    !(is_roots(&st) ||
		      (st.st_uid == 0 && st.st_mode & S_ISVTX)))
			return false;
		end = strrchr(path, '/');
		if (end)
			*end = '\0';
	} while (end);
	return true;
}

int objects_check_dir(const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st))
		return err_set(e, ERR_OTHER, errno, "object directory %s: %s",
			       dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_OTHER, ENOTDIR,
			       "object directory %s: not a directory", dir);
	if (!is_roots(&st) || !is_path_roots(dir))
		return err_set(e, ERR_OTHER, EPERM,
			       "object directory %s: it must be root's, and "
			       "nobody else may write to it or to what it lies "
			       "in (chown root, chmod go-w)",
			       dir);
	return 0;
}

static void name(char *buf, size_t len, const char *dir, const char *source,
		 size_t source_len, const char *suffix)
{
	snprintf(buf, len, "%s/%016" PRIx64 ".%s", dir,
		 hash_add(HASH_INIT, source, source_len), suffix);
}

/* A file of the directory that only root can write. */
static int read_roots(const char *path, struct buf *out)
{
	struct stat st;

	if (lstat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !is_roots(&st))
		return -EPERM;
	return cache_read_file(path, out);
}

static int get_from(const char *dir, const char *source, size_t len,
		    struct buf *object)
{
	struct buf have = BUF_INIT;
	char path[PATH_MAX];
	int err;

	if (objects_check_dir(dir, NULL))
		return -ENOENT;
	name(path, sizeof(path), dir, source, len, "c");
	err = read_roots(path, &have);
	if (!err && (have.len != len || memcmp(have.data, source, len)))
		err = -ENOENT;
	buf_free(&have);
	if (err)
		return -ENOENT;
	name(path, sizeof(path), dir, source, len, "o");
	buf_reset(object);
	if (read_roots(path, object) || !object->len) {
		buf_reset(object);
		return -ENOENT;
	}
	return 0;
}

int objects_get(const char *source, size_t len, struct buf *object)
{
	const char *dir = getenv(OBJECTS_ENV);

	if (dir && *dir && !get_from(dir, source, len, object))
		return 0;
	return get_from(OBJECTS_DEFAULT, source, len, object);
}

int objects_put(const char *dir, const char *source, size_t len,
		const struct buf *object, char *path, size_t path_len)
{
	char source_path[PATH_MAX];
	int err;

	name(source_path, sizeof(source_path), dir, source, len, "c");
	name(path, path_len, dir, source, len, "o");
	/* The source vouches for the object, so it goes first and comes last.
	 */
	unlink(source_path);
	err = cache_write_file(path, object->data, object->len);
	if (!err)
		err = cache_write_file(source_path, source, len);
	return err;
}
