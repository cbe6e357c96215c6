// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "loader/boot.h"
#include "loader/cache.h"
#include "loader/place.h"
#include "loader/reap.h"
#include "loader/remove.h"

#define INTERVAL_MS 2000

/* A set of namespace inode numbers. */
struct inodes {
	pid_t except[2]; /* processes that do not count; 0: none */
	uint64_t *ino;
	unsigned int n;
};

static bool inodes_have(const struct inodes *set, uint64_t ino)
{
	unsigned int i;

	for (i = 0; i < set->n; i++)
		if (set->ino[i] == ino)
			return true;
	return false;
}

static int inodes_add(struct inodes *set, uint64_t ino)
{
	uint64_t *more;

	if (inodes_have(set, ino))
		return 0;
	more = realloc(set->ino, (set->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	set->ino = more;
	set->ino[set->n++] = ino;
	return 0;
}

/* The namespaces of all threads: one may have entered another than its process
 * did. */
static int add_threads(struct inodes *used, const char *pid)
{
	char path[280];
	struct dirent *d;
	struct stat st;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!err && (d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%.20s/ns/net", d->d_name);
		if (!fstatat(dirfd(dir), path, &st, 0))
			err = inodes_add(used, st.st_ino);
	}
	closedir(dir);
	return err;
}

static int add_processes(struct inodes *used)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int err = 0;

	if (!proc)
		return -errno;
	while (!err && (d = readdir(proc)))
		if (isdigit((unsigned char)d->d_name[0]) &&
		    atoi(d->d_name) != used->except[0] &&
		    atoi(d->d_name) != used->except[1])
			err = add_threads(used, d->d_name);
	closedir(proc);
	return err;
}

/* `ip netns add' and container runtimes keep a namespace by mounting it: "...
 * net:[4026532] /run/netns/x ... - nsfs ..." */
static int add_mounts(struct inodes *used)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *at;
	size_t len = 0;
	uint64_t ino;
	int err = 0;

	if (!f)
		return -errno;
	while (!err && getline(&line, &len, f) > 0) {
		at = strstr(line, " net:[");
		if (at && sscanf(at, " net:[%" SCNu64 "]", &ino) == 1)
			err = inodes_add(used, ino);
	}
	free(line);
	fclose(f);
	return err;
}

static bool read_netns(const struct place *p, uint64_t *ino)
{
	char path[PLACE_PATH_LEN];
	struct buf text = BUF_INIT;
	bool ok;

	place_file(p, path, sizeof(path), "netns");
	ok = !cache_read_file(path, &text) && text.data &&
	     sscanf(text.data, "%" SCNu64, ino) == 1;
	buf_free(&text);
	return ok;
}

static void reap_one(const struct place *p)
{
	int lock = place_lock(p, "lock", false);

	if (lock < 0 && lock != -ENOENT)
		return; /* a sync is in it: it lives */
	remove_namespace(p);
	if (lock >= 0)
		close(lock);
}

/* One namespace other than the machine's that has left something here. */
struct candidate {
	struct place place;
	uint64_t ino;
	bool used; /* or nobody knows */
};

struct candidates {
	struct candidate *c;
	unsigned int n;
};

