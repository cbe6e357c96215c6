// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loader/events.h"
#include "loader/exclusive.h"
#include "loader/hold.h"
#include "loader/keeper.h"
#include "loader/kick.h"
#include "loader/notify.h"
#include "loader/reap.h"
#include "loader/record.h"
#include "loader/sync.h"
#include "loader/watch.h"

#define QUIET_MS     50 /* a burst of changes is compiled once */
#define QUIET_MAX_MS 1000
#define RETRY_MS     10000 /* after a sync that failed */
#define TICK_MS	     2000 /* how often to look after links, and who else lives */
#define LINKS_MS     100  /* how often whether links decide in place of nft */
#define TICK_SOON_MS 100
/* For so long tables that were changed stay awake; doubled when that was too
 * short, so that changes that keep coming do not make them go back and forth.
 */
#define AWAKE_MIN_MS 500
#define AWAKE_MAX_MS 5000

enum { FD_SIGNALS, FD_EVENTS, FDS };

struct watch {
	struct place place;
	const struct msg_sink *log;
	struct nft *nft;
	struct events events;
	struct hold hold;
	int lock, signals;
	bool machine; /* the machine's own namespace */

	pid_t keeper;
	pid_t child; /* the sync that runs; 0: none */
	bool child_enters;
	/* Times in ms; 0: not. */
	uint64_t changed;  /* since when there is something to compile */
	uint64_t sync_at;  /* when that is to be done */
	uint64_t enter_at; /* when tables may go to sleep */
	uint64_t entered;  /* when they last did */
	unsigned int awake_ms;
	uint64_t tick_at;
	uint64_t links_at;
	bool was_off;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/* ---- changes ---- */

/* Something is to be compiled, once it is quiet. */
static void note_change(struct watch *w)
{
	uint64_t now = now_ms();

	if (!w->changed)
		w->changed = now;
	w->sync_at = now + QUIET_MS;
	if (w->sync_at > w->changed + QUIET_MAX_MS)
		w->sync_at = w->changed + QUIET_MAX_MS;
	w->enter_at = now + w->awake_ms;
}

/* Another keeper, of what is now held. */
static void renew_keeper(struct watch *w)
{
	const int own[] = {w->lock, w->signals, w->events.fd};
	pid_t old = w->keeper;

	w->keeper = keeper_start(&w->hold, &w->place, own,
				 sizeof(own) / sizeof(*own));
	keeper_dismiss(&old);
}

static int leave_how(struct watch *w, uint8_t mask, bool guarded)
{
	struct err e = {0};
	int err;

	err = exclusive_leave_how(&w->place, w->nft, mask, guarded, &e);
	if (err)
		msg(w->log, MSG_ERROR, "%s\n", e.msg);
	else if (mask == ABI_ALL_TABLES)
		hold_disarm(&w->hold, &w->place);
	return err;
}

static int leave(struct watch *w, uint8_t mask)
{
	return leave_how(w, mask, true);
}

/* Tables that slept too short a time are to be awake for longer. */
static void back_off(struct watch *w)
{
	uint64_t slept = now_ms() - w->entered;

	if (slept > 4ULL * w->awake_ms)
		w->awake_ms = AWAKE_MIN_MS;
	else
		w->awake_ms *= 2;
	if (w->awake_ms > AWAKE_MAX_MS)
		w->awake_ms = AWAKE_MAX_MS;
}

/* The generation that programs (or, without any, the record) are made for. */
static uint32_t compiled_generation(const struct watch *w, struct ns *ns)
{
	uint32_t gen = 0;
	unsigned int slot;
	struct record r;

	if (ns) {
		ns_get_ctl(ns, &slot, &gen);
	} else if (!record_read(&w->place, &r)) {
		gen = r.generation;
		record_free(&r);
	}
	return gen;
}

/* Moves it on behind a commit that changed nothing of ours. */
static bool restamp(struct watch *w, struct ns *ns, uint32_t generation)
{
	struct record r;
	bool done = false;
	uint64_t old;

	if (ns) {
		old = ns_ctl_word(ns);
		if ((uint32_t)old + 1 == generation && (uint32_t)old)
			return ns_swap_ctl(ns, &old, old + 1);
		return false;
	}
	if (record_read(&w->place, &r))
		return false;
	if (r.generation + 1 == generation && !*r.error) {
		r.generation = generation;
		done = !record_write(&w->place, &r);
	}
	record_free(&r);
	return done;
}

/* Whether the programs know of @c already: it was our own commit, or a sync has
 * read what it led to. */
static bool is_known(const struct watch *w, struct ns *ns,
		     const struct commit *c)
{
	uint32_t compiled = compiled_generation(w, ns), now;

	if (!compiled)
		return false;
	if (c->lost)
		return !nft_generation(w->nft, &now, NULL) && now == compiled;
	return (int32_t)(c->generation - compiled) <= 0;
}

static void on_commit(const struct commit *c, void *arg)
{
	struct watch *w = arg;
	uint8_t exclusive = 0, wake;
	bool have_ns, known, other;
	struct ns ns;
	int lock;

	/* Our own commits are in the control word once this lock is free. */
	lock = exclusive_lock(&w->place);
	have_ns = !ns_open_writable(&ns, &w->place);
	known = is_known(w, have_ns ? &ns : NULL, c);
	other = !c->tables && !c->hooks && !c->lost;
	if (!known && other)
		known = restamp(w, have_ns ? &ns : NULL, c->generation) &&
			!c->other;
	if (have_ns) {
		exclusive = ns_ctl_word(&ns) >> ABI_CTL_EXCLUSIVE;
		ns_close(&ns);
	}
	exclusive |= hold_exclusive(&w->hold);
	wake = exclusive & (c->hooks || c->lost ? ABI_ALL_TABLES : c->tables);
	if (lock >= 0)
		close(lock);
	if (known)
		return;
	/* First of all nft decides by its new rules. */
	if (wake || c->asleep) {
		leave(w, wake | c->asleep);
		back_off(w);
	}
	note_change(w);
}

/* ---- the sync that runs beside us ---- */

static void become_sync(struct watch *w, bool enter)
{
	struct err e = {0};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(w->lock);
	close(w->signals);
	events_close(&w->events);
	nft_close(w->nft);
	if (!sync_watched(&w->place, enter, false, &e))
		_exit(0);
	if (e.errnum != ECANCELED)
		msg(w->log, MSG_ERROR, "%s\n", e.msg);
	_exit(e.errnum == ECANCELED ? 2 : 1);
}

static void start_sync(struct watch *w, bool enter)
{
	pid_t pid = fork();

	if (!pid)
		become_sync(w, enter);
	if (pid < 0) {
		w->sync_at = now_ms() + RETRY_MS;
		return;
	}
	w->child = pid;
	w->child_enters = enter;
	w->changed = w->sync_at = 0;
	if (enter)
		w->enter_at = 0;
}

/* A sync that was killed may have left a table half on its way. */
static void sync_failed(struct watch *w, bool killed)
{
	struct ns ns;
	bool between = killed;

	if (!ns_open(&ns, &w->place)) {
		between |= ns_ctl_word(&ns) >> ABI_CTL_AWAKE != 0;
		ns_close(&ns);
	}
	if (between)
		leave(w, ABI_ALL_TABLES);
	w->sync_at = now_ms() + RETRY_MS;
}

/* False: it had to go, and cannot. */
static bool check_hold(struct watch *w)
{
	if (hold_check(&w->hold, &w->place))
		return true;
	msg(w->log, MSG_WARN,
	    "what decides in exclusive tables was taken away: nft decides\n");
	note_change(w);
	if (!leave(w, ABI_ALL_TABLES))
		return true;
	w->tick_at = now_ms() + TICK_SOON_MS;
	return false;
}

static void reap_sync(struct watch *w)
{
	uint64_t now = now_ms();
	uint8_t held;
	int status;

	if (w->keeper > 0 && waitpid(w->keeper, NULL, WNOHANG) == w->keeper) {
		w->keeper = 0;
		renew_keeper(w);
	}
	if (!w->child || waitpid(w->child, &status, WNOHANG) != w->child)
		return;
	w->child = 0;
	/* What decides alone must not be let go of. */
	if (!check_hold(w))
		return;
	held = hold_exclusive(&w->hold);
	hold_take(&w->hold, &w->place);
	if (held || hold_exclusive(&w->hold) || w->keeper <= 0)
		renew_keeper(w);
	w->was_off = WIFEXITED(status) && WEXITSTATUS(status) == 2;
	if (w->was_off)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		sync_failed(w, !WIFEXITED(status));
	} else if (w->child_enters) {
		if (hold_exclusive(&w->hold))
			w->entered = now;
	} else if (!w->enter_at) {
		w->enter_at = now + w->awake_ms;
	}
}

