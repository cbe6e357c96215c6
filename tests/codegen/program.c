// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "tests/codegen/program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef uint32_t abi_u32;
typedef uint64_t abi_u64;
#include "loader/abi.h"

#define ETH_LEN 14

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static int print_stderr(enum libbpf_print_level level, const char *fmt,
			va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

static int run_clang(const char *src, const char *obj)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execl(CLANG_PATH, CLANG_PATH, "-O2", "-g", "-target", "bpf",
		      "-mcpu=v3", "-nostdinc", "-Wall", "-Werror", "-c", src,
		      "-o", obj, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return status ? -EINVAL : 0;
}

/* @behind, if not NULL: text that follows. */
static int write_source(const char *path, const struct plan *p,
			const char *behind)
{
	struct buf c = BUF_INIT;
	int ret = plan_print_c(p, &c, false, NULL, NULL);
	FILE *f = ret ? NULL : fopen(path, "w");

	if (behind)
		buf_puts(&c, behind);
	if (!ret && !f)
		ret = -errno;
	if (f && (fwrite(c.data, 1, c.len, f) != c.len || fclose(f)))
		ret = -EIO;
	buf_free(&c);
	return ret;
}

static bool set_tables(struct bpf_map *m, const struct plan *plan)
{
	size_t have, want;
	const void *tables = plan_tables(plan, &want);
	void *to = bpf_map__initial_value(m, &have);

	if (!to || have < want)
		return false;
	memcpy(to, tables, want);
	return true;
}

/* Sets the constant @name of pkt.bpf.h, where the program has it. */
static void set_constant(struct bpf_object *obj, uint8_t *rodata, size_t size,
			 const char *name, uint32_t value)
{
	struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *sec = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var = sec ? btf_var_secinfos(sec) : NULL;

	for (int i = 0; sec && i < btf_vlen(sec); i++) {
		const struct btf_type *t = btf__type_by_id(btf, var[i].type);

		if (!strcmp(btf__name_by_offset(btf, t->name_off), name) &&
		    var[i].offset + sizeof(value) <= size)
			memcpy(rodata + var[i].offset, &value, sizeof(value));
	}
}

static int set_constants(struct bpf_object *obj, const struct plan *plan,
			 uint32_t fragments)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "nf_conn", BTF_KIND_STRUCT)
		     : 0;
	struct bpf_map *m;
	size_t size;
	void *v;

	btf__free(btf);
	bpf_object__for_each_map(m, obj)
	{
		if (!strcmp(bpf_map__name(m), ".bss.tables") &&
		    !set_tables(m, plan))
			return -EINVAL;
		if (!strstr(bpf_map__name(m), ".rodata"))
			continue;
		v = bpf_map__initial_value(m, &size);
		if (!v)
			return -EINVAL;
		set_constant(obj, v, size, "nf_conn_type_id", id > 0 ? id : 0);
		set_constant(obj, v, size, "fragments", fragments);
	}
	return 0;
}

static int load(struct program *prog, const char *path, const struct plan *plan,
		uint32_t fragments)
{
	struct bpf_program *front;
	double start = now_ms();
	int ret;

	libbpf_set_print(print_stderr);
	prog->obj = bpf_object__open_file(path, NULL);
	if (!prog->obj)
		return -errno;
	ret = set_constants(prog->obj, plan, fragments);
	if (!ret)
		ret = bpf_object__load(prog->obj);
	if (ret)
		return ret;
	prog->load_ms = now_ms() - start;
	front = bpf_object__find_program_by_name(prog->obj, "front");
	prog->prog_fd = bpf_program__fd(front);
	prog->counters_fd =
		bpf_object__find_map_fd_by_name(prog->obj, "counters");
	prog->stats_fd = bpf_object__find_map_fd_by_name(prog->obj, "stats");
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);

	if (!bpf_obj_get_info_by_fd(prog->prog_fd, &info, &len))
		prog->insns = info.verified_insns;
	return 0;
}

