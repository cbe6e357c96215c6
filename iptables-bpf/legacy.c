// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/legacy.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void legacy_warn(const struct family_ops *ops, const char *suffix)
{
	/* "iptables" -> "ip", as in /proc/net/ip_tables_names */
	int prefix = (int)(strlen(ops->progname) - strlen("tables"));
	char path[64];
	bool present;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/%.*s_tables_names", prefix,
		 ops->progname);
	f = fopen(path, "re");
	if (!f)
		return;
	present = fgetc(f) != EOF;
	fclose(f);
	if (present)
		fprintf(stderr,
			"# Warning: %s-legacy tables present, use %s-legacy%s "
			"to see them\n",
			ops->progname, ops->progname, suffix);
}
