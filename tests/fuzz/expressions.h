/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft expressions out of a fuzzer's bytes. */
#ifndef TESTS_FUZZ_EXPRESSIONS_H
#define TESTS_FUZZ_EXPRESSIONS_H

#include "base/buf.h"
#include "tests/fuzz/input.h"

/*
 * Appends well-formed expressions to @out, the content of
 * NFTA_RULE_EXPRESSIONS: the kinds that rules are made of, in any order, with
 * any register, field, operator and value.
 */
void expressions_write(struct buf *out, struct input *in);

#endif
