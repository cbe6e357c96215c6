/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The netlink connection: requests, answers and their bookkeeping. */
#ifndef TRANSLATE_CONN_H
#define TRANSLATE_CONN_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"
#include "translate/nlread.h"

struct mnl_socket;

struct nft {
	struct mnl_socket *sock;
	uint32_t seq;
	char *rcv; /* CONN_RCV_SIZE bytes */
	struct buf req;
	FILE *debug;	      /* where -vv's text goes; NULL: nowhere */
	bool debug_bytes;     /* -vvv */
	uint64_t debug_guard; /* handle of the last guard met, 0: none */
};

/* Dumps come in pieces of at most 32 KiB; single objects are smaller than this.
 * (Larger, and malloc() asks the kernel for it.) */
#define CONN_RCV_SIZE (64 * 1024)

/* The message of errno @errnum as iptables words it. */
const char *nft_strerror(int errnum);

/*
 * Begins request @type (NFT_MSG_*) in nft->req; attributes may be added with
 * nlw_*() before conn_request() sends it.
 */
void conn_begin(struct nft *nft, uint8_t type, uint16_t flags, uint8_t family);

/* Called for each object; not 0 ends the answer: what is left of it is thrown
 * away. */
typedef int (*conn_cb)(const struct nlmsghdr *nlh, void *arg);

/*
 * Sends nft->req and feeds the answer to @cb: one message, where neither a dump
 * (NLM_F_DUMP) nor an acknowledgement behind it was asked for. Returns 0, what
 * @cb returned if not 0, -EINTR when a dump was not of one generation, or the
 * negative errno the kernel answered with.
 */
int conn_request(struct nft *nft, conn_cb cb, void *arg);

#endif
