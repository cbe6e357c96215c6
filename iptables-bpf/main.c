// SPDX-License-Identifier: GPL-2.0-or-later
/* xtables-bpf-multi: every front end in one binary, chosen by the name it is
 * called by. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/command.h"

static const struct applet {
	const char *name;
	applet_fn run;
	const struct family_ops *ops;
} applets[] = {
	{"iptables", applet_iptables, &family_ipv4},
	{"ip6tables", applet_iptables, &family_ipv6},
	{"iptables-save", applet_save, &family_ipv4},
	{"ip6tables-save", applet_save, &family_ipv6},
	{"iptables-restore", applet_restore, &family_ipv4},
	{"ip6tables-restore", applet_restore, &family_ipv6},
	{"iptables-translate", applet_translate, &family_ipv4},
	{"ip6tables-translate", applet_translate, &family_ipv6},
	{"iptables-restore-translate", applet_restore_translate, &family_ipv4},
	{"ip6tables-restore-translate", applet_restore_translate, &family_ipv6},
	{"xtables-monitor", applet_monitor, &family_ipv4},
	/* What scripts of old call as `xtables-nft-multi main4'. */
	{"main4", applet_iptables, &family_ipv4},
	{"main6", applet_iptables, &family_ipv6},
	{"save4", applet_save, &family_ipv4},
	{"save6", applet_save, &family_ipv6},
	{"restore4", applet_restore, &family_ipv4},
	{"restore6", applet_restore, &family_ipv6},
};
#define APPLETS (sizeof(applets) / sizeof(applets[0]))

/* "iptables-nft-save", "iptables-bpf-save" and, for those who call it by name,
 * "iptables-legacy-save" are "iptables-save". */
static void strip(char *name, const char *part)
{
	char *at = strstr(name, part);

	if (at)
		memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

static const struct applet *find_applet(const char *path)
{
	const char *base = strrchr(path, '/');
	char name[64];

	snprintf(name, sizeof(name), "%s", base ? base + 1 : path);
	strip(name, "-bpf");
	strip(name, "-nft");
	strip(name, "-legacy");
	for (size_t i = 0; i < APPLETS; i++)
		if (!strcmp(name, applets[i].name))
			return &applets[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct applet *applet = argc > 0 ? find_applet(argv[0]) : NULL;

	if (!applet && argc > 1) {
		argc--;
		argv++;
		applet = find_applet(argv[0]);
	}
	if (applet)
		return applet->run(applet->ops, argc, argv);
	fprintf(stderr, "ERROR: No valid subcommand given.\n"
			"Valid subcommands:\n");
	for (size_t i = 0; i < APPLETS; i++)
		fprintf(stderr, " * %s\n", applets[i].name);
	return EXIT_FAILURE;
}
