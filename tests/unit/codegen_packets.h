/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests that run generated programs: the program at hand, and packets by
 * hand.
 */
#ifndef TESTS_CODEGEN_PACKETS_H
#define TESTS_CODEGEN_PACKETS_H

#include <stdbool.h>
#include <string.h>

#include "tests/codegen/program.h"
#include "tests/unit/codegen_util.h"

#define HANDOVER PROGRAM_HANDED_OVER

/* What the test at hand builds and runs. */
extern struct fixture fx;
extern struct program prog;

int setup4(void **state);
int setup6(void **state);
int teardown(void **state);

/* Plans, compiles and loads fx. */
void build(void);
/* For a kernel of which it is known what it does with later fragments. */
void build_for(uint32_t fragments);

struct packet {
	uint8_t b[256];
	size_t len;
};

/* From 10.1.2.3 to 192.168.0.7; @fragoff: the field, with its flags. */
struct packet ip4(unsigned int proto, unsigned int fragoff);
/* From 2001:db8::1 to fe80::2. */
struct packet ip6(unsigned int proto);
struct packet plus(struct packet p, const void *data, size_t len);
struct packet cut(struct packet p, size_t len);
/* Eight bytes that begin with the ports. */
struct packet with_ports(struct packet p, unsigned int src, unsigned int dst);
struct packet tcp_to(struct packet p, unsigned int dst, unsigned int flags,
		     const char *options, size_t optlen);

/* What the program says to @p: NF_ACCEPT, NF_DROP, HANDOVER. */
int run(struct packet p);
void expect_count(unsigned int i, unsigned int packets, unsigned int bytes);

#define TEST(fn, setup) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* Says so and returns true without the rights to load programs. */
bool cannot_load(void);

#endif
