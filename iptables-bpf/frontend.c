// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "iptables-bpf/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void frontend_init(struct frontend *fe, const struct family_ops *ops,
		   const char *progname)
{
	memset(fe, 0, sizeof(*fe));
	fe->ops = ops;
	fe->progname = progname;
	loader_config_from_env(&fe->loader);
}

void frontend_close(struct frontend *fe)
{
	nft_close(fe->nft);
	fe->nft = NULL;
	if (fe->committed)
		loader_kick(&fe->loader, frontend_place(fe));
	fe->committed = false;
}

const struct place *frontend_place(const struct frontend *fe)
{
	return fe->snapshot.found ? &fe->snapshot.place : NULL;
}

struct nft *frontend_nft(struct frontend *fe, struct err *e)
{
	if (!fe->nft && nft_open(&fe->nft, e))
		fe->nft = NULL;
	return fe->nft;
}

static void print_short(const struct frontend *fe, const struct err *e)
{
	if (fe->restore && e->line)
		fprintf(stderr, "%s: line %d failed: %s.\n", fe->progname,
			e->line, e->msg);
	else
		fprintf(stderr, "%s: %s.%s\n", fe->progname, e->msg,
			e->errnum == EINVAL && !fe->restore
				? " Run `dmesg' for more information."
				: "");
}

/* What iptables adds after a message that stands for itself. */
static void print_hint(const struct frontend *fe, const struct err *e)
{
	if (e->status == ERR_VERSION)
		fprintf(stderr,
			"Perhaps %s or your kernel needs to be upgraded.\n",
			fe->progname);
	if (e->status != ERR_PARAMETER)
		return;
	if (e->line)
		fprintf(stderr, "Error occurred at line: %d\n", e->line);
	fprintf(stderr, "Try `%s -h' or '%s --help' for more information.\n",
		fe->progname, fe->progname);
}

int frontend_report(const struct frontend *fe, const struct err *e)
{
	/* What was printed before the error comes before it. */
	fflush(stdout);
	switch (e->style) {
	case ERR_STYLE_FULL:
		fprintf(stderr, "%s v%s: %s\n", fe->progname,
			XTABLES_COMPAT_VERSION " (nf_tables)", e->msg);
		print_hint(fe, e);
		break;
	case ERR_STYLE_SHORT:
		print_short(fe, e);
		break;
	case ERR_STYLE_BARE:
		if (e->msg[0])
			fprintf(stderr, "%s\n", e->msg);
		print_hint(fe, e);
		break;
	}
	return e->status ? (int)e->status : ERR_OTHER;
}
