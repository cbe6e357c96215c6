// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a saved ruleset: scanner, grammar and the lines' own checks.
 * What a rule's options mean is command_fuzz's; here they are taken as they
 * are. The first byte chooses the options of iptables-restore.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/restore_queue.h"
#include "iptables-bpf/xt.h"

/* ---- stand-ins for what the grammar calls ---- */

const struct family_ops family_ipv4 = {
	.family = FAMILY_IPV4,
	.progname = "iptables",
	.restore_name = "iptables-restore",
};

int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e)
{
	*cmd = (struct command){.id = CMD_APPEND};
	list_init(&cmd->node);
	list_init(&cmd->rules);
	if (!restore || argv[argc])
		abort();
	if (argc > 3 && !strcmp(argv[3], "-V"))
		cmd->id = CMD_VERSION;
	if (argc > 3 && !strcmp(argv[3], "fail"))
		return err_set(e, ERR_PARAMETER, 0, "told to fail");
	/* Like getopt and the plugins: the words may be written to. */
	for (int i = 0; i < argc; i++)
		memset(argv[i], '.', strlen(argv[i]));
	return 0;
}

void command_clear(struct command *cmd)
{
	free(cmd->names);
	cmd->names = NULL;
}

struct command *command_new(enum command_id id, const char *table,
			    const char *chain, const char *policy)
{
	struct command *cmd = calloc(1, sizeof(*cmd));

	if (!cmd)
		abort();
	cmd->id = id;
	list_init(&cmd->node);
	list_init(&cmd->rules);
	return cmd;
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

static void exit_callback(enum xtables_exittype status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

static void exit_callback(enum xtables_exittype status, const char *fmt, ...)
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

/* ---- */

static struct xtables_globals globals = {
	.program_name = "iptables-restore",
	.program_version = "fuzz",
	.exit_err = exit_callback,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return xtables_init_all(&globals, NFPROTO_IPV4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frontend fe = {.ops = &family_ipv4,
			      .progname = "iptables-restore"};
	struct restore_options options = {0};
	struct restore_queue queue;
	struct err e = {0};
	struct restore_file file = {.fe = &fe,
				    .options = &options,
				    .sink = &restore_queue_sink,
				    .sink_data = &queue,
				    .e = &e};
	FILE *in;

	if (size < 2)
		return 0;
	options.counters = data[0] & 1;
	options.noflush = data[0] & 2;
	options.verbose = data[0] & 4 ? 1 : 0;
	options.implicit_commit = data[0] & 8;
	options.table = data[0] & 16 ? "filter" : NULL;
	in = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
	if (!in)
		return 0;
	restore_queue_init(&queue);
	if (restore_file_parse(&file, in) < 0 && !e.msg[0])
		abort(); /* a failure without a word */
	fclose(in);
	restore_queue_clear(&queue);
	return 0;
}
