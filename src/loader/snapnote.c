// SPDX-License-Identifier: GPL-2.0-or-later
/* What commits do with the snapshot of their namespace's rules: note what they
 * changed; and what -C and -D do: look a rule up. */
#include <errno.h>
#include <string.h>

#include "loader/kick.h"
#include "loader/loader.h"
#include "loader/ruleset.h"
#include "loader/snapfile.h"

/* A restore of so many rules is worth a snapshot of its own. */
#define MANY_COMMANDS 500
/* A record of so many bytes is nearly all that there is. */
#define LARGE_RECORD (256u << 10)

static bool find(struct loader_snapshot *s)
{
	if (!s->found)
		s->found = !place_find(&s->place, NULL);
	return s->found;
}

bool loader_snapshot_begin(struct loader_snapshot *s, size_t commands, int sock)
{
	if (!s->found)
		s->found = !place_find_by(&s->place, sock, NULL);
	s->exists = s->found && snapfile_exists(&s->place);
	s->create = s->found && !s->exists && commands >= MANY_COMMANDS;
	return s->exists || s->create;
}

/* What the kernel says of the generations, and what the batch was bound to. */
static uint32_t generation_before(const struct nft_batch *b, uint32_t bound)
{
	uint32_t to = nft_batch_generation(b);

	if (!to)
		return bound;
	if (bound && snap_next_generation(bound) != to)
		return 0;
	return to - 1 ? to - 1 : UINT32_MAX;
}

/* The record of the commit that began at @from in @out. */
static int make_record(const struct place *p, const struct nft_batch *b,
		       uint32_t from, struct buf *out)
{
	struct snap_record r;
	int err;

	memset(&r, 0, sizeof(r));
	err = from ? nft_batch_change(b, &r) : -ENODATA;
	if (!err)
		err = snap_record_end(&r, snapfile_world(p), from,
				      snap_next_generation(from), out);
	snap_record_free(&r);
	return err;
}

/* Restores of large tables over and over would make a long history. */
static int append(const struct place *p, const struct buf *record,
		  uint32_t from)
{
	if (record->len >= LARGE_RECORD &&
	    snapfile_is_bloated(snapfile_size(p), record->len))
		return snapfile_replace(p, record, snap_next_generation(from));
	return snapfile_append(p, record);
}

/* Who leaves a directory behind for a namespace sees to it that somebody
 * removes those of others that are gone. */
static int create(const struct place *p, const struct buf *record,
		  uint32_t from)
{
	int err = place_prepare(p, NULL);

	if (!err)
		err = snapfile_replace(p, record, snap_next_generation(from));
	if (!err && !place_is_machine_netns(p))
		kick_reaper();
	return err;
}

void loader_snapshot_note(const struct loader_snapshot *s,
			  const struct nft_batch *b, uint32_t from)
{
	struct buf record = BUF_INIT;

	from = generation_before(b, from);
	if (!s->found || make_record(&s->place, b, from, &record))
		goto out;
	if (s->exists)
		append(&s->place, &record, from);
	else if (s->create)
		create(&s->place, &record, from);
out:
	buf_free(&record);
}

void ruleset_note_commit(const struct place *place, const struct nft_batch *b,
			 uint32_t from)
{
	const struct loader_snapshot s = {
		.place = *place,
		.found = true,
		.exists = snapfile_exists(place),
	};

	if (s.exists)
		loader_snapshot_note(&s, b, from);
}

int loader_snapshot_lookup(const struct snap_place *at, uint32_t generation,
			   uint32_t sketch, uint64_t *handles, unsigned int max,
			   void *arg)
{
	struct loader_snapshot *s = arg;
	struct snapfile f;
	int ret;

	if (!find(s))
		return -ENOENT;
	ret = snapfile_read(&f, &s->place, generation);
	if (!ret)
		ret = snap_find(&f.snap, at, sketch, handles, max);
	snapfile_close(&f);
	return ret;
}
