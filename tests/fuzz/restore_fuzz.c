// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a saved ruleset: scanner, grammar and the lines' own checks.
 * What a rule's options mean is command_fuzz's; here they are taken as they
 * are. The first byte chooses the options of iptables-restore.
 */
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/transaction.h"
#include "tests/unit/restore_standins.h"
#include "tests/unit/restore_text.h"

int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e)
{
	standin_command(cmd, CMD_APPEND);
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

struct command *command_new(enum command_id id, const char *table,
			    const char *chain, const char *policy)
{
	struct command *cmd = malloc(sizeof(*cmd));

	if (!cmd)
		abort();
	standin_command(cmd, id);
	return cmd;
}

static struct xtables_globals globals = {
	.program_name = "iptables-restore",
	.program_version = "fuzz",
	.exit_err = standin_exit,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return xtables_init_all(&globals, NFPROTO_IPV4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct restore_options options = {0};
	struct restore_queue queue;
	struct err e = {0};
	struct restore_file file = {.options = &options, .e = &e};

	if (size < 2)
		return 0;
	options.counters = data[0] & 1;
	options.noflush = data[0] & 2;
	options.verbose = data[0] & 4 ? 1 : 0;
	options.implicit_commit = data[0] & 8;
	options.table = data[0] & 16 ? "filter" : NULL;
	if (restore_text(&file, &queue, data + 1, size - 1) < 0 && !e.msg[0])
		abort(); /* a failure without a word */
	restore_queue_clear(&queue);
	return 0;
}
