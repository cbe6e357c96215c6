// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "loader/abi_user.h"
#include "loader/hook.h"
#include "loader/remove.h"

static bool is_special(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static void empty_dir(const char *path, bool (*keep)(const char *name))
{
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((d = readdir(dir)))
		if (!is_special(d->d_name) && !(keep && keep(d->d_name)))
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
}

/* What is not about pins: locks, the switch, and for the reaper the namespace.
 */
static bool stays(const char *name)
{
	static const char *const names[] = {"lock", "counters.lock",
					    "links.lock", "off", "netns"};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

void remove_pins(const struct place *p)
{
	char path[PLACE_PATH_LEN];
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		hook_release(p, i);
	place_pin(p, path, sizeof(path), "%s", "");
	empty_dir(path, NULL);
	rmdir(path);
	place_file(p, path, sizeof(path), "");
	empty_dir(path, stays);
}

void remove_namespace(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	remove_pins(p);
	place_file(p, path, sizeof(path), "");
	empty_dir(path, NULL);
	rmdir(path);
}
