// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The benchmark's generator: a server on stdin and stdout, one command a line,
 * one answer a line ("ok ..." or "error ..."). It enters the routers' network
 * namespaces by itself and holds all that it attaches: when it ends, programs
 * and sockets are gone.
 *
 *	router NAME NSPATH IN OUT
 *		prepares a router: packets come in at IN, and those that leave
 *		by OUT end there
 *	hook NAME 4|6 forward|input PRIORITY accept|drop
 *		adds a contender that does nothing else
 *	listen NAME 4|6 tcp|udp PORT
 *		a socket that drops and counts what gets to it
 *	flows FILE
 *		the packets to be sent, struct flow each, of one IP version
 *	establish NAME COUNT FIRST
 *		makes COUNT flows established connections
 *	flush NAME
 *		forgets the router's connections
 *	forget NAME
 *		leaves the router alone
 *	run NAME COUNT FIRST WARMUP
 *		sends packets, beginning with flow FIRST: WARMUP that are not
 *		measured, then COUNT; answers with the nanoseconds that passed,
 *		those of this thread's CPU time, how many packets of both
 *		arrived, and the kernel's own nanoseconds a packet
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/conntrack.h"
#include "bench/frame.h"

#define MAX_ROUTERS 64
#define MAX_WORDS   8
#define BATCH	    64

struct router {
	char name[64];
	int netns; /* file descriptor */
	unsigned int in, out;
};

struct generator {
	struct bpf_object *obj;
	struct flow *flows; /* the three maps' memory */
	struct cursor *cursor;
	volatile uint64_t *arrived;
	unsigned int nflows;
	struct router routers[MAX_ROUTERS];
	unsigned int nrouters;
};

static const unsigned char object[] = {
#include "bench/inject.bpf.inc"
};

static int fail(int err, const char *what)
{
	printf("error %s: %s\n", what, strerror(-err));
	return 0;
}

static struct bpf_program *program(const struct generator *g, const char *name)
{
	return bpf_object__find_program_by_name(g->obj, name);
}

static struct router *enter(struct generator *g, const char *name)
{
	unsigned int i;

	for (i = 0; i < g->nrouters; i++) {
		struct router *r = &g->routers[i];

		if (strcmp(r->name, name))
			continue;
		if (!setns(r->netns, CLONE_NEWNET))
			return r;
		fail(-errno, "cannot enter the router's namespace");
		return NULL;
	}
	fail(-ENOENT, name);
	return NULL;
}

/* The links stay attached as long as this process lives. */
static int attach_ends(const struct generator *g, const struct router *r)
{
	int err = bpf_xdp_attach(r->in, bpf_program__fd(program(g, "nothing")),
				 XDP_FLAGS_DRV_MODE, NULL);

	if (err)
		return fail(err,
			    "cannot attach an XDP program to the first device");
	if (!bpf_program__attach_tcx(program(g, "end_of_path"), r->out, NULL))
		return fail(-errno,
			    "cannot attach a tc program to the second device");
	puts("ok");
	return 0;
}

static int do_router(struct generator *g, char **w)
{
	struct router *r = &g->routers[g->nrouters];

	if (g->nrouters == MAX_ROUTERS)
		return fail(-E2BIG, "too many routers");
	snprintf(r->name, sizeof(r->name), "%s", w[1]);
	r->netns = open(w[2], O_RDONLY | O_CLOEXEC);
	if (r->netns < 0 || setns(r->netns, CLONE_NEWNET))
		return fail(-errno, w[2]);
	r->in = if_nametoindex(w[3]);
	r->out = if_nametoindex(w[4]);
	if (!r->in || !r->out)
		return fail(-ENODEV, "no such device");
	g->nrouters++;
	return attach_ends(g, r);
}

static int do_forget(struct generator *g, char **w)
{
	struct router *r = enter(g, w[1]);

	if (!r)
		return 0;
	close(r->netns);
	*r = g->routers[--g->nrouters];
	puts("ok");
	return 0;
}

static int do_hook(struct generator *g, char **w)
{
	bool input = !strcmp(w[3], "input"), drop = !strcmp(w[5], "drop");
	LIBBPF_OPTS(bpf_netfilter_opts, opts,
		    .pf = atoi(w[2]) == 6 ? 10 : 2 /* NFPROTO_IPV6, _IPV4 */,
		    .hooknum = input ? 1 : 2 /* NF_INET_LOCAL_IN, _FORWARD */,
		    .priority = atoi(w[4]));

	if (!enter(g, w[1]))
		return 0;
	if (!bpf_program__attach_netfilter(
		    program(g, drop ? "drop_all" : "accept_all"), &opts))
		return fail(-errno, "cannot attach a netfilter program");
	puts("ok");
	return 0;
}

static int do_listen(struct generator *g, char **w)
{
	bool v6 = atoi(w[2]) == 6, tcp = !strcmp(w[3], "tcp");
	int fd, on = 1, sink = bpf_program__fd(program(g, "end_of_input"));
	uint16_t port = __builtin_bswap16(atoi(w[4]));
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = port};

	if (!enter(g, w[1]))
		return 0;
	fd = socket(v6 ? AF_INET6 : AF_INET,
		    (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &sink, sizeof(sink)) ||
	    bind(fd, v6 ? (struct sockaddr *)&any6 : (struct sockaddr *)&any,
		 v6 ? sizeof(any6) : sizeof(any)) ||
	    (tcp && listen(fd, 1)))
		return fail(-errno, "cannot make a socket");
	puts("ok");
	return 0;
}

