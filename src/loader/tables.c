// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/tables.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "loader/sys.h"

int tables_fill(struct bpf_object *obj, const struct tables *t)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, TABLES_MAP);
	size_t room = 0;
	void *to;

	if (!map)
		return t->size ? -ENOEXEC : 0;
	to = bpf_map__initial_value(map, &room);
	if (!to || !t->size || room < t->size)
		return -ENOEXEC;
	memcpy(to, t->data, t->size);
	return 0;
}

int tables_refill(int fd, const struct tables *t)
{
	struct bpf_map_info info;
	int err = sys_map_info(fd, &info);
	void *to;

	if (err)
		return err;
	if (info.max_entries != 1 || info.value_size != t->size)
		return -ENOEXEC;
	to = sys_map_mmap(fd, t->size, true);
	if (!to)
		return -errno;
	memcpy(to, t->data, t->size);
	sys_map_munmap(to, t->size);
	return 0;
}

/* Two independent hashes of eight bytes at a time: 128 bits in all. */
static void hash_words(const struct tables *t, uint64_t h[2])
{
	const unsigned char *p = t->data;
	uint64_t w;

	h[0] = t->size;
	h[1] = ~h[0];
	for (size_t i = 0; i + sizeof(w) <= t->size; i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		h[0] = (h[0] ^ w) * 0x9e3779b97f4a7c15ULL;
		h[0] ^= h[0] >> 32;
		h[1] = (h[1] + w) * 0xd6e8feb86659fd93ULL;
		h[1] ^= h[1] >> 29;
	}
}

void tables_stamp(const struct tables *t, struct buf *out)
{
	uint64_t h[2];

	if (!t->size)
		return;
	hash_words(t, h);
	buf_printf(out, "/* tables: %zu bytes, %016llx%016llx */\n", t->size,
		   (unsigned long long)h[0], (unsigned long long)h[1]);
}
