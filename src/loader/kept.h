/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps of a program that outlive it: one whose name says so (print_hashlimit.c
 * of codegen gives them) is found again by the next program that has a map of
 * this name. They are pinned like the program's other maps, per slot.
 */
#ifndef LOADER_KEPT_H
#define LOADER_KEPT_H

#include <bpf/libbpf.h>

#include "loader/ns.h"

#define KEPT_PREFIX "hl" /* and 12 hexadecimal digits */
#define KEPT_MAX    40	 /* PLAN_MAX_HASHLIMITS */

struct kept {
	struct kept_map {
		char name[16];
		int fd;
	} map[KEPT_MAX];
	unsigned int n;
};

/* Before @obj is loaded for chain @chain: it gets the maps of the live slot
 * that are named like its own. */
int kept_reuse(struct bpf_object *obj, const struct ns *ns, unsigned int chain);
/* Of a loaded object; kept_close() in any case. */
int kept_of_object(struct kept *k, const struct bpf_object *obj);
/* Of chain @chain in slot @num, as they are pinned. */
int kept_of_slot(struct kept *k, const struct ns *ns, unsigned int num,
		 unsigned int chain);
int kept_pin(const struct kept *k, const struct ns *ns, unsigned int num,
	     unsigned int chain);
void kept_close(struct kept *k);

#endif
