/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader as the front ends and iptables-bpfctl see it. Everything here
 * is best effort by design: whatever fails, nft decides.
 */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loader/place.h"
#include "model/model.h"
#include "translate/nft.h"
#include "translate/snapshot.h"

/* The environment's say: IPTABLES_BPF=off|auto|hybrid|exclusive,
 * IPTABLES_BPF_WAIT=1. */
struct loader_config {
	bool off;
	bool wait;
	const char *object_dir; /* the environment's (objects.h), or NULL */
};
void loader_config_from_env(struct loader_config *cfg);

/*
 * Called by a front end after every successful commit: starts a detached
 * background sync unless one is running (which will then see the new
 * generation by itself), or waits for it when cfg->wait. @place: where this is,
 * if that is known. Never prints, never fails the command.
 */
void loader_kick(const struct loader_config *cfg, const struct place *place);

/*
 * The snapshot of this namespace's rules (snapfile.h), which saves commands
 * and syncs the kernel's dump. It serves whether BPF is on or off.
 */
struct loader_snapshot { /* all zero at first */
	struct place place;
	bool found;  /* place is valid */
	bool exists; /* there is one already */
	bool create; /* there is to be one */
};
/* Whether a batch of @commands commands is to be tracked, to be noted
 * afterwards. @sock: any socket of our network namespace. */
bool loader_snapshot_begin(struct loader_snapshot *s, size_t commands,
			   int sock);
/* Notes what the committed batch @b has changed; @from: the generation it was
 * bound to, 0: to none. */
void loader_snapshot_note(const struct loader_snapshot *s,
			  const struct nft_batch *b, uint32_t from);
/* nft_query.lookup, @arg a struct loader_snapshot */
int loader_snapshot_lookup(const struct snap_place *at, uint32_t generation,
			   uint32_t sketch, uint64_t *handles, unsigned int max,
			   void *arg);

/*
 * Called after every commit to @table, before the command says so: where the
 * table is dormant because BPF decides alone, wakes it, so that the new rules
 * are enforced. Costs next to nothing where no table is. @dormant: this one is
 * known to be, for whatever reason. @place: ours; NULL: not found out yet.
 */
void loader_enforce(enum family family, const char *table, bool dormant,
		    const struct place *place);

/*
 * Adds what BPF has counted to the counters of the rules and base chains in
 * @rs (fetched from the kernel). Does nothing where no BPF runs. @sock: any
 * socket of our network namespace.
 */
void loader_merge_counters(struct ruleset *rs, int sock);

/*
 * Forgets BPF's counters, for -Z and -R: of one rule (@handle != 0), of a chain
 * with its policy, of a table (@chain NULL). Call after the nft commit and
 * before loader_kick.
 */
void loader_zero_counters(enum family family, const char *table,
			  const char *chain, uint64_t handle);

/* Whether @path, the pinned object of an xt_bpf match, is one of our guards. */
bool loader_is_guard_path(const char *path);
/* The fixed path of the guard of a base chain, into @buf. */
void loader_guard_path(char *buf, size_t len, enum family family,
		       const char *table, const char *chain);

#endif
