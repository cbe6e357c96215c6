// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "iptables-bpf/xt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/options.h"
#include "translate/nft.h"

static void exit_callback(enum xtables_exittype status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* libxtables wants one of these for the life of the process. */
static struct xtables_globals globals = {
	.program_version = XTABLES_COMPAT_VERSION " (nf_tables)",
	.exit_err = exit_callback,
	.compat_rev = nft_compatible_revision,
};
static uint8_t our_family;

/* Where exit_callback() goes: the innermost xt_guarded(). */
struct guard {
	struct guard *outer;
	struct err *e;
	jmp_buf env;
};
static struct guard *innermost;

int xt_init(const struct family_ops *ops, const char *progname)
{
	our_family = (uint8_t)ops->family;
	globals.program_name = progname;
	globals.orig_opts = options_table;
	return xtables_init_all(&globals, our_family);
}

static void exit_callback(enum xtables_exittype status, const char *fmt, ...)
{
	struct err local,
		*e = innermost && innermost->e ? innermost->e : &local;
	va_list ap;

	*e = (struct err){.status = (enum err_status)status};
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (innermost)
		longjmp(innermost->env, 1);
	/* Outside of any guard: a bug of ours, but libxtables counts on not
	 * coming back. */
	fprintf(stderr, "%s v%s: %s\n", globals.program_name,
		globals.program_version, e->msg);
	exit((int)status);
}

int xt_guarded(int (*fn)(void *arg), void *arg, struct err *e)
{
	struct guard guard = {.outer = innermost, .e = e};
	int ret;

	innermost = &guard;
	if (setjmp(guard.env) == 0)
		ret = fn(arg);
	else
		ret = -EINVAL;
	innermost = guard.outer;
	return ret;
}

static bool is_ours(const char *name, uint8_t revision, uint16_t family,
		    const char *wanted, uint8_t wanted_revision)
{
	return revision == wanted_revision && !strcmp(name, wanted) &&
	       (family == NFPROTO_UNSPEC || family == our_family);
}

/* libxtables' one name for a protocol match that has three. */
static const char *match_name(const char *name)
{
	return !strcmp(name, "icmpv6") || !strcmp(name, "ipv6-icmp") ? "icmp6"
								     : name;
}

static struct xtables_match *registered_match(const struct ext *ext)
{
	const char *name = match_name(ext->name);
	struct xtables_match *m;

	for (m = xtables_matches; m; m = m->next)
		if (is_ours(m->name, m->revision, m->family, name,
			    ext->revision))
			return m;
	return NULL;
}

static struct xtables_target *registered_target(const struct ext *ext)
{
	struct xtables_target *t;

	for (t = xtables_targets; t; t = t->next)
		if (is_ours(t->name, t->revision, t->family, ext->name,
			    ext->revision))
			return t;
	return NULL;
}

static struct xtables_match *find_match(const struct ext *ext)
{
	struct xtables_match *m = registered_match(ext);

	if (m)
		return m;
	xtables_find_match(ext->name, XTF_TRY_LOAD, NULL);
	return registered_match(ext);
}

static struct xtables_target *find_target(const struct ext *ext)
{
	struct xtables_target *t = registered_target(ext);

	if (t)
		return t;
	xtables_find_target(ext->name, XTF_TRY_LOAD);
	return registered_target(ext);
}

/*
 * The registered plugins stay untouched: one whose m or t is set counts as in
 * use, and the parser would get a clone of it without options.
 */
struct xtables_match *xt_match_for(const struct ext *ext)
{
	static struct xtables_match instance;
	struct xtables_match *plugin = find_match(ext);
	size_t head = XT_ALIGN(sizeof(struct xt_entry_match));

	free(instance.m);
	instance.m = NULL;
	if (!plugin)
		return NULL;
	instance = *plugin;
	instance.m = calloc(1, head + ext->size);
	if (!instance.m)
		return NULL;
	instance.m->u.match_size = (uint16_t)(head + ext->size);
	memcpy(instance.m->u.user.name, ext->name, sizeof(ext->name));
	instance.m->u.user.revision = ext->revision;
	memcpy(instance.m->data, ext->data, ext->size);
	return &instance;
}

struct xtables_target *xt_target_for(const struct ext *ext)
{
	static struct xtables_target instance;
	struct xtables_target *plugin = find_target(ext);
	size_t head = XT_ALIGN(sizeof(struct xt_entry_target));

	free(instance.t);
	instance.t = NULL;
	if (!plugin)
		return NULL;
	instance = *plugin;
	instance.t = calloc(1, head + ext->size);
	if (!instance.t)
		return NULL;
	instance.t->u.target_size = (uint16_t)(head + ext->size);
	memcpy(instance.t->u.user.name, ext->name, sizeof(ext->name));
	instance.t->u.user.revision = ext->revision;
	memcpy(instance.t->data, ext->data, ext->size);
	return &instance;
}

static uint32_t plugin_userspace_size(const struct ext *ext, bool target)
{
	const struct xtables_match *m;
	const struct xtables_target *t;

	if (target) {
		t = find_target(ext);
		return t ? (uint32_t)t->userspacesize : ext->size;
	}
	m = find_match(ext);
	return m ? (uint32_t)m->userspacesize : ext->size;
}

uint32_t xt_userspace_size(enum family family, const struct ext *e, bool target)
{
	uint32_t size = plugin_userspace_size(e, target);

	return size < e->size ? size : e->size;
}
