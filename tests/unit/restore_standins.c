// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/restore_standins.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/transaction.h"
#include "iptables-bpf/xt.h"

const struct family_ops family_ipv4 = {
	.family = FAMILY_IPV4,
	.progname = "iptables",
	.restore_name = "iptables-restore",
};

void standin_command(struct command *cmd, enum command_id id)
{
	*cmd = (struct command){.id = id};
	list_init(&cmd->node);
	list_init(&cmd->rules);
}

void command_clear(struct command *cmd)
{
	free(cmd->names);
	cmd->names = NULL;
}

void transaction_init(struct transaction *t)
{
	list_init(&t->commands);
	t->line = 0;
}

void transaction_add(struct transaction *t, struct command *cmd)
{
	list_append(&t->commands, &cmd->node);
}

void transaction_clear(struct transaction *t)
{
	struct command *cmd, *tmp;

	list_for_each_safe (cmd, tmp, &t->commands, struct command, node) {
		command_clear(cmd);
		free(cmd);
	}
	list_init(&t->commands);
}

bool loader_is_guard_path(const char *path)
{
	return !strncmp(path, "/run/iptables-bpf/bpf/guard-", 28);
}

/* What libxtables checks has to end here, as in iptables-bpf/xt.c. */
static jmp_buf give_up;
static struct err *give_up_err;

void standin_exit(enum xtables_exittype status, const char *fmt, ...)
{
	va_list ap;

	if (!give_up_err)
		abort();
	give_up_err->status = (enum err_status)status;
	va_start(ap, fmt);
	vsnprintf(give_up_err->msg, sizeof(give_up_err->msg), fmt, ap);
	va_end(ap);
	longjmp(give_up, 1);
}

int xt_guarded(int (*fn)(void *arg), void *arg, struct err *e)
{
	int ret;

	give_up_err = e;
	ret = setjmp(give_up) ? -EINVAL : fn(arg);
	give_up_err = NULL;
	return ret;
}
