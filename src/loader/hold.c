// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include "loader/exclusive.h"
#include "loader/hold.h"
#include "loader/hook.h"
#include "loader/slot.h"
#include "loader/sys.h"

static void link_path(const struct place *p, unsigned int chain, char *buf,
		      size_t len)
{
	place_pin(p, buf, len, "link-%u", chain);
}

void hold_init(struct hold *h)
{
	unsigned int i;

	h->have_ns = false;
	for (i = 0; i < ABI_CHAINS; i++)
		h->link[i] = -1;
}

void hold_drop(struct hold *h)
{
	unsigned int i;

	if (h->have_ns)
		ns_close(&h->ns);
	for (i = 0; i < ABI_CHAINS; i++)
		if (h->link[i] >= 0)
			close(h->link[i]);
	hold_init(h);
}

void hold_take(struct hold *h, const struct place *p)
{
	struct hold old = *h;
	char path[PLACE_PATH_LEN];
	unsigned int i;

	hold_init(h);
	if (exclusive_any(p)) {
		h->have_ns = !ns_open(&h->ns, p);
		for (i = 0; i < ABI_CHAINS; i++) {
			link_path(p, i, path, sizeof(path));
			h->link[i] = sys_obj_get(path);
		}
	}
	hold_drop(&old);
}

/* A chain has a link when it has a program: the pin of its counters tells. */
static bool is_in_place(const struct ns *ns, unsigned int chain)
{
	char path[PLACE_PATH_LEN];
	unsigned int slot;
	uint32_t gen;

	ns_get_ctl(ns, &slot, &gen);
	slot_pin_path(&ns->place, path, sizeof(path), slot, chain, "counters");
	return access(path, F_OK) || !hook_check(ns, chain);
}

bool hold_check(const struct place *p)
{
	struct exclusive x;
	unsigned int i;
	struct ns ns;
	bool all = true;
	int table;

	if (ns_open(&ns, p))
		return false;
	exclusive_read(p, &x);
	for (i = 0; i < ABI_CHAINS && all; i++) {
		table = place_table_of_chain(i);
		if (table >= 0 && x.table[table])
			all = is_in_place(&ns, i);
	}
	ns_close(&ns);
	return all;
}
