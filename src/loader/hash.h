/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv): names things, proves
 * nothing. */
#ifndef LOADER_HASH_H
#define LOADER_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_INIT 0xcbf29ce484222325ULL

static inline uint64_t hash_add(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

#endif
