// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/xt_rule.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_NFLOG.h>

/* With the NUL; what nft's log expression takes (NF_LOG_PREFIXLEN). */
#define NFLOG_PREFIX_MAX 128

/* Options of one extension have values option_offset … option_offset + 255. */
#define OPTIONS_PER_EXTENSION 256

void xt_rule_begin(struct xt_rule *xr, const struct family_ops *ops)
{
	memset(xr, 0, sizeof(*xr));
	xr->ops = ops;
	for (struct xtables_match *m = xtables_matches; m; m = m->next)
		m->mflags = 0;
	for (struct xtables_target *t = xtables_targets; t; t = t->next) {
		t->tflags = 0;
		t->used = 0;
	}
	/* None of its own yet: libxtables frees what stands here (1.8.9 all but
	 * orig_opts). */
	xt_params->opts = NULL;
	xt_params->option_offset = 0;
}

const struct option *xt_rule_options(void)
{
	return xt_params->opts ? xt_params->opts : xt_params->orig_opts;
}

static void use_options(struct option *merged)
{
	if (!merged)
		xtables_error(OTHER_PROBLEM, "can't alloc memory!");
	xt_params->opts = merged;
}

static void merge_match_options(struct xtables_match *m)
{
	if (m->x6_options)
		use_options(xtables_options_xfrm(xt_params->orig_opts,
						 xt_params->opts, m->x6_options,
						 &m->option_offset));
	else if (m->extra_opts)
		use_options(xtables_merge_options(
			xt_params->orig_opts, xt_params->opts, m->extra_opts,
			&m->option_offset));
}

static void merge_target_options(struct xtables_target *t)
{
	if (t->x6_options)
		use_options(xtables_options_xfrm(xt_params->orig_opts,
						 xt_params->opts, t->x6_options,
						 &t->option_offset));
	else if (t->extra_opts)
		use_options(xtables_merge_options(
			xt_params->orig_opts, xt_params->opts, t->extra_opts,
			&t->option_offset));
}

/* Gives @m its kernel structure, @name in it, and scratch space. */
static void init_match(struct xtables_match *m, const char *name)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + m->size;

	m->m = xtables_calloc(1, size);
	m->m->u.match_size = (uint16_t)size;
	strcpy(m->m->u.user.name, name);
	m->m->u.user.revision = m->revision;
	if (m->udata_size) {
		free(m->udata);
		m->udata = xtables_calloc(1, m->udata_size);
	}
	if (m->init)
		m->init(m->m);
}

static void init_target(struct xtables_target *t, const char *name)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_target)) + t->size;

	t->t = xtables_calloc(1, size);
	t->t->u.target_size = (uint16_t)size;
	strcpy(t->t->u.user.name, name);
	t->t->u.user.revision = t->revision;
	if (t->udata_size) {
		free(t->udata);
		t->udata = xtables_calloc(1, t->udata_size);
	}
	if (t->init)
		t->init(t->t);
}

void xt_rule_match(struct xt_rule *xr, const char *name)
{
	struct xtables_match *m;

	m = xtables_find_match(name, XTF_LOAD_MUST_SUCCEED, &xr->matches);
	if (m->real_name && !(m->ext_flags & XTABLES_EXT_ALIAS))
		fprintf(stderr,
			"Notice: the %s match is converted into %s match "
			"in rule listing and saving.\n",
			m->name, m->real_name);
	init_match(m, m->real_name ? m->real_name : m->name);
	/* A second instance is a clone, linked to itself; it shares the first
	 * one's options. */
	if (m != m->next)
		merge_match_options(m);
}

static void check_target_name(const char *name)
{
	if (!*name)
		xtables_error(PARAMETER_PROBLEM,
			      "Invalid target name (too short)");
	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(PARAMETER_PROBLEM,
			      "Invalid target name `%s' (%u chars max)", name,
			      XT_EXTENSION_MAXNAMELEN - 1);
	for (const char *p = name; *p; p++)
		if (isspace((unsigned char)*p))
			xtables_error(PARAMETER_PROBLEM,
				      "Invalid target name `%s'", name);
}

