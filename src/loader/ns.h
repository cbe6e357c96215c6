/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps that all programs of a network namespace share, and the control
 * word: which slot of programs decides, for which nft generation.
 */
#ifndef LOADER_NS_H
#define LOADER_NS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loader/abi_user.h"
#include "loader/place.h"

enum ns_map { NS_NOTES, NS_CTL, NS_STATS, NS_PROGS, NS_MAPS };

struct ns {
	struct place place;
	int fd[NS_MAPS];
	uint32_t id[NS_MAPS];	 /* the kernel's map ids */
	volatile uint64_t *ctl;	 /* mapped; NULL when opened for reading only */
	struct abi_notes *notes; /* likewise */
	size_t notes_len;
	bool writable; /* from ns_create() */
};

/* Opens what there is, for reading. -ENOENT when BPF is not in use here. */
int ns_open(struct ns *ns, const struct place *p);
/* The same, but what ns_set_ctl() and its like write to is there. */
/* The control word alone, writable: also where other pins are gone. */
int ns_open_ctl(struct ns *ns, const struct place *p);
int ns_open_writable(struct ns *ns, const struct place *p);
/* Opens, making what is missing; place_prepare() was called before. */
int ns_create(struct ns *ns, const struct place *p, struct err *e);
void ns_close(struct ns *ns);

/*
 * The control word, split. The slot is the one whose counters count, also
 * while nobody decides; the generation is 0 then.
 */
void ns_get_ctl(const struct ns *ns, unsigned int *slot, uint32_t *generation);
/* Makes @slot decide for @generation (0: nobody decides); exclusive tables stay
 * so. From ns_create() only. */
void ns_set_ctl(struct ns *ns, unsigned int slot, uint32_t generation);

/* Waits a grace period: no packet that was in a program is in it any more. */
int ns_grace_period(struct ns *ns);

/* The control word as it is (abi.h). */
uint64_t ns_ctl_word(const struct ns *ns);
/* Clears and sets bits of it. Likewise. */
void ns_change_ctl(struct ns *ns, uint64_t clear, uint64_t set);
/* Makes it @new if it still is *@old; else false, and *@old is what it is. From
 * ns_create() only. */
bool ns_swap_ctl(struct ns *ns, uint64_t *old, uint64_t new);

/*
 * Starts a new epoch of notes: what was left over becomes void after two of
 * them. No packet in flight may be two epochs old, so where no grace period has
 * passed since the last one began (ns_grace_period() of whatever namespace),
 * this waits for one.
 */
int ns_next_epoch(struct ns *ns);

#endif
