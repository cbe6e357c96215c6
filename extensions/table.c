// SPDX-License-Identifier: GPL-2.0-or-later
/* Every match and target there is a descriptor for. */
#include "extensions/table.h"

#include <string.h>

static const struct ext_desc *const descs[] = {
#define EXT(desc) &desc,
#include "extensions/table.inc"
#undef EXT
};

const struct ext_desc *ext_at(unsigned int i)
{
	const unsigned int n = sizeof(descs) / sizeof(*descs);

	if (i < n)
		return descs[i];
	return i - n < nft_only_count ? &nft_only[i - n] : NULL;
}

const struct ext_desc *ext_find(const char *name, uint8_t revision, bool target,
				enum family family)
{
	uint8_t fam = family == FAMILY_IPV4 ? EXT_IPV4 : EXT_IPV6;
	const struct ext_desc *d;

	for (unsigned int i = 0; (d = ext_at(i)); i++)
		if (d->target == target && d->families & fam &&
		    revision >= d->min_rev && revision <= d->max_rev &&
		    !strcmp(d->name, name))
			return d;
	return NULL;
}
