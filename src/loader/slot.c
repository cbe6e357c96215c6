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

/* ---- totals ---- */

int slot_compare_ids(const struct slot_id *a, const struct slot_id *b)
{
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->handle != b->handle)
		return a->handle < b->handle ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return 0;
}

static int compare_totals(const void *a, const void *b)
{
	return slot_compare_ids(&((const struct slot_total *)a)->id,
				&((const struct slot_total *)b)->id);
}

struct totals {
	struct slot_total *t;
	unsigned int n;
};

/* What of a slot is added to totals. */
struct part {
	bool base;		  /* what is carried in it, too */
	bool without[ABI_CHAINS]; /* not of these programs */
	struct slot_used *used;	  /* where to note what is not 0, or NULL */
};

static int note_used(struct slot_used *used, const struct slot *s,
		     const struct abi_counter *sums)
{
	unsigned int i;

	free(used->counter);
	used->n = 0;
	used->counter = calloc(s->n + 1, sizeof(*used->counter));
	if (!used->counter)
		return -ENOMEM;
	for (i = 0; i < s->n; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind != SLOT_COUNTER ||
		    !(sums[i].packets | sums[i].bytes))
			continue;
		used->counter[used->n].chain = e->chain;
		used->counter[used->n++].ordinal = e->ordinal;
	}
	return 0;
}

static int totals_add(struct totals *all, const struct slot *s,
		      const struct ns *ns, const struct part *part)
{
	struct abi_counter *sums;
	struct slot_total *t;
	unsigned int i;
	int err;

	if (!s->n)
		return 0;
	sums = calloc(s->n, sizeof(*sums));
	t = realloc(all->t, (all->n + s->n) * sizeof(*t));
	if (t)
		all->t = t;
	err = sums && t ? slot_read(s, ns, sums) : -ENOMEM;
	if (!err && part->used)
		err = note_used(part->used, s, sums);
	for (i = 0; i < s->n && !err; i++) {
		const struct slot_entry *e = &s->entries[i];

		if (e->kind == SLOT_STATE ||
		    (e->kind == SLOT_COUNTER && part->without[e->chain]))
			continue;
		all->t[all->n++] = (struct slot_total){
			.id = e->id,
			.table_key = e->table_key,
			.chain_key = e->chain_key,
			.packets =
				sums[i].packets + (part->base ? e->packets : 0),
			.bytes = sums[i].bytes + (part->base ? e->bytes : 0),
		};
	}
	free(sums);
	return err;
}

/* The programs that @live has taken over from the old slot. */
static void kept_programs(const struct slot *live, bool *kept)
{
	unsigned int i;

	for (i = 0; i < live->n; i++)
		if (live->entries[i].kept)
			kept[live->entries[i].chain] = true;
}

/* Sorts, and makes one of the counts that belong to the same rule. */
static void totals_join(struct totals *all)
{
	unsigned int i, n = 0;

	if (!all->n)
		return;
	qsort(all->t, all->n, sizeof(*all->t), compare_totals);
	for (i = 1; i < all->n; i++) {
		if (compare_totals(&all->t[n], &all->t[i])) {
			all->t[++n] = all->t[i];
			continue;
		}
		all->t[n].packets += all->t[i].packets;
		all->t[n].bytes += all->t[i].bytes;
	}
	all->n = n + 1;
}

const struct slot_total *slot_total_find(const struct slot_total *t,
					 unsigned int n,
					 const struct slot_id *id)
{
	struct slot_total key = {.id = *id};

	return n ? bsearch(&key, t, n, sizeof(*t), compare_totals) : NULL;
}

/*
 * What the old slot counted for rules that were zeroed before the new one was
 * made does not count. @old is sorted.
 */
static void totals_drop_fresh(struct totals *old, const struct slot *live)
{
	struct slot_total *t;
	unsigned int i;

	for (i = 0; i < live->n; i++) {
		if (!live->entries[i].fresh)
			continue;
		t = (struct slot_total *)slot_total_find(old->t, old->n,
							 &live->entries[i].id);
		if (t)
			t->packets = t->bytes = 0;
	}
}

