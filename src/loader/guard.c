// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#define GUARD_NAME "guard_v3"

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

/* ---- rules ---- */

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
	struct rule *r = guard_rule_new(t->family, t->name, c->name);
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
