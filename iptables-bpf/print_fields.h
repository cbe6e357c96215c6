/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces that -L, -S and -save share; private to print_*.c. */
#ifndef FRONTEND_PRINT_FIELDS_H
#define FRONTEND_PRINT_FIELDS_H

#include <net/if.h>

#include "iptables-bpf/print.h"

/* The format flags that xtables_print_num() understands (libxtables keeps their
 * names to itself). */
#define FIELD_KILOMEGAGIGA 0x0004
#define FIELD_NO_TABLE	   0x0010

/* Room for what family_ops.fill_ip() writes: the larger of struct ipt_entry and
 * ip6t_entry. */
#define FILL_IP_SIZE 256

/* An interface name as the user wrote it, with its '+'. */
#define IFACE_TEXT_LEN (IFNAMSIZ + 1)
void iface_text(char out[IFACE_TEXT_LEN], const char *name, uint8_t len);

/* The name of protocol @proto, NULL when only its number will do. @lookup: also
 * ask /etc/protocols. */
const char *proto_text(uint16_t proto, bool lookup);

/* What follows -j: the verdict, the chain or the target's name; "" when there
 * is none. */
const char *target_text(const struct rule *r);

/*
 * The builtin and user chains of a table in order, those iptables would create
 * on demand included. @t may be NULL. Freed by chain_view_clear().
 */
struct chain_view {
	struct chain **chains;
	unsigned int n;
	struct chain *absent; /* the ones that do not exist yet */
};
int chain_view_init(struct chain_view *v, const char *table,
		    const struct table *t);
void chain_view_clear(struct chain_view *v);

/* Helpers of chains_in_order(): fills @chains unless it is NULL, returns how
 * many. */
unsigned int chains_collect(const struct table *t, struct chain **chains);
void chains_sort(struct chain **chains, unsigned int n);

#endif
