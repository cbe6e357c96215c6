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
};

/* Holds nothing; hold_drop() lets go of all. */
void hold_init(struct hold *h);
/* Lets go of what it has and takes what is there now. */
void hold_take(struct hold *h, const struct place *p);
void hold_drop(struct hold *h);

/* Whether the links of all chains in exclusive tables are in place. */
bool hold_check(const struct place *p);

#endif
