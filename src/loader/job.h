/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ruleset on its way into the kernel: read, planned, printed, compiled and
 * loaded, chain by chain. A chain for which something fails stays with nft,
 * with the reason; only what concerns all of them is an error.
 */
#ifndef LOADER_JOB_H
#define LOADER_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codegen/codegen.h"
#include "loader/abi_user.h"
#include "loader/exclusive.h"
#include "loader/ns.h"
#include "loader/program.h"
#include "loader/record.h"
#include "loader/wish.h"
#include "model/model.h"
#include "translate/nft.h"

/* The builtin chains of all tables of both families: fewer than they have
 * numbers. */
#define JOB_CHAINS ABI_CHAINS

struct job_chain {
	unsigned int id;
	const struct builtin_chain *builtin;
	struct table *table;
	struct chain *chain;
	struct plan *plan;
	bool can;  /* run in BPF, for all that is known */
	bool idle; /* exclusive, and there is nothing to do: no program */
	enum chain_mode mode;
	char reason[400];
	struct buf source;    /* the stamp and the plan's C */
	size_t stamp_len;     /* 0: there is no clang */
	struct tables tables; /* the plan's */
	struct buf identity;  /* tells programs of the same source apart */
	struct program program;
	bool kept; /* the program is the one that runs already (swap_keep) */
	unsigned int compile_ms;
	bool cache_hit;
};

struct job {
	/* Whose snapshot may stand for the kernel's rules (NULL: none's); set
	 * after job_init(). */
	const struct place *place;
	struct ruleset rs; /* iptables' tables of both families */
	uint32_t generation;
	struct job_chain chain[JOB_CHAINS];
	unsigned int n;
	bool no_clang;		  /* which is why chains were left to nft */
	struct exclusive dormant; /* tables that sleep because of us; set before
				     job_read() */
	enum wish wish;
	uint8_t exclusive; /* mask of the tables that BPF is to decide alone */
	char obstacle[ABI_TABLES][320]; /* why a table is not; "" */
};

/* An empty one; job_free() frees what is in it and leaves it empty again. */
void job_init(struct job *job);
void job_free(struct job *job);

/* Reads the ruleset and plans its base chains. */
int job_read(struct job *job, struct nft *nft, struct err *e);
/* Leaves chains to nft that share their hook with another tool's. May be asked
 * again. */
int job_check_hooks(struct job *job, struct nft *nft, struct err *e);

struct job_choice {
	enum wish wish;
	bool watched; /* a watcher runs: tables may be exclusive */
	bool enter;   /* and may become so now */
	bool kernel;  /* programs know all of this kernel that they must */
};
/* Sets the modes of all chains by their costs and @how. */
void job_choose(struct job *job, const struct job_choice *how);
/*
 * After chains were left to nft: takes back what was chosen for their tables.
 * Returns the tables that can not be exclusive after all.
 */
uint8_t job_reconsider(struct job *job);

/* Prints the C of every chain that is to run in BPF. */
int job_print(struct job *job, struct err *e);
/* The object of @c: from an object directory, the cache, or clang. */
struct clang_result;
int job_compile(const struct job_chain *c, const char *dir,
		struct clang_result *result, struct err *e);
/* Compiles and loads them, but for those that are kept. */
int job_load(struct job *job, const struct ns *ns, struct program_env *env,
	     struct err *e);

/* With the programs live: sees to it that those with tables have a spare each
 * (spare.h), and nobody else has. */
void job_spares(const struct job *job, const struct ns *ns,
		struct program_env *env);

/* Leaves @c to nft because of what @fmt says. */
void job_leave(struct job_chain *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether a program decides for @c. */
bool job_runs(const struct job_chain *c);
bool job_chain_runs(const struct job *job, unsigned int id);
/* The table of @c as a bit of a mask; 0: none that BPF knows. */
uint8_t job_table_bit(const struct job_chain *c);

/* What `status' is to say of it. Program figures are taken from @before where a
 * program was kept. */
int job_record(const struct job *job, const struct record *before,
	       struct record *out);

#endif
