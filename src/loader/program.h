/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs into the kernel, by libbpf: dispatchers and guards (part of this
 * binary), and generated fronts. */
#ifndef LOADER_PROGRAM_H
#define LOADER_PROGRAM_H

#include "base/buf.h"
#include "base/err.h"
#include "loader/kept.h"
#include "loader/ns.h"
#include "loader/tables.h"

/* Sends libbpf's messages to @sink at MSG_DEBUG; NULL drops them. @sink must
 * live on. */
void program_set_sink(const struct msg_sink *sink);

/*
 * What programs need to know of this kernel: found once, and only when one is
 * loaded, as it takes reading all of the kernel's type information. All zeros
 * at first.
 */
struct program_env {
	bool known;
	uint32_t nf_conn_type_id; /* BTF id of struct nf_conn, 0: not known */
	uint32_t nft_net_id; /* nf_tables_net_id where the generation is the
				module's; else 0 */
	uint32_t fragments;  /* what fragments_find() says */
};
/* Fills @env where that has not been done. Negative errno with @e filled. */
int program_env_need(struct program_env *env, struct err *e);

struct program {
	int fd;
	int counters_fd; /* maps of its own; -1: none */
	int state_fd;
	int tables_fd;
	struct kept kept; /* that the next program takes over */
	unsigned int insns, jited_bytes;
	unsigned int load_ms;
};

/* No program; program_close() lets go of one, which stays where it is pinned or
 * linked, and leaves none. */
void program_init(struct program *p);
void program_close(struct program *p);

/*
 * These three load for base chain number @chain. A verifier's refusal is the
 * last line of its log in @e.
 */
int program_load_front(struct program *p, const struct ns *ns,
		       struct program_env *env, unsigned int chain,
		       const struct buf *object, const struct tables *tables,
		       struct err *e);
int program_load_dispatcher(struct program *p, const struct ns *ns,
			    struct program_env *env, unsigned int chain,
			    struct err *e);
int program_load_guard(struct program *p, const struct ns *ns,
		       unsigned int chain, struct err *e);

#endif
