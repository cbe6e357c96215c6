// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Saved rulesets -> objects, on a machine with clang for those without. A
 * ruleset is restored into a network namespace of its own and read back: so
 * what is compiled is what a sync finds after the same file was restored
 * elsewhere.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iptables-bpf/bpfctl.h"
#include "iptables-bpf/command.h"
#include "loader/clang.h"
#include "loader/job.h"
#include "loader/objects.h"
#include "loader/place.h"
#include "loader/remove.h"

static void write_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		/* What needs it fails, and says so. */
		errno = 0;
	close(fd);
}

/* Who is not root becomes it in a user namespace. */
static int enter_namespace(struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (!unshare(CLONE_NEWNET))
		return 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return err_set(e, ERR_OTHER, errno,
			       "cannot make a network namespace to restore "
			       "into: %s",
			       strerror(errno));
	write_line("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_line("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_line("/proc/self/gid_map", map);
	return 0;
}

static int restore(const struct family_ops *ops, char *file)
{
	char name[] = "iptables-restore", name6[] = "ip6tables-restore";
	bool v6 = ops->family == FAMILY_IPV6;
	char *argv[] = {v6 ? name6 : name, file, NULL};

	setenv("IPTABLES_BPF", "off", 1);
	optind = 0;
	return applet_restore(ops, 2, argv);
}

static int compile_chain(const struct job_chain *c, const char *dir,
			 struct err *e)
{
	struct clang_result result = {0};
	char path[PATH_MAX];
	int err;

	printf("%s %s %s: ", place_family_name(c->table->family),
	       c->table->name, c->chain->name);
	if (c->mode == CHAIN_NFT) {
		printf("nft: %s\n", c->reason);
		return 0;
	}
	err = clang_compile(dir, &c->source, &result, e);
	if (!err) {
		err = objects_put(dir, c->source.data + c->stamp_len,
				  c->source.len - c->stamp_len, &result.object,
				  path, sizeof(path));
		if (err)
			err_set(e, ERR_OTHER, -err, "cannot write %s: %s", path,
				strerror(-err));
	}
	buf_free(&result.object);
	printf("%s\n", err ? "failed" : path);
	return err;
}

static int compile_ruleset(const char *dir, struct err *e)
{
	struct nft *nft = NULL;
	struct job job;
	unsigned int i;
	int err;

	job_init(&job);
	err = nft_open(&nft, e);
	if (!err)
		err = job_read(&job, nft, e);
	if (!err)
		err = job_print(&job, e);
	if (!err && job.no_clang)
		err = err_set(e, ERR_OTHER, ENOENT, CLANG_MISSING);
	for (i = 0; i < job.n && !err; i++)
		err = compile_chain(&job.chain[i], dir, e);
	job_free(&job);
	nft_close(nft);
	return err;
}

/* What commands leave of a namespace that nobody will see again. */
static void forget_namespace(void)
{
	struct place p;

	if (!place_find(&p, NULL))
		remove_namespace(&p);
}

struct to_compile {
	const struct family_ops *ops;
	char *file;
	const char *dir;
};

static int compile_file(void *arg)
{
	const struct to_compile *what = arg;
	struct err e = {0};
	int ret;

	if (enter_namespace(&e))
		return bpfctl_fail(&e);
	ret = restore(what->ops, what->file);
	if (!ret && compile_ruleset(what->dir, &e))
		ret = bpfctl_fail(&e);
	forget_namespace();
	return ret ? BPFCTL_FAILED : BPFCTL_OK;
}

static int make_dir(const char *dir, char path[PATH_MAX])
{
	struct err e = {0};

	if ((mkdir(dir, 0755) && errno != EEXIST) || !realpath(dir, path)) {
		err_set(&e, ERR_OTHER, errno, "%s: %s", dir, strerror(errno));
		return bpfctl_fail(&e);
	}
	return BPFCTL_OK;
}

/* Options may stand on either side of the files. */
int bpfctl_compile(int argc, char **argv)
{
	static const struct option options[] = {
		{"ipv6", no_argument, NULL, '6'},
		{"output", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	const struct family_ops *ops = &family_ipv4;
	char path[PATH_MAX];
	const char *dir = NULL;
	int c, ret;

	while ((c = getopt_long(argc, argv, "6o:", options, NULL)) != -1) {
		if (c == '6')
			ops = &family_ipv6;
		else if (c == 'o')
			dir = optarg;
		else
			return BPFCTL_USAGE;
	}
	if (!dir || optind == argc)
		return BPFCTL_USAGE;
	ret = make_dir(dir, path);
	for (; optind < argc && !ret; optind++)
		ret = bpfctl_in_child(
			compile_file,
			&(struct to_compile){ops, argv[optind], path});
	return ret < 0 ? BPFCTL_FAILED : ret;
}
