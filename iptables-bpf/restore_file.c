// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/restore_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

void restore_file_init(struct restore_file *f, struct frontend *fe,
		       const struct restore_options *options, struct err *e)
{
	*f = (struct restore_file){.fe = fe, .options = options, .e = e};
	list_init(&f->tables);
}

void restore_file_clear(struct restore_file *f)
{
	struct restore_table *t, *tmp;

	list_for_each_safe (t, tmp, &f->tables, struct restore_table, node) {
		transaction_clear(&t->transaction);
		buf_free(&t->comments);
		free(t);
	}
	list_init(&f->tables);
	words_free(&f->words);
	buf_free(&f->comments);
}

int restore_failed(struct restore_file *f, int line, int ret)
{
	f->ret = ret;
	f->e->line = line;
	return ret;
}

static int out_of_memory(struct restore_file *f, int line)
{
	return restore_failed(
		f, line, err_set(f->e, ERR_OTHER, ENOMEM, "out of memory"));
}

static int add_command(struct restore_file *f, enum command_id id,
		       const char *chain, const char *policy,
		       const struct nft_counters *counters, int line)
{
	struct command *cmd = command_new(id, f->current->name, chain, policy);

	if (!cmd)
		return out_of_memory(f, line);
	cmd->line = line;
	cmd->verbose = f->options->noflush ? 0
					   : (unsigned int)f->options->verbose;
	if (counters) {
		cmd->counters_given = true;
		cmd->counters = *counters;
	}
	transaction_add(&f->current->transaction, cmd);
	return 0;
}

/* With -v every chain is named as it goes; else the table goes in one piece. */
static int flush_table(struct restore_file *f, int line)
{
	int ret;

	if (f->options->noflush)
		return 0;
	if (!f->options->verbose)
		return add_command(f, CMD_FLUSH_TABLE, NULL, NULL, NULL, line);
	ret = add_command(f, CMD_FLUSH, NULL, NULL, NULL, line);
	return ret ? ret
		   : add_command(f, CMD_DELETE_CHAIN, NULL, NULL, NULL, line);
}

int restore_table_begin(struct restore_file *f, const char *name, bool wanted,
			int line)
{
	struct restore_table *t;

	if (!name)
		return restore_failed(f, line,
				      err_set(f->e, ERR_PARAMETER, 0,
					      "%s: line %d table name invalid",
					      f->fe->progname, line));
	if (!builtin_table_exists(name))
		return restore_failed(
			f, line,
			err_set(f->e, ERR_PARAMETER, 0,
				"%s: line %d table name '%s' invalid",
				f->fe->progname, line, name));
	if (!wanted)
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return out_of_memory(f, line);
	snprintf(t->name, sizeof(t->name), "%s", name);
	transaction_init(&t->transaction);
	list_append(&f->tables, &t->node);
	f->current = t;
	return flush_table(f, line);
}

/* Kept, since the rules of the tables before are echoed first. */
void restore_comment(struct restore_file *f, const char *text)
{
	if (f->options->verbose)
		buf_puts(&f->comments, text);
}

void restore_table_commit(struct restore_file *f, int line)
{
	f->current->transaction.line = line;
	f->current->comments = f->comments;
	f->comments = (struct buf)BUF_INIT;
	f->current = NULL;
}

int restore_stray_line(struct restore_file *f, int line)
{
	return restore_failed(f, line,
			      err_set_style(f->e, ERR_OTHER, ERR_STYLE_BARE, 0,
					    "%s: line %d failed",
					    f->fe->progname, line));
}

/*
 * A chain may not be called like a target. xtables_announce_chain() goes first
 * as in iptables-restore: it keeps libxtables from looking on disk for a plugin
 * of that name, now and at every later -j.
 */
