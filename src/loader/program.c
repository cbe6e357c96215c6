// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/fragments.h"
#include "loader/program.h"
#include "loader/sys.h"

static const unsigned char dispatch_object[] = {
#include "loader/bpf/dispatch.bpf.inc"
};
static const unsigned char guard_object[] = {
#include "loader/bpf/guard.bpf.inc"
};
static const unsigned char netid_object[] = {
#include "loader/bpf/netid.bpf.inc"
};

#define VERIFIER_LOG_LEN (256 * 1024)

/* libbpf's callback takes no argument, hence the one variable. */
static const struct msg_sink *libbpf_sink;

static int libbpf_says(enum libbpf_print_level level, const char *fmt,
		       va_list ap)
{
	if (libbpf_sink)
		msg_va(libbpf_sink, MSG_DEBUG, fmt, ap);
	return 0;
}

void program_set_sink(const struct msg_sink *sink)
{
	libbpf_sink = sink;
	libbpf_set_print(libbpf_says);
}

void program_init(struct program *p)
{
	*p = (struct program){
		.fd = -1, .counters_fd = -1, .state_fd = -1, .tables_fd = -1};
}

void program_close(struct program *p)
{
	if (p->fd >= 0)
		close(p->fd);
	if (p->counters_fd >= 0)
		close(p->counters_fd);
	if (p->state_fd >= 0)
		close(p->state_fd);
	if (p->tables_fd >= 0)
		close(p->tables_fd);
	kept_close(&p->kept);
	program_init(p);
}

/* ---- parts of an object ---- */

struct constant {
	const char *name;
	uint32_t value;
};

/* Sets the variable @c->name of section .rodata, when the object has it. */
static int set_constant(struct bpf_object *obj, const struct constant *c)
{
	struct btf *btf = bpf_object__btf(obj);
	const struct btf_var_secinfo *var;
	const struct btf_type *sec;
	struct bpf_map *map;
	void *data = NULL;
	size_t len;
	int id, i;

	bpf_object__for_each_map(
		map, obj) if (strstr(bpf_map__name(map), ".rodata") && !data)
		data = bpf_map__initial_value(map, &len);
	id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC)
		 : -ENOENT;
	if (!data || id < 0)
		return 0;
	sec = btf__type_by_id(btf, id);
	var = btf_var_secinfos(sec);
	for (i = 0; i < btf_vlen(sec); i++, var++) {
		const struct btf_type *t = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, t->name_off), c->name))
			continue;
		if (var->size != sizeof(c->value) ||
		    var->offset + sizeof(c->value) > len)
			return -EINVAL;
		memcpy((char *)data + var->offset, &c->value, sizeof(c->value));
	}
	return 0;
}

static int share_maps(struct bpf_object *obj, const struct ns *ns)
{
	static const char *const names[NS_MAPS] = {
		[NS_NOTES] = ABI_NOTES_MAP,
		[NS_CTL] = ABI_CTL_MAP,
		[NS_STATS] = "stats",
		[NS_PROGS] = "progs",
	};
	struct bpf_map *map;
	unsigned int i;
	int err = 0;

	for (i = 0; i < NS_MAPS && !err; i++) {
		map = bpf_object__find_map_by_name(obj, names[i]);
		if (map)
			err = bpf_map__reuse_fd(map, ns->fd[i]);
	}
	return err;
}

static int dup_fd(int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -1 : copy;
}

static int dup_map(struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	return map ? dup_fd(bpf_map__fd(map)) : -1;
}

/* The line of a verifier log that says why: the last one before the statistics.
 */
static void verifier_reason(char *log, char *out, size_t len)
{
	char *line, *save = NULL;

	out[0] = '\0';
	for (line = strtok_r(log, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "processed ", 10))
			snprintf(out, len, "%s", line);
}

