/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The descriptors: table.inc lists those that compile something, one per file
 * of this directory; nft_only.c has the others.
 */
#ifndef EXTENSIONS_TABLE_H
#define EXTENSIONS_TABLE_H

#include "extensions/extension.h"

#define EXT(desc) extern const struct ext_desc desc;
#include "extensions/table.inc"
#undef EXT

extern const struct ext_desc nft_only[];
extern const unsigned int nft_only_count;

#endif
