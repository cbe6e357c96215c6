/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spares: programs with tables that are loaded but that nobody runs, one for a
 * base chain. When the rules of such a chain change and the source stays the
 * same, the spare gets the new tables and goes into the idle slot: no clang, no
 * verifier, no new maps. What ran until then becomes the next spare.
 *
 * A spare is pinned beside the slots; its pin "counters" is made last and
 * removed first, and says that it is complete and that all its counters are 0.
 */
#ifndef LOADER_SPARE_H
#define LOADER_SPARE_H

#include <stdbool.h>

#include "base/buf.h"
#include "loader/ns.h"
#include "loader/program.h"
#include "loader/slot.h"
#include "loader/tables.h"

/*
 * Whether @p could become one: all that it knows of earlier packets is in its
 * counters.
 */
bool spare_possible(const struct ns *ns, const struct program *p);

/*
 * Takes the spare of @chain into @p, with @tables in it, when it was made from
 * @source. It is none any more then. Negative errno: there is none.
 */
int spare_take(struct program *p, const struct ns *ns, unsigned int chain,
	       const struct buf *source, const struct tables *tables);

/* Makes the spare of @chain of a program that was just loaded. */
void spare_put(const struct ns *ns, unsigned int chain, const struct program *p,
	       const struct buf *source);

/* Whether @chain has a spare that was made from @source. */
bool spare_fits(const struct ns *ns, unsigned int chain,
		const struct buf *source);

/*
 * Makes spares of the programs with tables in slot @num, which no packet is in
 * any more and whose counters have been read; @used: those that are not 0.
 */
void spare_retire(const struct ns *ns, unsigned int num,
		  const struct slot_used *used);

/* Removes the spare of @chain, if there is one. */
void spare_drop(const struct ns *ns, unsigned int chain);

/* Where a slot, or the spares, keep the source of a chain's program. */
#define SPARE_SLOT ABI_SLOTS
void spare_source_path(const struct place *p, unsigned int slot,
		       unsigned int chain, char *buf, size_t len);

#endif