struct load {
	const void *object;
	size_t len;
	const char *what; /* for messages */
	const char *prog; /* the program's name */
	unsigned int chain;
	const struct ns *ns;
	const struct constant *constants;
	unsigned int nconstants;
	struct tables tables;
};

static int fail_load(const struct load *l, int err, char *log, struct err *e)
{
	char reason[256] = "";

	if (log)
		verifier_reason(log, reason, sizeof(reason));
	return err_set(e, ERR_OTHER, -err, "cannot load %s: %s%s%s", l->what,
		       strerror(-err), *reason ? ": " : "", reason);
}

static int prepare(struct bpf_object *obj, const struct load *l)
{
	unsigned int i;
	int err = share_maps(obj, l->ns);

	for (i = 0; i < l->nconstants && !err; i++)
		err = set_constant(obj, &l->constants[i]);
	if (!err)
		err = kept_reuse(obj, l->ns, l->chain);
	return err ? err : tables_fill(obj, &l->tables);
}

static int load(struct program *p, const struct load *l, struct err *e)
{
	struct bpf_program *prog;
	struct bpf_prog_info info;
	struct timespec t0, t1;
	struct bpf_object *obj;
	char *log;
	int err;

	program_init(p);
	obj = bpf_object__open_mem(l->object, l->len, NULL);
	if (!obj)
		return fail_load(l, -errno, NULL, e);
	log = calloc(1, VERIFIER_LOG_LEN);
	prog = bpf_object__find_program_by_name(obj, l->prog);
	err = !log ? -ENOMEM : !prog ? -ENOEXEC : prepare(obj, l);
	if (err)
		goto out;
	bpf_program__set_log_buf(prog, log, VERIFIER_LOG_LEN);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	err = bpf_object__load(obj);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (err)
		goto out;
	p->load_ms = (t1.tv_sec - t0.tv_sec) * 1000 +
		     (t1.tv_nsec - t0.tv_nsec) / 1000000;
	p->fd = dup_fd(bpf_program__fd(prog));
	p->counters_fd = dup_map(obj, "counters");
	p->state_fd = dup_map(obj, "state");
	p->tables_fd = dup_map(obj, TABLES_MAP);
	err = p->fd < 0 ? -EMFILE : sys_prog_info(p->fd, &info, NULL, NULL);
	if (!err)
		err = kept_of_object(&p->kept, obj);
	if (!err) {
		p->insns = info.xlated_prog_len / 8;
		p->jited_bytes = info.jited_prog_len;
	}
out:
	if (err) {
		fail_load(l, err, log, e);
		program_close(p);
	}
	bpf_object__close(obj);
	free(log);
	return err;
}

/* ---- the kernel ---- */

static bool has_member(const struct btf *btf, const char *name,
		       const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT), i;
	const struct btf_type *t;
	const struct btf_member *m;

	if (id < 0)
		return false;
	t = btf__type_by_id(btf, id);
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), member))
			return true;
	return false;
}

/* Runs the program that reads nf_tables_net_id, as its address is nothing user
 * space can look at. */
static int read_net_id(uint32_t *out, struct err *e)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct bpf_object *obj;
	struct bpf_map *bss;
	int err = -ENOENT;

	*out = 0;
	obj = bpf_object__open_mem(netid_object, sizeof(netid_object), NULL);
	if (!obj)
		return err_set(e, ERR_OTHER, errno, "cannot open a BPF object");
	if (!bpf_object__load(obj) &&
	    !bpf_prog_test_run_opts(
		    bpf_program__fd(bpf_object__find_program_by_name(
			    obj, "read_net_id")),
		    &run)) {
		bpf_object__for_each_map(
			bss, obj) if (strstr(bpf_map__name(bss), ".bss"))
			err = sys_map_lookup(bpf_map__fd(bss), 0, out);
	}
	bpf_object__close(obj);
	if (err || !*out)
		return err_set(e, ERR_VERSION, ENOENT,
			       "cannot tell where this kernel keeps the nft "
			       "generation (net->nft.base_seq)");
	return 0;
}

