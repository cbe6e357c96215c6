/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a guard rule is recognised: by the path of the pinned program its xt_bpf
 * match names. */
#ifndef TRANSLATE_GUARD_H
#define TRANSLATE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* All guards are pinned below this; the loader adds <family>-<table>-<chain>.
 */
#define GUARD_PATH_PREFIX "/run/iptables-bpf/bpf/guard-"

/* Whether @path, of at most @len bytes with or without a NUL, is a guard's. */
bool guard_path_is_ours(const char *path, size_t len);

#endif
