// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/slot.h"
#include "loader/spare.h"
#include "loader/sys.h"

void spare_source_path(const struct place *p, unsigned int slot,
		       unsigned int chain, char *buf, size_t len)
{
	char name[32];

	if (slot == SPARE_SLOT)
		snprintf(name, sizeof(name), "spare-c%u.c", chain);
	else
		snprintf(name, sizeof(name), "s%u-c%u.c", slot, chain);
	place_file(p, buf, len, name);
}

static void pin_path(const struct ns *ns, unsigned int chain, const char *what,
		     char *buf, size_t len)
{
	place_pin(&ns->place, buf, len, "spare-c%u-%s", chain, what);
}

static int get_pin(const struct ns *ns, unsigned int chain, const char *what)
{
	char path[PLACE_PATH_LEN];

	pin_path(ns, chain, what, path, sizeof(path));
	return sys_obj_get(path);
}

static void remove_pin(const struct ns *ns, unsigned int chain,
		       const char *what)
{
	char path[PLACE_PATH_LEN];

	pin_path(ns, chain, what, path, sizeof(path));
	unlink(path);
}

void spare_drop(const struct ns *ns, unsigned int chain)
{
	char path[PLACE_PATH_LEN];

	remove_pin(ns, chain, "counters");
	remove_pin(ns, chain, "tables");
	remove_pin(ns, chain, "prog");
	spare_source_path(&ns->place, SPARE_SLOT, chain, path, sizeof(path));
	unlink(path);
}

/* ---- which programs can be used again ---- */

static uint32_t map_id(int fd)
{
	struct bpf_map_info info;

	return sys_map_info(fd, &info) ? 0 : info.id;
}

/* Constants, which libbpf has frozen. */
static bool is_rodata(uint32_t id)
{
	struct bpf_map_info info;
	int fd = sys_map_by_id(id);
	bool yes;

	if (fd < 0)
		return false;
	yes = !sys_map_info(fd, &info) && strstr(info.name, ".rodata");
	close(fd);
	return yes;
}

static bool is_shared(const struct ns *ns, uint32_t id)
{
	for (unsigned int i = 0; i < NS_MAPS; i++)
		if (ns->id[i] == id)
			return true;
	return false;
}

/*
 * Whether all that @p knows of earlier packets is in its counters and tables,
 * and the maps that it shares are the present ones.
 */
bool spare_possible(const struct ns *ns, const struct program *p)
{
	uint32_t maps[32], nmaps = 32, i, notes = 0, stats = 0;
	uint32_t counters = map_id(p->counters_fd);
	uint32_t tables = map_id(p->tables_fd);
	struct bpf_prog_info info;

	if (p->fd < 0 || p->counters_fd < 0 || p->tables_fd < 0 ||
	    sys_prog_info(p->fd, &info, maps, &nmaps) || nmaps > 32)
		return false;
	for (i = 0; i < nmaps; i++) {
		notes |= maps[i] == ns->id[NS_NOTES];
		stats |= maps[i] == ns->id[NS_STATS];
		if (!is_shared(ns, maps[i]) && maps[i] != counters &&
		    maps[i] != tables && !is_rodata(maps[i]))
			return false;
	}
	return notes && stats && counters && tables;
}

static uint32_t program_in_slot(const struct ns *ns, unsigned int slot,
				unsigned int chain)
{
	uint32_t id;

	return sys_map_lookup(ns->fd[NS_PROGS], slot * ABI_CHAINS + chain, &id)
		       ? 0
		       : id;
}

static bool is_in_a_slot(const struct ns *ns, unsigned int chain, int prog)
{
	struct bpf_prog_info info;
	unsigned int slot;

	if (sys_prog_info(prog, &info, NULL, NULL))
		return true;
	for (slot = 0; slot < ABI_SLOTS; slot++)
		if (program_in_slot(ns, slot, chain) == info.id)
			return true;
	return false;
}

/* ---- taking ---- */

/* A kept source is followed by what tells programs of the same source apart. */
bool spare_fits(const struct ns *ns, unsigned int chain,
		const struct buf *source)
{
	char path[PLACE_PATH_LEN];
	struct buf old = BUF_INIT;
	bool same;

	pin_path(ns, chain, "counters", path, sizeof(path));
	if (access(path, F_OK))
		return false;
	spare_source_path(&ns->place, SPARE_SLOT, chain, path, sizeof(path));
	same = !cache_read_file(path, &old) && old.len >= source->len &&
	       !memcmp(old.data, source->data, source->len);
	buf_free(&old);
	return same;
}

