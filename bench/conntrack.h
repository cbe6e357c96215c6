/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections made by hand, through ctnetlink. */
#ifndef BENCH_CONNTRACK_H
#define BENCH_CONNTRACK_H

#include "bench/frame.h"

/*
 * Makes the @n flows established connections (answered, TCP's state too) of the
 * current network namespace, for ten minutes; those that exist already stay.
 * 0 or negative errno.
 */
int conntrack_establish(const struct flow *flows, unsigned int n);

/* Forgets all connections of the current network namespace. 0 or negative
 * errno. */
int conntrack_flush(void);

#endif
