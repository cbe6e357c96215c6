// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/slot.h"
#include "loader/sys.h"

static bool is_kept(const char *name)
{
	size_t prefix = strlen(KEPT_PREFIX);

	return !strncmp(name, KEPT_PREFIX, prefix) &&
	       strlen(name) == prefix + 12 &&
	       strspn(name + prefix, "0123456789abcdef") == 12;
}

/* Whether an old map can stand in for @map. */
static bool fits(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info;

	return !sys_map_info(fd, &info) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

int kept_reuse(struct bpf_object *obj, const struct ns *ns, unsigned int chain)
{
	char path[PLACE_PATH_LEN];
	struct bpf_map *map;
	unsigned int slot;
	uint32_t gen;
	int fd, err = 0;

	ns_get_ctl(ns, &slot, &gen);
	bpf_object__for_each_map(map, obj)
	{
		if (err || !is_kept(bpf_map__name(map)))
			continue;
		slot_pin_path(&ns->place, path, sizeof(path), slot, chain,
			      bpf_map__name(map));
		fd = sys_obj_get(path);
		if (fd < 0)
			continue;
		if (fits(map, fd))
			err = bpf_map__reuse_fd(map, fd);
		close(fd);
	}
	return err;
}

static int add(struct kept *k, const char *name, int fd)
{
	struct kept_map *m = &k->map[k->n];

	if (fd < 0)
		return fd;
	if (k->n == KEPT_MAX) {
		close(fd);
		return -E2BIG;
	}
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->fd = fd;
	k->n++;
	return 0;
}

int kept_of_object(struct kept *k, const struct bpf_object *obj)
{
	struct bpf_map *map;
	int fd, err = 0;

	k->n = 0;
	bpf_object__for_each_map(map, obj)
	{
		if (err || !is_kept(bpf_map__name(map)))
			continue;
		fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
		err = add(k, bpf_map__name(map), fd < 0 ? -errno : fd);
	}
	return err;
}

int kept_of_slot(struct kept *k, const struct ns *ns, unsigned int num,
		 unsigned int chain)
{
	char dir[PLACE_PATH_LEN], path[PLACE_PATH_LEN], prefix[32];
	struct dirent *d;
	const char *name;
	DIR *handle;
	int err = 0;

	k->n = 0;
	place_pin(&ns->place, dir, sizeof(dir), "%s", "");
	snprintf(prefix, sizeof(prefix), "s%u-c%u-", num, chain);
	handle = opendir(dir);
	if (!handle)
		return -errno;
	while (!err && (d = readdir(handle))) {
		name = d->d_name + strlen(prefix);
		if (strncmp(d->d_name, prefix, strlen(prefix)) ||
		    !is_kept(name))
			continue;
		slot_pin_path(&ns->place, path, sizeof(path), num, chain, name);
		err = add(k, name, sys_obj_get(path));
	}
	closedir(handle);
	return err;
}

int kept_pin(const struct kept *k, const struct ns *ns, unsigned int num,
	     unsigned int chain)
{
	char path[PLACE_PATH_LEN];
	unsigned int i;
	int err = 0;

	for (i = 0; i < k->n && !err; i++) {
		slot_pin_path(&ns->place, path, sizeof(path), num, chain,
			      k->map[i].name);
		err = sys_obj_pin(k->map[i].fd, path);
	}
	return err;
}

void kept_close(struct kept *k)
{
	while (k->n)
		close(k->map[--k->n].fd);
}
