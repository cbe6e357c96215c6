// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
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
		h->link[i] = h->prog[i] = -1;
}

void hold_drop(struct hold *h)
{
	unsigned int i;

	if (h->have_ns)
		ns_close(&h->ns);
	for (i = 0; i < ABI_CHAINS; i++) {
		if (h->link[i] >= 0)
			close(h->link[i]);
		if (h->prog[i] >= 0)
			close(h->prog[i]);
	}
	hold_init(h);
}

uint8_t hold_exclusive(const struct hold *h)
{
	return h->have_ns ? ns_ctl_word(&h->ns) >> ABI_CTL_EXCLUSIVE : 0;
}

void hold_take(struct hold *h, const struct place *p)
{
	struct hold old = *h;
	struct sys_link_info info;
	char path[PLACE_PATH_LEN];
	unsigned int i;

	hold_init(h);
	h->have_ns = !ns_open_writable(&h->ns, p);
	if (h->have_ns && !hold_exclusive(h)) {
		ns_close(&h->ns);
		h->have_ns = false;
	}
	for (i = 0; i < ABI_CHAINS && h->have_ns; i++) {
		link_path(p, i, path, sizeof(path));
		h->link[i] = sys_obj_get(path);
		if (h->link[i] >= 0 && !sys_link_info(h->link[i], &info))
			h->prog[i] = sys_prog_by_id(info.prog_id);
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

/* The pinned maps, when they are still those that are held. */
static bool open_same(struct ns *ns, const struct hold *h,
		      const struct place *p)
{
	unsigned int i;

	if (ns_open(ns, p))
		return false;
	for (i = 0; i < NS_MAPS; i++) {
		if (ns->id[i] != h->ns.id[i]) {
			ns_close(ns);
			return false;
		}
	}
	return true;
}

bool hold_check(const struct hold *h, const struct place *p)
{
	uint8_t alone = hold_exclusive(h);
	struct exclusive x;
	unsigned int i;
	struct ns ns;
	bool all;
	int table;

	if (!alone)
		return true;
	if (!open_same(&ns, h, p))
		return false;
	exclusive_read(p, &x);
	all = !(alone & ~exclusive_mask(&x));
	for (i = 0; i < ABI_CHAINS && all; i++) {
		table = place_table_of_chain(i);
		if (table >= 0 && alone >> table & 1)
			all = is_in_place(&ns, i);
	}
	ns_close(&ns);
	return all;
}

bool hold_links_stand(const struct hold *h)
{
	uint8_t alone = hold_exclusive(h);
	bool stand = true;
	unsigned int i;
	int table;

	for (i = 0; i < ABI_CHAINS && alone && stand; i++) {
		table = place_table_of_chain(i);
		if (table >= 0 && alone >> table & 1 && h->prog[i] >= 0)
			stand = hook_probe(&h->ns.place, i, h->prog[i]) !=
				-ENOLINK;
	}
	return stand;
}

void hold_disarm(struct hold *h, const struct place *p)
{
	unsigned int i;
	struct ns ns;

	if (!h->have_ns)
		return;
	if (open_same(&ns, h, p)) {
		ns_close(&ns);
		return;
	}
	ns_change_ctl(&h->ns, ~(0xffULL << ABI_CTL_SLOT), 0);
	/* Others may hold them, too; their places are to be free. */
	for (i = 0; i < ABI_CHAINS; i++)
		if (h->link[i] >= 0)
			sys_link_detach(h->link[i]);
	hold_drop(h);
}
