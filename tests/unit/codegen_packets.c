// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/codegen_packets.h" /* before the kernel's headers */
#include <stdio.h>
#include <unistd.h>

struct fixture fx;
struct program prog;

int setup4(void **state)
{
	fixture_init(&fx, FAMILY_IPV4);
	return 0;
}

int setup6(void **state)
{
	fixture_init(&fx, FAMILY_IPV6);
	return 0;
}

int teardown(void **state)
{
	program_free(&prog);
	fixture_clear(&fx);
	return 0;
}

void build(void)
{
	build_for(0);
}

void build_for(uint32_t fragments)
{
	const struct plan *p = fixture_plan(&fx);

	program_free(&prog); /* of an earlier build in the same test */
	assert_non_null(p);
	assert_string_equal(plan_reason(p), "");
	assert_int_equal(program_build_for(&prog, p, fragments), 0);
}

struct packet ip4(unsigned int proto, unsigned int fragoff)
{
	struct packet p = {.len = 20};

	p.b[0] = 0x45;
	p.b[6] = fragoff >> 8;
	p.b[7] = fragoff;
	p.b[8] = 64;
	p.b[9] = proto;
	memcpy(p.b + 12, "\x0a\x01\x02\x03\xc0\xa8\x00\x07", 8);
	return p;
}

struct packet ip6(unsigned int proto)
{
	struct packet p = {.len = 40};

	p.b[0] = 0x60;
	p.b[6] = proto;
	memcpy(p.b + 8, "\x20\x01\x0d\xb8", 4);
	p.b[23] = 1;
	p.b[24] = 0xfe;
	p.b[25] = 0x80;
	p.b[39] = 2;
	return p;
}

struct packet plus(struct packet p, const void *data, size_t len)
{
	memcpy(p.b + p.len, data, len);
	p.len += len;
	return p;
}

struct packet cut(struct packet p, size_t len)
{
	p.len = len;
	return p;
}

struct packet with_ports(struct packet p, unsigned int src, unsigned int dst)
{
	uint8_t ports[8] = {src >> 8, src, dst >> 8, dst};

	return plus(p, ports, sizeof(ports));
}

struct packet tcp_to(struct packet p, unsigned int dst, unsigned int flags,
		     const char *options, size_t optlen)
{
	uint8_t th[20] = {0x30, 0x39, dst >> 8, dst};

	th[12] = (20 + optlen) / 4 << 4;
	th[13] = flags;
	return plus(plus(p, th, sizeof(th)), options, optlen);
}

int run(struct packet p)
{
	struct program_packet pkt = {
		.family = fx.t->family, .data = p.b, .len = p.len};

	return program_run(&prog, &pkt);
}

void expect_count(unsigned int i, unsigned int packets, unsigned int bytes)
{
	struct nft_counters c = program_counter(&prog, i);

	assert_int_equal(c.packets, packets);
	assert_int_equal(c.bytes, bytes);
}

bool cannot_load(void)
{
	if (!geteuid())
		return false;
	fprintf(stderr, "skipped: loading BPF needs root\n");
	return true;
}