static int try_totals(const struct ns *ns, struct totals *all)
{
	const struct part everything = {.base = true};
	struct part fresh = {.base = false};
	struct slot live, old;
	unsigned int num;
	uint32_t gen;
	int err;

	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, false);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (slot_valid(&live)) {
		err = totals_add(all, &live, ns, &everything);
		goto out;
	}
	/* The old slot's base is valid: no swap starts before that. */
	err = slot_open(&old, ns, !num, false);
	if (!err) {
		err = totals_add(all, &old, ns, &everything);
		slot_close(&old);
		totals_join(all);
		totals_drop_fresh(all, &live);
		kept_programs(&live, fresh.without);
	} else if (err == -ENOENT) {
		err = slot_valid(&live) ? -EAGAIN : 0;
	}
	if (!err)
		err = totals_add(all, &live, ns, &fresh);
	/* From then on the old slot's pins may have gone under our hands. */
	if (!err && slot_valid(&live))
		err = -EAGAIN;
out:
	slot_close(&live);
	return err;
}

/* One try; -EAGAIN when a swap came in between. */
static int unlocked_totals(const struct ns *ns, struct totals *all)
{
	unsigned int slot, slot_after;
	uint32_t gen, gen_after;
	int err;

	all->n = 0;
	ns_get_ctl(ns, &slot, &gen);
	err = try_totals(ns, all);
	ns_get_ctl(ns, &slot_after, &gen_after);
	return slot == slot_after && gen == gen_after ? err : -EAGAIN;
}

/* With swaps and -Z held off. */
static int locked_totals(const struct ns *ns, struct totals *all)
{
	int lock = place_lock(&ns->place, "counters.lock", true), err;

	if (lock < 0)
		return lock;
	all->n = 0;
	err = try_totals(ns, all);
	close(lock);
	return err;
}

int slot_totals(const struct ns *ns, struct slot_total **out, unsigned int *n)
{
	struct totals all = {0};
	int tries = 5, err;

	do {
		err = unlocked_totals(ns, &all);
	} while (err == -EAGAIN && --tries);
	if (err == -EAGAIN)
		err = locked_totals(ns, &all);
	if (err) {
		free(all.t);
		return err;
	}
	totals_join(&all);
	*out = all.t;
	*n = all.n;
	return 0;
}

/* ---- writing ---- */

static void set_counts(struct slot_entry *e, uint64_t packets, uint64_t bytes)
{
	__atomic_store_n(&e->packets, packets, __ATOMIC_RELAXED);
	__atomic_store_n(&e->bytes, bytes, __ATOMIC_RELAXED);
}

/* An old slot, and where in it the counters of each program begin: they stand
 * together and in order. */
struct old_slot {
	struct slot slot;
	unsigned int first[ABI_CHAINS];
};

static void index_old(struct old_slot *old)
{
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		old->first[i] = old->slot.n;
	for (i = old->slot.n; i-- > 0;)
		if (old->slot.entries[i].kind == SLOT_COUNTER &&
		    old->slot.entries[i].chain < ABI_CHAINS)
			old->first[old->slot.entries[i].chain] = i;
}

/* The entry of @old for the same counter as @e, of a program that was kept. */
static const struct slot_entry *same_counter(const struct old_slot *old,
					     const struct slot_entry *e)
{
	const struct slot_entry *found;
	unsigned int i = old->first[e->chain] + e->ordinal;

	if (i >= old->slot.n)
		return NULL;
	found = &old->slot.entries[i];
	return found->kind == e->kind && found->chain == e->chain &&
			       found->ordinal == e->ordinal
		       ? found
		       : NULL;
}

/*
 * A program that was kept goes on counting in its map: its base stays what it
 * was, or, for a rule that was zeroed, is what makes the sum @now 0.
 */
static struct abi_counter kept_base(const struct old_slot *old,
				    const struct slot_entry *e,
				    const struct abi_counter *now)
{
	const struct slot_entry *before = same_counter(old, e);

	if (e->fresh)
		return (struct abi_counter){-now->packets, -now->bytes};
	if (!before)
		return (struct abi_counter){0, 0};
	return (struct abi_counter){before->packets, before->bytes};
}

