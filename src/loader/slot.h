/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slot: the programs compiled for one ruleset, and what they count.
 *
 * For every program there is a per-CPU map of counters, pinned; for the whole
 * slot one map `base', pinned, that only user space writes: for each counter
 * which rule it belongs to (nft's handles) and what earlier programs had
 * counted for that rule. A rule's BPF count is base plus the per-CPU values.
 *
 * The base of a fresh slot is filled in after its programs have gone live and a
 * grace period has passed (slot_carry), and then marked valid with one write.
 * Until then the sum over the old slot stands in for it. Interrupted anywhere,
 * it can be done again: the old slot is not touched before the new one is
 * valid.
 */
#ifndef LOADER_SLOT_H
#define LOADER_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/abi_user.h"
#include "loader/ns.h"
#include "model/model.h"

/* What an entry of base stands for. */
enum slot_kind {
	SLOT_COUNTER, /* counter @ordinal of the program of chain @chain */
	SLOT_STATE,   /* token bucket @ordinal of it */
	SLOT_REST,    /* a rule that no program of this slot counts any more */
};

struct slot_id {
	uint64_t table, handle; /* nft handles; of the chain for its policy */
	uint64_t hash; /* of the rule's content: nft keeps the handle of a
			  replaced rule; 0 for a policy */
};

struct slot_entry {
	struct slot_id id;
	uint64_t table_key, chain_key; /* slot_table_key(), slot_chain_key() */
	uint64_t nft_packets; /* nft's own counter when this was compiled: less
				 means that somebody zeroed it */
	uint8_t kind, chain;  /* enum slot_kind, abi.h chain number */
	uint8_t fresh; /* zeroed behind our back: what earlier programs counted
			  is void */
	uint8_t kept;  /* the program is the old slot's, and counts on in the
			  same map */
	uint32_t ordinal;
	uint64_t packets,
		bytes; /* what earlier programs counted; modulo 2^64 */
};

struct slot_header {
	uint64_t magic;
	uint64_t valid; /* 1: packets and bytes of all entries are set */
	uint64_t entries;
};

struct slot {
	unsigned int num;
	int base_fd;
	void *map; /* base, mapped: a header in the room of one entry, then the
		      entries */
	size_t map_len;
	struct slot_header *header;
	struct slot_entry *entries;
	unsigned int n;
};

/* For sorting and finding: negative, 0, positive. */
int slot_compare_ids(const struct slot_id *a, const struct slot_id *b);

/* Hashes that name a table and a chain, and stand for the content of a rule
 * (counters and handle aside). */
uint64_t slot_table_key(enum family family, const char *table);
uint64_t slot_chain_key(enum family family, const char *table,
			const char *chain);
uint64_t slot_rule_hash(const struct rule *r);

/* Opens slot @num of @ns; -ENOENT when there is none. */
int slot_open(struct slot *s, const struct ns *ns, unsigned int num,
	      bool writable);
/* Makes and pins the base of slot @num, not valid yet, with a copy of @entries.
 */
int slot_create(struct slot *s, const struct ns *ns, unsigned int num,
		const struct slot_entry *entries, unsigned int n);
void slot_close(struct slot *s);
bool slot_valid(const struct slot *s);

/* The path of the map @what ("counters", "state") of a program. */
void slot_pin_path(const struct place *p, char *buf, size_t len,
		   unsigned int num, unsigned int chain, const char *what);
/* Removes all pins of slot @num and its programs. */
void slot_remove(const struct ns *ns, unsigned int num);

/*
 * What the programs of @s have counted, without base: sums[i] belongs to
 * entries[i].
 */
int slot_read(const struct slot *s, const struct ns *ns,
	      struct abi_counter *sums);

/* One rule's count. */
struct slot_total {
	struct slot_id id;
	uint64_t table_key, chain_key;
	uint64_t packets, bytes;
};

/*
 * The BPF counts of all rules of the namespace, each once, sorted for
 * slot_total_find(). *@out is freed by the caller.
 */
int slot_totals(const struct ns *ns, struct slot_total **out, unsigned int *n);
const struct slot_total *slot_total_find(const struct slot_total *t,
					 unsigned int n,
					 const struct slot_id *id);

/* Counters that are not 0. */
struct slot_used {
	struct {
		uint32_t ordinal;
		uint8_t chain;
	} * counter; /* freed by the caller */
	unsigned int n;
};

/*
 * Fills in the base of the live slot where that is still to be done: 1, and
 * the other slot, whose counters @used then names, is not needed any more. 0:
 * there was nothing to do. Needs the lock "counters" of the namespace. @used
 * may be NULL.
 */
int slot_settle(struct ns *ns, struct slot_used *used);
/* The same, and removes the other slot. 0 or negative. */
int slot_carry(struct ns *ns);

/*
 * Makes the counts of the live slot's entries 0 for which @match says so. Same
 * lock.
 */
int slot_zero(struct ns *ns,
	      bool (*match)(const struct slot_entry *entry, void *arg),
	      void *arg);

#endif
