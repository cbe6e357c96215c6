/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf(2) and friends without libbpf: all that listings need, so that the
 * front ends need not link (and at every start relocate) libbpf and libelf.
 *
 * File descriptors returned are the caller's and close-on-exec. Functions
 * return 0 (or a descriptor) or a negative errno. Addresses of maps' keys and
 * values follow bpf(2).
 */
#ifndef LOADER_SYS_H
#define LOADER_SYS_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The object pinned at @path. */
int sys_obj_get(const char *path);
int sys_obj_pin(int fd, const char *path);

struct sys_map_spec {
	uint32_t type; /* BPF_MAP_TYPE_ */
	const char *name;
	uint32_t value_size, entries, flags; /* keys are 32 bits */
};
int sys_map_create(const struct sys_map_spec *spec);
int sys_map_lookup(int fd, uint32_t key, void *value);
int sys_map_update(int fd, uint32_t key, const void *value);
int sys_map_delete(int fd, uint32_t key);

int sys_map_info(int fd, struct bpf_map_info *info);

/* The uapi headers of a distribution may be older than netfilter links. */
#define SYS_ATTACH_NETFILTER	45 /* BPF_NETFILTER */
#define SYS_LINK_TYPE_NETFILTER 10 /* BPF_LINK_TYPE_NETFILTER */
struct sys_link_info {		   /* the start of struct bpf_link_info */
	uint32_t type, id, prog_id, pad;
	uint32_t pf, hooknum; /* these for a netfilter link */
	int32_t priority;
	uint32_t flags;
};
int sys_link_info(int fd, struct sys_link_info *info);

/* @maps may be NULL; else *@nmaps is its room, and then how many maps the
 * program uses. */
int sys_prog_info(int fd, struct bpf_prog_info *info, uint32_t *maps,
		  uint32_t *nmaps);
int sys_prog_by_id(uint32_t id);
int sys_map_by_id(uint32_t id);
int sys_link_detach(int fd);

/*
 * How many values a per-CPU map holds for a key; 0 when the kernel does not
 * say. A guess will not do: a lookup writes that many.
 */
unsigned int sys_possible_cpus(void);

/*
 * Reads values 0 to @n - 1 of a per-CPU array, each as sys_possible_cpus()
 * times @value_size bytes (a multiple of 8), into @values.
 */
int sys_map_read_percpu(int fd, uint32_t n, uint32_t value_size, void *values);

/* Maps the first @len bytes of a BPF_F_MMAPABLE map, shared; NULL on failure.
 */
void *sys_map_mmap(int fd, size_t len, int writable);
void sys_map_munmap(void *p, size_t len);

/*
 * Waits until every packet that was between two hooks when this was called has
 * left them: an RCU grace period.
 */
int sys_grace_period(void);

/* As write(); a file that may not become that long (RLIMIT_FSIZE) is an error,
 * EFBIG, and does not kill a command that has nothing but our files to write.
 */
ssize_t sys_write(int fd, const void *data, size_t len);

#endif
