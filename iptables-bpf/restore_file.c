// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/restore_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"
#include "iptables-bpf/xt_rule.h"

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

static int sunk(struct restore_file *f, int line, int ret)
{
	return ret ? restore_failed(f, line, ret) : 0;
}

int restore_table_begin(struct restore_file *f, const char *name, bool wanted,
			int line)
{
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
	snprintf(f->table, sizeof(f->table), "%s", name);
	return sunk(f, line, f->sink->table(f, line));
}

int restore_comment(struct restore_file *f, const char *text, int line)
{
	if (!f->sink->comment)
		return 0;
	return sunk(f, line, f->sink->comment(f, text));
}

int restore_table_commit(struct restore_file *f, int line)
{
	if (!f->sink->commit)
		return 0;
	return sunk(f, line, f->sink->commit(f, line));
}

int restore_stray_line(struct restore_file *f, int line)
{
	return restore_failed(f, line,
			      err_set_style(f->e, ERR_OTHER, ERR_STYLE_BARE, 0,
					    "%s: line %d failed",
					    f->fe->progname, line));
}

/*
 * xtables_announce_chain() goes first as in iptables-restore: it keeps
 * libxtables from looking on disk for a plugin of that name, now and at every
 * later -j.
 */
static int check_chain_name(void *name)
{
	xtables_announce_chain(name);
	xt_check_chain_name(name);
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

static bool wants_counters(const struct restore_file *f, const char *counters)
{
	return f->options->counters ||
	       (counters && stock_iptables()->checks_policy_counters);
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
	ret = xt_guarded(check_chain_name, (void *)(uintptr_t)name, f->e);
	if (!ret && !policy)
		ret = err_set(f->e, ERR_PARAMETER, 0,
			      "%s: line %d policy invalid", f->fe->progname,
			      line);
	if (ret)
		return restore_failed(f, line, ret);
	if (wants_counters(f, counters) && builtin_chain_find(f->table, name) &&
	    !parse_counters(counters, &c))
		return restore_failed(
			f, line,
			err_set(f->e, ERR_PARAMETER, 0,
				"invalid policy counters for chain '%s'",
				name));
	if (!f->options->counters)
		c = (struct nft_counters){0};
	return sunk(f, line, f->sink->chain(f, name, policy, &c, line));
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
	ret = ret ? ret : words_add(w, f->table, f->e);
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
	return sunk(f, line, f->sink->command(f, cmd, f->words.argc, argv));
}
