/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decides in exclusive tables must not go with its pins: the watcher holds
 * links and maps open.
 */
#ifndef LOADER_HOLD_H
#define LOADER_HOLD_H

#include <stdbool.h>

#include "loader/abi_user.h"
#include "loader/ns.h"

struct hold {
	struct ns ns;
	bool have_ns;
	int link[ABI_CHAINS];
	int prog[ABI_CHAINS]; /* that they run */
};

/* Holds nothing; hold_drop() lets go of all. */
void hold_init(struct hold *h);
/* Lets go of what it has and takes what is there now. */
void hold_take(struct hold *h, const struct place *p);
void hold_drop(struct hold *h);

/* Whether all that decides in exclusive tables is in place: links, and the pins
 * and the file by which others find them. */
bool hold_check(const struct hold *h, const struct place *p);

/* Of that only whether the links held are still attached, which costs a few
 * microseconds each. */
bool hold_links_stand(const struct hold *h);

/* The tables that the programs held decide alone: a mask. */
uint8_t hold_exclusive(const struct hold *h);

/*
 * To be called when nft is awake (exclusive_leave()): where what is pinned is
 * no longer what is held, takes the decision from the latter, too.
 */
void hold_disarm(struct hold *h, const struct place *p);

#endif
