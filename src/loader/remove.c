// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "loader/abi_user.h"
#include "loader/cache.h"
#include "loader/hook.h"
#include "loader/remove.h"

/* What is not about pins: locks, the switch, and for the reaper the namespace.
 */
static bool stays(const char *name)
{
	static const char *const names[] = {
		"lock",	      "counters.lock", "exclusive.lock",
		"watch.lock", "mode",	       "links.lock",
		"off",	      "netns",	       "boot"};
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
	cache_empty_dir(path, NULL);
	rmdir(path);
	place_file(p, path, sizeof(path), "");
	cache_empty_dir(path, stays);
}

void remove_namespace(const struct place *p)
{
	char path[PLACE_PATH_LEN];

	remove_pins(p);
	place_file(p, path, sizeof(path), "");
	cache_empty_dir(path, NULL);
	rmdir(path);
}
