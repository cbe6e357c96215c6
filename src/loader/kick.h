/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting iptables-bpfctl in the background. */
#ifndef LOADER_KICK_H
#define LOADER_KICK_H

#include <stdbool.h>

/*
 * Starts `iptables-bpfctl ARGS' (NULL-terminated) detached: own session, no
 * inherited descriptors, nothing on stdout or stderr, a fixed environment. With
 * @wait, waits for its end.
 */
void kick_bpfctl(const char *const *args, bool wait);
/* Starts the reaper; one that runs already is enough. */
void kick_reaper(void);

#endif
