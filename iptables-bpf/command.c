// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *put(char *at, const char *s, const char **where)
{
	size_t len;

	if (!s)
		return at;
	len = strlen(s) + 1;
	*where = memcpy(at, s, len);
	return at + len;
}

int command_set_names(struct command *cmd, const char *table, const char *chain,
		      const char *new_name, const char *policy)
{
	const char *all[] = {table, chain, new_name, policy};
	const char **where[] = {&cmd->table, &cmd->chain, &cmd->new_name,
				&cmd->policy};
	size_t len = 1;
	char *at;

	for (int i = 0; i < 4; i++)
		len += all[i] ? strlen(all[i]) + 1 : 0;
	at = malloc(len);
	if (!at)
		return -ENOMEM;
	free(cmd->names);
	cmd->names = at;
	for (int i = 0; i < 4; i++)
		at = put(at, all[i], where[i]);
	return 0;
}

struct command *command_new(enum command_id id, const char *table,
			    const char *chain, const char *policy)
{
	struct command *cmd = calloc(1, sizeof(*cmd));

	if (!cmd)
		return NULL;
	cmd->id = id;
	list_init(&cmd->node);
	list_init(&cmd->rules);
	if (command_set_names(cmd, table, chain, NULL, policy)) {
		free(cmd);
		return NULL;
	}
	return cmd;
}

void command_clear(struct command *cmd)
{
	struct rule *r, *tmp;

	list_for_each_safe (r, tmp, &cmd->rules, struct rule, node) {
		list_remove(&r->node);
		rule_free(r);
	}
	free(cmd->names);
	cmd->names = NULL;
}
