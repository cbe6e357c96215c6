/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -Z, which also stands behind -L and -S. */
#ifndef FRONTEND_ZERO_H
#define FRONTEND_ZERO_H

#include "iptables-bpf/context.h"

/* Of cmd->chain, or of the table. */
int zero_all(struct command_context *ctx, struct command *cmd, struct err *e);
/* Of rule cmd->rulenum of cmd->chain. */
int zero_one(struct command_context *ctx, struct command *cmd, struct err *e);

#endif