static int add_candidate(struct candidates *all, const struct place *p)
{
	struct candidate *more;

	more = realloc(all->c, (all->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	all->c = more;
	more += all->n++;
	*more = (struct candidate){.place = *p};
	more->used = !read_netns(p, &more->ino);
	return 0;
}

static int find_candidates(struct candidates *all, const struct place *own)
{
	bool own_is_machine = place_is_machine_netns(own);
	struct dirent *d;
	DIR *dir;
	int err = 0;

	dir = opendir(PLACE_RUN);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (d = readdir(dir))) {
		struct place p = *own;
		char *end;

		if (strncmp(d->d_name, "ns-", 3))
			continue;
		p.cookie = strtoull(d->d_name + 3, &end, 16);
		if (*end || (own_is_machine && p.cookie == own->cookie))
			continue;
		if (boot_is_other(&p))
			remove_namespace(&p);
		else
			err = add_candidate(all, &p);
	}
	closedir(dir);
	return err;
}

static bool is_used(uint64_t ino, int (*find)(struct inodes *), pid_t other)
{
	struct inodes used = {.except = {getpid(), other}};
	bool known = !find(&used), have = inodes_have(&used, ino);

	free(used.ino);
	return !known || have;
}

bool reap_is_deserted(pid_t other)
{
	const struct timespec later = {.tv_nsec = 200000000};
	struct stat st;
	int tries;

	if (stat("/proc/self/ns/net", &st))
		return false;
	for (tries = 0; tries < 2; tries++) {
		if (is_used(st.st_ino, add_mounts, other) ||
		    is_used(st.st_ino, add_processes, other))
			return false;
		if (!tries)
			nanosleep(&later, NULL);
	}
	return true;
}

/* Marks those in use. @unused: how many are not. */
static int mark_used(struct candidates *all,
		     int (*const *find)(struct inodes *), unsigned int *unused)
{
	struct inodes used = {0};
	unsigned int i;
	int err = 0;

	for (; *find && !err; find++)
		err = (*find)(&used);
	*unused = 0;
	for (i = 0; i < all->n && !err; i++) {
		if (inodes_have(&used, all->c[i].ino))
			all->c[i].used = true;
		*unused += !all->c[i].used;
	}
	free(used.ino);
	return err;
}

/*
 * Mounts are asked first: they keep most namespaces, and are the cheapest. A
 * namespace may pass from a process to a mount and back between two questions,
 * so who seems dead is asked again a little later.
 */
static int find_dead(struct candidates *all)
{
	static int (*const mounts[])(struct inodes *) = {add_mounts, NULL};
	static int (*const both[])(struct inodes *) = {add_processes,
						       add_mounts, NULL};
	const struct timespec later = {.tv_nsec = 200000000};
	unsigned int unused;
	int err;

	err = mark_used(all, mounts, &unused);
	if (!err && unused)
		err = mark_used(all, both, &unused);
	if (err || !unused)
		return err;
	nanosleep(&later, NULL);
	return mark_used(all, both, &unused);
}

/* Whether what it left is to go when it dies: pins, or the switch. The rest is
 * nobody's trouble and goes with the next round that finds it. */
static bool wants_reaper(const struct candidate *c)
{
	return c->ino && (place_has_pins(&c->place) || place_is_off(&c->place));
}

/* One round. @left: how many living namespaces other than the machine's want a
 * reaper. */
static int reap_round(const struct place *own, unsigned int *left)
{
	struct candidates all = {0};
	unsigned int i;
	int err;

	*left = 0;
	err = find_candidates(&all, own);
	if (!err)
		err = find_dead(&all);
	for (i = 0; i < all.n && !err; i++) {
		if (!all.c[i].used)
			reap_one(&all.c[i].place);
		else if (wants_reaper(&all.c[i]))
			(*left)++;
	}
	free(all.c);
	return err;
}

static int lock_reaper(void)
{
	int fd = open(PLACE_RUN "/reaper.lock", O_RDWR | O_CREAT | O_CLOEXEC,
		      0600);

	/* lockf(), which kick_reaper() can ask about without taking it. */
	if (fd >= 0 && lockf(fd, F_TLOCK, 0)) {
		close(fd);
		return -EWOULDBLOCK;
	}
	return fd < 0 ? -errno : fd;
}

/* Until nothing is left to watch, with the lock held. */
static int watch_namespaces(const struct place *own)
{
	struct pollfd mounts = {.events = POLLPRI};
	unsigned int left;
	int err;

	mounts.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	for (;;) {
		err = reap_round(own, &left);
		if (err || !left)
			break;
		if (poll(&mounts, mounts.fd >= 0, INTERVAL_MS) < 0 &&
		    errno != EINTR) {
			err = -errno;
			break;
		}
	}
	if (mounts.fd >= 0)
		close(mounts.fd);
	return err;
}

int reap(bool watch, struct err *e)
{
	unsigned int left;
	struct place own;
	int lock, err;

	place_join_machine();
	err = place_join_machine_netns();
	if (err)
		return err_set(e, ERR_OTHER, -err,
			       "cannot leave the network namespace: %s",
			       strerror(-err));
	err = place_find(&own, e);
	if (err)
		return err;
	do {
		lock = watch ? lock_reaper() : -1;
		if (watch && lock < 0)
			return 0;
		err = watch ? watch_namespaces(&own) : reap_round(&own, &left);
		if (lock >= 0)
			close(lock);
		/* A sync that saw the lock held counts on us. */
		if (!err && watch)
			err = reap_round(&own, &left);
	} while (!err && watch && left);
	if (err)
		return err_set(e, ERR_OTHER, -err, "cannot reap: %s",
			       strerror(-err));
	return 0;
}
