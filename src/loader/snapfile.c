// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/hash.h"
#include "loader/snapfile.h"
#include "loader/sys.h"

#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"
#define NF_TABLES "/sys/module/nf_tables"

#define SLACK (1u << 20) /* bytes of history that do not matter */
#define TRIES 3

static void path_of(const struct place *p, char *path, size_t len)
{
	place_file(p, path, len, "rules");
}

/*
 * sysfs gives every directory it makes another inode number; where nf_tables is
 * built in, or nobody may look, it is the same always.
 */
uint64_t snapfile_world(const struct place *p)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	uint64_t module = 0, h = HASH_INIT;
	char boot[64];
	struct stat st;
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, boot, sizeof(boot));
		close(fd);
	}
	if (!stat(NF_TABLES, &st))
		module = st.st_ino;
	h = hash_add(h, boot, n > 0 ? (size_t)n : 0);
	h = hash_add(h, &p->cookie, sizeof(p->cookie));
	return hash_add(h, &module, sizeof(module));
}

bool snapfile_exists(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	path_of(p, path, sizeof(path));
	return !access(path, F_OK);
}

size_t snapfile_size(const struct place *p)
{
	char path[PLACE_PATH_LEN];
	struct stat st;

	path_of(p, path, sizeof(path));
	return stat(path, &st) ? 0 : (size_t)st.st_size;
}

/* ---- reading ---- */

static int read_all(int fd, struct buf *out)
{
	struct stat st;
	size_t left;
	ssize_t n;
	char *at;

	if (fstat(fd, &st))
		return -errno;
	left = (size_t)st.st_size;
	at = buf_extend(out, left);
	if (!at)
		return -ENOMEM;
	while (left) {
		n = pread(fd, at, left, st.st_size - (off_t)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

int snapfile_read(struct snapfile *f, const struct place *p, uint32_t gen)
{
	char path[PLACE_PATH_LEN];
	int fd, err;

	memset(f, 0, sizeof(*f));
	path_of(p, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	err = read_all(fd, &f->data);
	close(fd);
	if (!err)
		err = snap_open(&f->snap, f->data.data, f->data.len,
				snapfile_world(p), gen);
	return err;
}

void snapfile_close(struct snapfile *f)
{
	snap_close(&f->snap);
	buf_free(&f->data);
}

/* ---- writing ---- */

/* One write(): nobody else's bytes get in between. */
static int append_once(int fd, const struct buf *records)
{
	ssize_t n = sys_write(fd, records->data, records->len);

	if (n < 0)
		return -errno;
	return (size_t)n == records->len ? 0 : -ENOSPC;
}

/*
 * Whoever replaces the file looks at the old one again after that; so what was
 * written before is carried over, and who finds another file now writes again.
 * Twice is no harm.
 */
int snapfile_append(const struct place *p, const struct buf *records)
{
	char path[PLACE_PATH_LEN];
	struct stat mine, now;
	unsigned int i;
	int fd, err;

	path_of(p, path, sizeof(path));
	for (i = 0; i < TRIES; i++) {
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
		err = fstat(fd, &mine) ? -errno : append_once(fd, records);
		close(fd);
		if (err)
			return err;
		if (stat(path, &now))
			return -errno;
		if (now.st_ino == mine.st_ino && now.st_dev == mine.st_dev)
			return 0;
	}
	return -EAGAIN;
}

/* What the old file (@fd) has of commits since @gen. */
static int carry_over(const struct place *p, int fd, uint32_t gen)
{
	struct buf old = BUF_INIT, later = BUF_INIT;
	int err = read_all(fd, &old);

	if (!err)
		snap_copy_later(old.data, old.len, snapfile_world(p), gen,
				&later);
	if (!err && later.len)
		err = snapfile_append(p, &later);
	buf_free(&later);
	buf_free(&old);
	return err;
}

int snapfile_replace(const struct place *p, const struct buf *records,
		     uint32_t gen)
{
	char path[PLACE_PATH_LEN];
	int old, err;

	path_of(p, path, sizeof(path));
	old = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	err = cache_write_file(path, records->data, records->len);
	if (!err && old >= 0)
		carry_over(p, old, gen);
	if (old >= 0)
		close(old);
	return err;
}

void snapfile_remove(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	path_of(p, path, sizeof(path));
	unlink(path);
}

bool snapfile_is_bloated(size_t len, size_t live)
{
	return len > 2 * live + SLACK;
}

void snapfile_tidy(const struct place *p, const struct snap_state *st,
		   uint32_t gen)
{
	struct buf out = BUF_INIT;
	struct snap_record r;

	memset(&r, 0, sizeof(r));
	snap_state_write(st, &r);
	if (!snap_record_end(&r, snapfile_world(p), gen, gen, &out))
		snapfile_replace(p, &out, gen);
	buf_free(&out);
	snap_record_free(&r);
}
