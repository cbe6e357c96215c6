// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line parser with the installed libxtables plugins: what a line
 * becomes, what is refused and with which words, and that nothing of one line
 * is left for the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "iptables-bpf/command.h"
#include "iptables-bpf/interface.h"
#include "iptables-bpf/options.h"
#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

#define MAX_WORDS 32

static struct frontend fe;
static struct command cmd;
static struct err err;

/* Parses the words of @line (split at single spaces, writable like a real
 * argv). */
static int parse_as(const char *line, bool restore)
{
	char *copy = strdup(line), *argv[MAX_WORDS + 1], *save = NULL;
	int argc = 0, ret;

	argv[argc++] = strdup("iptables");
	for (char *w = strtok_r(copy, " ", &save); w && argc < MAX_WORDS;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	err = (struct err){0};
	ret = command_parse(&fe, argc, argv, restore, &cmd, &err);
	/* Nothing may point into them any more. */
	memset(copy, '#', strlen(line));
	free(argv[0]);
	free(copy);
	return ret;
}

static void good(const char *line)
{
	if (parse_as(line, false))
		fail_msg("%s: %s", line, err.msg);
}

static void refused(const char *line, enum err_status status, const char *msg)
{
	assert_true(parse_as(line, false) < 0);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.status, status);
	assert_true(list_empty(&cmd.rules));
}

static const struct rule *only_rule(void)
{
	assert_false(list_empty(&cmd.rules));
	assert_ptr_equal(cmd.rules.next, cmd.rules.prev);
	return container_of(cmd.rules.next, struct rule, node);
}

static const struct ext *match_number(const struct rule *r, int n)
{
	const struct list *i = &r->matches;

	while (n--)
		i = i->next;
	assert_ptr_not_equal(i, &r->matches);
	return container_of(i, const struct ext, node);
}

static int done(void **state)
{
	command_clear(&cmd);
	return 0;
}

static void test_core(void **state)
{
	const struct core_match *c;

	good("-t mangle -A FORWARD -s 10.1.2.3/8 ! -d 1.2.3.4 -p UDP ! -i eth+ "
	     "-o lo -f -j ACCEPT");
	assert_int_equal(cmd.id, CMD_APPEND);
	assert_string_equal(cmd.table, "mangle");
	assert_true(cmd.table_given);
	assert_string_equal(cmd.chain, "FORWARD");
	c = &only_rule()->core;
	assert_int_equal(c->src.ip, htonl(0x0a000000));
	assert_int_equal(c->smsk.ip, htonl(0xff000000));
	assert_int_equal(c->dst.ip, htonl(0x01020304));
	assert_int_equal(c->dmsk.ip, 0xffffffff);
	assert_int_equal(c->proto, IPPROTO_UDP);
	assert_string_equal(c->iif, "eth");
	assert_int_equal(c->iif_len, 3);
	assert_true(c->has_iif);
	assert_string_equal(c->oif, "lo");
	assert_int_equal(c->oif_len, 3);
	assert_true(c->has_oif);
	assert_true(c->frag);
	assert_int_equal(c->inv, CORE_INV_DST | CORE_INV_IIF);
	assert_int_equal(only_rule()->action, ACTION_ACCEPT);
	assert_true(only_rule()->has_counter);
}

static void test_any_interface(void **state)
{
	good("-A FORWARD -i +");
	assert_false(only_rule()->core.has_iif);
	command_clear(&cmd);
	good("-A FORWARD ! -i +");
	assert_true(only_rule()->core.has_iif);
	assert_int_equal(only_rule()->core.iif_len, 0);
}

static void test_interface_round_trip(void **state)
{
	static const char *const names[] = {"lo", "eth+", "abcdefghijklmno"};
	unsigned char mask[IFNAMSIZ], want_mask[IFNAMSIZ];
	char name[IFNAMSIZ], back[IFNAMSIZ], want[IFNAMSIZ];
	uint8_t len;
	bool has;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		interface_parse(names[i], false, name, &len, &has);
		interface_to_xt(has, name, len, back, mask);
		xtables_parse_interface(names[i], want, want_mask);
		assert_string_equal(back, want);
		assert_memory_equal(mask, want_mask, IFNAMSIZ);
	}
}

