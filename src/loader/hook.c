// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <string.h>
#include <unistd.h>

#include "loader/hook.h"
#include "loader/sys.h"

/* The name in dispatch.bpf.c, which changes with what it does. */
#define DISPATCHER_NAME "dispatch_v3"

struct position {
	int pf, hook, prio;
};

static int position_of(unsigned int chain, struct position *pos)
{
	const struct builtin_chain *b;
	enum family family;

	b = place_chain_by_id(chain, &family);
	if (!b)
		return -EINVAL;
	pos->pf = family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	pos->hook = b->hook;
	pos->prio = b->prio - 1;
	return 0;
}

static int attach_at(const struct position *pos, int prog_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int fd;

	opts.netfilter.pf = pos->pf;
	opts.netfilter.hooknum = pos->hook;
	opts.netfilter.priority = pos->prio;
	fd = bpf_link_create(prog_fd, 0, SYS_ATTACH_NETFILTER, &opts);
	return fd < 0 ? -errno : fd;
}

static void link_path(const struct place *p, unsigned int chain, char *buf,
		      size_t len)
{
	place_pin(p, buf, len, "link-%u", chain);
}

/* The pinned link's program, when it is our present dispatcher and uses the
 * present maps; else negative. */
static int linked_program(const struct ns *ns, unsigned int chain,
			  const struct position *pos)
{
	uint32_t maps[16], nmaps = 16, i, j;
	char path[PLACE_PATH_LEN];
	struct bpf_prog_info prog;
	struct sys_link_info link;
	int fd, err;

	link_path(&ns->place, chain, path, sizeof(path));
	fd = sys_obj_get(path);
	if (fd < 0)
		return fd;
	err = sys_link_info(fd, &link);
	close(fd);
	if (err)
		return err;
	if (link.type != SYS_LINK_TYPE_NETFILTER || (int)link.pf != pos->pf ||
	    (int)link.hooknum != pos->hook || link.priority != pos->prio)
		return -EUCLEAN;
	fd = sys_prog_by_id(link.prog_id);
	if (fd < 0)
		return fd;
	err = sys_prog_info(fd, &prog, maps, &nmaps);
	if (!err && strcmp(prog.name, DISPATCHER_NAME))
		err = -EUCLEAN;
	for (i = 0; i < NS_MAPS && !err; i++) {
		for (j = 0; j < nmaps && maps[j] != ns->id[i]; j++)
			;
		if (j == nmaps)
			err = -EUCLEAN;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* 0: attached; -ENOLINK: not. @replacement, when not NULL, then gets a link
 * made on the way. */
static int probe(const struct position *pos, int prog_fd, int *replacement)
{
	int fd = attach_at(pos, prog_fd);

	if (fd == -EBUSY)
		return 0;
	if (fd < 0)
		return fd;
	if (replacement)
		*replacement = fd;
	else
		close(fd);
	return -ENOLINK;
}

/* Against somebody else's probe, which would look like a hook at our priority.
 */
static int lock_links(const struct ns *ns)
{
	return place_lock(&ns->place, "links.lock", true);
}

int hook_check(const struct ns *ns, unsigned int chain)
{
	struct position pos;
	int lock, prog, err;

	err = position_of(chain, &pos);
	if (err)
		return err;
	prog = linked_program(ns, chain, &pos);
	if (prog < 0)
		return prog;
	lock = lock_links(ns);
	err = lock < 0 ? lock : probe(&pos, prog, NULL);
	if (lock >= 0)
		close(lock);
	close(prog);
	return err;
}

int hook_probe(const struct place *p, unsigned int chain, int prog_fd)
{
	struct position pos;
	int lock, err;

	err = position_of(chain, &pos);
	if (err)
		return err;
	/* Whoever holds it is at work on the links, or looks himself. */
	lock = place_lock(p, "links.lock", false);
	if (lock == -EWOULDBLOCK)
		return 0;
	err = probe(&pos, prog_fd, NULL);
	if (lock >= 0)
		close(lock);
	return err;
}

static int pin_link(const struct place *p, unsigned int chain, int link)
{
	char path[PLACE_PATH_LEN];

	link_path(p, chain, path, sizeof(path));
	unlink(path);
	return sys_obj_pin(link, path);
}

static int attach_new(const struct ns *ns, struct program_env *env,
		      unsigned int chain, const struct position *pos,
		      struct err *e)
{
	struct program dispatcher;
	int link, err;

	/* What is pinned there is not usable, or not there: its priority must
	 * be free before ours can have it. */
	hook_release(&ns->place, chain);
	err = program_load_dispatcher(&dispatcher, ns, env, chain, e);
	if (err)
		return err;
	link = attach_at(pos, dispatcher.fd);
	program_close(&dispatcher);
	if (link < 0)
		return err_set(e, ERR_OTHER, -link,
			       link == -EBUSY
				       ? "another hook sits at priority %d"
				       : "cannot attach at priority %d: %s",
			       pos->prio, strerror(-link));
	err = pin_link(&ns->place, chain, link);
	close(link);
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot pin the link: %s",
			strerror(-err));
	return err;
}

static int attach(const struct ns *ns, struct program_env *env,
		  unsigned int chain, struct err *e)
{
	struct position pos;
	int prog, link = -1, err;

	err = position_of(chain, &pos);
	if (err)
		return err_set(e, ERR_OTHER, -err, "no such base chain");
	prog = linked_program(ns, chain, &pos);
	if (prog < 0)
		return attach_new(ns, env, chain, &pos, e);
	err = probe(&pos, prog, &link);
	close(prog);
	if (err == -ENOLINK) {
		err = pin_link(&ns->place, chain, link);
		close(link);
	}
	if (err)
		err_set(e, ERR_OTHER, -err, "cannot attach at priority %d: %s",
			pos.prio, strerror(-err));
	return err;
}

int hook_attach(const struct ns *ns, struct program_env *env,
		unsigned int chain, struct err *e)
{
	int lock = lock_links(ns), err;

	if (lock < 0)
		return err_set(e, ERR_OTHER, -lock, "cannot lock the links: %s",
			       strerror(-lock));
	err = attach(ns, env, chain, e);
	close(lock);
	return err;
}

void hook_release(const struct place *p, unsigned int chain)
{
	char path[PLACE_PATH_LEN];
	int fd;

	link_path(p, chain, path, sizeof(path));
	fd = sys_obj_get(path);
	if (fd >= 0) {
		/* Whoever else holds the link: the hook goes now. */
		sys_link_detach(fd);
		close(fd);
	}
	unlink(path);
}
