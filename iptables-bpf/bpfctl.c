// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables-bpfctl, the administrator's tool: what runs in BPF, why the rest
 * does not, and the switch. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iptables-bpf/bpfctl.h"
#include "loader/objects.h"
#include "loader/program.h"
#include "loader/reap.h"
#include "loader/sync.h"
#include "loader/watch.h"

int bpfctl_fail(const struct err *e)
{
	bool denied = geteuid() &&
		      (e->errnum == EPERM || e->errnum == EACCES) &&
		      !strstr(e->msg, "root");

	fflush(stdout);
	fprintf(stderr, "iptables-bpfctl: %s%s\n", e->msg,
		denied ? " (you must be root)" : "");
	return BPFCTL_FAILED;
}

/* The usage follows. */
static int complain(const char *what, const char *about)
{
	fprintf(stderr, "iptables-bpfctl: %s \"%s\"\n", what, about);
	return BPFCTL_USAGE;
}

int bpfctl_in_child(int (*run)(void *arg), void *arg)
{
	struct err e = {0};
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		err_set(&e, ERR_OTHER, errno, "cannot fork: %s",
			strerror(errno));
		bpfctl_fail(&e);
		return -EAGAIN;
	}
	if (pid == 0) {
		status = run(arg);
		fflush(stdout);
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) != SIGPIPE) {
		err_set(&e, ERR_OTHER, ECHILD, "killed by signal %d",
			WTERMSIG(status));
		bpfctl_fail(&e);
	}
	return -ECHILD;
}

/*
 * Takes "--object-dir DIR" out of the arguments and into the environment, where
 * the loader, and what it starts, looks for it.
 */
static int take_object_dir(int *argc, char **argv)
{
	static const char option[] = "--object-dir";
	struct err e = {0};

	for (int i = 1; i < *argc; i++) {
		size_t n = strlen(option), taken = 1;
		const char *dir = NULL;

		if (strncmp(argv[i], option, n))
			continue;
		if (argv[i][n] == '=') {
			dir = argv[i] + n + 1;
		} else if (!argv[i][n] && i + 1 < *argc) {
			dir = argv[i + 1];
			taken = 2;
		}
		if (!dir || *dir != '/')
			return complain("--object-dir needs an absolute path, "
					"not",
					dir ? dir : "");
		if (objects_check_dir(dir, &e))
			return bpfctl_fail(&e);
		setenv(OBJECTS_ENV, dir, 1);
		*argc -= taken;
		memmove(argv + i, argv + i + taken,
			(*argc - i + 1) * sizeof(*argv));
		return BPFCTL_OK;
	}
	return BPFCTL_OK;
}

/* Parses "[--background]" or nothing at all. */
static int background_only(int argc, char **argv, bool *background)
{
	static const struct option options[] = {
		{"background", no_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*background = false;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c != 'b')
			return BPFCTL_USAGE;
		*background = true;
	}
	return optind == argc ? BPFCTL_OK : BPFCTL_USAGE;
}

static int cmd_sync(int argc, char **argv)
{
	struct err e = {0};
	bool background;
	int ret = take_object_dir(&argc, argv);

	if (ret)
		return ret;
	if (background_only(argc, argv, &background))
		return BPFCTL_USAGE;
	return sync_run(background, &e) ? bpfctl_fail(&e) : BPFCTL_OK;
}

static int cmd_reap(int argc, char **argv)
{
	struct err e = {0};
	bool background;

	if (background_only(argc, argv, &background))
		return BPFCTL_USAGE;
	return reap(background, &e) ? bpfctl_fail(&e) : BPFCTL_OK;
}

static int cmd_watch(int argc, char **argv)
{
	const struct msg_sink log = {.level = MSG_WARN, .out = stderr};
	struct err e = {0};
	int ret = take_object_dir(&argc, argv);

	if (ret)
		return ret;
	if (argc != 1)
		return BPFCTL_USAGE;
	return watch(&log, &e) ? bpfctl_fail(&e) : BPFCTL_OK;
}