static void test_cross_product(void **state)
{
	static const uint32_t want[][2] = {
		{0x01010101, 0x03030303},
		{0x01010101, 0x04040400},
		{0x02020202, 0x03030303},
		{0x02020202, 0x04040400},
	};
	const struct rule *r;
	size_t n = 0;

	good("-A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.0/24 "
	     "-m comment --comment x -j LOG");
	list_for_each (r, &cmd.rules, const struct rule, node) {
		assert_int_equal(r->core.src.ip, htonl(want[n][0]));
		assert_int_equal(r->core.dst.ip, htonl(want[n][1]));
		assert_string_equal(match_number(r, 1)->name, "comment");
		assert_string_equal(r->target->name, "LOG");
		n++;
	}
	assert_int_equal(n, 4);
}

static void test_implicit_protocol_match(void **state)
{
	const struct xt_tcp *tcp;
	const struct ext *m;

	good("-A INPUT -p 6 --dport 22:80 -j DROP");
	m = match_number(only_rule(), 1);
	assert_string_equal(m->name, "tcp");
	assert_int_equal(m->size % 8, 0);
	tcp = (const void *)m->data;
	assert_int_equal(tcp->dpts[0], 22);
	assert_int_equal(tcp->dpts[1], 80);
	assert_int_equal(tcp->spts[1], 0xffff);
	/* Not loaded when nothing asks for it. */
	command_clear(&cmd);
	good("-A INPUT -p tcp -j DROP");
	assert_true(list_empty(&only_rule()->matches));
}

static void test_matches_in_order(void **state)
{
	const struct xt_comment_info *c;

	good("-A INPUT -m comment --comment a -p tcp -m tcp --sport 1 "
	     "-m comment --comment b");
	c = (const void *)match_number(only_rule(), 1)->data;
	assert_string_equal(c->comment, "a");
	assert_string_equal(match_number(only_rule(), 2)->name, "tcp");
	c = (const void *)match_number(only_rule(), 3)->data;
	assert_string_equal(c->comment, "b");
}

static void test_alias(void **state)
{
	good("-A INPUT -m state --state NEW");
	assert_string_equal(match_number(only_rule(), 1)->name, "conntrack");
}

static void test_targets(void **state)
{
	good("-A INPUT -j other");
	assert_int_equal(only_rule()->action, ACTION_JUMP);
	assert_string_equal(only_rule()->chain, "other");
	command_clear(&cmd);
	good("-A INPUT -g other");
	assert_int_equal(only_rule()->action, ACTION_GOTO);
	command_clear(&cmd);
	good("-A INPUT");
	assert_int_equal(only_rule()->action, ACTION_NONE);
	command_clear(&cmd);
	good("-A INPUT -j REJECT");
	assert_int_equal(only_rule()->action, ACTION_TARGET);
	assert_string_equal(only_rule()->target->name, "REJECT");
}

static void test_commands(void **state)
{
	static const struct {
		const char *line;
		enum command_id id;
		const char *chain;
		unsigned int rulenum;
	} lines[] = {
		{"-I INPUT", CMD_INSERT, "INPUT", 1},
		{"-I INPUT 0x10", CMD_INSERT, "INPUT", 16},
		{"-R INPUT 3 -j DROP", CMD_REPLACE, "INPUT", 3},
		{"-D INPUT 4", CMD_DELETE_NUM, "INPUT", 4},
		{"-D INPUT -j DROP", CMD_DELETE, "INPUT", 0},
		{"-C INPUT", CMD_CHECK, "INPUT", 0},
		{"-N new", CMD_NEW_CHAIN, "new", 0},
		{"-X", CMD_DELETE_CHAIN, NULL, 0},
		{"-X old", CMD_DELETE_CHAIN, "old", 0},
		{"-F", CMD_FLUSH, NULL, 0},
		{"-Z INPUT 2", CMD_ZERO_NUM, "INPUT", 2},
		{"-LINPUT", CMD_LIST, "INPUT", 0},
		{"--list-rules INPUT 5", CMD_LIST_RULES, "INPUT", 5},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		good(lines[i].line);
		assert_int_equal(cmd.id, lines[i].id);
		assert_int_equal(cmd.rulenum, lines[i].rulenum);
		if (lines[i].chain)
			assert_string_equal(cmd.chain, lines[i].chain);
		else
			assert_null(cmd.chain);
		command_clear(&cmd);
	}
	good("-E old new");
	assert_string_equal(cmd.new_name, "new");
	command_clear(&cmd);
	good("-P INPUT DROP");
	assert_string_equal(cmd.policy, "DROP");
	command_clear(&cmd);
	good("-vnx --line-numbers -v -L -Z");
	assert_int_equal(cmd.id, CMD_LIST);
	assert_true(cmd.also_zero && !cmd.also_zero_rule);
	assert_int_equal(cmd.verbose, 2);
	assert_true(cmd.numeric && cmd.exact && cmd.line_numbers);
}

