/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surrounds the grammar of saved files, for programs that test it without
 * the parser of rules: family_ipv4, the lists of commands, and libxtables'
 * exit callback, caught. command_parse() and command_new() are each program's
 * own.
 */
#ifndef TESTS_UNIT_RESTORE_STANDINS_H
#define TESTS_UNIT_RESTORE_STANDINS_H

#include <xtables.h>

#include "iptables-bpf/command.h"

/* What both command_parse() and command_new() begin with. */
void standin_command(struct command *cmd, enum command_id id);

/* struct xtables_globals.exit_err: ends the innermost xt_guarded(). */
void standin_exit(enum xtables_exittype status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

#endif