static int find_env(struct program_env *env, struct err *e)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id, err = 0;

	memset(env, 0, sizeof(*env));
	if (!btf)
		return err_set(
			e, ERR_VERSION, errno,
			"this kernel has no type information "
			"(/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF "
			"is needed");
	if (btf__find_by_name_kind(btf, "bpf_nf_ctx", BTF_KIND_STRUCT) < 0) {
		err = err_set(
			e, ERR_VERSION, ENOTSUP,
			"this kernel has no BPF netfilter programs: "
			"Linux 6.4 with CONFIG_NETFILTER_BPF_LINK is needed");
		goto out;
	}
	id = btf__find_by_name_kind(btf, "nf_conn", BTF_KIND_STRUCT);
	env->nf_conn_type_id = id > 0 ? id : 0;
	env->fragments = fragments_find();
	if (!has_member(btf, "netns_nftables", "base_seq"))
		err = read_net_id(&env->nft_net_id, e);
out:
	env->known = !err;
	btf__free(btf);
	return err;
}

int program_env_need(struct program_env *env, struct err *e)
{
	return env->known ? 0 : find_env(env, e);
}

/* ---- the three kinds ---- */

/*
 * Hooks that a system call gets to by itself, where a softirq on the same CPU
 * can come in between and do the same.
 */
static bool in_process_context(unsigned int chain)
{
	enum family family;
	const struct builtin_chain *b = place_chain_by_id(chain, &family);

	return b && (b->hook == NF_INET_LOCAL_OUT ||
		     b->hook == NF_INET_POST_ROUTING);
}

int program_load_front(struct program *p, const struct ns *ns,
		       struct program_env *env, unsigned int chain,
		       const struct buf *object, const struct tables *tables,
		       struct err *e)
{
	int err = program_env_need(env, e);

	program_init(p);
	if (err)
		return err;
	const struct constant constants[] = {
		{"chain_id", chain},
		{"table_id", place_table_of_chain(chain)},
		{"nf_conn_type_id", env->nf_conn_type_id},
		{"fragments", env->fragments},
		{"process_context", in_process_context(chain)},
	};
	const struct load l = {
		.object = object->data,
		.len = object->len,
		.what = "the compiled program",
		.prog = "front",
		.chain = chain,
		.ns = ns,
		.constants = constants,
		.nconstants = sizeof(constants) / sizeof(*constants),
		.tables = *tables,
	};

	err = load(p, &l, e);
	if (!err && p->counters_fd < 0) {
		program_close(p);
		err = err_set(e, ERR_OTHER, ENOEXEC,
			      "the compiled program has no counters");
	}
	return err;
}

int program_load_dispatcher(struct program *p, const struct ns *ns,
			    struct program_env *env, unsigned int chain,
			    struct err *e)
{
	int err = program_env_need(env, e);

	program_init(p);
	if (err)
		return err;
	const struct constant constants[] = {
		{"chain_id", chain},
		{"table_id", place_table_of_chain(chain)},
		{"process_context", in_process_context(chain)},
		{"nft_net_id", env->nft_net_id},
	};
	const struct load l = {
		.object = dispatch_object,
		.len = sizeof(dispatch_object),
		.what = "the dispatcher",
		.prog = "dispatch_v3",
		.ns = ns,
		.constants = constants,
		.nconstants = sizeof(constants) / sizeof(*constants),
	};

	return load(p, &l, e);
}

int program_load_guard(struct program *p, const struct ns *ns,
		       unsigned int chain, struct err *e)
{
	const struct constant constants[] = {{"chain_id", chain}};
	const struct load l = {
		.object = guard_object,
		.len = sizeof(guard_object),
		.what = "the guard",
		.prog = "guard_v3",
		.chain = chain,
		.ns = ns,
		.constants = constants,
		.nconstants = 1,
	};

	return load(p, &l, e);
}
