// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/slot.h"
#include "loader/sys.h"

#define SLOT_MAGIC                                                             \
	0x6970622d62617333ULL /* "ipb-bas3": changes with the layout of an     \
				 entry */

/* ---- the base map ---- */

static int map_base(struct slot *s, unsigned int n, bool writable)
{
	s->map_len = (size_t)(n + 1) * sizeof(struct slot_entry);
	s->map = sys_map_mmap(s->base_fd, s->map_len, writable);
	if (!s->map)
		return -errno;
	s->header = s->map;
	s->entries = (struct slot_entry *)s->map + 1;
	s->n = n;
	return 0;
}

int slot_open(struct slot *s, const struct ns *ns, unsigned int num,
	      bool writable)
{
	char path[PLACE_PATH_LEN];
	struct bpf_map_info info;
	int err;

	memset(s, 0, sizeof(*s));
	s->num = num;
	place_pin(&ns->place, path, sizeof(path), "s%u-base", num);
	s->base_fd = sys_obj_get(path);
	if (s->base_fd < 0)
		return s->base_fd;
	err = sys_map_info(s->base_fd, &info);
	if (!err && (info.value_size != sizeof(struct slot_entry) ||
		     info.max_entries < 1))
		err = -ENOENT; /* another version's: as good as none */
	if (!err)
		err = map_base(s, info.max_entries - 1, writable);
	if (!err &&
	    (s->header->magic != SLOT_MAGIC || s->header->entries != s->n))
		err = -ENOENT;
	if (err)
		slot_close(s);
	return err;
}

int slot_create(struct slot *s, const struct ns *ns, unsigned int num,
		const struct slot_entry *entries, unsigned int n)
{
	struct sys_map_spec spec = {
		.type = BPF_MAP_TYPE_ARRAY,
		.name = "base",
		.value_size = sizeof(struct slot_entry),
		.entries = n + 1,
		.flags = BPF_F_MMAPABLE,
	};
	char path[PLACE_PATH_LEN];
	int err;

	memset(s, 0, sizeof(*s));
	s->num = num;
	s->base_fd = sys_map_create(&spec);
	if (s->base_fd < 0)
		return s->base_fd;
	err = map_base(s, n, true);
	if (err)
		goto fail;
	if (n)
		memcpy(s->entries, entries, n * sizeof(*entries));
	s->header->entries = n;
	s->header->magic = SLOT_MAGIC;
	place_pin(&ns->place, path, sizeof(path), "s%u-base", num);
	err = sys_obj_pin(s->base_fd, path);
	if (!err)
		return 0;
fail:
	slot_close(s);
	return err;
}

void slot_close(struct slot *s)
{
	sys_map_munmap(s->map, s->map_len);
	s->map = NULL;
	if (s->base_fd >= 0)
		close(s->base_fd);
	s->base_fd = -1;
}

bool slot_valid(const struct slot *s)
{
	return __atomic_load_n(&s->header->valid, __ATOMIC_ACQUIRE) == 1;
}

void slot_pin_path(const struct place *p, char *buf, size_t len,
		   unsigned int num, unsigned int chain, const char *what)
{
	place_pin(p, buf, len, "s%u-c%u-%s", num, chain, what);
}

void slot_remove(const struct ns *ns, unsigned int num)
{
	char path[PLACE_PATH_LEN], prefix[16];
	struct dirent *d;
	unsigned int i;
	DIR *dir;

	/* base goes first: without it the slot does not exist for anybody */
	place_pin(&ns->place, path, sizeof(path), "s%u-base", num);
	unlink(path);
	for (i = 0; i < ABI_CHAINS; i++)
		sys_map_delete(ns->fd[NS_PROGS], num * ABI_CHAINS + i);

	place_pin(&ns->place, path, sizeof(path), "%s", "");
	dir = opendir(path);
	if (!dir)
		return;
	snprintf(prefix, sizeof(prefix), "s%u-", num);
	while ((d = readdir(dir)))
		if (!strncmp(d->d_name, prefix, strlen(prefix)))
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}

/* ---- reading ---- */

/* Adds up the CPUs' counters of one program into @sums, for the entries that
 * are its. */
static int read_program(const struct slot *s, const struct ns *ns,
			unsigned int chain, struct abi_counter *sums)
{
	unsigned int i, cpu, cpus = sys_possible_cpus();
	char path[PLACE_PATH_LEN];
	struct bpf_map_info info;
	struct abi_counter *values = NULL;
	uint32_t n = 0;
	int fd, err;

	slot_pin_path(&ns->place, path, sizeof(path), s->num, chain,
		      "counters");
	fd = sys_obj_get(path);
	if (fd < 0)
		return fd;
	err = sys_map_info(fd, &info);
	if (!err && info.value_size != sizeof(struct abi_counter))
		err = -EUCLEAN;
	if (err)
		goto out;
	/* The map may have room for more than is counted. */
	for (i = 0; i < s->n; i++)
		if (s->entries[i].kind == SLOT_COUNTER &&
		    s->entries[i].chain == chain && s->entries[i].ordinal >= n)
			n = s->entries[i].ordinal + 1;
	if (n > info.max_entries)
		n = info.max_entries;
	values = calloc((size_t)n * cpus + 1, sizeof(*values));
	err = values ? sys_map_read_percpu(fd, n, sizeof(*values), values)
		     : -ENOMEM;
	for (i = 0; i < s->n && !err; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind != SLOT_COUNTER || e->chain != chain ||
		    e->ordinal >= n)
			continue;
		for (cpu = 0; cpu < cpus; cpu++) {
			const struct abi_counter *v =
				&values[(size_t)e->ordinal * cpus + cpu];

			sums[i].packets += v->packets;
			sums[i].bytes += v->bytes;
		}
	}
out:
	free(values);
	close(fd);
	return err;
}

int slot_read(const struct slot *s, const struct ns *ns,
	      struct abi_counter *sums)
{
	bool done[ABI_CHAINS] = {false};
	unsigned int i;
	int err = 0;

	memset(sums, 0, s->n * sizeof(*sums));
	for (i = 0; i < s->n && !err; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind != SLOT_COUNTER || e->chain >= ABI_CHAINS ||
		    done[e->chain])
			continue;
		done[e->chain] = true;
		err = read_program(s, ns, e->chain, sums);
		/* A pin removed by hand takes its counts along. */
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}
