/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A batch's insides, shared by batch.c (building) and commit.c (sending,
 * errors). */
#ifndef TRANSLATE_BATCH_H
#define TRANSLATE_BATCH_H

#include <stdbool.h>
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
	/* Of rules, when the batch is tracked: */
	uint32_t sketch;
	bool ask;    /* the kernel is to tell what became of it */
	size_t echo; /* what it told: offset in echoes, plus 1 */
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
	uint32_t line;	     /* for operations to come */
	uint32_t rule_id;    /* last one given out */
	bool track;	     /* nft_batch_track() */
	uint32_t generation; /* that the commit has led to, 0: not told */
	struct buf echoes;
};

/* change.c: remembers what is to be known of the rule that the operation being
 * added is about; */
struct rule;
void change_note_rule(struct nft_batch *b, const struct rule *r);
/* marks the messages whose outcome the kernel is to tell, before each sending;
 */
void change_prepare(struct nft_batch *b);
/* and takes what it tells. */
struct nlmsghdr;
void change_take_echo(struct nft_batch *b, const struct nlmsghdr *nlh);

#endif
