// SPDX-License-Identifier: GPL-2.0-or-later
/* The generated C of base chains, from the rules that nft holds now. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iptables-bpf/bpfctl.h"
#include "iptables-bpf/print.h"
#include "iptables-bpf/xt.h"
#include "loader/job.h"

/* Plugins print to stdout; here their text is caught on its way. */
struct capture {
	const struct family_ops *ops;
	int file, saved;
};

static int capture_open(struct capture *c)
{
	c->file = memfd_create("rule", MFD_CLOEXEC);
	c->saved = dup(STDOUT_FILENO);
	return c->file < 0 || c->saved < 0 ? -errno : 0;
}

static void capture_close(struct capture *c)
{
	if (c->file >= 0)
		close(c->file);
	if (c->saved >= 0)
		close(c->saved);
}

static void take(struct buf *out, int file)
{
	off_t len = lseek(file, 0, SEEK_END);
	char *to = len > 0 ? buf_extend(out, len) : NULL;

	if (to && pread(file, to, len, 0) != len)
		memset(to, '?', len);
	if (to && to[len - 1] == '\n')
		out->data[--out->len] = '\0';
}

static void rule_text(struct buf *out, const struct table *t,
		      const struct chain *c, const struct rule *r, void *arg)
{
	const struct capture *cap = arg;

	if (print_check_rule(r, NULL)) {
		buf_puts(out, "(no plugin can print this rule)");
		return;
	}
	fflush(stdout);
	if (ftruncate(cap->file, 0) || lseek(cap->file, 0, SEEK_SET) ||
	    dup2(cap->file, STDOUT_FILENO) < 0)
		return;
	print_rule_save(cap->ops, c, r, SAVE_NO_COUNTERS);
	fflush(stdout);
	dup2(cap->saved, STDOUT_FILENO);
	take(out, cap->file);
}

static int show_chain(const struct job_chain *c, struct capture *cap,
		      struct err *e)
{
	struct buf text = BUF_INIT;
	int err = 0;

	printf("/* %s %s %s: %s%s%s */\n", cap->ops->progname, c->table->name,
	       c->chain->name, c->mode == CHAIN_NFT ? "nft" : "hybrid",
	       *c->reason ? ", " : "", c->reason);
	if (c->mode != CHAIN_NFT)
		err = plan_print_c(c->plan, &text, true, rule_text, cap);
	if (!err && text.failed)
		err = -ENOMEM;
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot print chain %s: %s",
			c->chain->name, strerror(-err));
	else if (text.len)
		fwrite(text.data, 1, text.len, stdout);
	buf_free(&text);
	return err;
}

/* Which chains; NULL: all. */
struct wanted {
	const char *table, *chain;
};

static bool is_wanted(const struct wanted *w, const struct job_chain *c)
{
	return (!w->table || !strcmp(w->table, c->table->name)) &&
	       (!w->chain || !strcmp(w->chain, c->chain->name));
}

static int show_job(const struct family_ops *ops, const struct wanted *wanted,
		    unsigned int *shown, struct err *e)
{
	struct capture cap = {.ops = ops};
	struct nft *nft = NULL;
	struct job job;
	unsigned int i;
	int err;

	job_init(&job);
	err = xt_init(ops, ops->progname);
	if (!err)
		err = capture_open(&cap);
	if (!err)
		err = nft_open(&nft, e);
	if (!err)
		err = job_read(&job, nft, e);
	if (!err)
		err = job_check_hooks(&job, nft, e);
	for (i = 0; i < job.n && !err; i++) {
		if (job.chain[i].table->family != ops->family ||
		    !is_wanted(wanted, &job.chain[i]))
			continue;
		(*shown)++;
		err = show_chain(&job.chain[i], &cap, e);
	}
	job_free(&job);
	nft_close(nft);
	capture_close(&cap);
	return err;
}

struct to_show {
	const struct family_ops *ops;
	const struct wanted *wanted;
};

#define SHOW_FAILED 255 /* beyond any number of chains */

/* How many chains it shows, or SHOW_FAILED. */
static int show_family(void *arg)
{
	const struct to_show *what = arg;
	struct err e = {0};
	unsigned int n = 0;

	if (!show_job(what->ops, what->wanted, &n, &e))
		return n;
	bpfctl_fail(&e);
	return SHOW_FAILED;
}

static int show(const struct family_ops *ops, const struct wanted *wanted,
		unsigned int *shown)
{
	int n = bpfctl_in_child(show_family, &(struct to_show){ops, wanted});

	if (n < 0 || n == SHOW_FAILED)
		return BPFCTL_FAILED;
	*shown += n;
	return BPFCTL_OK;
}

static int say_nothing_shown(const struct wanted *w)
{
	struct err e = {0};

	if (w->chain)
		err_set(&e, ERR_OTHER, ENOENT,
			"%s%s has %sbase chain %s: iptables makes one with "
			"the first command that needs it",
			w->table ? "table " : "no table",
			w->table ? w->table : "", w->table ? "no " : "a ",
			w->chain);
	else
		err_set(&e, ERR_OTHER, ENOENT,
			"there is no table %s here: nothing to compile",
			w->table ? w->table : "of iptables");
	return bpfctl_fail(&e);
}

int bpfctl_show(int argc, char **argv)
{
	bool v4 = true, v6 = true;
	unsigned int shown = 0;
	struct wanted wanted = {0};
	int c, ret = BPFCTL_OK;

	while ((c = getopt(argc, argv, "+46t:")) != -1) {
		if (c == 't')
			wanted.table = optarg;
		else if (c == '4')
			v6 = false;
		else if (c == '6')
			v4 = false;
		else
			return BPFCTL_USAGE;
	}
	if (argc - optind > 1 || (!v4 && !v6))
		return BPFCTL_USAGE;
	wanted.chain = argv[optind];
	if (v4)
		ret = show(&family_ipv4, &wanted, &shown);
	if (v6 && !ret)
		ret = show(&family_ipv6, &wanted, &shown);
	if (ret || shown)
		return ret;
	return say_nothing_shown(&wanted);
}