int spare_take(struct program *p, const struct ns *ns, unsigned int chain,
	       const struct buf *source, const struct tables *tables)
{
	struct bpf_prog_info info;
	int err = -ENOENT;

	program_init(p);
	if (!tables->size || !spare_fits(ns, chain, source))
		return -ENOENT;
	p->fd = get_pin(ns, chain, "prog");
	p->counters_fd = get_pin(ns, chain, "counters");
	p->tables_fd = get_pin(ns, chain, "tables");
	/* From here on whatever is written to it, it is nobody's spare. */
	spare_drop(ns, chain);
	if (spare_possible(ns, p) && !is_in_a_slot(ns, chain, p->fd))
		err = tables_refill(p->tables_fd, tables);
	if (!err)
		err = sys_prog_info(p->fd, &info, NULL, NULL);
	if (err) {
		program_close(p);
		return err;
	}
	p->insns = info.xlated_prog_len / 8;
	p->jited_bytes = info.jited_prog_len;
	return 0;
}

/* ---- putting ---- */

static int pin(const struct ns *ns, unsigned int chain, const char *what,
	       int fd)
{
	char path[PLACE_PATH_LEN];

	pin_path(ns, chain, what, path, sizeof(path));
	return sys_obj_pin(fd, path);
}

static int pin_all(const struct ns *ns, unsigned int chain,
		   const struct program *p)
{
	int err = pin(ns, chain, "prog", p->fd);

	if (!err)
		err = pin(ns, chain, "tables", p->tables_fd);
	return err ? err : pin(ns, chain, "counters", p->counters_fd);
}

void spare_put(const struct ns *ns, unsigned int chain, const struct program *p,
	       const struct buf *source)
{
	char path[PLACE_PATH_LEN];
	int err;

	spare_drop(ns, chain);
	if (!spare_possible(ns, p))
		return;
	spare_source_path(&ns->place, SPARE_SLOT, chain, path, sizeof(path));
	err = cache_write_file(path, source->data, source->len);
	if (!err)
		err = pin_all(ns, chain, p);
	if (err)
		spare_drop(ns, chain);
}

/* ---- what ran until now ---- */

static int open_pin(const struct ns *ns, unsigned int num, unsigned int chain,
		    const char *what)
{
	char path[PLACE_PATH_LEN];

	slot_pin_path(&ns->place, path, sizeof(path), num, chain, what);
	return sys_obj_get(path);
}

static int zero_counters(int fd, unsigned int chain,
			 const struct slot_used *used)
{
	struct abi_counter *zero =
		calloc(sys_possible_cpus() + 1, sizeof(*zero));
	int err = zero ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < used->n && !err; i++)
		if (used->counter[i].chain == chain)
			err = sys_map_update(fd, used->counter[i].ordinal,
					     zero);
	free(zero);
	return err;
}

static int retire(const struct ns *ns, unsigned int num, unsigned int chain,
		  const struct program *p, const struct slot_used *used)
{
	char from[PLACE_PATH_LEN], to[PLACE_PATH_LEN];
	int err;

	if (!spare_possible(ns, p))
		return -ENOENT;
	err = zero_counters(p->counters_fd, chain, used);
	if (err)
		return err;
	spare_drop(ns, chain);
	spare_source_path(&ns->place, num, chain, from, sizeof(from));
	spare_source_path(&ns->place, SPARE_SLOT, chain, to, sizeof(to));
	if (rename(from, to))
		return -errno;
	err = pin_all(ns, chain, p);
	if (err)
		spare_drop(ns, chain);
	return err;
}

void spare_retire(const struct ns *ns, unsigned int num,
		  const struct slot_used *used)
{
	char path[PLACE_PATH_LEN];
	struct program p;
	unsigned int i;
	uint32_t id;

	for (i = 0; i < ABI_CHAINS; i++) {
		slot_pin_path(&ns->place, path, sizeof(path), num, i, "tables");
		if (access(path, F_OK))
			continue;
		id = program_in_slot(ns, num, i);
		/* One that was kept is still running. */
		if (!id || id == program_in_slot(ns, !num, i))
			continue;
		p = (struct program){
			.fd = sys_prog_by_id(id),
			.counters_fd = open_pin(ns, num, i, "counters"),
			.tables_fd = open_pin(ns, num, i, "tables"),
			.state_fd = -1,
		};
		retire(ns, num, i, &p, used);
		program_close(&p);
	}
}
