/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exclusive tables: nft's copy is dormant, and BPF alone decides. Tables are
 * bits of a mask, numbered as in abi.h.
 *
 * Which tables are so is in three places: the bits of the control word, for
 * the programs; a mark in the table itself (a named counter of nft), which goes
 * wherever `nft list ruleset' is saved and loaded; and the file "exclusive"
 * with the tables' handles, which is quick to look for. A dormant table that
 * has no mark is the user's own. One that has a mark, but that the file does
 * not know, is lost: nobody decides in its place, and whoever meets it wakes
 * it.
 *
 * All transitions hold the lock "exclusive.lock" of the namespace.
 */
#ifndef LOADER_EXCLUSIVE_H
#define LOADER_EXCLUSIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loader/abi_user.h"
#include "loader/ns.h"
#include "loader/place.h"
#include "translate/nft.h"

#define EXCLUSIVE_MARK "dormant_because_iptables_bpfctl_watch_decides"

struct exclusive {
	uint64_t table[ABI_TABLES]; /* nft handles; 0: not exclusive */
};

/* The file; none: no table. To write none removes it. Negative errno. */
void exclusive_read(const struct place *p, struct exclusive *x);
int exclusive_write(const struct place *p, const struct exclusive *x);
/* Which tables of @x are not 0. */
uint8_t exclusive_mask(const struct exclusive *x);
/* Whether there is the file, so whether any table is. One access(), for
 * commands. */
bool exclusive_any(const struct place *p);

/* The lock that holds off transitions; a descriptor or a negative errno, such
 * as -EWOULDBLOCK when somebody keeps it for seconds. */
int exclusive_lock(const struct place *p);

/*
 * Lets nft decide for the tables of @mask again: wakes them first, waits for
 * packets on their way, then releases BPF. Nobody decides in hybrid tables
 * either until the next sync.
 *
 * Guards are put in first, so that no packet is counted twice; where that
 * fails, those that BPF accepts are, from the moment that nft is awake.
 *
 * Also when the tables are awake or gone already, when they are lost, and when
 * pins, state and locks are not to be had.
 */
int exclusive_leave(const struct place *p, struct nft *nft, uint8_t mask,
		    struct err *e);

/* As above; but @guarded false: nothing decides any more, so that there is no
 * time for guards and no need of them. */
int exclusive_leave_how(const struct place *p, struct nft *nft, uint8_t mask,
			bool guarded, struct err *e);

/* Whether @t has the mark: 1, 0 or a negative errno. */
int exclusive_is_marked(struct nft *nft, const struct table *t);
/* The lost tables: of @rs, with @known read already; and of all there are. */
uint8_t exclusive_lost(struct nft *nft, const struct ruleset *rs,
		       const struct exclusive *known);
uint8_t exclusive_find_lost(const struct place *p, struct nft *nft);

/*
 * Puts the tables of @x to sleep, whose programs decide for @generation with
 * guards behind them. 0: @generation is that of the ruleset afterwards, and the
 * control word's. -ERESTART: the ruleset is another one.
 */
int exclusive_enter(struct ns *ns, struct nft *nft, const struct exclusive *x,
		    uint32_t *generation, struct err *e);

#endif
