/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing rules, step by step; nft.h has rule_equal(). */
#ifndef TRANSLATE_EQUAL_H
#define TRANSLATE_EQUAL_H

#include "translate/nft.h"

/* rule_equal() of rules that both came from the kernel, or through
 * rule_canonical(). */
bool rule_equal_as_is(enum family family, const struct rule *a,
		      const struct rule *b, ext_cmp_size_fn size);

/* What the kernel would give back for @r. The caller frees it; NULL: no memory,
 * or @r has no nft form. */
struct rule *rule_canonical(enum family family, const struct rule *r);

#endif
