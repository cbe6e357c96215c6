/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing netlink messages straight into one growing buffer. Messages and
 * nests are named by their offset, because the buffer moves when it grows.
 * Allocation failure is sticky in the buffer (base/buf.h).
 */
#ifndef TRANSLATE_NLWRITE_H
#define TRANSLATE_NLWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Begins a message of nfnetlink @type (subsystem << 8 | message); @res_id in
 * host byte order. Returns its offset, for nlw_msg_end(), which fills in the
 * length.
 */
size_t nlw_msg(struct buf *b, uint16_t type, uint16_t flags, uint8_t family,
	       uint16_t res_id, uint32_t seq);
void nlw_msg_end(struct buf *b, size_t off);

/* Begins a nested attribute and returns its offset, for nlw_nest_end(). */
size_t nlw_nest(struct buf *b, uint16_t type);
/* False when the content is longer than an attribute can be (64 KiB). */
bool nlw_nest_end(struct buf *b, size_t off);

/* Attributes: @len bytes as they are, at most 64 KiB; a string with its NUL. */
void nlw_put(struct buf *b, uint16_t type, const void *data, size_t len);
void nlw_str(struct buf *b, uint16_t type, const char *s);
/* Numbers in host byte order; they go out in network byte order, as nf_tables
 * wants them. */
void nlw_u16(struct buf *b, uint16_t type, uint16_t v);
void nlw_u32(struct buf *b, uint16_t type, uint32_t v);
void nlw_u64(struct buf *b, uint16_t type, uint64_t v);

#endif