static bool has_kept(const struct slot *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->entries[i].kept)
			return true;
	return false;
}

/*
 * @totals: what the programs that are gone have counted. Each goes to the first
 * entry of its rule, as the rule may be in several programs.
 */
static int fill_base(struct slot *live, const struct old_slot *old,
		     struct totals *totals, const struct ns *ns)
{
	struct abi_counter *now = calloc(live->n + 1, sizeof(*now));
	unsigned int i;
	int err = now ? 0 : -ENOMEM;

	/* Only what counts on in the same map is of interest. */
	if (!err && has_kept(live))
		err = slot_read(live, ns, now);

	for (i = 0; i < live->n && !err; i++) {
		struct slot_entry *e = &live->entries[i];
		struct abi_counter base = {0, 0};
		struct slot_total *t;

		if (e->kind == SLOT_STATE)
			continue;
		if (e->kept && old)
			base = kept_base(old, e, &now[i]);
		t = (struct slot_total *)slot_total_find(totals->t, totals->n,
							 &e->id);
		set_counts(e, base.packets + (t ? t->packets : 0),
			   base.bytes + (t ? t->bytes : 0));
		if (t)
			t->packets = t->bytes = 0;
	}
	free(now);
	return err;
}

static int carry(struct slot *live, struct ns *ns, struct slot_used *used)
{
	struct part gone = {.base = true, .used = used};
	struct totals totals = {0};
	struct old_slot old;
	int err, opened;

	err = ns_grace_period(
		ns); /* the old programs have counted their last */
	if (err)
		return err;
	opened = slot_open(&old.slot, ns, !live->num, false);
	if (opened && opened != -ENOENT)
		return opened;
	if (!opened) {
		index_old(&old);
		kept_programs(live, gone.without);
		err = totals_add(&totals, &old.slot, ns, &gone);
		totals_join(&totals);
		totals_drop_fresh(&totals, live);
	}
	if (!err)
		err = fill_base(live, opened ? NULL : &old, &totals, ns);
	if (!opened)
		slot_close(&old.slot);
	free(totals.t);
	return err;
}

int slot_settle(struct ns *ns, struct slot_used *used)
{
	struct slot live;
	unsigned int num;
	uint32_t gen;
	int err;

	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, true);
	if (err)
		return err == -ENOENT ? 0 : err;
	/* When it is valid, the other slot may be under construction. */
	if (!slot_valid(&live)) {
		err = carry(&live, ns, used);
		if (!err)
			__atomic_store_n(&live.header->valid, 1,
					 __ATOMIC_RELEASE);
		err = err ? err : 1;
	}
	slot_close(&live);
	return err;
}

int slot_carry(struct ns *ns)
{
	unsigned int num;
	uint32_t gen;
	int err = slot_settle(ns, NULL);

	ns_get_ctl(ns, &num, &gen);
	if (err > 0)
		slot_remove(ns, !num);
	return err < 0 ? err : 0;
}

int slot_zero(struct ns *ns,
	      bool (*match)(const struct slot_entry *entry, void *arg),
	      void *arg)
{
	struct abi_counter *sums = NULL;
	struct slot live;
	unsigned int num, i;
	uint32_t gen;
	int err;

	err = slot_carry(ns);
	if (err)
		return err;
	ns_get_ctl(ns, &num, &gen);
	err = slot_open(&live, ns, num, true);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (!live.n)
		goto out;
	sums = calloc(live.n, sizeof(*sums));
	err = sums ? slot_read(&live, ns, sums) : -ENOMEM;
	for (i = 0; i < live.n && !err; i++)
		if (live.entries[i].kind != SLOT_STATE &&
		    match(&live.entries[i], arg)) {
			set_counts(&live.entries[i], -sums[i].packets,
				   -sums[i].bytes);
			live.entries[i].nft_packets = 0;
		}
out:
	free(sums);
	slot_close(&live);
	return err;
}