static void test_counters(void **state)
{
	good("-A INPUT -c 5 700 -j DROP");
	assert_int_equal(only_rule()->packets, 5);
	assert_int_equal(only_rule()->bytes, 700);
	command_clear(&cmd);
	good("-A INPUT --set-counters 5,700");
	assert_int_equal(only_rule()->bytes, 700);
}

static void test_wait_in_every_spelling(void **state)
{
	static const char *const lines[] = {
		"-w -A INPUT",	   "-w 5 -A INPUT",	  "-w5 -A INPUT",
		"--wait -A INPUT", "--wait=5 -A INPUT",	  "--wait 5 -A INPUT",
		"-A INPUT -w",	   "-A INPUT -j DROP -w", "-4 -A INPUT",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		good(lines[i]);
		assert_int_equal(cmd.id, CMD_APPEND);
		command_clear(&cmd);
	}
}

static void test_refused(void **state)
{
	refused("-A INPUT -s 1.1.1.1 -s 2.2.2.2", ERR_PARAMETER,
		stock_iptables()->names_options
			? "multiple --source options not allowed"
			: "multiple -s flags not allowed");
	refused("-A INPUT -F", ERR_PARAMETER, "Cannot use -F with -A");
	refused("-L -j DROP", ERR_PARAMETER,
		stock_iptables()->names_options
			? "Illegal option `--jump' with this command"
			: "Illegal option `-j' with this command");
	refused("-t nope -L", ERR_VERSION, "table 'nope' does not exist");
	refused("-A INPUT --nope", ERR_PARAMETER, "unknown option \"--nope\"");
	refused("-A INPUT -s", ERR_PARAMETER,
		"option \"-s\" requires an argument");
	refused("-A INPUT -o lo", ERR_PARAMETER,
		stock_iptables()->names_options
			? "Can't use --out-interface with INPUT"
			: "Can't use -o with INPUT\n");
	refused("-I INPUT 0", ERR_PARAMETER, "Invalid rule number `0'");
	refused("-A INPUT ! -s 1.1.1.1,2.2.2.2", ERR_PARAMETER,
		"! not allowed with multiple source or destination IP "
		"addresses");
	refused("-R INPUT 1 -s 1.1.1.1,2.2.2.2", ERR_PARAMETER,
		"Replacement rule does not specify a unique address");
	refused("-N ACCEPT", ERR_PARAMETER,
		"chain name may not clash with target name");
	refused("-A INPUT -m tcp --dport 1", ERR_PARAMETER,
		"TCP match requires '-p tcp'");
	refused("-A INPUT -m nope", ERR_PARAMETER,
		"Couldn't load match `nope':No such file or directory\n");
	refused("", ERR_PARAMETER, "no command specified");
}

static void test_refused_plainly(void **state)
{
	refused("-A INPUT bad", ERR_PARAMETER, "Bad argument `bad'");
	assert_int_equal(err.style, ERR_STYLE_BARE);
	refused("-6 -A INPUT", ERR_PARAMETER, "");
	assert_int_equal(err.style, ERR_STYLE_BARE);
}

static void test_restore_lines(void **state)
{
	assert_int_equal(parse_as("-t filter -A INPUT -j DROP", true), 0);
	assert_int_equal(cmd.id, CMD_APPEND);
	command_clear(&cmd);
	/* The other family's line. */
	assert_int_equal(parse_as("-t filter -6 -A INPUT -s ::1", true), 0);
	assert_int_equal(cmd.id, CMD_NONE);
	assert_string_equal(cmd.table, "filter");
	command_clear(&cmd);
	assert_true(parse_as("-t filter -A INPUT -t nat", true) < 0);
	assert_string_equal(err.msg,
			    "The -t option cannot be used in iptables.\n");
	assert_true(parse_as("-t filter -A INPUT -w", true) < 0);
	assert_string_equal(err.msg,
			    "You cannot use `-w' from iptables-restore");
}

