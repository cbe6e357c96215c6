/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRONTEND_XLATE_RULE_H
#define FRONTEND_XLATE_RULE_H

#include <xtables.h>

#include "iptables-bpf/family.h"

/* Adds @r's conditions, counter, target and comment to @xl; false when an
 * extension has no translation. */
bool xlate_rule(const struct family_ops *ops, const struct rule *r,
		struct xt_xlate *xl);

#endif
