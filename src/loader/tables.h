/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that are data (plan_tables()): into a program's map, and as a line
 * behind its source, which tells two programs of one source apart.
 */
#ifndef LOADER_TABLES_H
#define LOADER_TABLES_H

#include <bpf/libbpf.h>
#include <stddef.h>

#include "base/buf.h"

/* The map, as the generated program calls it (codegen/engine.bpf.h). */
#define TABLES_MAP ".bss.tables"

struct tables {
	const void *data; /* the plan's */
	size_t size;	  /* 0: none */
};

/* Fills the map of an object that is not loaded yet. 0, or -ENOEXEC when the
 * object has none, or one of another size. */
int tables_fill(struct bpf_object *obj, const struct tables *t);

/* Overwrites the map of a loaded program that no packet is in. 0, -ENOEXEC when
 * it has another size, or another error. */
int tables_refill(int fd, const struct tables *t);

/* A comment that names the content of @t; nothing when there is none. */
void tables_stamp(const struct tables *t, struct buf *out);

#endif
