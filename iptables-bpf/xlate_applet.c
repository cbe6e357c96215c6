// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables-translate and ip6tables-translate: a command line in nft's words. */
#include <stdio.h>

#include "iptables-bpf/xlate.h"
#include "iptables-bpf/xt.h"

static int translate(struct frontend *fe, int argc, char **argv)
{
	struct err e = {0};
	struct command cmd;
	bool ok;

	if (command_parse(fe, argc, argv, false, &cmd, &e))
		return frontend_report(fe, &e);
	ok = cmd.id == CMD_HELP || cmd.id == CMD_VERSION ||
	     xlate_command(fe->ops, &cmd, false, argc, argv);
	command_clear(&cmd);
	if (ok)
		return 0;
	fputs("Translation not implemented\n", stderr);
	return 1;
}

int applet_translate(const struct family_ops *ops, int argc, char **argv)
{
	struct frontend fe;
	char progname[64];
	int status;

	snprintf(progname, sizeof(progname), "%s-translate", ops->progname);
	frontend_init(&fe, ops, progname);
	fe.translate = true;
	if (xt_init(ops, progname)) {
		fprintf(stderr, "%s: Failed to initialize xtables\n", progname);
		return 1;
	}
	xlate_init();
	status = translate(&fe, argc, argv);
	frontend_close(&fe);
	return status;
}
