/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watcher of a network namespace: follows nft's notifications and keeps the
 * programs up to date without any command's help, which is what lets nft sleep
 * (exclusive.h). One per namespace, in the foreground.
 *
 * It does not compile: a child does (sync.h), so that the watcher itself can
 * wake a table the moment somebody changes it.
 */
#ifndef LOADER_WATCH_H
#define LOADER_WATCH_H

#include "base/err.h"

/*
 * Returns when it is told to stop (SIGTERM, SIGINT, SIGHUP, SIGQUIT), when
 * nobody else is left in the namespace, or with an error. No table is dormant
 * then.
 * @log: what is worth telling; the caller's.
 */
int watch(const struct msg_sink *log, struct err *e);

#endif