static int check_chain_name(const char *name, struct err *e)
{
	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN)
		return err_set(
			e, ERR_PARAMETER, 0,
			"chain name `%s' too long (must be under %d chars)",
			name, XT_EXTENSION_MAXNAMELEN);
	if (*name == '-' || *name == '!')
		return err_set(e, ERR_PARAMETER, 0,
			       "chain name not allowed to start with `%c'",
			       *name);
	if (xtables_find_target(name, XTF_TRY_LOAD))
		return err_set(e, ERR_PARAMETER, 0,
			       "chain name may not clash with target name");
	for (const char *p = name; *p; p++)
		if (isspace((unsigned char)*p))
			return err_set(e, ERR_PARAMETER, 0,
				       "Invalid chain name `%s'", name);
	return 0;
}

static bool parse_counters(const char *text, struct nft_counters *c)
{
	unsigned long long packets, bytes;

	if (!text || sscanf(text, "[%llu:%llu]", &packets, &bytes) != 2)
		return false;
	*c = (struct nft_counters){packets, bytes};
	return true;
}

int restore_chain(struct restore_file *f, const char *name, const char *policy,
		  const char *counters, int line)
{
	struct nft_counters c = {0};
	int ret = 0;

	if (!name)
		return restore_failed(f, line,
				      err_set(f->e, ERR_PARAMETER, 0,
					      "%s: line %d chain name invalid",
					      f->fe->progname, line));
	xtables_announce_chain(name);
	ret = check_chain_name(name, f->e);
	if (!ret && !policy)
		ret = err_set(f->e, ERR_PARAMETER, 0,
			      "%s: line %d policy invalid", f->fe->progname,
			      line);
	if (ret)
		return restore_failed(f, line, ret);
	if (!builtin_chain_find(f->current->name, name))
		return add_command(f, CMD_RESTORE_CHAIN, name, policy, NULL,
				   line);
	if (f->options->counters && !parse_counters(counters, &c))
		return restore_failed(
			f, line,
			err_set(f->e, ERR_PARAMETER, 0,
				"invalid policy counters for chain '%s'",
				name));
	return add_command(f, CMD_RESTORE_CHAIN, name, policy, &c, line);
}

int restore_rule_begin(struct restore_file *f, char *counters)
{
	struct words *w = &f->words;
	int verbose = f->options->noflush ? 0 : f->options->verbose;
	char *bytes;
	int ret;

	words_reset(w);
	ret = words_add(w, f->fe->progname, f->e);
	ret = ret ? ret : words_add(w, "-t", f->e);
	ret = ret ? ret : words_add(w, f->current->name, f->e);
	for (int i = 0; !ret && i < verbose; i++)
		ret = words_add(w, "-v", f->e);
	if (!ret && counters && f->options->counters) {
		bytes = strchr(counters, ':');
		*bytes++ = '\0';
		ret = words_add(w, "--set-counters", f->e);
		ret = ret ? ret : words_add(w, counters, f->e);
		ret = ret ? ret : words_add(w, bytes, f->e);
	}
	return ret ? restore_failed(f, f->line, ret) : 0;
}

/*
 * A guard rule, as stock tools save it, is ours to put and to remove: it is not
 * restored, and the plugin that would open its path never sees it.
 */
static bool is_guard(const struct words *w, char **argv)
{
	static const char *const form[] = {
		"-A", NULL, "-m",    "bpf", "--object-pinned",
		NULL, "-j", "ACCEPT"};
	const int n = sizeof(form) / sizeof(*form);

	if (w->argc < n)
		return false;
	argv += w->argc - n;
	for (int i = 0; i < n; i++)
		if (form[i] && strcmp(argv[i], form[i]) != 0)
			return false;
	return loader_is_guard_path(argv[5]);
}

int restore_rule(struct restore_file *f, int line)
{
	char **argv = words_argv(&f->words);
	struct command *cmd;
	int ret;

	if (is_guard(&f->words, argv))
		return 0;
	cmd = calloc(1, sizeof(*cmd));
	if (!cmd)
		return out_of_memory(f, line);
	ret = command_parse(f->fe, f->words.argc, argv, true, cmd, f->e);
	cmd->line = line;
	if (ret) {
		command_clear(cmd);
		free(cmd);
		return restore_failed(f, line, ret);
	}
	f->stop = cmd->id == CMD_VERSION || cmd->id == CMD_HELP;
	transaction_add(&f->current->transaction, cmd);
	return 0;
}
