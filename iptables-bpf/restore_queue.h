/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saved file as iptables-restore runs it: one transaction per table. */
#ifndef FRONTEND_RESTORE_QUEUE_H
#define FRONTEND_RESTORE_QUEUE_H

#include "iptables-bpf/restore_file.h"
#include "iptables-bpf/transaction.h"

/* From "*table" to COMMIT. */
struct restore_table {
	struct list node; /* in restore_queue.tables */
	char name[MODEL_TABLE_NAME_LEN];
	/* Its line is 0 when the table ends nowhere. */
	struct transaction transaction;
	struct buf comments; /* that stand before its COMMIT; -v shows them */
};

struct restore_queue {
	struct list tables; /* of struct restore_table, in the file's order */
	struct restore_table *current; /* NULL between tables */
	struct buf comments;	       /* since the last COMMIT */
};

/* An empty one; restore_queue_clear() frees what has come into it. */
void restore_queue_init(struct restore_queue *q);
void restore_queue_clear(struct restore_queue *q);

/* Fills the struct restore_queue that sink_data points to; sends nothing. */
extern const struct restore_sink restore_queue_sink;

#endif
