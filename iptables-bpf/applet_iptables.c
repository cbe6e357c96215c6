// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables and ip6tables: one command line, one command. */
#include "iptables-bpf/command.h"

#include <stdio.h>

#include "iptables-bpf/xt.h"

static bool was_run_by_parser(const struct command *cmd)
{
	return cmd->id == CMD_HELP || cmd->id == CMD_VERSION;
}

int applet_iptables(const struct family_ops *ops, int argc, char **argv)
{
	struct err e = {0};
	struct frontend fe;
	struct command cmd;
	int ret;

	frontend_init(&fe, ops, ops->progname);
	if (xt_init(ops, ops->progname) < 0) {
		fprintf(stderr, "%s: Failed to initialize xtables\n",
			ops->progname);
		return ERR_OTHER;
	}
	ret = command_parse(&fe, argc, argv, false, &cmd, &e);
	if (!ret && !was_run_by_parser(&cmd))
		ret = command_run(&fe, &cmd, &e);
	if (ret)
		ret = frontend_report(&fe, &e);
	else
		fflush(stdout);
	command_clear(&cmd);
	frontend_close(&fe);
	return ret;
}
