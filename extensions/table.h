/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors, one per file of this directory; table.inc lists them. */
#ifndef EXTENSIONS_TABLE_H
#define EXTENSIONS_TABLE_H

#include "extensions/extension.h"

#define EXT(desc) extern const struct ext_desc desc;
#include "extensions/table.inc"
#undef EXT

#endif
