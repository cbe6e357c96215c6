/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are: the state directory, the bpffs, what belongs to this
 * network namespace. All of it lies in the machine's mount namespace (pid 1's),
 * since `ip netns exec' gives every command a private one.
 */
#ifndef LOADER_PLACE_H
#define LOADER_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/model.h"

#define PLACE_RUN   "/run/iptables-bpf"
#define PLACE_BPFFS PLACE_RUN "/bpf"
#define PLACE_CACHE "/var/cache/iptables-bpf"

#define PLACE_PATH_LEN 160

/* For so long a command waits for a lock: who holds it for longer was stopped.
 */
#define PLACE_PATIENCE_MS 5000

/*
 * @root is what leads to the machine's root: "" or "/proc/1/root".
 * @cookie identifies the network namespace, never reused before a reboot.
 */
struct place {
	char root[32];
	uint64_t cookie;
};

/* The place of the calling process' network namespace, without changing
 * anything. */
int place_find(struct place *p, struct err *e);
/* The same; @sock: any socket of the process' network namespace. */
int place_find_by(struct place *p, int sock, struct err *e);
/* The same, where the caller may know it: @known, or NULL. */
int place_here(struct place *p, const struct place *known, struct err *e);

/*
 * Moves the (single-threaded) process into the machine's mount namespace, so
 * that what it mounts and pins there is seen by all. Staying where it is is no
 * error.
 */
void place_join_machine(void);

/*
 * Leaves the network namespace for the machine's, or where that cannot be
 * entered, for an empty one: a process that stays would keep the namespace it
 * was started in alive.
 */
int place_join_machine_netns(void);

/*
 * Makes the directory of this namespace's files; and the one of its pins,
 * mounting the bpffs where that is not done yet. Call after
 * place_join_machine(). Errors say what to do.
 */
int place_prepare(const struct place *p, struct err *e);
int place_prepare_pins(const struct place *p, struct err *e);
/* Whether BPF is in use in this namespace. */
bool place_has_pins(const struct place *p);

/* As the first part of it: only says whether the bpffs is there and usable
 * (-ENOENT, -EROFS). */
int place_check_bpffs(const struct place *p);

/* ROOT/run/iptables-bpf/ns-COOKIE/NAME, a regular file of this namespace. */
void place_file(const struct place *p, char *buf, size_t len, const char *name);
/* Whether somebody has switched BPF off in this namespace (since the machine
 * was started). */
bool place_is_off(const struct place *p);
/* ROOT/run/iptables-bpf/bpf/COOKIE/NAME, a pin of this namespace; NAME "" for
 * the directory. */
void place_pin(const struct place *p, char *buf, size_t len, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));
/* ROOT/run/iptables-bpf/bpf/notes. */
void place_notes(const struct place *p, char *buf, size_t len);

/* Whether @p is the network namespace of the machine's pid 1 (which needs no
 * reaper). */
bool place_is_machine_netns(const struct place *p);

/* Opens (creating) and locks a file of this namespace; -EWOULDBLOCK when @wait
 * is false and it is held. */
int place_lock(const struct place *p, const char *name, bool wait);

/* As place_lock(), waiting for @ms at most; -EWOULDBLOCK then. For what must go
 * on although the holder has been stopped. */
int place_lock_for(const struct place *p, const char *name, unsigned int ms);

/* Whether somebody holds that lock. */
bool place_is_locked(const struct place *p, const char *name);

/* Chain numbers (abi.h) and names. NULL where there is none. */
int place_chain_id(enum family family, const char *table, const char *chain);
const struct builtin_chain *place_chain_by_id(unsigned int id,
					      enum family *family);
const char *place_family_name(enum family family);
/*
 * Numbers of the tables whose chains can run in BPF (abi.h); -ENOENT: it is
 * none. place_table_by_id() is NULL from ABI_TABLES on.
 */
int place_table_id(enum family family, const char *table);
int place_table_of_chain(unsigned int chain);
const char *place_table_by_id(unsigned int id, enum family *family);

#endif
