/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How things stand in this network namespace, found out now; what the last sync
 * said is part of it. */
#ifndef LOADER_STATUS_H
#define LOADER_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/abi_user.h"
#include "loader/place.h"
#include "loader/record.h"
#include "loader/wish.h"

enum status_state { STATUS_LIVE, STATUS_STALE, STATUS_OFF, STATUS_UNAVAILABLE };

struct status {
	struct place place;
	uint32_t generation;	      /* nft's */
	uint32_t compiled_generation; /* the one programs may decide for; 0:
					 none */
	enum status_state state;
	char reason[1200]; /* what is wrong and what to do; "" */
	struct record record;
	bool watcher;	   /* one runs */
	uint8_t exclusive; /* tables that BPF decides alone: a mask (abi.h) */
	enum wish wish;
	struct abi_stats stats[ABI_CHAINS]; /* summed over the CPUs */
};

/* Never fails: what cannot be found out is in the reason. */
void status_get(struct status *s);
void status_free(struct status *s);
const char *status_state_name(enum status_state state);

#endif