/* ---- once in a while ---- */

/* Far more often than all the rest, as nobody decides meanwhile. */
static void check_links(struct watch *w)
{
	w->links_at = now_ms() + LINKS_MS;
	if (hold_links_stand(&w->hold))
		return;
	msg(w->log, MSG_WARN, "a link was taken away: nft decides\n");
	leave_how(w, ABI_ALL_TABLES, false);
	note_change(w);
}

/* False: nobody but us is left in this namespace. */
static bool tick(struct watch *w)
{
	w->tick_at = now_ms() + TICK_MS;
	if (w->child)
		return true;
	check_hold(w);
	if (w->was_off && !place_is_off(&w->place)) {
		w->was_off = false;
		note_change(w);
	}
	return w->machine || !reap_is_deserted(w->keeper);
}

static int next_timeout(const struct watch *w)
{
	uint64_t now = now_ms(), at = w->tick_at;

	if (hold_exclusive(&w->hold) && w->links_at < at)
		at = w->links_at;

	if (!w->child && w->sync_at && w->sync_at < at)
		at = w->sync_at;
	if (!w->child && w->enter_at && w->enter_at < at)
		at = w->enter_at;
	return at > now ? (int)(at - now) : 0;
}

static void start_what_is_due(struct watch *w)
{
	uint64_t now = now_ms();

	if (w->child)
		return;
	if (w->sync_at && now >= w->sync_at)
		start_sync(w, w->enter_at && now >= w->enter_at);
	else if (w->enter_at && now >= w->enter_at && !w->sync_at)
		start_sync(w, true);
}

