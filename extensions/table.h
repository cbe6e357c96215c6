/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors, one per file of this directory; table.c lists them. */
#ifndef EXTENSIONS_TABLE_H
#define EXTENSIONS_TABLE_H

#include "extensions/extension.h"

extern const struct ext_desc match_comment;
extern const struct ext_desc match_conntrack;
extern const struct ext_desc match_icmp;
extern const struct ext_desc match_icmp6;
extern const struct ext_desc match_limit;
extern const struct ext_desc match_mark;
extern const struct ext_desc match_multiport;
extern const struct ext_desc match_state;
extern const struct ext_desc match_tcp;
extern const struct ext_desc match_udp;

#endif
