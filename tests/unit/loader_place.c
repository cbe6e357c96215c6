// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/loader_place.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int place_make_temporary(struct place *p)
{
	char path[PLACE_PATH_LEN];

	snprintf(p->root, sizeof(p->root), "/tmp/ipb-unit.XXXXXX");
	if (!mkdtemp(p->root))
		return -1;
	snprintf(path, sizeof(path), "%s/run", p->root);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s" PLACE_RUN, p->root);
	mkdir(path, 0700);
	place_file(p, path, sizeof(path), "");
	return mkdir(path, 0700);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	return remove(path);
}

int place_remove_temporary(const struct place *p)
{
	return nftw(p->root, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