static int build(struct program *prog, const struct plan *p, uint32_t fragments,
		 const char *behind)
{
	char dir[] = "/tmp/codegen.XXXXXX", src[64], obj[64];
	int ret;

	memset(prog, 0, sizeof(*prog));
	if (!mkdtemp(dir))
		return -errno;
	snprintf(src, sizeof(src), "%s/prog.c", dir);
	snprintf(obj, sizeof(obj), "%s/prog.o", dir);
	ret = write_source(src, p, behind);
	if (!ret) {
		prog->clang_ms = -now_ms();
		ret = run_clang(src, obj);
		prog->clang_ms += now_ms();
	}
	if (!ret)
		ret = load(prog, obj, p, fragments);
	if (ret && getenv("CODEGEN_KEEP")) {
		fprintf(stderr, "kept %s\n", src);
		return ret;
	}
	unlink(src);
	unlink(obj);
	rmdir(dir);
	return ret;
}

int program_build_for(struct program *prog, const struct plan *p,
		      uint32_t fragments)
{
	return build(prog, p, fragments, NULL);
}

int program_build_with(struct program *prog, const struct plan *p,
		       const char *behind)
{
	return build(prog, p, 0, behind);
}

int program_build(struct program *prog, const struct plan *p)
{
	return build(prog, p, 0, NULL);
}

void program_free(struct program *prog)
{
	bpf_object__close(prog->obj);
	prog->obj = NULL;
}

/* Sums the @n 64-bit numbers of element @key of a per-CPU array. */
static void sum_percpu(int fd, uint32_t key, uint64_t *sum, unsigned int n)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *v = calloc(cpus > 0 ? cpus : 1, n * sizeof(*v));

	memset(sum, 0, n * sizeof(*sum));
	if (v && !bpf_map_lookup_elem(fd, &key, v))
		for (int c = 0; c < cpus; c++)
			for (unsigned int i = 0; i < n; i++)
				sum[i] += v[c * n + i];
	free(v);
}

struct nft_counters program_counter(struct program *prog, unsigned int i)
{
	uint64_t v[2];

	sum_percpu(prog->counters_fd, i, v, 2);
	return (struct nft_counters){v[0], v[1]};
}

/*
 * The kernel's struct nf_hook_state as BPF_PROG_TEST_RUN takes it: hook,
 * family, then pointers, of which in and out stand for an interface index.
 */
struct test_state {
	uint8_t hook, pf;
	uint64_t in, out, sk, net, okfn;
};

static int test_run(struct program *prog, const struct program_packet *pkt,
		    struct bpf_test_run_opts *out, unsigned int repeat)
{
	unsigned char frame[ETH_LEN + 65536] = {0};
	struct test_state state = {
		.hook = NF_INET_POST_ROUTING,
		.pf = pkt->family,
	};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = ETH_LEN + pkt->len, .ctx_in = &state,
		    .ctx_size_in = sizeof(state), .repeat = repeat);

	frame[12] = pkt->family == FAMILY_IPV4 ? 0x08 : 0x86;
	frame[13] = pkt->family == FAMILY_IPV4 ? 0x00 : 0xdd;
	if (pkt->len > sizeof(frame) - ETH_LEN)
		return -E2BIG;
	memcpy(frame + ETH_LEN, pkt->data, pkt->len);
	if (bpf_prog_test_run_opts(prog->prog_fd, &o))
		return -errno;
	out->retval = o.retval;
	out->duration = o.duration;
	return 0;
}

int program_time(struct program *prog, const struct program_packet *pkt,
		 unsigned int repeat)
{
	struct bpf_test_run_opts o = {0};
	int ret = test_run(prog, pkt, &o, repeat);

	return ret ? ret : (int)o.duration;
}

/* Nobody takes the notes here: one that was left could be in the way of the
 * next packet, which would be handed over. */
static void clear_notes(struct program *prog)
{
	struct bpf_map *m = bpf_object__find_map_by_name(prog->obj, ABI_NOTES_MAP);
	void *zero = m ? calloc(1, bpf_map__value_size(m)) : NULL;
	uint32_t key = 0;

	if (zero)
		bpf_map_update_elem(bpf_map__fd(m), &key, zero, 0);
	free(zero);
}

int program_run(struct program *prog, const struct program_packet *pkt)
{
	struct bpf_test_run_opts o = {0};
	uint64_t before[2], after[2];
	int ret;

	clear_notes(prog);
	sum_percpu(prog->stats_fd, 0, before, 2);
	ret = test_run(prog, pkt, &o, 1);
	if (ret)
		return ret;
	sum_percpu(prog->stats_fd, 0, after, 2);
	if (after[1] != before[1])
		return PROGRAM_HANDED_OVER;
	return o.retval;
}
