/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One descriptor per xtables match or target: how its kernel structure
 * lowers to packet predicates, or why it cannot. A new match is one new file
 * here and one line in extensions/table.inc.
 */
#ifndef EXTENSIONS_EXTENSION_H
#define EXTENSIONS_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

struct lower; /* where predicates go: codegen/lower.h */

struct ext_desc {
	const char *name; /* as in struct ext */
	bool target;	  /* false: a match */
	uint8_t families; /* EXT_IPV4 | EXT_IPV6 */
	uint8_t min_rev,
		max_rev; /* revisions of the structure it understands */
	/*
	 * Emits the predicates of @e, or returns 0 after lower_refuse(l, why)
	 * to make this rule a hand-over point. Negative errno only for out of
	 * memory. NULL: always a hand-over, for the reason in @why.
	 */
	int (*lower)(struct lower *l, const struct rule *r,
		     const struct ext *e);
	const char *why; /* why it is handed over, when lower is NULL */
	const char *doc; /* one line for doc/MATCHES.md */
};

#define EXT_IPV4 1
#define EXT_IPV6 2

/* Whether @e holds at least @size bytes of a structure that xt code evaluates.
 */
static inline bool ext_is_xt(const struct ext *e, size_t size)
{
	return !e->native && e->size >= size;
}

/* NULL when no descriptor knows it. */
const struct ext_desc *ext_find(const char *name, uint8_t revision, bool target,
				enum family family);
/* The @i-th descriptor, NULL behind the last: for lists of them. */
const struct ext_desc *ext_at(unsigned int i);

#endif
