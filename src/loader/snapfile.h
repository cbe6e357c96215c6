/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file "rules" of a network namespace: records of a snapshot
 * (translate/snapshot.h). Whoever commits appends what the commit changed, in
 * one write; nobody holds a lock over a commit. A file that is replaced keeps
 * what was appended to its predecessor meanwhile. A record that is missing
 * makes the file useless for what comes after it, never wrong.
 */
#ifndef LOADER_SNAPFILE_H
#define LOADER_SNAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "loader/place.h"
#include "translate/snapshot.h"

/* What a record of this namespace has for a world: another number after a
 * reboot, in another namespace, or when the kernel's nf_tables was loaded anew.
 */
uint64_t snapfile_world(const struct place *p);

/* The file, read at one moment. */
struct snapfile {
	struct buf data;
	struct snap snap; /* valid after snapfile_read() returned 0 */
};

/* Whether there is one, of this boot or an earlier one. */
bool snapfile_exists(const struct place *p);
/* Its length; 0: there is none. */
size_t snapfile_size(const struct place *p);
/*
 * Reads what leads to generation @gen. -ESTALE: nothing; or another negative
 * errno. To be closed in any case.
 */
int snapfile_read(struct snapfile *f, const struct place *p, uint32_t gen);
void snapfile_close(struct snapfile *f);

/* Appends records to the file. -ENOENT when there is none. */
int snapfile_append(const struct place *p, const struct buf *records);
/*
 * Makes @records the file, which say what there is at @gen; with what the old
 * one has of commits after that, even if they come while this goes on.
 */
int snapfile_replace(const struct place *p, const struct buf *records,
		     uint32_t gen);
void snapfile_remove(const struct place *p);

/* Rewrites the file as what is there at @gen, which @st says. */
void snapfile_tidy(const struct place *p, const struct snap_state *st,
		   uint32_t gen);

/* A file of @len bytes whose live part is about @live is history mostly. */
bool snapfile_is_bloated(size_t len, size_t live);

#endif
