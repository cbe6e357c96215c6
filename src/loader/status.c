// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader/boot.h"
#include "loader/clang.h"
#include "loader/exclusive.h"
#include "loader/hook.h"
#include "loader/job.h"
#include "loader/ns.h"
#include "loader/status.h"
#include "loader/sys.h"
#include "translate/nft.h"

/* Numbers of linux/capability.h, whose header may be older. */
#define CAP_NET_ADMIN_NR 12
#define CAP_SYS_ADMIN_NR 21
#define CAP_PERFMON_NR	 38
#define CAP_BPF_NR	 39

/* ---- what BPF needs ---- */

static bool have_caps(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	uint64_t caps;

	if (syscall(__NR_capget, &head, data))
		return false;
	caps = data[0].effective | (uint64_t)data[1].effective << 32;
	if (!(caps >> CAP_NET_ADMIN_NR & 1))
		return false;
	return (caps >> CAP_SYS_ADMIN_NR & 1) ||
	       ((caps >> CAP_BPF_NR & 1) && (caps >> CAP_PERFMON_NR & 1));
}

static int check_caps(const struct place *p, char *reason, size_t len)
{
	if (have_caps())
		return 0;
	snprintf(reason, len,
		 "no permission: CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON are "
		 "needed; run as root");
	return -EPERM;
}

static int check_kernel(const struct place *p, char *reason, size_t len)
{
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		return 0;
	snprintf(reason, len,
		 "this kernel has no type information "
		 "(/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF is needed");
	return -ENOTSUP;
}

static int check_bpffs(const struct place *p, char *reason, size_t len)
{
	int err = place_check_bpffs(p);

	if (err == -EROFS)
		snprintf(reason, len,
			 "the bpf file system at " PLACE_BPFFS
			 " is read-only: mount -o remount,rw " PLACE_BPFFS);
	else if (err)
		snprintf(reason, len,
			 "no bpf file system at " PLACE_BPFFS
			 ": iptables-bpfctl sync mounts one");
	return err;
}

static int check_clang(const struct place *p, char *reason, size_t len)
{
	if (clang_find())
		return 0;
	snprintf(reason, len, CLANG_MISSING);
	return -ENOENT;
}

static int (*const checks[])(const struct place *p, char *reason,
			     size_t len) = {
	check_caps,
	check_kernel,
	check_bpffs,
	check_clang,
};

/*
 * Whether BPF can be used here at all. 0, or negative with the first obstacle
 * and its remedy in @reason.
 */
static int find_obstacle(const struct place *p, char *reason, size_t len)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < sizeof(checks) / sizeof(*checks) && !err; i++)
		err = checks[i](p, reason, len);
	return err;
}

/* ---- gathering ---- */

static void read_stats(const struct ns *ns, struct abi_stats *out)
{
	unsigned int cpus = sys_possible_cpus(), i, cpu;
	struct abi_stats *values =
		calloc((size_t)ABI_CHAINS * cpus, sizeof(*values));

	if (values && !sys_map_read_percpu(ns->fd[NS_STATS], ABI_CHAINS,
					   sizeof(*values), values)) {
		for (i = 0; i < ABI_CHAINS; i++) {
			for (cpu = 0; cpu < cpus; cpu++) {
				out[i].decided +=
					values[i * cpus + cpu].decided;
				out[i].handed_over +=
					values[i * cpus + cpu].handed_over;
			}
		}
	}
	free(values);
}

/* A hybrid chain without its link is nft's, whatever the generations say. */
static bool links_stand(struct status *s, const struct ns *ns)
{
	const struct builtin_chain *b;
	enum family family;
	unsigned int i;
	int err;

	for (i = 0; i < s->record.nchains; i++) {
		const struct record_chain *c = &s->record.chains[i];

		if (c->mode == CHAIN_NFT || c->idle)
			continue;
		err = hook_check(ns, c->id);
		if (!err)
			continue;
		b = place_chain_by_id(c->id, &family);
		snprintf(s->reason, sizeof(s->reason),
			 "the link of chain %s (%s %s) %s: run "
			 "iptables-bpfctl sync",
			 b->name, place_family_name(family), b->table,
			 err == -ENOLINK ? "was detached"
					 : "or what it needs was removed");
		return false;
	}
	return true;
}