static int cmd_mode(int argc, char **argv)
{
	struct err e = {0};
	enum wish wish;

	if (argc > 2)
		return BPFCTL_USAGE;
	if (argc == 2 && !wish_parse(argv[1], &wish))
		return complain("there is no mode", argv[1]);
	if (argc == 2)
		return sync_set_mode(wish, &e) ? bpfctl_fail(&e) : BPFCTL_OK;
	if (sync_get_mode(&wish, &e))
		return bpfctl_fail(&e);
	puts(wish_name(wish));
	return BPFCTL_OK;
}

static int switch_with(int (*set)(struct err *e), int argc)
{
	struct err e = {0};

	if (argc != 1)
		return BPFCTL_USAGE;
	return set(&e) ? bpfctl_fail(&e) : BPFCTL_OK;
}

static int cmd_off(int argc, char **argv)
{
	return switch_with(sync_off, argc);
}

static int cmd_on(int argc, char **argv)
{
	return switch_with(sync_on, argc);
}

static int cmd_version(int argc, char **argv)
{
	if (argc != 1)
		return BPFCTL_USAGE;
	puts("iptables-bpfctl v" PACKAGE_VERSION);
	return BPFCTL_OK;
}

static int cmd_help(int argc, char **argv);

static const struct bpfctl_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *what; /* NULL: not in the help */
} commands[] = {
	{"status", bpfctl_status, "[-j]",
	 "what runs in BPF here, and why the rest does not (-j: as JSON)"},
	{"sync", cmd_sync, "[--object-dir DIR]",
	 "compile the ruleset now, or find it in DIR; returns when live"},
	{"compile", bpfctl_compile, "[-6] RULES... -o DIR",
	 "compile saved rulesets into DIR, for machines without clang"},
	{"show", bpfctl_show, "[-4|-6] [-t TABLE] [CHAIN]",
	 "the generated C, with the rules it comes from"},
	{"watch", cmd_watch, "[--object-dir DIR]",
	 "follow all changes and compile them; lets BPF decide alone"},
	{"mode", cmd_mode, "[auto|hybrid|exclusive]",
	 "how much BPF is to do in this network namespace"},
	{"off", cmd_off, "",
	 "leave all to nft in this network namespace, until `on'"},
	{"on", cmd_on, "", "use BPF again"},
	{"reap", cmd_reap, "",
	 "release what deleted network namespaces have left"},
	{"help", cmd_help, "", "this text"},
	{"version", cmd_version, "", "the version"},
	{"--help", cmd_help, NULL, NULL},
	{"-h", cmd_help, NULL, NULL},
	{"--version", cmd_version, NULL, NULL},
	{"-V", cmd_version, NULL, NULL},
};
#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
	unsigned int i;

	fputs("Usage: iptables-bpfctl COMMAND\n\n", out);
	for (i = 0; i < COMMANDS; i++)
		if (commands[i].what)
			fprintf(out, "  %-7s %-26s %s\n", commands[i].name,
				commands[i].args, commands[i].what);
}

static int cmd_help(int argc, char **argv)
{
	usage(stdout);
	return BPFCTL_OK;
}

int main(int argc, char **argv)
{
	unsigned int i;
	int ret = BPFCTL_USAGE;

	/* Who ignores the ends of its children hands that down; ours are
	 * waited for. */
	signal(SIGCHLD, SIG_DFL);
	/* libbpf would write to stderr; what it says is in our own messages
	 * where it matters. */
	program_set_sink(NULL);
	for (i = 0; i < COMMANDS && argc > 1; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		ret = commands[i].run(argc - 1, argv + 1);
		break;
	}
	if (argc > 1 && i == COMMANDS)
		complain("unknown command", argv[1]);
	if (ret == BPFCTL_USAGE)
		usage(stderr);
	if (fflush(stdout) && !ret) {
		fprintf(stderr, "iptables-bpfctl: cannot write: %s\n",
			strerror(errno));
		ret = BPFCTL_FAILED;
	}
	return ret;
}
