// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "loader/abi_user.h"
#include "loader/boot.h"
#include "loader/cache.h"
#include "loader/place.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

#define LOCK_STEP_MS	  2
#define CHAINS_PER_FAMILY (ABI_CHAINS / 2)

/*
 * Processes whose mount namespace is the machine's: pid 1, or, where it lets
 * nobody look, the kernel's own thread beside it (which must be a kernel
 * thread: no executable).
 */
static const char *const machine_procs[] = {"/proc/1", "/proc/2"};

static bool is_kthreadd(const char *proc)
{
	char path[32], comm[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/comm", proc);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	return !strcmp(comm, "kthreadd\n");
}

/*
 * The /proc directory of a process in the machine's namespaces, with what
 * stat() says of its namespace @kind ("mnt", "net"). NULL when none can be
 * asked.
 */
static const char *machine_proc(const char *kind, struct stat *ns)
{
	char path[32];
	unsigned int i;

	for (i = 0; i < sizeof(machine_procs) / sizeof(*machine_procs); i++) {
		snprintf(path, sizeof(path), "%s/ns/%s", machine_procs[i],
			 kind);
		if (stat(path, ns))
			continue;
		if (i == 0 || is_kthreadd(machine_procs[i]))
			return machine_procs[i];
	}
	return NULL;
}

/* Enters that namespace; a negative errno when it cannot. */
static int enter_machine(const char *kind, int type)
{
	struct stat ns;
	const char *proc = machine_proc(kind, &ns);
	char path[32];
	int fd, err;

	if (!proc)
		return -EACCES;
	snprintf(path, sizeof(path), "%s/ns/%s", proc, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, type) ? -errno : 0;
	close(fd);
	return err;
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The prefix under which the machine's file system is reached: "",
 * "/proc/1/root" or "/proc/2/root". */
static const char *machine_root(void)
{
	struct stat own, machine;
	const char *proc;

	if (stat("/proc/self/ns/mnt", &own))
		return "";
	/* Mostly it is the same; then nothing else matters. */
	if (!stat("/proc/1/ns/mnt", &machine) ||
	    !stat("/proc/2/ns/mnt", &machine))
		if (same_inode(&own, &machine))
			return "";
	proc = machine_proc("mnt", &machine);
	if (!proc)
		return "";
	return proc == machine_procs[0] ? "/proc/1/root" : "/proc/2/root";
}

void place_join_machine(void)
{
	/* setns() also moves the working directory, to the root. */
	if (*machine_root())
		enter_machine("mnt", CLONE_NEWNS);
}

int place_join_machine_netns(void)
{
	if (!enter_machine("net", CLONE_NEWNET))
		return 0;
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

int place_find_by(struct place *p, int sock, struct err *e)
{
	socklen_t len = sizeof(p->cookie);

	memset(p, 0, sizeof(*p));
	snprintf(p->root, sizeof(p->root), "%s", machine_root());
	if (getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &p->cookie, &len))
		return err_set(e, ERR_VERSION, errno,
			       "this kernel does not tell network namespaces "
			       "apart (SO_NETNS_COOKIE): Linux 5.14 is needed");
	return 0;
}

int place_find(struct place *p, struct err *e)
{
	int fd, err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, ERR_OTHER, errno, "cannot open a socket: %s",
			       strerror(errno));
	err = place_find_by(p, fd, e);
	close(fd);
	return err;
}

int place_here(struct place *p, const struct place *known, struct err *e)
{
	if (!known)
		return place_find(p, e);
	*p = *known;
	return 0;
}

static int make_dir(const char *path)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	return 0;
}

int place_check_bpffs(const struct place *p)
{
	char path[PLACE_PATH_LEN];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s" PLACE_BPFFS, p->root);
	if (statfs(path, &fs))
		return -errno;
	if ((uint32_t)fs.f_type != BPF_FS_MAGIC)
		return -ENOENT;
	return fs.f_flags & ST_RDONLY ? -EROFS : 0;
}

static int make_bpffs(const struct place *p, struct err *e)
{
	int err = place_check_bpffs(p);

	if (err == -EROFS)
		return err_set(
			e, ERR_OTHER, EROFS,
			"the bpf file system at " PLACE_BPFFS
			" is read-only: mount -o remount,rw " PLACE_BPFFS);
	if (!err)
		return 0;
	err = make_dir(PLACE_BPFFS);
	if (!err && mount("bpf", PLACE_BPFFS, "bpf",
			  MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		err = -errno;
	if (err)
		return err_set(
			e, ERR_OTHER, -err,
			"cannot mount a bpf file system at " PLACE_BPFFS
			": %s; run as root: mount -t bpf bpf " PLACE_BPFFS,
			strerror(-err));
	return 0;
}

/* For the reaper: which network namespace this is about. */
static void write_netns(const struct place *p)
{
	char path[PLACE_PATH_LEN], text[32];
	struct stat st;

	place_file(p, path, sizeof(path), "netns");
	if (!access(path, F_OK) || stat("/proc/self/ns/net", &st))
		return;
	snprintf(text, sizeof(text), "%" PRIu64 "\n", (uint64_t)st.st_ino);
	cache_write_file(path, text, strlen(text));
}

int place_prepare(const struct place *p, struct err *e)
{
	char path[PLACE_PATH_LEN];
	int err;

	snprintf(path, sizeof(path), "%s" PLACE_RUN, p->root);
	err = make_dir(path);
	place_file(p, path, sizeof(path), "");
	if (!err)
		err = make_dir(path);
	if (err)
		return err_set(e, ERR_OTHER, -err, "cannot make %s: %s", path,
			       strerror(-err));
	boot_begin(p);
	write_netns(p);
	return 0;
}

int place_prepare_pins(const struct place *p, struct err *e)
{
	char path[PLACE_PATH_LEN];
	int lock, err;

	/* Two that mount at once would hide each other's pins. */
	lock = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX)) {
		err = err_set(e, ERR_OTHER, errno,
			      "cannot lock " PLACE_RUN ": %s", strerror(errno));
		goto out;
	}
	err = make_bpffs(p, e);
	if (err)
		goto out;
	place_pin(p, path, sizeof(path), "%s", "");
	err = make_dir(path);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot make %s: %s", path,
			strerror(-err));