/* Plugins keep flags, scratch space and merged options in static memory. */
static void test_nothing_is_left_over(void **state)
{
	static const char *const failing[] = {
		"-A INPUT -p tcp -m tcp --dport 1 --dport 2",
		"-A INPUT -m limit --limit 1/s -m nope",
		"-A INPUT -m limit --limit 1/s -j LOG --log-level nope",
		"-A INPUT -m comment",
		"-A INPUT -m mark",
	};

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]);
		     i++)
			assert_true(parse_as(failing[i], false) < 0);
		good("-A INPUT -p tcp -m tcp --dport 1 -m limit --limit 1/s "
		     "-m comment --comment x -m mark --mark 1 -j LOG");
		assert_string_equal(match_number(only_rule(), 4)->name, "mark");
		command_clear(&cmd);
		/* An option of the line before is unknown again. */
		assert_true(parse_as("-A INPUT --limit 1/s", false) < 0);
		assert_string_equal(err.msg, "unknown option \"--limit\"");
	}
}

static int calls_exit(void *arg)
{
	xtables_error(RESOURCE_PROBLEM, "told to stop: %d", *(int *)arg);
	return 0;
}

static int nested(void *arg)
{
	struct err inner = {0};

	assert_true(xt_guarded(calls_exit, arg, &inner) < 0);
	assert_string_equal(inner.msg, "told to stop: 7");
	return 42;
}

static void test_guard(void **state)
{
	int seven = 7;

	err.msg[0] = '\0';
	assert_int_equal(xt_guarded(nested, &seven, &err), 42);
	assert_string_equal(err.msg, "");
	assert_true(xt_guarded(calls_exit, &seven, &err) < 0);
	assert_int_equal(err.status, ERR_RESOURCE);
}

/* A plugin that is printing an extension must not count as used by a rule that
 * is parsed. */
static void test_printing_leaves_parsing_alone(void **state)
{
	const struct xtables_match *plugin;
	struct ext *copy;

	good("-A INPUT -m mark --mark 5");
	copy = ext_new("mark", match_number(only_rule(), 1)->revision,
		       match_number(only_rule(), 1)->data,
		       match_number(only_rule(), 1)->size);
	command_clear(&cmd);
	plugin = xt_match_for(copy);
	assert_non_null(plugin);
	assert_memory_equal(plugin->m->data, copy->data, copy->size);
	assert_int_equal(xt_userspace_size(FAMILY_IPV4, copy, false),
			 plugin->userspacesize);
	good("-A INPUT -m mark --mark 6");
	copy->revision = 99;
	assert_null(xt_match_for(copy));
	free(copy);
}

static void test_options_go_together(void **state)
{
	assert_int_equal(
		options_check(CMDF_APPEND, OPTF_SOURCE | OPTF_JUMP, &err), 0);
	assert_int_equal(
		options_check(CMDF_LIST | CMDF_ZERO, OPTF_NUMERIC, &err), 0);
	assert_true(options_check(CMDF_ZERO, OPTF_NUMERIC, &err) < 0);
	assert_true(options_check(CMDF_DELETE, OPTF_COUNTERS, &err) < 0);
	assert_int_equal(command_letter(CMDF_RENAME_CHAIN), 'E');
	assert_int_equal(command_letter(CMDF_CHECK), 'C');
	assert_string_equal(option_text(OPTF_FRAGMENT | OPTF_JUMP),
			    stock_iptables()->names_options ? "--jump" : "-j");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_core, done),
		cmocka_unit_test_teardown(test_any_interface, done),
		cmocka_unit_test(test_interface_round_trip),
		cmocka_unit_test_teardown(test_cross_product, done),
		cmocka_unit_test_teardown(test_implicit_protocol_match, done),
		cmocka_unit_test_teardown(test_matches_in_order, done),
		cmocka_unit_test_teardown(test_alias, done),
		cmocka_unit_test_teardown(test_targets, done),
		cmocka_unit_test_teardown(test_commands, done),
		cmocka_unit_test_teardown(test_counters, done),
		cmocka_unit_test_teardown(test_wait_in_every_spelling, done),
		cmocka_unit_test_teardown(test_refused, done),
		cmocka_unit_test_teardown(test_refused_plainly, done),
		cmocka_unit_test_teardown(test_restore_lines, done),
		cmocka_unit_test_teardown(test_nothing_is_left_over, done),
		cmocka_unit_test(test_guard),
		cmocka_unit_test_teardown(test_printing_leaves_parsing_alone,
					  done),
		cmocka_unit_test(test_options_go_together),
	};

	fe.ops = &family_ipv4;
	fe.progname = "iptables";
	if (xt_init(&family_ipv4, "iptables") < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
