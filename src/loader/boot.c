// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "loader/boot.h"
#include "loader/cache.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The two kinds of lines: the kernel's, and the one of @p. "": cannot tell. */
static void read_line(const char *path, char *line, size_t len)
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (f) {
		if (!fgets(line, len, f))
			line[0] = '\0';
		fclose(f);
	}
}

static bool is_other(const struct place *p, const char *now, bool *marked)
{
	char path[PLACE_PATH_LEN], then[64];

	place_file(p, path, sizeof(path), "boot");
	read_line(path, then, sizeof(then));
	*marked = *then;
	return *then && *now && strcmp(then, now);
}

bool boot_is_other(const struct place *p)
{
	bool marked;
	char now[64];

	read_line(BOOT_ID, now, sizeof(now));
	return is_other(p, now, &marked);
}

void boot_begin(const struct place *p)
{
	char path[PLACE_PATH_LEN], now[64];
	bool marked, other;

	read_line(BOOT_ID, now, sizeof(now));
	other = is_other(p, now, &marked);
	if (other) {
		place_file(p, path, sizeof(path), "");
		cache_empty_dir(path, NULL);
	}
	if (other || !marked) {
		place_file(p, path, sizeof(path), "boot");
		cache_write_file(path, now, strlen(now));
	}
}
