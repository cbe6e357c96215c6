/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packing many byte strings that are nearly alike, as the expressions of a
 * chain's rules are: each is written as what differs from the last one of its
 * length.
 */
#ifndef TRANSLATE_DELTA_H
#define TRANSLATE_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define DELTA_SLOTS   64
#define DELTA_MAX_LEN (1 << 17)

/* Both sides go through the same strings and remember the same. All zero: a
 * new one. */
struct delta {
	struct delta_slot {
		uint32_t len, cap;
		unsigned char *data;
	} slot[DELTA_SLOTS];
};

/* Frees what is remembered; a new one again. */
void delta_free(struct delta *d);

/* Appends @len (at most DELTA_MAX_LEN) bytes of @data, packed; their length is
 * not. -ENOMEM or 0. */
int delta_put(struct delta *d, struct buf *out, const void *data, size_t len);

/*
 * Unpacks @len bytes from *@packed on, which moves behind what was read and
 * never beyond @end. The result lives until the next call. NULL: these are not
 * such bytes, or out of memory.
 */
const unsigned char *delta_get(struct delta *d, const unsigned char **packed,
			       const unsigned char *end, size_t len);

#endif
