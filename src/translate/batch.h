/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A batch's insides, shared by batch.c (building) and commit.c (sending,
 * errors). */
#ifndef TRANSLATE_BATCH_H
#define TRANSLATE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What an operation is called in error messages, iptables-nft's words. */
enum batch_op_type {
	OP_TABLE_ADD,
	OP_TABLE_FLUSH,
	OP_CHAIN_ADD,
	OP_CHAIN_USER_ADD,
	OP_CHAIN_DEL,
	OP_CHAIN_UPDATE,
	OP_CHAIN_RENAME,
	OP_RULE_APPEND,
	OP_RULE_INSERT,
	OP_RULE_REPLACE,
	OP_RULE_DELETE,
	OP_RULE_FLUSH,
};

struct batch_op {
	size_t msg; /* offset of its message */
	uint32_t line;
	enum batch_op_type type;
};

/* Sequence numbers: the begin message is 1, operation i is i + 2. */
#define BATCH_SEQ_BEGIN 1
#define BATCH_SEQ_FIRST 2

struct nft_batch {
	struct buf msgs; /* begin message, then the operations'; the end is
			    added when sent */
	size_t genid; /* offset of the generation in the begin message, network
			 byte order */
	struct batch_op *ops;
	size_t nops, cap;
	uint32_t line;	  /* for operations to come */
	uint32_t rule_id; /* last one given out */
};

#endif