void xt_rule_jump(struct xt_rule *xr, const char *name)
{
	struct xtables_target *t;

	check_target_name(name);
	xr->jump = name;
	t = xr->target = xtables_find_target(name, XTF_TRY_LOAD);
	if (!t)
		return;
	if (t->real_name && !(t->ext_flags & XTABLES_EXT_ALIAS))
		fprintf(stderr,
			"Notice: The %s target is converted into %s target "
			"in rule listing and saving.\n",
			name, t->real_name);
	init_target(t, t->real_name ? t->real_name : name);
	merge_target_options(t);
}

void xt_rule_goto(struct xt_rule *xr, const char *name)
{
	check_target_name(name);
	xr->jump = name;
}

static const char *protocol_name(unsigned int number, bool numeric)
{
	const struct xtables_pprot *known = xtables_chain_protos;
	const struct protoent *entry;

	for (; known->name; known++)
		if (known->num == number)
			return known->name;
	if (!number || numeric)
		return NULL;
	entry = getprotobynumber((int)number);
	return entry ? entry->p_name : NULL;
}

/* The match named like the protocol of -p, if there is one. */
static struct xtables_match *find_protocol(struct xt_rule *xr,
					   enum xtables_tryload load,
					   struct xtables_rule_match **list)
{
	const char *name = xr->protocol;
	unsigned int number;

	if (xtables_strtoui(name, NULL, &number, 0, UINT8_MAX))
		name = protocol_name(number, xr->numeric);
	return name ? xtables_find_match(name, load, list) : NULL;
}

/*
 * -p tcp also offers tcp's options, without -m tcp: the match is loaded when an
 * option turns up that nobody knows. Once per rule.
 */
static bool load_protocol(struct xt_rule *xr)
{
	struct xtables_match *m;

	if (!xr->protocol || xr->protocol_loaded)
		return false;
	m = find_protocol(xr, XTF_TRY_LOAD, &xr->matches);
	if (!m)
		return false;
	xr->protocol_loaded = true;
	init_match(m, m->name);
	merge_match_options(m);
	return true;
}

static bool option_is_of(unsigned int offset, int c)
{
	return (unsigned int)c >= offset &&
	       (unsigned int)c < offset + OPTIONS_PER_EXTENSION;
}

enum xt_option xt_rule_option(struct xt_rule *xr, int c, char **argv,
			      bool invert)
{
	struct xtables_target *t = xr->target;

	if (t && (t->parse || t->x6_parse) &&
	    option_is_of(t->option_offset, c)) {
		xtables_option_tpcall((unsigned int)c, argv, invert, t,
				      &xr->entry);
		return XT_OPTION_TAKEN;
	}
	for (struct xtables_rule_match *i = xr->matches; i; i = i->next) {
		struct xtables_match *m = i->match;

		if (i->completed || (!m->x6_parse && !m->parse) ||
		    !option_is_of(m->option_offset, c))
			continue;
		xtables_option_mpcall((unsigned int)c, argv, invert, m,
				      &xr->entry);
		return XT_OPTION_TAKEN;
	}
	return load_protocol(xr) ? XT_OPTION_REREAD : XT_OPTION_UNKNOWN;
}

void xt_rule_check(struct xt_rule *xr)
{
	for (struct xtables_rule_match *i = xr->matches; i; i = i->next)
		xtables_option_mfcall(i->match);
	if (xr->target)
		xtables_option_tfcall(xr->target);
}

static void print_help(const char *name, void (*help)(void))
{
	printf("\n");
	if (help)
		help();
	else
		printf("%s does not take any options\n", name);
}

void xt_rule_help(struct xt_rule *xr)
{
	/* "iptables -p icmp -h" */
	if (!xr->matches && xr->protocol)
		xtables_find_match(xr->protocol, XTF_TRY_LOAD, &xr->matches);
	for (struct xtables_target *t = xtables_targets; t; t = t->next)
		if (t->used)
			print_help(t->name, t->help);
	for (struct xtables_rule_match *i = xr->matches; i; i = i->next)
		print_help(i->match->name, i->match->help);
}

