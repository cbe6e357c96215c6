/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -vv tells: nft's objects as they are read and sent, in libnftnl's words.
 */
#ifndef TRANSLATE_DEBUG_H
#define TRANSLATE_DEBUG_H

#include <stdbool.h>

#include "translate/batch.h"
#include "translate/nft.h"

struct nlmsghdr;

/* The rule in @nlh on nft->debug; @guard: BPF's own, nothing must show it. */
void debug_rule(struct nft *nft, const struct nlmsghdr *nlh, bool guard);
/*
 * What each operation of @b is about, on nft->debug. A rule or chain that the
 * operation only names is asked of the kernel; so this is to be called before
 * the batch is sent.
 */
void debug_batch(struct nft *nft, const struct nft_batch *b);

#endif
