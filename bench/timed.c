// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timed PROGRAM ARGV0 [ARG...]: runs one command and writes to descriptor 3
 * what it took: nanoseconds, peak memory in KiB, and the exit status. A small
 * process of its own, because the kernel counts the memory of the process that
 * spawns another one in the other one's peak.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define RESULT_FD 3

extern char **environ;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	long long start;
	int status;
	pid_t pid;

	if (argc < 3 || fcntl(RESULT_FD, F_SETFD, FD_CLOEXEC))
		return 2;
	start = now();
	if (posix_spawn(&pid, argv[1], NULL, NULL, argv + 2, environ) ||
	    wait4(pid, &status, 0, &usage) != pid)
		return 2;
	start = now() - start;
	dprintf(RESULT_FD, "%lld %ld %d\n", start, usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status)
				  : 128 + WTERMSIG(status));
	return 0;
}
