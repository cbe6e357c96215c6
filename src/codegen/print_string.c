// SPDX-License-Identifier: GPL-2.0-or-later
/* -m string: the pattern, in words of eight bytes. */
#include <linux/netfilter/xt_string.h>

#include "codegen/print.h"

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

void print_string(struct buf *out, const struct pred *p)
{
	uint8_t data[2 * XT_STRING_MAX_PATTERN_SIZE] = {0};
	bool fold = p->call.arg[1] & 1;

	for (unsigned int i = 0; i < p->call.size; i++) {
		data[i] = fold ? upper(p->call.data[i]) : p->call.data[i];
		data[XT_STRING_MAX_PATTERN_SIZE + i] = 0xff;
	}
	print_data(out, data, sizeof(data));
	buf_printf(out,
		   "\t\t\tint m = find_string(ctx, p, 0x%llxULL, %u, data);\n",
		   (unsigned long long)p->call.arg[0] |
			   (unsigned long long)p->call.size << 32,
		   (unsigned int)p->call.arg[1]);
}
