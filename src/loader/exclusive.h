/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exclusive tables: nft's copy is dormant, and BPF alone decides. Tables are
 * bits of a mask, numbered as in abi.h.
 *
 * Which tables are so is in two places: the bits of the control word, for
 * the programs, and the file "exclusive" with the tables' handles, which is
 * there from before a table goes to sleep until after it is awake: a dormant
 * table that it does not name is the user's own.
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

/* The lock that holds off transitions; a descriptor or a negative errno. */
int exclusive_lock(const struct place *p);

/*
 * Lets nft decide for the tables of @mask again: wakes them first, waits for
 * packets on their way, then releases BPF. Nobody decides in hybrid tables
 * either until the next sync.
 *
 * @guarded: BPF's rules are still nft's, so guards are put in first, and no
 * packet is counted twice. Else what nft's rules say of the packets that BPF
 * accepts counts from the moment they are awake.
 *
 * Also when the tables are awake or gone already, and when pins were removed.
 */
int exclusive_leave(const struct place *p, struct nft *nft, uint8_t mask,
		    bool guarded, struct err *e);

/*
 * Puts the tables of @x to sleep, whose programs decide for @generation with
 * guards behind them. 0: @generation is that of the ruleset afterwards, and the
 * control word's. -ERESTART: the ruleset is another one.
 */
int exclusive_enter(struct ns *ns, struct nft *nft, const struct exclusive *x,
		    uint32_t *generation, struct err *e);

#endif
