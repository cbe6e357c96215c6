// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "loader/ns.h"
#include "loader/sys.h"

static const struct sys_map_spec map_specs[NS_MAPS] = {
	[NS_NOTES] = {BPF_MAP_TYPE_ARRAY, "notes", sizeof(struct abi_notes), 1,
		      BPF_F_MMAPABLE},
	[NS_CTL] = {BPF_MAP_TYPE_ARRAY, "ctl", sizeof(uint64_t), 1,
		    BPF_F_MMAPABLE},
	[NS_STATS] = {BPF_MAP_TYPE_PERCPU_ARRAY, "stats",
		      sizeof(struct abi_stats), ABI_CHAINS, 0},
	[NS_PROGS] = {BPF_MAP_TYPE_PROG_ARRAY, "progs", sizeof(uint32_t),
		      ABI_SLOTS *ABI_CHAINS, 0},
};

static void map_path(const struct place *p, enum ns_map map, char *buf,
		     size_t len)
{
	if (map == NS_NOTES)
		place_notes(p, buf, len);
	else
		place_pin(p, buf, len, "%s", map_specs[map].name);
}

static int identify(struct ns *ns, enum ns_map map)
{
	const struct sys_map_spec *spec = &map_specs[map];
	struct bpf_map_info info;
	int err = sys_map_info(ns->fd[map], &info);

	if (err)
		return err;
	ns->id[map] = info.id;
	/* Pinned by another version, or not ours at all. */
	if (info.type != spec->type || info.value_size != spec->value_size ||
	    info.max_entries != spec->entries)
		return -EUCLEAN;
	return 0;
}

static void ns_init(struct ns *ns, const struct place *p)
{
	unsigned int i;

	memset(ns, 0, sizeof(*ns));
	ns->place = *p;
	ns->notes_len = sizeof(struct abi_notes);
	for (i = 0; i < NS_MAPS; i++)
		ns->fd[i] = -1;
}

static int map_words(struct ns *ns, int writable)
{
	ns->ctl = sys_map_mmap(ns->fd[NS_CTL], sizeof(uint64_t), writable);
	if (!ns->ctl)
		return -errno;
	ns->notes = sys_map_mmap(ns->fd[NS_NOTES], ns->notes_len, writable);
	return ns->notes ? 0 : -errno;
}

static int open_pins(struct ns *ns, const struct place *p, int writable)
{
	char path[PLACE_PATH_LEN];
	unsigned int i;
	int err = 0;

	ns_init(ns, p);
	for (i = 0; i < NS_MAPS && !err; i++) {
		map_path(p, i, path, sizeof(path));
		ns->fd[i] = sys_obj_get(path);
		err = ns->fd[i] < 0 ? ns->fd[i] : identify(ns, i);
	}
	if (!err)
		err = map_words(ns, writable);
	if (err)
		ns_close(ns);
	return err;
}

int ns_open(struct ns *ns, const struct place *p)
{
	return open_pins(ns, p, 0);
}

int ns_open_writable(struct ns *ns, const struct place *p)
{
	return open_pins(ns, p, 1);
}

int ns_open_ctl(struct ns *ns, const struct place *p)
{
	char path[PLACE_PATH_LEN];
	int err;

	ns_init(ns, p);
	map_path(p, NS_CTL, path, sizeof(path));
	ns->fd[NS_CTL] = sys_obj_get(path);
	err = ns->fd[NS_CTL] < 0 ? ns->fd[NS_CTL] : identify(ns, NS_CTL);
	if (!err) {
		ns->ctl = sys_map_mmap(ns->fd[NS_CTL], sizeof(uint64_t), 1);
		err = ns->ctl ? 0 : -errno;
	}
	if (err)
		ns_close(ns);
	return err;
}

/* Opens the pinned map, or makes it and pins it; two syncs may race for the
 * notes, which all namespaces share. */
