// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a saved IPv4 ruleset, with the real parser of rules and the
 * installed libxtables plugins: what they take is encoded for nft and decoded
 * again, and has to be the same rule. Nothing is sent.
 *
 * libxtables does not free what it had when it gives up (it is used to end the
 * process), so this one runs without looking for leaks.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_tcpudp.h>

#include "iptables-bpf/xt.h"
#include "tests/unit/restore_text.h"
#include "translate/codec.h"
#include "translate/nft.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return xt_init(&family_ipv4, "iptables-restore");
}

/* nft's expressions do not tell two matches of a kind from one with the
 * conditions of both. */
static bool repeats_a_match(const struct rule *r)
{
	struct ext *a, *b;

	list_for_each (a, &r->matches, struct ext, node)
		list_for_each (b, &r->matches, struct ext, node)
			if (a != b && !strcmp(a->name, b->name))
				return true;
	return false;
}

/* `--tcp-flags NONE ALL': stock writes no expression for flags of which none is
 * looked at. */
static bool looks_at_no_flag(const struct rule *r)
{
	struct ext *e;

	list_for_each (e, &r->matches, struct ext, node) {
		const struct xt_tcp *tcp = (const void *)e->data;

		if (!strcmp(e->name, "tcp") && !tcp->flg_mask &&
		    (tcp->flg_cmp || tcp->invflags & XT_TCP_INV_FLAGS))
			return true;
	}
	return false;
}

/* What the kernel would say of @r: belongs to the caller. NULL when it cannot
 * be encoded. */
static struct rule *through_nft(const struct rule *r)
{
	struct buf exprs = BUF_INIT;
	struct rule *back = NULL;
	struct decode_result res;

	if (!rule_check(r, NULL) && !rule_encode(&exprs, FAMILY_IPV4, r)) {
		back = rule_new();
		if (!back ||
		    rule_decode(FAMILY_IPV4, exprs.data, exprs.len, back, &res))
			abort();
		if (res.incompatible)
			abort();
	}
	buf_free(&exprs);
	return back;
}

static void check_rule(const struct rule *r)
{
	struct rule *once = through_nft(r), *twice = NULL;

	if (once && !once->flags) {
		twice = through_nft(once);
		if (!twice || twice->flags ||
		    !rule_equal(FAMILY_IPV4, once, twice, xt_userspace_size))
			abort();
		if (!repeats_a_match(r) && !looks_at_no_flag(r) &&
		    !rule_equal(FAMILY_IPV4, r, once, xt_userspace_size))
			abort();
	}
	if (twice)
		rule_free(twice);
	if (once)
		rule_free(once);
}

static void check_queue(const struct restore_queue *q)
{
	struct restore_table *t;
	struct command *cmd;
	struct rule *r;

	list_for_each (t, &q->tables, struct restore_table, node)
		list_for_each (cmd, &t->transaction.commands, struct command,
			       node)
			list_for_each (r, &cmd->rules, struct rule, node)
				check_rule(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct restore_options options = {0};
	struct restore_queue queue;
	struct err e = {0};
	struct restore_file file = {.options = &options, .e = &e};

	if (restore_text(&file, &queue, data, size) < 0 && !e.msg[0])
		abort();
	check_queue(&queue);
	restore_queue_clear(&queue);
	return 0;
}
