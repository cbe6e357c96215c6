// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loader/kick.h"
#include "loader/loader.h"
#include "loader/objects.h"
#include "loader/place.h"

#define BPFCTL	 "iptables-bpfctl"
#define MAX_ARGS 6

static const char mode_variable[] = "IPTABLES_BPF";

void loader_config_from_env(struct loader_config *cfg)
{
	const char *mode = getenv(mode_variable);
	const char *wait = getenv("IPTABLES_BPF_WAIT");
	const char *dir = getenv(OBJECTS_ENV);

	cfg->off = mode && !strcasecmp(mode, "off");
	cfg->object_dir = dir && *dir ? dir : NULL;
	cfg->wait = wait && *wait && strcmp(wait, "0");
}

/* The bpfctl beside this very program, or else the installed one. */
static bool find_bpfctl(char *path, size_t len)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			if ((size_t)snprintf(path, len, "%s/" BPFCTL, self) <
				    len &&
			    !access(path, X_OK))
				return true;
		}
	}
	snprintf(path, len, "%s", SBINDIR "/" BPFCTL);
	return !access(path, X_OK);
}

static int set_actions(posix_spawn_file_actions_t *a)
{
	int err =
		posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDWR, 0);

	if (!err)
		err = posix_spawn_file_actions_adddup2(a, 0, 1);
	if (!err)
		err = posix_spawn_file_actions_adddup2(a, 0, 2);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(a, 3);
	return err;
}

static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	err = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID |
						     POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETSIGMASK);
	if (!err)
		err = posix_spawnattr_setsigmask(attr, &none);
	if (!err)
		err = posix_spawnattr_setsigdefault(attr, &all);
	return err;
}

void kick_bpfctl(const char *const *args, bool wait)
{
	/* The mode that is asked for goes on to whoever brings it about. */
	char mode[32];
	const char *asked = getenv(mode_variable);
	char *const env[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			     (char *)"LC_ALL=C", asked ? mode : NULL, NULL};
	posix_spawn_file_actions_t actions;
	char path[PATH_MAX];
	const char *argv[MAX_ARGS + 2] = {BPFCTL};
	posix_spawnattr_t attr;
	unsigned int i;
	pid_t pid;

	if (!find_bpfctl(path, sizeof(path)))
		return;
	if (asked)
		snprintf(mode, sizeof(mode), "%s=%.10s", mode_variable, asked);
	for (i = 0; i < MAX_ARGS && args[i]; i++)
		argv[i + 1] = args[i];
	if (posix_spawn_file_actions_init(&actions))
		return;
	if (!posix_spawnattr_init(&attr)) {
		if (!set_actions(&actions) && !set_attributes(&attr) &&
		    !posix_spawn(&pid, path, &actions, &attr,
				 (char *const *)argv, env) &&
		    wait)
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
}

void kick_reaper(void)
{
	static const char *const args[] = {"reap", "--background", NULL};
	int fd;

	/* The reaper holds this lock; to find it held saves the start of a
	 * process. */
	fd = open(PLACE_RUN "/reaper.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && lockf(fd, F_TEST, 0)) {
		close(fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	kick_bpfctl(args, false);
}

/*
 * A running sync looks at the generation once more after it has released its
 * lock, so finding the lock held is as good as starting one.
 */
static bool sync_runs(const struct place *p)
{
	if (place_is_locked(p, "watch.lock"))
		return true;
	int lock = place_lock(p, "lock", false);

	if (lock >= 0)
		close(lock);
	return lock == -EWOULDBLOCK;
}

void loader_kick(const struct loader_config *cfg, const struct place *place)
{
	const char *args[MAX_ARGS + 1] = {"sync"};
	unsigned int n = 1;
	struct place p;
	int saved = errno;

	if (cfg->off)
		return;
	if (place_here(&p, place, NULL))
		return;
	if (place_is_off(&p))
		goto out;
	if (!cfg->wait)
		args[n++] = "--background";
	if (cfg->object_dir) {
		args[n++] = "--object-dir";
		args[n++] = cfg->object_dir;
	}
	if (cfg->wait || !sync_runs(&p))
		kick_bpfctl(args, cfg->wait);
out:
	errno = saved;
}
