/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this kernel's nft takes what follows the IP header of a later
 * fragment for a transport header (nft_payload_fast_eval() of nf_tables_core.c
 * does not ask). No type information tells, so one fragment is sent in a
 * network namespace of its own, once per boot.
 */
#ifndef LOADER_FRAGMENTS_H
#define LOADER_FRAGMENTS_H

#include <stdint.h>

/* The numbers of pkt.bpf.h. */
enum { FRAGMENTS_ASK_NFT, FRAGMENTS_READ, FRAGMENTS_SKIPPED };

/* FRAGMENTS_ASK_NFT when it cannot be found out. */
uint32_t fragments_find(void);

#endif
