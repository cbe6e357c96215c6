/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the last sync of a namespace found and did, for `iptables-bpfctl
 * status': a file of tab-separated lines, replaced as a whole.
 */
#ifndef LOADER_RECORD_H
#define LOADER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "codegen/codegen.h"
#include "loader/place.h"
#include "model/model.h"

struct record_handover {
	unsigned int chain_id; /* the base chain whose program hands over */
	char chain[MODEL_CHAIN_NAME_LEN];
	unsigned int rule;
	char reason[96];
};

struct record_chain {
	unsigned int id; /* abi.h chain number */
	enum chain_mode mode;
	char reason[400];
	unsigned int rules;
	/* of the program; insns 0: there is none */
	unsigned int insns, jited_bytes, compile_ms, load_ms;
	bool cache_hit;
	bool idle;	       /* nothing to decide or to count: no program */
	struct plan_cost cost; /* all 0: not known */
	char obstacle[320];    /* why its table is not exclusive; "" */
};

struct record {
	uint32_t generation; /* of the ruleset it is about */
	char error[1024];    /* why the sync did not end well; "" */
	struct record_chain *chains;
	unsigned int nchains;
	struct record_handover *handovers;
	unsigned int nhandovers;
};

/* -ENOENT: no sync has been here yet. */
int record_read(const struct place *p, struct record *r);
int record_write(const struct place *p, const struct record *r);
void record_free(struct record *r);

/* Append a zeroed element; NULL when out of memory. */
struct record_chain *record_add_chain(struct record *r);
struct record_handover *record_add_handover(struct record *r);
/* NULL when there is none. */
const struct record_chain *record_find_chain(const struct record *r,
					     unsigned int id);

#endif