static int take_signals(struct watch *w, bool *stop)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			*stop = true;
	reap_sync(w);
	return 0;
}

/* Until there is a reason to stop. @deserted: that nobody else is left. */
static int follow(struct watch *w, bool *deserted, struct err *e)
{
	struct pollfd fds[FDS] = {
		[FD_SIGNALS] = {.fd = w->signals, .events = POLLIN},
		[FD_EVENTS] = {.fd = w->events.fd, .events = POLLIN},
	};
	bool stop = false;
	int err = 0;

	while (!stop && !err) {
		if (poll(fds, FDS, next_timeout(w)) < 0 && errno != EINTR)
			return err_set(e, ERR_OTHER, errno, "cannot wait: %s",
				       strerror(errno));
		take_signals(w, &stop);
		err = events_read(&w->events, on_commit, w, e);
		if (hold_exclusive(&w->hold) && now_ms() >= w->links_at)
			check_links(w);
		if (now_ms() >= w->tick_at && !tick(w)) {
			*deserted = true;
			return 0;
		}
		if (!stop && !err)
			start_what_is_due(w);
	}
	return err;
}

/* ---- begin and end ---- */

static int take_signalfd(struct watch *w)
{
	static const int caught[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD};
	sigset_t set;
	unsigned int i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return w->signals < 0 ? -errno : 0;
}

/* Commands look whether the lock is held, which takes them an instant. */
static int take_lock(struct watch *w)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	int tries;

	for (tries = 0; tries < 10; tries++) {
		w->lock = place_lock(&w->place, "watch.lock", false);
		if (w->lock != -EWOULDBLOCK)
			break;
		nanosleep(&pause, NULL);
	}
	return w->lock < 0 ? w->lock : 0;
}

static int begin(struct watch *w, struct err *e)
{
	int err;

	place_join_machine();
	err = place_find(&w->place, e);
	if (!err)
		err = place_prepare(&w->place, e);
	if (err)
		return err;
	w->machine = place_is_machine_netns(&w->place);
	err = take_lock(w);
	if (err)
		return err_set(e, ERR_OTHER, -err,
			       err == -EWOULDBLOCK
				       ? "a watcher runs already in this "
					 "network namespace"
				       : "cannot lock watch.lock: %s",
			       strerror(-err));
	err = take_signalfd(w);
	if (err)
		return err_set(e, ERR_OTHER, -err, "cannot take signals: %s",
			       strerror(-err));
	/* Listening first: what comes while the first sync reads is heard. */
	err = events_open(&w->events, e);
	if (!err)
		err = nft_open(&w->nft, e);
	return err;
}

/* nft is awake when this returns, and BPF in front of it again where it may be.
 */
static void end(struct watch *w, bool deserted)
{
	/* It can be killed at any time; and not be made to wait for. */
	if (w->child) {
		kill(w->child, SIGKILL);
		waitpid(w->child, NULL, 0);
	}
	if (w->nft) {
		if (!leave(w, ABI_ALL_TABLES))
			keeper_dismiss(&w->keeper);
		nft_close(w->nft);
		if (!deserted)
			sync_watched(&w->place, false, true, NULL);
	}
	hold_drop(&w->hold);
	events_close(&w->events);
	if (w->signals >= 0)
		close(w->signals);
	if (w->lock >= 0)
		close(w->lock);
}

/* What was saved while it slept, and loaded again: of another boot, say. */
static void wake_lost(struct watch *w)
{
	uint8_t lost = exclusive_find_lost(&w->place, w->nft);

	if (!lost)
		return;
	msg(w->log, MSG_WARN,
	    "tables were dormant with nobody to decide in their place (a "
	    "ruleset "
	    "that was saved so, or a watcher that was killed): nft decides\n");
	leave(w, lost);
}

int watch(const struct msg_sink *log, struct err *e)
{
	struct watch w = {
		.log = log,
		.events.fd = -1,
		.lock = -1,
		.signals = -1,
		.awake_ms = AWAKE_MIN_MS,
	};
	bool deserted = false;
	int err;

	hold_init(&w.hold);
	err = begin(&w, e);
	if (!err) {
		w.tick_at = now_ms() + TICK_MS;
		renew_keeper(&w);
		wake_lost(&w);
		notify_ready();
		start_sync(&w, true);
		err = follow(&w, &deserted, e);
	}
	end(&w, deserted);
	return err;
}
