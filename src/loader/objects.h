/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories of objects that were compiled elsewhere (iptables-bpfctl compile)
 * for machines without clang. Each object lies beside the source it was made
 * from; a hit is an equal source, without the line that names a clang.
 *
 * An object decides over packets: a directory, or a file in it, that anybody
 * but root could write is not looked into.
 */
#ifndef LOADER_OBJECTS_H
#define LOADER_OBJECTS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* The directory that was given, by the environment or --object-dir, as both
 * reach a sync that somebody starts; and the one that is always looked into. */
#define OBJECTS_ENV	"IPTABLES_BPF_OBJECT_DIR"
#define OBJECTS_DEFAULT SYSCONFDIR "/iptables-bpf/objects"

/* Reads the object made from @source into @object; -ENOENT: there is none. */
int objects_get(const char *source, size_t len, struct buf *object);

/* Writes one into @dir; @path gets the object's name. */
int objects_put(const char *dir, const char *source, size_t len,
		const struct buf *object, char *path, size_t path_len);

/* Whether @dir can be used, and if not, why. */
int objects_check_dir(const char *dir, struct err *e);

#endif
