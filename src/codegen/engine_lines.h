/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How entries lie in the words of a plan: engine_table.c says which. */
#ifndef CODEGEN_ENGINE_LINES_H
#define CODEGEN_ENGINE_LINES_H

#include "codegen/engine.h"

/* What the entries of a run say. All borrowed. */
struct engine_rules {
	struct plan *plan; /* its words grow */
	const struct plan_chain *chain;
	const struct engine_run *run;
	const struct engine_keys *keys;
};

struct engine_hashed {
	uint64_t hash;
	uint32_t key; /* which of the keys */
};

/* What engine.bpf.h is told of one table (TABLE_*): words, and numbers. */
struct engine_lines {
	uint32_t lines, nlines, bits, mask;
};

/*
 * Writes entries for @n keys, by index, spread over lines by their hashes, and
 * the bitmap of the latter. 0 or -ENOMEM.
 */
int engine_write_lines(const struct engine_rules *rs,
		       const struct engine_hashed *by_index, uint32_t n,
		       struct engine_lines *out);

/*
 * Writes @n keys, by index, as a list of entries: so few, or none, that they
 * are looked at one by one. @at: as a target or a run's word names it. 0 or
 * -ENOMEM.
 */
int engine_write_list(const struct engine_rules *rs, const uint32_t *key,
		      uint32_t n, uint32_t *at);

#endif
