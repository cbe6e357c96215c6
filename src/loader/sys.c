// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader/sys.h"

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int sys_obj_get(const char *path)
{
	union bpf_attr attr = {.pathname = ptr(path)};

	return bpf(BPF_OBJ_GET, &attr);
}

int sys_obj_pin(int fd, const char *path)
{
	union bpf_attr attr = {.pathname = ptr(path)};

	attr.bpf_fd = fd;
	return bpf(BPF_OBJ_PIN, &attr);
}

int sys_map_create(const struct sys_map_spec *spec)
{
	union bpf_attr attr = {
		.map_type = spec->type,
		.key_size = sizeof(uint32_t),
		.value_size = spec->value_size,
		.max_entries = spec->entries,
		.map_flags = spec->flags,
	};

	snprintf(attr.map_name, sizeof(attr.map_name), "%s", spec->name);
	return bpf(BPF_MAP_CREATE, &attr);
}

static int map_elem(int cmd, int fd, const uint32_t *key, const void *value)
{
	union bpf_attr attr = {.key = ptr(key), .value = ptr(value)};

	attr.map_fd = fd;
	return bpf(cmd, &attr);
}

int sys_map_lookup(int fd, uint32_t key, void *value)
{
	return map_elem(BPF_MAP_LOOKUP_ELEM, fd, &key, value);
}

int sys_map_update(int fd, uint32_t key, const void *value)
{
	return map_elem(BPF_MAP_UPDATE_ELEM, fd, &key, value);
}

int sys_map_delete(int fd, uint32_t key)
{
	return map_elem(BPF_MAP_DELETE_ELEM, fd, &key, NULL);
}

static int obj_info(int fd, void *info, uint32_t len)
{
	union bpf_attr attr = {
		.info = {.bpf_fd = fd, .info_len = len, .info = ptr(info)},
	};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int sys_map_info(int fd, struct bpf_map_info *info)
{
	memset(info, 0, sizeof(*info));
	return obj_info(fd, info, sizeof(*info));
}

int sys_link_info(int fd, struct sys_link_info *info)
{
	memset(info, 0, sizeof(*info));
	return obj_info(fd, info, sizeof(*info));
}

int sys_prog_info(int fd, struct bpf_prog_info *info, uint32_t *maps,
		  uint32_t *nmaps)
{
	int err;

	memset(info, 0, sizeof(*info));
	if (maps) {
		info->map_ids = ptr(maps);
		info->nr_map_ids = *nmaps;
	}
	err = obj_info(fd, info, sizeof(*info));
	if (!err && maps && info->nr_map_ids < *nmaps)
		*nmaps = info->nr_map_ids;
	return err;
}

int sys_prog_by_id(uint32_t id)
{
	union bpf_attr attr = {.prog_id = id};

	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

int sys_map_by_id(uint32_t id)
{
	union bpf_attr attr = {.map_id = id};

	return bpf(BPF_MAP_GET_FD_BY_ID, &attr);
}

int sys_link_detach(int fd)
{
	union bpf_attr attr = {.link_detach = {.link_fd = fd}};

	return bpf(BPF_LINK_DETACH, &attr);
}

/* The kernel numbers CPUs from 0; the last number of the list "0-3,8-11"
 * counts. */
unsigned int sys_possible_cpus(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int cpu, n = 0;
	char sep;

	if (!f)
		return 0;
	while (fscanf(f, "%u", &cpu) == 1) {
		n = cpu + 1;
		if (fscanf(f, "%c", &sep) != 1)
			break;
	}
	fclose(f);
	return n;
}

static int read_batch(int fd, uint32_t n, void *values)
{
	union bpf_attr attr;
	uint32_t *keys, next = 0;
	int err;

	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	memset(&attr, 0, sizeof(attr));
	attr.batch.out_batch = ptr(&next);
	attr.batch.keys = ptr(keys);
	attr.batch.values = ptr(values);
	attr.batch.count = n;
	attr.batch.map_fd = fd;
	err = bpf(BPF_MAP_LOOKUP_BATCH, &attr);
	free(keys);
	if (err && err != -ENOENT) /* -ENOENT: that was the end of the map */
		return err;
	return attr.batch.count == n ? 0 : -EAGAIN;
}

int sys_map_read_percpu(int fd, uint32_t n, uint32_t value_size, void *values)
{
	size_t stride = (size_t)value_size * sys_possible_cpus();
	uint32_t i;
	int err = 0;

	if (!stride)
		return -ENODATA;
	if (!n || !read_batch(fd, n, values))
		return 0;
	for (i = 0; i < n && !err; i++)
		err = sys_map_lookup(fd, i, (char *)values + i * stride);
	return err;
}

void *sys_map_mmap(int fd, size_t len, int writable)
{
	void *p = mmap(NULL, len, PROT_READ | (writable ? PROT_WRITE : 0),
		       MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

void sys_map_munmap(void *p, size_t len)
{
	if (p)
		munmap(p, len);
}

ssize_t sys_write(int fd, const void *data, size_t len)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	ssize_t n;
	int err;

	sigaction(SIGXFSZ, &ignore, &before);
	n = write(fd, data, len);
	err = errno;
	sigaction(SIGXFSZ, &before, NULL);
	errno = err;
	return n;
}

/* Changing what a map of maps holds ends in synchronize_rcu(), on every kernel
 * and any number of CPUs. */
static int grace_by_map(void)
{
	struct sys_map_spec spec = {
		.type = BPF_MAP_TYPE_ARRAY,
		.name = "grace",
		.value_size = 4,
		.entries = 1,
	};
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	int inner, outer, err;

	inner = sys_map_create(&spec);
	if (inner < 0)
		return inner;
	attr.inner_map_fd = inner;
	outer = bpf(BPF_MAP_CREATE, &attr);
	if (outer < 0) {
		close(inner);
		return outer;
	}
	err = sys_map_update(outer, 0, &inner);
	close(outer);
	close(inner);
	return err;
}

/* membarrier refuses with nohz_full CPUs and does nothing with one CPU, where
 * tasks can be preempted still. */
int sys_grace_period(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1 &&
	    !syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return 0;
	return grace_by_map();
}
