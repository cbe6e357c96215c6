/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule <-> its nft expressions, without a connection: what the dump and
 * the batches are built from, and what unit tests and fuzzers drive.
 */
#ifndef TRANSLATE_CODEC_H
#define TRANSLATE_CODEC_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

/*
 * Appends the expressions of @r to @out, the content of NFTA_RULE_EXPRESSIONS,
 * in the order and form of iptables-nft 1.8.9 (inverted ports: 1.8.11's).
 * Returns 0, -ENOMEM, -EMSGSIZE, or -EPROTOTYPE for what rule_check() refuses.
 */
int rule_encode(struct buf *out, enum family family, const struct rule *r);

struct decode_result {
	/* iptables 1.8.9 calls the whole table incompatible because of it. */
	bool incompatible;
	const char *why; /* what was not understood first; NULL: all was. A
			    literal. */
};

/*
 * Decodes expressions (the content of NFTA_RULE_EXPRESSIONS) into the empty
 * rule @r, filling everything but handle and node. Any input is fine: what
 * makes no sense sets RULE_UNKNOWN (iptables would refuse to print it) or
 * RULE_ODD_ORDER (printable, but the model does not carry its exact meaning)
 * and @res. Fails only with -ENOMEM.
 */
int rule_decode(enum family family, const void *exprs, size_t len,
		struct rule *r, struct decode_result *res);

/*
 * Keeps the attributes in r->raw when decoding them left something out or
 * flagged @r: then rule_encode() writes these instead, with r's counters.
 * -ENOMEM or 0.
 */
int rule_keep_raw(struct rule *r, const void *exprs, size_t exprs_len,
		  const void *udata, size_t udata_len);

/* Adds what NFTA_RULE_USERDATA holds for iptables: a comment, as a comment
 * match. -ENOMEM or 0. */
int rule_decode_userdata(struct rule *r, const void *data, size_t len);

/* Sets RULE_GUARD when @r is a guard rule. */
void rule_mark_guard(struct rule *r);

#endif
