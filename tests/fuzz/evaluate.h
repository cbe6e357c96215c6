/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nf_tables does with a rule's expressions, on a packet that is nothing
 * but fields: to compare two rules by what they do.
 */
#ifndef TESTS_FUZZ_EVALUATE_H
#define TESTS_FUZZ_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVALUATE_HEADER 64

struct evaluate_packet {
	uint8_t header[3][EVALUATE_HEADER]; /* by NFT_PAYLOAD_*_HEADER */
	bool no_transport;		    /* it cannot be read */
	uint8_t meta[32][16]; /* by NFT_META_*, as they lie in a register */
	uint64_t seed; /* decides what foreign matches answer, and what is bent
			*/
};

enum evaluate_end {
	EVALUATE_INVALID, /* the kernel would not take the rule, or this file
			     does not know */
	EVALUATE_BREAK,	  /* it does not match */
	EVALUATE_CONTINUE,
	EVALUATE_VERDICT,
};

struct evaluate_outcome {
	enum evaluate_end end;
	int32_t verdict;
	bool counted;
	uint64_t effects; /* of limits, logs, foreign matches and
			     targets, in order */
};

/*
 * @exprs: the content of NFTA_RULE_EXPRESSIONS. With @bend, fields of @p are
 * changed on the way so that some comparisons hold which would not.
 */
struct evaluate_outcome evaluate(const void *exprs, size_t len,
				 struct evaluate_packet *p, bool bend);

#endif
