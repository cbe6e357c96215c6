/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a plan as a program in the kernel, which can be run on packets.
 * Needs root and clang.
 */
#ifndef TESTS_CODEGEN_PROGRAM_H
#define TESTS_CODEGEN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codegen/codegen.h"
#include "translate/nft.h"

struct bpf_object;

struct program {
	struct bpf_object *obj;
	int prog_fd, counters_fd, stats_fd;
	unsigned int insns;
	double clang_ms, load_ms;
};

/*
 * Prints, compiles and loads @p; messages go to stderr. 0 or negative.
 * program_free() in any case.
 */
int program_build(struct program *prog, const struct plan *p);
/* @fragments: the constant of this name in pkt.bpf.h. */
int program_build_for(struct program *prog, const struct plan *p,
		      uint32_t fragments);
/* @behind: C that follows the program's own. */
int program_build_with(struct program *prog, const struct plan *p,
		       const char *behind);
void program_free(struct program *prog);

#define PROGRAM_HANDED_OVER 2

/*
 * BPF_PROG_TEST_RUN knows one device, lo, and puts it where a packet leaves:
 * the packets are seen at POST_ROUTING, with no input device. Conntrack has not
 * seen them.
 */
struct program_packet {
	enum family family;
	const void *data; /* from the network header on */
	size_t len;
};

/* NF_ACCEPT, NF_DROP, PROGRAM_HANDED_OVER, or a negative errno. */
int program_run(struct program *prog, const struct program_packet *pkt);
/* ns that one run on @pkt takes, the mean of @repeat; negative errno. */
int program_time(struct program *prog, const struct program_packet *pkt,
		 unsigned int repeat);
/* The counter @i, summed over CPUs. */
struct nft_counters program_counter(struct program *prog, unsigned int i);

#endif
