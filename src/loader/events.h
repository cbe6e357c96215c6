/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nft tells of commits in this network namespace (NFNLGRP_NFTABLES). */
#ifndef LOADER_EVENTS_H
#define LOADER_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* One commit, by anybody. */
struct commit {
	uint32_t generation; /* that it has led to */
	uint8_t tables;	     /* of iptables it has touched: a mask, see abi.h */
	uint8_t asleep; /* those of them that somebody has put to sleep */
	bool hooks;	     /* base chains of other tables came or went */
	bool other;	     /* iptables' nat was touched */
	bool lost; /* messages were lost: anything may have happened */
};

struct events {
	int fd;		    /* to be polled for input */
	struct commit open; /* the one whose end has not come yet */
};

/* Begins to listen, in this network namespace. Negative errno with @e filled;
 * @ev is closed then. */
int events_open(struct events *ev, struct err *e);
void events_close(struct events *ev);

/* Calls @cb for each commit that was heard of so far. Does not wait. */
int events_read(struct events *ev,
		void (*cb)(const struct commit *c, void *arg), void *arg,
		struct err *e);

#endif
