// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/wish.h"

static const char *const names[] = {
	[WISH_AUTO] = "auto",
	[WISH_HYBRID] = "hybrid",
	[WISH_EXCLUSIVE] = "exclusive",
};

const char *wish_name(enum wish w)
{
	return names[w];
}

bool wish_parse(const char *name, enum wish *out)
{
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcasecmp(name, names[i]))
			continue;
		*out = i;
		return true;
	}
	return false;
}

enum wish wish_find(const struct place *p)
{
	const char *env = getenv("IPTABLES_BPF");
	struct buf text = BUF_INIT;
	char path[PLACE_PATH_LEN], name[16] = "";
	enum wish w = WISH_AUTO;

	if (env && wish_parse(env, &w))
		return w;
	place_file(p, path, sizeof(path), "mode");
	if (!cache_read_file(path, &text) && text.data &&
	    text.len < sizeof(name)) {
		memcpy(name, text.data, text.len);
		name[strcspn(name, "\n")] = '\0';
		wish_parse(name, &w);
	}
	buf_free(&text);
	return w;
}

int wish_keep(const struct place *p, enum wish w, struct err *e)
{
	char path[PLACE_PATH_LEN];
	int err = 0;

	place_file(p, path, sizeof(path), "mode");
	if (w != WISH_AUTO)
		err = cache_write_file(path, names[w], strlen(names[w]));
	else if (unlink(path) && errno != ENOENT)
		err = -errno;
	return err ? err_set(e, ERR_OTHER, -err, "cannot write %s: %s", path,
			     strerror(-err))
		   : 0;
}
