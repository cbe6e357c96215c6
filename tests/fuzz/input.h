/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzzer's bytes, read as numbers and blocks until there are none left. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
	const uint8_t *data;
	size_t len;
};

/* The next byte; 0 when there is none. */
static inline uint8_t input_u8(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->data++;
}

/* Less than @n. */
static inline unsigned int input_below(struct input *in, unsigned int n)
{
	return input_u8(in) % n;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | input_u8(in);
	return v;
}

/* Fills @to; zeros where there are no bytes left. */
static inline void input_bytes(struct input *in, void *to, size_t len)
{
	size_t n = in->len < len ? in->len : len;

	memcpy(to, in->data, n);
	memset((uint8_t *)to + n, 0, len - n);
	in->data += n;
	in->len -= n;
}

#endif
