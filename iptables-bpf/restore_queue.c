// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/restore_queue.h"

#include <errno.h>
#include <stdlib.h>

void restore_queue_init(struct restore_queue *q)
{
	*q = (struct restore_queue){0};
	list_init(&q->tables);
}

void restore_queue_clear(struct restore_queue *q)
{
	struct restore_table *t, *tmp;

	list_for_each_safe (t, tmp, &q->tables, struct restore_table, node) {
		transaction_clear(&t->transaction);
		buf_free(&t->comments);
		free(t);
	}
	list_init(&q->tables);
	buf_free(&q->comments);
}

static int out_of_memory(struct restore_file *f)
{
	return err_set(f->e, ERR_OTHER, ENOMEM, "out of memory");
}

static int queue_new(struct restore_file *f, enum command_id id,
		     const char *chain, const char *policy,
		     const struct nft_counters *counters, int line)
{
	struct restore_queue *q = f->sink_data;
	struct command *cmd = command_new(id, f->table, chain, policy);

	if (!cmd)
		return out_of_memory(f);
	cmd->line = line;
	if (!f->options->noflush)
		cmd->verbose = (unsigned int)f->options->verbose;
	if (counters) {
		cmd->counters_given = true;
		cmd->counters = *counters;
	}
	transaction_add(&q->current->transaction, cmd);
	return 0;
}

/* With -v every chain is named as it goes; else the table goes in one piece. */
static int flush_table(struct restore_file *f, int line)
{
	int ret;

	if (f->options->noflush)
		return 0;
	if (!f->options->verbose)
		return queue_new(f, CMD_FLUSH_TABLE, NULL, NULL, NULL, line);
	ret = queue_new(f, CMD_FLUSH, NULL, NULL, NULL, line);
	return ret ? ret
		   : queue_new(f, CMD_DELETE_CHAIN, NULL, NULL, NULL, line);
}

static int queue_table(struct restore_file *f, int line)
{
	struct restore_queue *q = f->sink_data;
	struct restore_table *t = calloc(1, sizeof(*t));

	if (!t)
		return out_of_memory(f);
	snprintf(t->name, sizeof(t->name), "%s", f->table);
	transaction_init(&t->transaction);
	list_append(&q->tables, &t->node);
	q->current = t;
	return flush_table(f, line);
}

static int queue_chain(struct restore_file *f, const char *name,
		       const char *policy, const struct nft_counters *counters,
		       int line)
{
	bool builtin = builtin_chain_find(f->table, name);

	return queue_new(f, CMD_RESTORE_CHAIN, name, policy,
			 builtin ? counters : NULL, line);
}

static int queue_command(struct restore_file *f, struct command *cmd, int argc,
			 char **argv)
{
	struct restore_queue *q = f->sink_data;

	transaction_add(&q->current->transaction, cmd);
	return 0;
}

/* Kept, since the rules of the tables before are echoed first. */
static int queue_comment(struct restore_file *f, const char *text)
{
	struct restore_queue *q = f->sink_data;

	if (f->options->verbose)
		buf_puts(&q->comments, text);
	return q->comments.failed ? out_of_memory(f) : 0;
}

static int queue_commit(struct restore_file *f, int line)
{
	struct restore_queue *q = f->sink_data;

	q->current->transaction.line = line;
	q->current->comments = q->comments;
	q->comments = (struct buf)BUF_INIT;
	q->current = NULL;
	return 0;
}

const struct restore_sink restore_queue_sink = {
	.table = queue_table,
	.chain = queue_chain,
	.command = queue_command,
	.comment = queue_comment,
	.commit = queue_commit,
};
