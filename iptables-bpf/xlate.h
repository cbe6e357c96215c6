/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and commands as nft text: iptables-translate. The plugins' xlate
 * functions do the extensions. */
#ifndef FRONTEND_XLATE_H
#define FRONTEND_XLATE_H

#include <stdbool.h>

#include "iptables-bpf/command.h"

/*
 * Prints @cmd as nft commands, as iptables-translate does, or as a line of an
 * nft script when
 * @script. @argc, @argv: what it was parsed from, shown in a comment when there
 * is no translation. False when nft has no word for this kind of command.
 */
bool xlate_command(const struct family_ops *ops, const struct command *cmd,
		   bool script, int argc, char **argv);

/* The plugins of the newest revisions, whatever this kernel knows: nobody asks
 * it. After xt_init(). */
void xlate_init(void);

#endif