static int open_or_make(struct ns *ns, enum ns_map map)
{
	char path[PLACE_PATH_LEN];
	int err, tries;

	map_path(&ns->place, map, path, sizeof(path));
	for (tries = 0; tries < 3; tries++) {
		ns->fd[map] = sys_obj_get(path);
		if (ns->fd[map] >= 0) {
			err = identify(ns, map);
			if (err != -EUCLEAN)
				return err;
			close(ns->fd[map]);
			unlink(path);
		} else if (ns->fd[map] != -ENOENT) {
			return ns->fd[map];
		}
		ns->fd[map] = sys_map_create(&map_specs[map]);
		if (ns->fd[map] < 0)
			return ns->fd[map];
		err = sys_obj_pin(ns->fd[map], path);
		if (!err)
			return identify(ns, map);
		close(ns->fd[map]);
		ns->fd[map] = -1;
		if (err != -EEXIST)
			return err;
	}
	return -EBUSY;
}

int ns_create(struct ns *ns, const struct place *p, struct err *e)
{
	unsigned int i;
	int err = 0;

	ns_init(ns, p);
	ns->writable = true;
	for (i = 0; i < NS_MAPS && !err; i++) {
		err = open_or_make(ns, i);
		if (err)
			err_set(e, ERR_OTHER, -err,
				"cannot make BPF map %s: %s%s",
				map_specs[i].name, strerror(-err),
				err == -EPERM ? " (CAP_BPF and CAP_NET_ADMIN "
						"are needed: run as root)"
					      : "");
	}
	if (!err) {
		err = map_words(ns, 1);
		if (err)
			err_set(e, ERR_OTHER, -err, "cannot map BPF maps: %s",
				strerror(-err));
	}
	if (err)
		ns_close(ns);
	return err;
}

void ns_close(struct ns *ns)
{
	unsigned int i;

	sys_map_munmap((void *)ns->ctl, sizeof(uint64_t));
	sys_map_munmap(ns->notes, ns->notes_len);
	ns->ctl = NULL;
	ns->notes = NULL;
	for (i = 0; i < NS_MAPS; i++) {
		if (ns->fd[i] >= 0)
			close(ns->fd[i]);
		ns->fd[i] = -1;
	}
}

void ns_get_ctl(const struct ns *ns, unsigned int *slot, uint32_t *generation)
{
	uint64_t word = __atomic_load_n(ns->ctl, __ATOMIC_SEQ_CST);

	*slot = word >> ABI_CTL_SLOT & 0xff;
	*generation = word;
	if (*slot >= ABI_SLOTS) {
		*slot = 0;
		*generation = 0;
	}
}

void ns_set_ctl(struct ns *ns, unsigned int slot, uint32_t generation)
{
	const uint64_t tables = ~0ULL << ABI_CTL_EXCLUSIVE;
	uint64_t old = ns_ctl_word(ns), new;

	do {
		new = (old & tables) | (uint64_t)slot << ABI_CTL_SLOT |
		      generation;
	} while (!ns_swap_ctl(ns, &old, new));
}

uint64_t ns_ctl_word(const struct ns *ns)
{
	return __atomic_load_n(ns->ctl, __ATOMIC_SEQ_CST);
}

void ns_change_ctl(struct ns *ns, uint64_t clear, uint64_t set)
{
	uint64_t old = ns_ctl_word(ns);

	while (!ns_swap_ctl(ns, &old, (old & ~clear) | set))
		;
}

bool ns_swap_ctl(struct ns *ns, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(ns->ctl, old, new, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

int ns_grace_period(struct ns *ns)
{
	uint32_t epoch = __atomic_load_n(&ns->notes->epoch, __ATOMIC_SEQ_CST);
	int err = sys_grace_period();

	if (!err && ns->writable)
		__atomic_store_n(&ns->notes->settled, epoch, __ATOMIC_SEQ_CST);
	return err;
}

static bool is_settled(const struct ns *ns)
{
	return __atomic_load_n(&ns->notes->settled, __ATOMIC_SEQ_CST) ==
	       __atomic_load_n(&ns->notes->epoch, __ATOMIC_SEQ_CST);
}

int ns_next_epoch(struct ns *ns)
{
	int lock, err;

	lock = open(PLACE_RUN "/epoch.lock", O_RDWR | O_CREAT | O_CLOEXEC,
		    0600);
	if (lock < 0)
		return -errno;
	/* The epoch is every namespace's: one grace period between any two
	 * steps. */
	if (flock(lock, LOCK_EX)) {
		err = -errno;
	} else {
		err = is_settled(ns) ? 0 : sys_grace_period();
		if (!err)
			__atomic_add_fetch(&ns->notes->epoch, 1,
					   __ATOMIC_SEQ_CST);
	}
	close(lock);
	return err;
}
