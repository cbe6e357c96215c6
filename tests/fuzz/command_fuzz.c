// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a saved IPv4 ruleset, with the real parser of rules and the
 * installed libxtables plugins: what they take is encoded for nft and decoded
 * again, and has to be the same rule. Nothing is sent.
 *
 * libxtables does not free what it had when it gives up (it is used to end the
 * process), so this one runs without looking for leaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/restore_queue.h"
#include "iptables-bpf/xt.h"
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

static void check_rule(const struct rule *r)
{
	struct buf exprs = BUF_INIT;
	struct rule *back = rule_new();
	struct decode_result res;

	if (!back)
		abort();
	if (!rule_check(r, NULL) && !rule_encode(&exprs, FAMILY_IPV4, r)) {
		if (rule_decode(FAMILY_IPV4, exprs.data, exprs.len, back, &res))
			abort();
		if (res.incompatible)
			abort();
		if (!back->flags &&
		    !rule_equal(FAMILY_IPV4, r, back, xt_userspace_size))
			abort();
	}
	buf_free(&exprs);
	rule_free(back);
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
	struct frontend fe = {.ops = &family_ipv4,
			      .progname = "iptables-restore"};
	struct restore_options options = {0};
	struct restore_queue queue;
	struct err e = {0};
	struct restore_file file = {.fe = &fe,
				    .options = &options,
				    .sink = &restore_queue_sink,
				    .sink_data = &queue,
				    .e = &e};
	FILE *in;

	if (!size)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return 0;
	restore_queue_init(&queue);
	if (restore_file_parse(&file, in) < 0 && !e.msg[0])
		abort();
	check_queue(&queue);
	fclose(in);
	restore_queue_clear(&queue);
	return 0;
}
