/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C printer's inside: from a plan, and nothing but the plan, to text. */
#ifndef CODEGEN_PRINT_H
#define CODEGEN_PRINT_H

#include "base/buf.h"
#include "codegen/call.h"
#include "codegen/plan.h"

/*
 * What the program must read of a packet for its predicates: the NEED_* of
 * pkt.bpf.h.
 */
struct needs {
	bool field[FIELD_COUNT], call[CALL_COUNT];
	bool ct_entry;
	bool native_transport;
	bool long_names; /* of devices: their second eight bytes, too */
	unsigned int th; /* bytes of the transport header */
};

/* Adds what @p asks for to @n. */
void pred_needs(const struct pred *p, struct needs *n);
/* As #defines; a NEED_* that is not asked for is left undefined. */
void print_needs(struct buf *out, const struct needs *n);

/*
 * Prints statements that `break` out of the rule when @p does not hold,
 * indented by two tabs. False: nothing after them can be reached.
 */
bool print_pred(struct buf *out, enum family family, const struct pred *p);

/* Defines the plan's tables of -m hashlimit, and a function for each. */
void print_hashlimits(struct buf *out, const struct plan *p);

/*
 * Whether @p can be told as data: a comparison of some bytes, or of a number.
 * And the cases that get at the field's value: into a[2], or into v (and w).
 */
bool pred_bytes(const struct pred *p);
bool pred_number(const struct pred *p);
void pred_print_number_case(struct buf *out, enum pred_field field);
void pred_print_bytes_case(struct buf *out, enum family family,
			   enum pred_field field);

/* Declares @size bytes as `data`. */
void print_data(struct buf *out, const uint8_t *data, unsigned int size);

extern const char *const runtime_head; /* what stands in front of the chains */
extern const char *const runtime_tail; /* what stands behind them */

#endif
