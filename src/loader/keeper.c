// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loader/exclusive.h"
#include "loader/keeper.h"
#include "loader/kick.h"

#define RETRY_MS 100
#define RETRIES	 600

/* As long as tables sleep and nobody else sees to them. */
static void wake(struct hold *h, const struct place *p)
{
	static const char *const sync[] = {"sync", "--background", NULL};
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	struct nft *nft = NULL;
	unsigned int i;
	int err = -1;

	for (i = 0; i < RETRIES && err; i++) {
		if (i)
			nanosleep(&pause, NULL);
		err = nft ? 0 : nft_open(&nft, NULL);
		if (!err)
			err = exclusive_leave(p, nft, ABI_ALL_TABLES, NULL);
	}
	if (!err)
		hold_disarm(h, p);
	nft_close(nft);
	hold_drop(h);
	if (!place_is_off(p) && !place_is_locked(p, "watch.lock"))
		kick_bpfctl(sync, false);
}

static void keep(struct hold *h, const struct place *p, int watcher)
{
	struct pollfd fd = {.fd = watcher, .events = POLLIN};
	sigset_t all;

	/* What ends the watcher must not end who is there for its end. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "bpfctl-keeper");
	while (poll(&fd, 1, -1) < 1)
		;
	close(watcher);
	wake(h, p);
}

pid_t keeper_start(struct hold *h, const struct place *p, const int *close_fds,
		   unsigned int n)
{
	int watcher = syscall(SYS_pidfd_open, getpid(), 0);
	pid_t pid;

	if (watcher < 0)
		return -errno;
	pid = fork();
	if (!pid) {
		for (; n; n--)
			if (close_fds[n - 1] >= 0)
				close(close_fds[n - 1]);
		keep(h, p, watcher);
		_exit(0);
	}
	if (pid < 0)
		pid = -errno;
	close(watcher);
	return pid;
}

void keeper_dismiss(pid_t *keeper)
{
	if (*keeper > 0) {
		kill(*keeper, SIGKILL);
		while (waitpid(*keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*keeper = 0;
}