out:
	if (lock >= 0)
		close(lock);
	return err;
}

bool place_has_pins(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	place_pin(p, path, sizeof(path), "ctl");
	return !access(path, F_OK);
}

void place_file(const struct place *p, char *buf, size_t len, const char *name)
{
	snprintf(buf, len, "%s" PLACE_RUN "/ns-%" PRIx64 "%s%s", p->root,
		 p->cookie, *name ? "/" : "", name);
}

bool place_is_off(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	place_file(p, path, sizeof(path), "off");
	return !access(path, F_OK) && !boot_is_other(p);
}

void place_pin(const struct place *p, char *buf, size_t len, const char *fmt,
	       ...)
{
	va_list ap;
	int n;

	n = snprintf(buf, len, "%s" PLACE_BPFFS "/%" PRIx64, p->root,
		     p->cookie);
	if (!*fmt || n < 0 || (size_t)n + 1 >= len)
		return;
	buf[n++] = '/';
	va_start(ap, fmt);
	vsnprintf(buf + n, len - n, fmt, ap);
	va_end(ap);
	if (!buf[n])
		buf[n - 1] = '\0';
}

void place_notes(const struct place *p, char *buf, size_t len)
{
	snprintf(buf, len, "%s" PLACE_BPFFS "/notes", p->root);
}

int place_lock(const struct place *p, const char *name, bool wait)
{
	char path[PLACE_PATH_LEN];
	int fd, err;

	place_file(p, path, sizeof(path), name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EROFS)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int place_lock_for(const struct place *p, const char *name, unsigned int ms)
{
	const struct timespec pause = {.tv_nsec = LOCK_STEP_MS * 1000000L};
	unsigned int waited;
	int lock;

	for (waited = 0;; waited += LOCK_STEP_MS) {
		lock = place_lock(p, name, false);
		if (lock != -EWOULDBLOCK || waited >= ms)
			return lock;
		nanosleep(&pause, NULL);
	}
}

bool place_is_locked(const struct place *p, const char *name)
{
	char path[PLACE_PATH_LEN];
	bool held;
	int fd;

	place_file(p, path, sizeof(path), name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Shared: two that ask do not get in each other's way. */
	held = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

bool place_is_machine_netns(const struct place *p)
{
	struct stat own, machine;

	return !stat("/proc/self/ns/net", &own) &&
	       machine_proc("net", &machine) && same_inode(&own, &machine);
}

const char *place_family_name(enum family family)
{
	return family == FAMILY_IPV6 ? "ip6" : "ip";
}

int place_chain_id(enum family family, const char *table, const char *chain)
{
	unsigned int i;

	for (i = 0; i < builtin_chain_count; i++)
		if (!strcmp(builtin_chains[i].table, table) &&
		    !strcmp(builtin_chains[i].name, chain))
			return (family == FAMILY_IPV6 ? CHAINS_PER_FAMILY : 0) +
			       i;
	return -ENOENT;
}

const struct builtin_chain *place_chain_by_id(unsigned int id,
					      enum family *family)
{
	if (id >= ABI_CHAINS || id % CHAINS_PER_FAMILY >= builtin_chain_count)
		return NULL;
	*family = id >= CHAINS_PER_FAMILY ? FAMILY_IPV6 : FAMILY_IPV4;
	return &builtin_chains[id % CHAINS_PER_FAMILY];
}

static const char *const table_names[ABI_FAMILY_TABLES] = {
	[ABI_TABLE_RAW] = "raw",
	[ABI_TABLE_MANGLE] = "mangle",
	[ABI_TABLE_FILTER] = "filter",
	[ABI_TABLE_SECURITY] = "security",
};

int place_table_id(enum family family, const char *table)
{
	int i;

	for (i = 0; i < ABI_FAMILY_TABLES; i++)
		if (!strcmp(table_names[i], table))
			return (family == FAMILY_IPV6 ? ABI_FAMILY_TABLES : 0) +
			       i;
	return -ENOENT;
}

int place_table_of_chain(unsigned int chain)
{
	const struct builtin_chain *b;
	enum family family;

	b = place_chain_by_id(chain, &family);
	return b ? place_table_id(family, b->table) : -ENOENT;
}

const char *place_table_by_id(unsigned int id, enum family *family)
{
	if (id >= ABI_TABLES)
		return NULL;
	*family = id >= ABI_FAMILY_TABLES ? FAMILY_IPV6 : FAMILY_IPV4;
	return table_names[id % ABI_FAMILY_TABLES];
}