static int do_flows(struct generator *g, char **w)
{
	int fd = open(w[1], O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(-errno, w[1]);
	n = read(fd, g->flows, MAX_FLOWS * sizeof(*g->flows));
	close(fd);
	if (n <= 0 || n % sizeof(*g->flows))
		return fail(-EINVAL, "not a file of flows");
	g->nflows = n / sizeof(*g->flows);
	printf("ok %u\n", g->nflows);
	return 0;
}

static int do_establish(struct generator *g, char **w)
{
	unsigned int n = strtoul(w[2], NULL, 10),
		     first = strtoul(w[3], NULL, 10);
	int err;

	if (first > g->nflows || n > g->nflows - first)
		return fail(-EINVAL, "not so many flows");
	if (!enter(g, w[1]))
		return 0;
	err = conntrack_establish(g->flows + first, n);
	if (err)
		return fail(err, "cannot make connections");
	puts("ok");
	return 0;
}

static int do_flush(struct generator *g, char **w)
{
	int err;

	if (!enter(g, w[1]))
		return 0;
	err = conntrack_flush();
	if (err)
		return fail(err, "cannot forget connections");
	puts("ok");
	return 0;
}

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* What the stack does with an injected packet it does right in here. */
static int send_packets(struct generator *g, unsigned int in,
			unsigned int count, uint32_t *duration)
{
	unsigned char frame[FRAME_LEN_V6] = {0};
	unsigned int len = g->flows->ip_version == 6 ? FRAME_LEN_V6 : FRAME_LEN;
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = in};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .batch_size = BATCH,
		    .repeat = count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int err = bpf_prog_test_run_opts(bpf_program__fd(program(g, "inject")),
					 &opts);

	*duration = opts.duration;
	return err;
}

static int do_run(struct generator *g, char **w)
{
	struct router *r = enter(g, w[1]);
	unsigned int warmup = strtoul(w[4], NULL, 10);
	uint64_t before, wall, cpu;
	uint32_t duration;
	int err = 0;

	if (!r)
		return 0;
	g->cursor->next = strtoul(w[3], NULL, 10);
	g->cursor->count = g->nflows;
	before = *g->arrived;
	if (warmup)
		err = send_packets(g, r->in, warmup, &duration);
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_THREAD_CPUTIME_ID);
	if (!err)
		err = send_packets(g, r->in, strtoul(w[2], NULL, 10),
				   &duration);
	cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	if (err)
		return fail(err, "cannot inject packets");
	printf("ok %llu %llu %llu %u\n", (unsigned long long)wall,
	       (unsigned long long)cpu,
	       (unsigned long long)(*g->arrived - before), duration);
	return 0;
}

static int do_quit(struct generator *g, char **w)
{
	return 1;
}

static const struct command {
	const char *name;
	unsigned int words; /* with the name */
	int (*run)(struct generator *g, char **words);
} commands[] = {
	{"router", 5, do_router}, {"forget", 2, do_forget},
	{"hook", 6, do_hook},	  {"listen", 5, do_listen},
	{"flows", 2, do_flows},	  {"establish", 4, do_establish},
	{"flush", 2, do_flush},	  {"run", 5, do_run},
	{"quit", 1, do_quit},
};

/* 1 at the end. */
static int obey(struct generator *g, char *line)
{
	char *words[MAX_WORDS], *save = NULL, *word;
	unsigned int n = 0, i;

	for (word = strtok_r(line, " \n", &save); word && n < MAX_WORDS;
	     word = strtok_r(NULL, " \n", &save))
		words[n++] = word;
	for (i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, words[0]) &&
		    commands[i].words == n)
			return commands[i].run(g, words);
	puts("error no such command");
	return 0;
}

static void *map_memory(const struct generator *g, const char *name, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_object__find_map_fd_by_name(g->obj, name), 0);

	return p == MAP_FAILED ? NULL : p;
}

static int load(struct generator *g)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "bench");
	int err;

	g->obj = bpf_object__open_mem(object, sizeof(object), &opts);
	if (!g->obj)
		return -errno;
	err = bpf_object__load(g->obj);
	if (err)
		return err;
	g->flows = map_memory(g, "flows", MAX_FLOWS * sizeof(*g->flows));
	g->cursor = map_memory(g, "cursor", sizeof(*g->cursor));
	g->arrived = map_memory(g, "arrived", sizeof(*g->arrived));
	return g->flows && g->cursor && g->arrived ? 0 : -errno;
}

/*
 * A program that is attached somewhere has its place in the kernel's XDP
 * dispatcher. Without one, every run would get it and give it back, which takes
 * 20 ms.
 */
static int keep_dispatched(const struct generator *g)
{
	if (unshare(CLONE_NEWNET) ||
	    open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) < 0)
		return -errno;
	return bpf_xdp_attach(if_nametoindex("lo"),
			      bpf_program__fd(program(g, "inject")),
			      XDP_FLAGS_SKB_MODE, NULL);
}

/* One CPU for it all, and before all that is no interrupt: what the stack does
 * with an injected packet it does right there. */
static int pin(int cpu)
{
	struct sched_param first = {.sched_priority = 1};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* Where that is not allowed, others' processes are noise. */
	sched_setscheduler(0, SCHED_FIFO, &first);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

int main(int argc, char **argv)
{
	static struct generator g;
	char *line = NULL;
	size_t size = 0;
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = pin(argc > 1 ? atoi(argv[1]) : 0);
	if (!err)
		err = load(&g);
	if (!err)
		err = keep_dispatched(&g);
	if (err) {
		fprintf(stderr, "inject: cannot start: %s\n", strerror(-err));
		return 1;
	}
	puts("ok");
	while (getline(&line, &size, stdin) > 0)
		if (obey(&g, line))
			break;
	free(line);
	bpf_object__close(g.obj);
	return 0;
}