/* Without a sync's record there is still a ruleset to speak of: what could run
 * in BPF. */
static void plan_record(struct status *s, struct nft *nft)
{
	struct job job;

	job_init(&job);
	if (!job_read(&job, nft, NULL) && !job_check_hooks(&job, nft, NULL))
		job_record(&job, NULL, &s->record);
	job_free(&job);
}

static bool any_hybrid(const struct record *r)
{
	unsigned int i;

	for (i = 0; i < r->nchains; i++)
		if (r->chains[i].mode != CHAIN_NFT)
			return true;
	return false;
}

static void say(struct status *s, enum status_state state, const char *reason)
{
	s->state = state;
	if (!*s->reason && reason)
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

/* The last sync's error, where it says more than what stands in the way now. */
static void add_error(const struct status *s, char *obstacle, size_t len)
{
	size_t n = strlen(obstacle);

	if (*s->record.error && !strstr(obstacle, s->record.error))
		snprintf(obstacle + n, len - n, "%s%s",
			 n ? "; the last sync said: " : "", s->record.error);
}

/* What is decided by what the maps say. */
static void judge_live(struct status *s, const struct ns *ns, char *obstacle,
		       size_t len)
{
	if (s->compiled_generation != s->generation) {
		add_error(s, obstacle, len);
		if (*obstacle)
			say(s, STATUS_UNAVAILABLE, obstacle);
		else
			say(s, STATUS_STALE,
			    "the ruleset has changed since: run "
			    "iptables-bpfctl sync");
	} else if (s->exclusive && !s->watcher) {
		say(s, STATUS_STALE,
		    "tables are dormant, but the watcher is gone: what other "
		    "tools change in them has no effect; run iptables-bpfctl "
		    "sync, which wakes them, or watch");
	} else if (!links_stand(s, ns)) {
		s->state = STATUS_STALE;
	} else if (*obstacle && !any_hybrid(&s->record)) {
		say(s, STATUS_UNAVAILABLE, obstacle);
	} else {
		say(s, STATUS_LIVE, *obstacle ? obstacle : NULL);
	}
}

/* Tables that filter nothing because they were put to sleep by a watcher that
 * is no more. */
static bool any_lost(struct status *s, struct nft *nft)
{
	uint8_t lost = exclusive_find_lost(&s->place, nft);
	enum family family;
	const char *table;
	unsigned int i;
	struct ns ns;

	if (lost && !ns_open(&ns, &s->place)) {
		lost &= ~(ns_ctl_word(&ns) >> ABI_CTL_EXCLUSIVE);
		ns_close(&ns);
	}
	for (i = 0; i < ABI_TABLES && !(lost >> i & 1); i++)
		;
	table = place_table_by_id(i, &family);
	if (!table)
		return false;
	snprintf(s->reason, sizeof(s->reason),
		 "table %s %s is dormant and nobody decides in its place (it "
		 "was "
		 "saved so by `nft list ruleset'?): NOTHING IS FILTERED by it; "
		 "run iptables-bpfctl sync, which wakes it",
		 place_family_name(family), table);
	return true;
}

static void judge(struct status *s, struct nft *nft, bool recorded)
{
	char obstacle[sizeof(s->reason)] = "";
	unsigned int slot;
	struct ns ns;

	if (any_lost(s, nft)) {
		say(s, STATUS_STALE, NULL);
		return;
	}
	if (place_is_off(&s->place)) {
		say(s, STATUS_OFF,
		    "switched off in this network namespace: run "
		    "iptables-bpfctl on");
		return;
	}
	/* The last sync found nothing that BPF could decide. */
	if (!place_has_pins(&s->place) && recorded && !*s->record.error &&
	    s->record.generation == s->generation && !any_hybrid(&s->record)) {
		s->compiled_generation = s->generation;
		say(s, STATUS_LIVE, NULL);
		return;
	}
	find_obstacle(&s->place, obstacle, sizeof(obstacle));
	if (ns_open(&ns, &s->place)) {
		add_error(s, obstacle, sizeof(obstacle));
		if (*obstacle)
			say(s, STATUS_UNAVAILABLE, obstacle);
		else
			say(s, STATUS_STALE,
			    "there are no programs here, or no more: run "
			    "iptables-bpfctl sync");
		return;
	}
	ns_get_ctl(&ns, &slot, &s->compiled_generation);
	s->exclusive = ns_ctl_word(&ns) >> ABI_CTL_EXCLUSIVE;
	read_stats(&ns, s->stats);
	judge_live(s, &ns, obstacle, sizeof(obstacle));
	ns_close(&ns);
}

/* A table may have been woken since the record was written. */
static void correct_exclusive(struct status *s)
{
	unsigned int i;
	int table;

	for (i = 0; i < s->record.nchains; i++) {
		struct record_chain *c = &s->record.chains[i];

		table = place_table_of_chain(c->id);
		if (c->mode == CHAIN_EXCLUSIVE &&
		    !(table >= 0 && s->exclusive >> table & 1))
			c->mode = c->idle ? CHAIN_NFT : CHAIN_HYBRID;
	}
}

/* A chain whose program is not in use, or was never made, is nft's. */
static void correct_modes(struct status *s, bool recorded)
{
	unsigned int i;

	correct_exclusive(s);

	if (recorded && s->state != STATUS_OFF &&
	    s->state != STATUS_UNAVAILABLE)
		return;
	for (i = 0; i < s->record.nchains; i++) {
		struct record_chain *c = &s->record.chains[i];

		if (c->mode == CHAIN_NFT)
			continue;
		c->mode = CHAIN_NFT;
		c->insns = 0;
		snprintf(c->reason, sizeof(c->reason), "%.*s",
			 (int)sizeof(c->reason) - 1, s->reason);
	}
	s->record.nhandovers = 0;
}

static bool find_record(struct status *s, struct nft *nft)
{
	char error[sizeof(s->record.error)];

	if (!boot_is_other(&s->place) && !record_read(&s->place, &s->record) &&
	    (s->record.nchains || !*s->record.error))
		return true;
	/* A sync that failed as a whole knows of no chains. */
	memcpy(error, s->record.error, sizeof(error));
	record_free(&s->record);
	plan_record(s, nft);
	memcpy(s->record.error, error, sizeof(error));
	return false;
}

void status_get(struct status *s)
{
	struct nft *nft = NULL;
	struct err e = {0};
	bool recorded;

	memset(s, 0, sizeof(*s));
	if (place_find(&s->place, &e) || nft_open(&nft, &e) ||
	    nft_generation(nft, &s->generation, &e)) {
		if (!have_caps())
			check_caps(&s->place, s->reason, sizeof(s->reason));
		say(s, STATUS_UNAVAILABLE, e.msg);
		goto out;
	}
	s->watcher = place_is_locked(&s->place, "watch.lock");
	s->wish = wish_find(&s->place);
	recorded = find_record(s, nft);
	judge(s, nft, recorded);
	correct_modes(s, recorded);
out:
	nft_close(nft);
}

void status_free(struct status *s)
{
	record_free(&s->record);
}

const char *status_state_name(enum status_state state)
{
	static const char *const names[] = {
		[STATUS_LIVE] = "live",
		[STATUS_STALE] = "stale",
		[STATUS_OFF] = "off",
		[STATUS_UNAVAILABLE] = "unavailable",
	};

	return names[state];
}