static int matches_to_model(const struct xt_rule *xr, struct rule *r)
{
	const size_t head = XT_ALIGN(sizeof(struct xt_entry_match));

	for (struct xtables_rule_match *i = xr->matches; i; i = i->next) {
		const struct xt_entry_match *m = i->match->m;
		struct ext *ext;

		ext = ext_new(m->u.user.name, m->u.user.revision,
			      (const char *)m + head,
			      (uint32_t)(m->u.match_size - head));
		if (!ext)
			return -ENOMEM;
		rule_add_match(r, ext);
	}
	return 0;
}

static const struct verdict {
	const char *name;
	enum rule_action action;
} verdicts[] = {
	{"ACCEPT", ACTION_ACCEPT},
	{"DROP", ACTION_DROP},
	{"RETURN", ACTION_RETURN},
};

/*
 * nft takes longer NFLOG prefixes than struct xt_nflog_info has room for. The
 * plugin keeps the whole one in its scratch space; in the model it runs on past
 * the structure (translate/nft.h).
 */
static struct ext *nflog_to_model(const struct xtables_target *target)
{
	union {
		struct xt_nflog_info info;
		char room[XT_ALIGN(offsetof(struct xt_nflog_info, prefix) +
				   NFLOG_PREFIX_MAX)];
	} data;
	char *prefix = data.room + offsetof(struct xt_nflog_info, prefix);

	memset(&data, 0, sizeof(data));
	memcpy(&data.info, target->t->data, sizeof(data.info));
	if (data.info.prefix[0])
		snprintf(prefix, NFLOG_PREFIX_MAX, "%s",
			 (const char *)target->udata);
	return ext_new("NFLOG", target->t->u.user.revision, &data,
		       sizeof(data));
}

static int target_to_model(const struct xtables_target *target, struct rule *r)
{
	const size_t head = XT_ALIGN(sizeof(struct xt_entry_target));
	const struct xt_entry_target *t = target->t;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(t->u.user.name, verdicts[i].name)) {
			r->action = verdicts[i].action;
			return 0;
		}
	r->action = ACTION_TARGET;
	if (!strcmp(t->u.user.name, "NFLOG") && target->udata)
		r->target = nflog_to_model(target);
	else
		r->target = ext_new(t->u.user.name, t->u.user.revision, t->data,
				    (uint32_t)(t->u.target_size - head));
	return r->target ? 0 : -ENOMEM;
}

int xt_rule_to_model(const struct xt_rule *xr, bool is_goto, struct rule *r)
{
	int ret = matches_to_model(xr, r);

	if (ret)
		return ret;
	if (xr->target)
		return target_to_model(xr->target, r);
	if (!xr->jump)
		return 0;
	r->action = is_goto ? ACTION_GOTO : ACTION_JUMP;
	/* check_target_name() has seen to the length. */
	snprintf(r->chain, sizeof(r->chain), "%s", xr->jump);
	return 0;
}

static void end_target(struct xt_rule *xr)
{
	struct xtables_target *t = xr->target;

	if (!t)
		return;
	free(t->t);
	t->t = NULL;
	free(t->udata);
	t->udata = NULL;
	if (t == t->next)
		free(t);
	xr->target = NULL;
}

void xt_rule_end(struct xt_rule *xr)
{
	/* libxtables forgets the clones' scratch space when it frees them. */
	for (struct xtables_rule_match *i = xr->matches; i; i = i->next) {
		free(i->match->udata);
		i->match->udata = NULL;
	}
	xtables_rule_matches_free(&xr->matches);
	end_target(xr);
	xtables_free_opts(1);
	xt_params->opts = NULL;
}

void xt_check_chain_name(const char *name)
{
	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN)
		xtables_error(
			PARAMETER_PROBLEM,
			"chain name `%s' too long (must be under %u chars)",
			name, XT_EXTENSION_MAXNAMELEN);
	if (*name == '-' || *name == '!')
		xtables_error(PARAMETER_PROBLEM,
			      "chain name not allowed to start with `%c'",
			      *name);
	if (xtables_find_target(name, XTF_TRY_LOAD))
		xtables_error(PARAMETER_PROBLEM,
			      "chain name may not clash with target name");
	for (const char *p = name; *p; p++)
		if (isspace((unsigned char)*p))
			xtables_error(PARAMETER_PROBLEM,
				      "Invalid chain name `%s'", name);
}
