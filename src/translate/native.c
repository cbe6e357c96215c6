// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/native.h"

#include <string.h>

static const struct native_desc *const encoded[] = {
	&native_tcp,   &native_udp,   &native_mark,
	&native_limit, &native_trace, &native_nflog,
};

const struct native_desc *native_find(const struct ext *e, bool target)
{
	const struct native_desc *d;
	unsigned int i;

	for (i = 0; i < sizeof(encoded) / sizeof(encoded[0]); i++) {
		d = encoded[i];
		if (d->target != target || d->revision != e->revision ||
		    strcmp(d->name, e->name))
			continue;
		if (e->size < d->size || (d->applies && !d->applies(e)))
			return NULL;
		return d;
	}
	return NULL;
}

struct ext *native_new(const struct native_desc *desc)
{
	unsigned char data[256] = {0}; /* more than any of them */
	struct ext *e;

	if (desc->init)
		memcpy(data, desc->init, desc->init_size);
	e = ext_new(desc->name, desc->revision, data, desc->size);
	if (e)
		e->native = true;
	return e;
}
