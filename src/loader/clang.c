// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "loader/cache.h"
#include "loader/clang.h"
#include "loader/hash.h"
#include "loader/place.h"

#define CLANG_CPU_SECONDS 120
#define CLANG_SECONDS	  240 /* by the clock: it may hang without computing */
#define TEMP_PREFIX	  "source."

static const char *const candidates[] = {
	CLANG_PATH,	     "/usr/bin/clang",	  "/usr/bin/clang-21",
	"/usr/bin/clang-20", "/usr/bin/clang-19", "/usr/bin/clang-18",
	"/usr/bin/clang-17", "/usr/bin/clang-16", "/usr/bin/clang-15",
	"/usr/bin/clang-14",
};

/*
 * -mcpu=v3 for compare-and-swap; nothing is included, so nothing is searched.
 * The compilation directory must not show in the object.
 */
static const char *const flags[] = {
	"-O2",
	"-g",
	"-target",
	"bpf",
	"-mcpu=v3",
	"-std=gnu11",
	"-nostdinc",
	"-fno-ident",
	"-fdebug-compilation-dir=.",
	"-Wno-everything",
};
#define FLAGS (sizeof(flags) / sizeof(*flags))

const char *clang_find(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(candidates) / sizeof(*candidates); i++)
		if (!access(candidates[i], X_OK))
			return candidates[i];
	return NULL;
}

int clang_stamp(struct buf *out)
{
	const char *clang = clang_find();
	struct stat st;
	unsigned int i;

	if (!clang || stat(clang, &st))
		return -ENOENT;
	/* An upgraded clang is another file; asking it for its version would
	 * cost as much as a compilation. */
	buf_printf(out, "/* %s %" PRIu64 " %" PRId64 ".%09ld", clang,
		   (uint64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
		   (long)st.st_mtim.tv_nsec);
	for (i = 0; i < FLAGS; i++)
		buf_printf(out, " %s", flags[i]);
	buf_puts(out, " */\n");
	return out->failed ? -ENOMEM : 0;
}

/* In the child: limits, no terminal, no descriptors but stderr to @errfd. */
static void become_clang(const char *clang, const char *in, const char *out,
			 int errfd)
{
	static char *const env[] = {(char *)"PATH=/usr/bin:/bin",
				    (char *)"LC_ALL=C",
				    (char *)"TMPDIR=" PLACE_RUN, NULL};
	const struct rlimit cpu = {CLANG_CPU_SECONDS, CLANG_CPU_SECONDS};
	const struct rlimit core = {0, 0};
	const char *argv[FLAGS + 8];
	unsigned int n = 0, i;
	int null;

	argv[n++] = clang;
	for (i = 0; i < FLAGS; i++)
		argv[n++] = flags[i];
	argv[n++] = "-x";
	argv[n++] = "c";
	argv[n++] = "-c";
	argv[n++] = in;
	argv[n++] = "-o";
	argv[n++] = out;
	argv[n] = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &core);
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(errfd, 2) < 0)
		_exit(127);
	execve(clang, (char *const *)argv, env);
	_exit(127);
}

static unsigned int elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 +
	       (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* Until @fd can be read. False: child @pid has had its time, and is killed. */
static bool await(int fd, pid_t pid, const struct timespec *start)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int left, n;

	do {
		left = CLANG_SECONDS * 1000 - (int)elapsed_ms(start);
		n = left > 0 ? poll(&p, 1, left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n)
		return true;
	kill(pid, SIGKILL);
	return false;
}

/* What child @pid says on @fd, its first @len - 1 bytes, one line. */
static void read_complaint(int fd, pid_t pid, char *text, size_t len)
{
	struct timespec start;
	size_t n = 0;
	ssize_t got;
	char rest[512];

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (await(fd, pid, &start)) {
		got = read(fd, n < len - 1 ? text + n : rest,
			   n < len - 1 ? len - 1 - n : sizeof(rest));
		if (!got)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (n < len - 1)
			n += got;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int run_clang(const char *clang, const char *in, const char *out,
		     struct err *e)
{
	char complaint[512];
	int pipefd[2], status;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC))
		return err_set(e, ERR_OTHER, errno, "cannot run clang: %s",
			       strerror(errno));
	pid = fork();
	if (pid == 0)
		become_clang(clang, in, out, pipefd[1]);
	close(pipefd[1]);
	if (pid < 0) {
		close(pipefd[0]);
		return err_set(e, ERR_OTHER, EAGAIN, "cannot run clang: %s",
			       strerror(errno));
	}
	read_complaint(pipefd[0], pid, complaint, sizeof(complaint));
	close(pipefd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_OTHER, ETIMEDOUT,
			       "clang was killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return err_set(e, ERR_OTHER, ENOEXEC, "%s failed: %s", clang,
		       *complaint ? complaint : "no message");
}

static int compile(const char *clang, const char *dir, const struct buf *source,
		   struct clang_result *out, struct err *e)
{
	char in[PLACE_PATH_LEN], obj[sizeof(in) + 2];
	struct timespec start;
	int fd, err;

	/* A name of its own: the clang of a killed sync may still be writing.
	 */
	snprintf(in, sizeof(in), "%s/" TEMP_PREFIX "XXXXXX", dir);
	clock_gettime(CLOCK_MONOTONIC, &start);
	fd = mkostemp(in, O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_OTHER, errno, "cannot write to %s: %s",
			       dir, strerror(errno));
	snprintf(obj, sizeof(obj), "%s.o", in);
	err = cache_write_all(fd, source->data, source->len);
	close(fd);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot write to %s: %s", dir,
			strerror(-err));
	else
		err = run_clang(clang, in, obj, e);
	if (!err) {
		err = cache_read_file(obj, &out->object);
		if (err)
			err_set(e, ERR_OTHER, -err, "clang made no object: %s",
				strerror(-err));
	}
	out->ms = elapsed_ms(&start);
	unlink(in);
	unlink(obj);
	return err;
}

void clang_tidy(const char *dir)
{
	struct dirent *d;
	DIR *handle = opendir(dir);

	if (!handle)
		return;
	while ((d = readdir(handle)))
		if (!strncmp(d->d_name, TEMP_PREFIX, strlen(TEMP_PREFIX)))
			unlinkat(dirfd(handle), d->d_name, 0);
	closedir(handle);
}

int clang_compile(const char *dir, const struct buf *source,
		  struct clang_result *out, struct err *e)
{
	const char *clang = clang_find();
	int err;

	memset(out, 0, sizeof(*out));
	if (!clang)
		return err_set(e, ERR_OTHER, ENOENT, CLANG_MISSING);
	if (!cache_get(source, &out->object)) {
		out->hit = true;
		return 0;
	}
	err = compile(clang, dir, source, out, e);
	if (!err)
		cache_put(source, &out->object);
	return err;
}
