/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rules there are at a generation, without asking the kernel: records in
 * memory or in a file, each either what tables hold at a generation, or what
 * one commit changed. Expressions are kept as nft writes them, without their
 * counters' values meaning anything.
 *
 * A record is a header, an index (operations, and for each added rule its
 * handle and sketch) and the packed expressions in the same order; index and
 * expressions have checksums of their own, so that a search reads the index
 * only. Numbers are the machine's own: a record never leaves it.
 *
 * Records may stand in any order, and twice: a reader takes those that lead to
 * its generation, one by one, and nothing when one is missing.
 */
#ifndef TRANSLATE_SNAPSHOT_H
#define TRANSLATE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/model.h"
#include "translate/delta.h"
#include "translate/nft.h"

struct snap_header {
	uint64_t magic;
	uint64_t world;	   /* whose generations these are (see below) */
	uint32_t from, to; /* generations; equal: what is there at that one */
	uint64_t index_len, rules_len; /* bytes, multiples of 8 */
	uint64_t index_sum;	       /* of header (this one 0) and index */
	uint64_t rules_sum;
};

enum snap_op_type {
	SNAP_RESET,  /* the table has no rules now, whatever it had */
	SNAP_FLUSH,  /* the chain */
	SNAP_DELETE, /* the rule with handle @ref */
	SNAP_ADD,    /* @n rules, each followed by the next; @where, @ref as of
			nft_batch_add_rule(), which know handles only */
};

struct snap_op {
	uint8_t type, family, where, pad;
	uint32_t n;
	uint64_t ref;
	char table[MODEL_TABLE_NAME_LEN];
	char chain[MODEL_CHAIN_NAME_LEN + 3];
	/* SNAP_ADD: followed by @n struct snap_rule */
};

struct snap_rule {
	uint64_t handle;
	uint32_t sketch; /* rule_sketch() */
	uint32_t exprs_len;
	uint16_t udata_len, pad;
	uint32_t packed_len;
};

/* ---- writing ---- */

/* All zero: an empty one. Failure to allocate is remembered until
 * snap_record_end(). */
struct snap_record {
	struct buf index, rules;
	struct delta delta;
	size_t op; /* offset of the last operation */
	bool failed;
};

struct snap_place {
	enum family family;
	const char *table, *chain;
};

void snap_record_free(struct snap_record *r);
/* The operations of enum snap_op_type. */
void snap_reset(struct snap_record *r, enum family family, const char *table);
void snap_flush(struct snap_record *r, const struct snap_place *at);
void snap_delete(struct snap_record *r, const struct snap_place *at,
		 uint64_t handle);

/* A rule as nft has it: NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA. */
struct snap_content {
	const void *exprs, *udata;
	size_t exprs_len, udata_len;
	uint64_t handle;
	uint32_t sketch;
};
void snap_add(struct snap_record *r, const struct snap_place *at,
	      enum nft_where where, uint64_t ref,
	      const struct snap_content *rule);

/*
 * Appends the finished record to @out. @world: a number that is another one
 * wherever generations begin anew: the machine's boot, the network namespace,
 * the kernel's module. -ENOMEM, -EOVERFLOW (too large to be kept) or 0.
 */
int snap_record_end(struct snap_record *r, uint64_t world, uint32_t from,
		    uint32_t to, struct buf *out);

/* The generation after @gen: never 0. */
uint32_t snap_next_generation(uint32_t gen);

/* ---- reading ---- */

/* The records of some bytes that lead to one generation. */
struct snap {
	const struct snap_header **rec; /* in their order; freed by
					   snap_close() */
	unsigned int n;
};

/*
 * Finds them in @len bytes at @data (aligned to 8), which must stay. @data may
 * be anything: what is no record ends the search. -ESTALE: nothing there leads
 * to @gen.
 */
int snap_open(struct snap *s, const void *data, size_t len, uint64_t world,
	      uint32_t gen);
void snap_close(struct snap *s);

/* Appends the commits among those bytes that began at @gen or later to @out. */
void snap_copy_later(const void *data, size_t len, uint64_t world, uint32_t gen,
		     struct buf *out);

/*
 * The handles of the rules of a chain that have this sketch, in no particular
 * order. Returns how many (0: none, for certain), -E2BIG when more than @max,
 * -ESTALE when the records do not know all rules of the table, -EUCLEAN when
 * they are damaged.
 */
int snap_find(const struct snap *s, const struct snap_place *at,
	      uint32_t sketch, uint64_t *handles, unsigned int max);

/* Goes over the operations of a record; @rules: behind an SNAP_ADD. */
struct snap_cursor {
	const unsigned char *at, *end;
	const struct snap_op *op;
	const struct snap_rule *rules;
};
/* False at the end. To be used on records that snap_check_index() likes. */
bool snap_next_op(struct snap_cursor *c);
void snap_first_op(struct snap_cursor *c, const struct snap_header *h);
bool snap_check_index(const struct snap_header *h);
bool snap_check_rules(const struct snap_header *h);
const unsigned char *snap_rules(const struct snap_header *h);

/* ---- the whole ---- */

struct snap_state;

/* Applies all records. -EUCLEAN, -ENOMEM or 0. */
int snap_replay(const struct snap *s, struct snap_state **out);
void snap_state_free(struct snap_state *st);
/* Whether all rules of the table are known. */
bool snap_state_knows(const struct snap_state *st, enum family family,
		      const char *table);
/* Calls @cb for each rule of the table, chain by chain in their order, until
 * it returns not 0; that, or 0. */
typedef int (*snap_rule_cb)(const char *chain, const struct snap_content *rule,
			    void *arg);
int snap_state_each(const struct snap_state *st, enum family family,
		    const char *table, snap_rule_cb cb, void *arg);
/* Adds all that is known to @r: what is there, without how it came. */
void snap_state_write(const struct snap_state *st, struct snap_record *r);

#endif
