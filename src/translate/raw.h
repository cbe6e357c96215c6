/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of other tools, written back as they were. */
#ifndef TRANSLATE_RAW_H
#define TRANSLATE_RAW_H

#include "base/buf.h"
#include "model/model.h"

/* Appends r->raw's expressions with @r's counters in them. 0, -ENOMEM or
 * -EMSGSIZE. */
int raw_encode(struct buf *out, const struct rule *r);

#endif
