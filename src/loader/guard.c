// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "loader/cache.h"
#include "loader/guard.h"
#include "loader/loader.h"
#include "loader/program.h"
#include "loader/sys.h"

/* The name in guard.bpf.c, which changes with what it does. */
#define GUARD_NAME "guard_v2"

/* ---- programs ---- */

/* The id of the guard pinned at @path, when it is of this version and uses the
 * present notes; else negative. */
static int pinned_guard(const struct ns *ns, const char *path, uint32_t *id)
{
	uint32_t maps[8], nmaps = 8, i;
	struct bpf_prog_info info;
	int fd, err;

	fd = sys_obj_get(path);
	if (fd < 0)
		return fd;
	err = sys_prog_info(fd, &info, maps, &nmaps);
	close(fd);
	if (err)
		return err;
	if (info.type != BPF_PROG_TYPE_SOCKET_FILTER ||
	    strcmp(info.name, GUARD_NAME))
		return -EUCLEAN;
	for (i = 0; i < nmaps; i++) {
		if (maps[i] == ns->id[NS_NOTES]) {
			*id = info.id;
			return 0;
		}
	}
	return -EUCLEAN;
}

static int make_guard(const struct ns *ns, unsigned int chain, const char *path,
		      uint32_t *id, struct err *e)
{
	struct bpf_prog_info info;
	struct program prog;
	int err;

	err = program_load_guard(&prog, ns, chain, e);
	if (err)
		return err;
	unlink(path);
	err = sys_obj_pin(prog.fd, path);
	if (!err)
		err = sys_prog_info(prog.fd, &info, NULL, NULL);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot pin %s: %s", path,
			strerror(-err));
	else
		*id = info.id;
	program_close(&prog);
	return err;
}

int guard_pin(const struct ns *ns, unsigned int chain, uint32_t *id,
	      struct err *e)
{
	const struct builtin_chain *b;
	char path[PLACE_PATH_LEN];
	enum family family;
	int lock, err;

	b = place_chain_by_id(chain, &family);
	if (!b)
		return -EINVAL;
	loader_guard_path(path, sizeof(path), family, b->table, b->name);
	/* All namespaces share it. */
	lock = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX)) {
		err = err_set(e, ERR_OTHER, errno, "cannot lock " PLACE_RUN);
		goto out;
	}
	err = pinned_guard(ns, path, id);
	if (err)
		err = make_guard(ns, chain, path, id, e);
out:
	if (lock >= 0)
		close(lock);
	return err;
}

/* ---- the record ---- */

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

/* ---- rules ---- */

static struct rule *guard_rule(enum family family, const char *table,
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

/* Whether @r is the guard that belongs into @c. */
static bool is_guard_of(const struct rule *r, const struct table *t,
			const struct chain *c)
{
	char path[PLACE_PATH_LEN];
	const struct xt_bpf_info_v1 *info;
	const struct ext *e;

	if (!(r->flags & RULE_GUARD) || r->action != ACTION_ACCEPT ||
	    list_empty(&r->matches))
		return false;
	e = container_of(r->matches.next, struct ext, node);
	info = (const void *)e->data;
	loader_guard_path(path, sizeof(path), t->family, t->name, c->name);
	return r->matches.next == r->matches.prev && !strcmp(e->name, "bpf") &&
	       e->size >= sizeof(*info) &&
	       info->mode == XT_BPF_MODE_PATH_PINNED &&
	       !strncmp(info->path, path, sizeof(info->path));
}

/* Its first rule is the right guard, and holds the right program. */
static bool has_guard(const struct table *t, const struct chain *c, int id,
		      const struct guard_plan *want,
		      const struct guard_record *have)
{
	const struct rule *first;

	if (list_empty(&c->rules))
		return false;
	first = container_of(c->rules.next, struct rule, node);
	return is_guard_of(first, t, c) && have->chain[id].table == t->handle &&
	       have->chain[id].handle == first->handle &&
	       have->chain[id].prog == want->prog[id];
}

static int add_guard(struct nft_batch *b, const struct table *t,
		     const struct chain *c, uint32_t *id)
{
	struct rule *r = guard_rule(t->family, t->name, c->name);
	int err;

	if (!r)
		return -ENOMEM;
	err = nft_batch_add_rule(b, t->family, t->name, c->name, r, NFT_PREPEND,
				 0, id);
	rule_free(r);
	return err;
}

static int chain_batch(struct nft_batch *b, const struct table *t,
		       const struct chain *c, const struct guard_plan *want,
		       const struct guard_record *have,
		       struct guard_change *change)
{
	int id = c->base ? place_chain_id(t->family, t->name, c->name) : -1;
	bool wanted = id >= 0 && want->wanted[id], good = false;
	struct rule *r;
	int err = 0;

	if (wanted)
		good = has_guard(t, c, id, want, have);
	list_for_each (r, &c->rules, struct rule, node) {
		if (!(r->flags & RULE_GUARD))
			continue;
		if (good && &r->node == c->rules.next)
			continue;
		change->removes = true;
		err = nft_batch_del_rule(b, t->family, t->name, c->name,
					 r->handle);
		if (err)
			return err;
	}
	if (!wanted)
		return 0;
	if (good) {
		change->after.chain[id] = have->chain[id];
		return 0;
	}
	change->after.chain[id].table = t->handle;
	change->after.chain[id].prog = want->prog[id];
	return add_guard(b, t, c, &change->id[id]);
}

int guard_batch(struct nft_batch *b, const struct ruleset *rs,
		const struct guard_plan *want, const struct guard_record *have,
		struct guard_change *change)
{
	struct table *t;
	struct chain *c;
	int err;

	memset(change, 0, sizeof(*change));
	list_for_each (t, &rs->tables, struct table, node) {
		list_for_each (c, &t->chains, struct chain, node) {
			err = chain_batch(b, t, c, want, have, change);
			if (err)
				return err;
		}
	}
	return 0;
}

/* A handle that was not told stays 0, which is none: the next sync makes that
 * guard anew. */
void guard_change_done(struct guard_change *change, const struct nft_batch *b)
{
	unsigned int i;

	for (i = 0; i < ABI_CHAINS; i++)
		if (change->id[i])
			change->after.chain[i].handle =
				nft_batch_handle(b, change->id[i]);
}
