// SPDX-License-Identifier: GPL-2.0-or-later
/* The guard rule and the file that remembers guard rules: what of the guards
 * needs no libbpf. */
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/guard.h"
#include "loader/loader.h"

void guard_record_read(const struct place *p, struct guard_record *r)
{
	unsigned int chain;
	char path[PLACE_PATH_LEN];
	uint64_t table, handle;
	uint32_t prog;
	FILE *f;

	memset(r, 0, sizeof(*r));
	place_file(p, path, sizeof(path), "guards");
	f = fopen(path, "re");
	if (!f)
		return;
	while (fscanf(f, "%u %" SCNu64 " %" SCNu64 " %" SCNu32, &chain, &table,
		      &handle, &prog) == 4) {
		if (chain >= ABI_CHAINS)
			break;
		r->chain[chain].table = table;
		r->chain[chain].handle = handle;
		r->chain[chain].prog = prog;
	}
	fclose(f);
}

void guard_record_write(const struct place *p, const struct guard_record *r)
{
	struct buf text = BUF_INIT;
	char path[PLACE_PATH_LEN];
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		if (r->chain[i].handle)
			buf_printf(&text,
				   "%u %" PRIu64 " %" PRIu64 " %" PRIu32 "\n",
				   i, r->chain[i].table, r->chain[i].handle,
				   r->chain[i].prog);
	place_file(p, path, sizeof(path), "guards");
	/* Without it the next sync makes the guard rules anew: a commit more,
	 * nothing worse. */
	if (text.failed ||
	    cache_write_file(path, text.data ? text.data : "", text.len))
		unlink(path);
	buf_free(&text);
}

struct rule *guard_rule_new(enum family family, const char *table,
			    const char *chain)
{
	struct xt_bpf_info_v1 info;
	struct rule *r = rule_new();
	struct ext *match;

	if (!r)
		return NULL;
	memset(&info, 0, sizeof(info));
	info.mode = XT_BPF_MODE_PATH_PINNED;
	loader_guard_path(info.path, sizeof(info.path), family, table, chain);
	match = ext_new("bpf", 1, &info, sizeof(info));
	if (!match) {
		rule_free(r);
		return NULL;
	}
	rule_add_match(r, match);
	r->action = ACTION_ACCEPT;
	r->flags = RULE_GUARD;
	return r;
}
