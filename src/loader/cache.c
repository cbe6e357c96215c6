// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/hash.h"
#include "loader/place.h"
#include "loader/sys.h"

#define CACHE_MAX_FILES 1024 /* two per object */

int cache_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = sys_write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

int cache_read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err = 0;
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = -errno;
			break;
		}
		buf_add(out, chunk, n);
	}
	close(fd);
	return !err && out->failed ? -ENOMEM : err;
}

int cache_write_file(const char *path, const void *data, size_t len)
{
	char tmp[PATH_MAX];
	int fd, err;

	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = cache_write_all(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

/*
 * The cache directory, when it can be trusted: whoever can write an object
 * there decides over packets.
 */
static bool usable(void)
{
	struct stat st;

	if (mkdir(PLACE_CACHE, 0700) && errno != EEXIST)
		return false;
	return !lstat(PLACE_CACHE, &st) && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static void name(char *buf, size_t len, const struct buf *source,
		 const char *suffix)
{
	snprintf(buf, len, PLACE_CACHE "/%016" PRIx64 ".%s",
		 hash_add(HASH_INIT, source->data, source->len), suffix);
}

/* Source and object are two files: taken and replaced together. */
static int lock_cache(int how)
{
	int fd = -1;

	if (usable())
		fd = open(PLACE_CACHE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, how)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int get(const struct buf *source, struct buf *object)
{
	struct buf old = BUF_INIT;
	char path[PLACE_PATH_LEN];
	int err;

	name(path, sizeof(path), source, "c");
	err = cache_read_file(path, &old);
	if (!err &&
	    (old.len != source->len || memcmp(old.data, source->data, old.len)))
		err = -ENOENT;
	buf_free(&old);
	if (err)
		return -ENOENT;
	name(path, sizeof(path), source, "o");
	buf_reset(object);
	err = cache_read_file(path, object);
	if (err || !object->len) {
		buf_reset(object);
		return -ENOENT;
	}
	utimensat(AT_FDCWD, path, NULL, 0); /* used lately */
	return 0;
}

int cache_get(const struct buf *source, struct buf *object)
{
	int lock = lock_cache(LOCK_SH), err;

	if (lock < 0)
		return -ENOENT;
	err = get(source, object);
	close(lock);
	return err;
}

struct aged {
	char name[32];
	struct timespec when;
};

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct aged *)a)->when;
	const struct timespec *y = &((const struct aged *)b)->when;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Removes the older half of the files when there are too many. */
static void evict(void)
{
	struct aged *files = NULL, *more;
	unsigned int n = 0, i;
	struct dirent *d;
	struct stat st;
	DIR *dir = opendir(PLACE_CACHE);

	if (!dir)
		return;
	while ((d = readdir(dir))) {
		if (strlen(d->d_name) >= sizeof(files->name) ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		more = realloc(files, (n + 1) * sizeof(*files));
		if (!more)
			break;
		files = more;
		strcpy(files[n].name, d->d_name);
		files[n++].when = st.st_mtim;
	}
	if (n > CACHE_MAX_FILES) {
		qsort(files, n, sizeof(*files), by_age);
		for (i = 0; i < n / 2; i++)
			unlinkat(dirfd(dir), files[i].name, 0);
	}
	free(files);
	closedir(dir);
}

void cache_put(const struct buf *source, const struct buf *object)
{
	char path[PLACE_PATH_LEN], object_path[PLACE_PATH_LEN];
	int lock = lock_cache(LOCK_EX);

	if (lock < 0)
		return;
	name(path, sizeof(path), source, "c");
	name(object_path, sizeof(object_path), source, "o");
	/* The source vouches for the object, so it goes first and comes last.
	 */
	unlink(path);
	if (!cache_write_file(object_path, object->data, object->len))
		cache_write_file(path, source->data, source->len);
	evict();
	close(lock);
}

static bool is_special(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

void cache_empty_dir(const char *path, bool (*keep)(const char *name))
{
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (!is_special(d->d_name) && !(keep && keep(d->d_name)))
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}
