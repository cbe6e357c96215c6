// SPDX-License-Identifier: GPL-2.0-or-later
/* -m string: the pattern and the table by which it is looked for. */
#include <linux/netfilter/xt_string.h>

#include "codegen/print.h"

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

/*
 * For each beginning of the pattern: how many of its last bytes are a
 * beginning, too (Knuth, Morris and Pratt).
 */
static void border_table(const uint8_t *pattern, unsigned int n, uint8_t *table)
{
	unsigned int q = 0;

	table[0] = 0;
	for (unsigned int i = 1; i < n; i++) {
		while (q && pattern[q] != pattern[i])
			q = table[q - 1];
		if (pattern[q] == pattern[i])
			q++;
		table[i] = q;
	}
}

void print_string(struct buf *out, const struct pred *p)
{
	uint8_t data[2 * XT_STRING_MAX_PATTERN_SIZE] = {0};
	bool fold = p->call.arg[1];

	for (unsigned int i = 0; i < p->call.size; i++)
		data[i] = fold ? upper(p->call.data[i]) : p->call.data[i];
	border_table(data, p->call.size, data + XT_STRING_MAX_PATTERN_SIZE);
	print_data(out, data, sizeof(data));
	buf_printf(out,
		   "\t\t\tint m = find_string(ctx, p, 0x%llxULL, %u, data);\n",
		   (unsigned long long)p->call.arg[0] |
			   (unsigned long long)p->call.size << 32,
		   fold);
}
