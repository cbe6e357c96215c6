/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as the kernel's messages and snapshots hold them -> model. For dump.c;
 * others have nft_take_rule() and nft_rule_from_message().
 */
#ifndef TRANSLATE_RULE_MESSAGE_H
#define TRANSLATE_RULE_MESSAGE_H

#include "translate/nlread.h"
#include "translate/snapshot.h"

/* What the attributes NFTA_RULE_* in @tb say; refers to the message. */
struct snap_content rule_content(const struct attr *tb);

/*
 * A new rule in *@out, for @c, a chain of @t, which becomes incompatible where
 * iptables says so of such a rule. 0 or -ENOMEM.
 */
int rule_make(struct table *t, const struct chain *c,
	      const struct snap_content *content, struct rule **out);

/* Notes why iptables cannot handle @t, unless that is known already. 0 or
 * -ENOMEM. */
int table_set_incompatible(struct table *t, const char *chain, const char *why);

#endif
