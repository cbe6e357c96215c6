// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of saved files: which words of which line reach the command line
 * parser, what becomes a command, and every error with its line. The command
 * line parser is replaced by one that takes notes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/restore_standins.h"
#include "tests/unit/restore_text.h"

/* Everything that was parsed, one line each: "LINE|word|word…". */
static struct buf notes;

int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e)
{
	assert_true(restore);
	assert_null(argv[argc]);
	standin_command(cmd, CMD_APPEND);
	for (int i = 0; i < argc; i++)
		buf_printf(&notes, "%s%s", i ? "|" : "", argv[i]);
	buf_puts(&notes, "\n");
	if (argc > 3 && !strcmp(argv[3], "fail"))
		return err_set(e, ERR_PARAMETER, 0, "told to fail");
	if (argc > 3 && !strcmp(argv[3], "-V"))
		cmd->id = CMD_VERSION;
	/* Like getopt and the plugins: the words may be written to. */
	for (int i = 0; i < argc; i++)
		memset(argv[i], '.', strlen(argv[i]));
	return 0;
}

struct command *command_new(enum command_id id, const char *table,
			    const char *chain, const char *policy)
{
	struct command *cmd = malloc(sizeof(*cmd));

	assert_non_null(cmd);
	standin_command(cmd, id);
	buf_printf(&notes, "%d %s %s %s\n", (int)id, table,
		   chain ? chain : "(none)", policy ? policy : "(none)");
	return cmd;
}

/* ---- harness ---- */

struct fixture {
	struct restore_options options;
	struct restore_file file;
	struct restore_queue queue;
	struct err e;
	int ret;
};

static void parse_bytes(struct fixture *x, const char *text, size_t len)
{
	buf_reset(&notes);
	x->e = (struct err){0};
	x->file = (struct restore_file){.options = &x->options, .e = &x->e};
	x->ret = restore_text(&x->file, &x->queue, text, len);
}

static void parse(struct fixture *x, const char *text)
{
	parse_bytes(x, text, strlen(text));
}

static void done(struct fixture *x)
{
	restore_queue_clear(&x->queue);
	x->options = (struct restore_options){0};
}

static void expect_ok(struct fixture *x, const char *text, const char *expected)
{
	parse(x, text);
	if (x->ret)
		print_error("%s\n", x->e.msg);
	assert_int_equal(x->ret, 0);
	assert_string_equal(notes.data ? notes.data : "", expected);
	done(x);
}

static void expect_error(struct fixture *x, const char *text, int line,
			 enum err_status status, const char *message)
{
	parse(x, text);
	assert_true(x->ret < 0);
	assert_string_equal(x->e.msg, message);
	assert_int_equal(x->e.line, line);
	assert_int_equal(x->e.status, status);
	done(x);
}

#define FLUSH_TABLE(t) NUM(CMD_FLUSH_TABLE, t " (none) (none)\n")
#define NUM(id, rest)  NUM_(id, rest)
#define NUM_(id, rest) flat(id, rest)

/* What command_new() notes. A small ring, so that an expression may hold
 * several. */
static const char *flat(enum command_id id, const char *rest)
{
	static char text[8][256];
	static unsigned int next;
	char *t = text[next++ % 8];

	snprintf(t, sizeof(text[0]), "%d %s", (int)id, rest);
	return t;
}

static const char *join(const char *a, const char *b, const char *c)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%s%s%s", a, b, c);
	return text;
}

#define P "iptables-restore|-t|filter|"

/* ---- tests ---- */

static struct fixture X;

static void test_words(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{"-A INPUT -j ACCEPT", "-A|INPUT|-j|ACCEPT"},
		{"  -A\t INPUT  \t", "-A|INPUT"},
		{"-m comment --comment \"two words\"",
		 "-m|comment|--comment|two words"},
		{"a \"\" b", "a||b"},
		{"a \"x \\\" y \\\\ z\" b", "a|x \" y \\ z|b"},
		{"a \"x\\y\" b", "a|xy|b"},
		/* the closing quote ends the word, the opening one does not
		   begin one */
		{"a\"b c\"d", "ab c|d"},
		{"a \"b\"\"c\"", "a|b|c"},
		/* outside of quotes \ is a character, and so is ' */
		{"a\\ b 'c d'", "a\\|b|'c|d'"},
		{"*nat", "*nat"},
		{" COMMIT", "COMMIT"},
		{"COMMIT now", "COMMIT|now"},
		{"COMMIT\r", "COMMIT\r"},
		{" # no comment", "#|no|comment"},
		{"-A x #y", "-A|x|#y"},
		{"[1:2] -A x", "-A|x"},
		{"[1:2]-A x", "-A|x"},
		{"[a:b:c] -A x", "-A|x"},
		{"-A x [1:2]", "-A|x|[1:2]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512], expected[512];

		snprintf(text, sizeof(text), "*filter\n%s\nCOMMIT\n",
			 cases[i].line);
		snprintf(expected, sizeof(expected), "%s" P "%s\n",
			 FLUSH_TABLE("filter"), cases[i].words);
		expect_ok(&X, text, expected);
	}
}

static void test_line_of_blanks_has_no_words(void **state)
{
	expect_ok(&X, "*filter\n \t\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"), "iptables-restore|-t|filter\n",
		       ""));
}

static void test_open_quote_takes_the_newline(void **state)
{
	expect_ok(&X, "*filter\na \"b c\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"), P "a|b c\n\n", ""));
	expect_ok(&X, "*filter\na \"b\\\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"), P "a|b\n\n", ""));
}

static void test_counters(void **state)
{
	X.options.counters = true;
	expect_ok(&X, "*filter\n[12:34] -A x\n-A y\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"), P "--set-counters|12|34|-A|x\n",
		       P "-A|y\n"));
}

static void test_chain_counters(void **state)
{
	struct restore_table *t;
	struct command *cmd;

	X.options.counters = true;
	parse(&X, "*filter\n:INPUT DROP [12:34]\n:user - [5:6]\nCOMMIT\n");
	assert_int_equal(X.ret, 0);
	t = container_of(X.queue.tables.next, struct restore_table, node);
	cmd = container_of(t->transaction.commands.next->next, struct command,
			   node);
	assert_int_equal(cmd->id, CMD_RESTORE_CHAIN);
	assert_int_equal(cmd->line, 2);
	assert_true(cmd->counters_given);
	assert_int_equal(cmd->counters.packets, 12);
	assert_int_equal(cmd->counters.bytes, 34);
	assert_int_equal(t->transaction.line, 4);
	done(&X);
}

static void test_chains(void **state)
{
	expect_ok(&X,
		  "*filter\n:INPUT DROP\n:mine - [0:0] more words\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"),
		       NUM(CMD_RESTORE_CHAIN, "filter INPUT DROP\n"),
		       NUM(CMD_RESTORE_CHAIN, "filter mine -\n")));
}

static void test_noflush(void **state)
{
	X.options.noflush = true;
	X.options.verbose = 1;
	expect_ok(&X, "*filter\n-A x\nCOMMIT\n", P "-A|x\n");
}

static void test_verbose(void **state)
{
	X.options.verbose = 1;
	expect_ok(&X, "*filter\n-A x\nCOMMIT\n",
		  join(NUM(CMD_FLUSH, "filter (none) (none)\n"),
		       NUM(CMD_DELETE_CHAIN, "filter (none) (none)\n"),
		       P "-v|-A|x\n"));
}

static void test_only_one_table(void **state)
{
	X.options.table = "filter";
	expect_ok(&X,
		  "*nat\n:x\n\"[ odd\nCOMMIT\nodd too\n"
		  "*filter\n-A x\nCOMMIT\n"
		  "*raw\n-A y\nCOMMIT\n",
		  join(FLUSH_TABLE("filter"), P "-A|x\n", ""));
}

static void test_tables_in_order(void **state)
{
	struct restore_table *t;

	parse(&X, "# c\n\n*nat\nCOMMIT\n\n*filter\n-A x\nCOMMIT\n# end\n");
	assert_int_equal(X.ret, 0);
	t = container_of(X.queue.tables.next, struct restore_table, node);
	assert_string_equal(t->name, "nat");
	assert_int_equal(t->transaction.line, 4);
	t = container_of(t->node.next, struct restore_table, node);
	assert_string_equal(t->name, "filter");
	assert_int_equal(t->transaction.line, 8);
	done(&X);
}

static void test_ends_without_newline(void **state)
{
	expect_ok(&X, "*filter\n-A x\nCOMMIT",
		  join(FLUSH_TABLE("filter"), P "-A|x\n", ""));
	expect_ok(&X, "*filter\nCOMMIT\n# c", FLUSH_TABLE("filter"));
	expect_error(&X, "*filter", 2, ERR_OTHER,
		     "iptables-restore: COMMIT expected at line 2");
	expect_error(&X, "*filter\n-A \"x", 3, ERR_OTHER,
		     "iptables-restore: COMMIT expected at line 3");
}

static void test_empty_file(void **state)
{
	expect_ok(&X, "", "");
	expect_ok(&X, "\n\n# x\n", "");
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		int line;
		enum err_status status;
		const char *message;
	} cases[] = {
		{"*filter\n-A x\n", 3, ERR_OTHER,
		 "iptables-restore: COMMIT expected at line 3"},
		{"-A x\n", 1, ERR_OTHER, "iptables-restore: line 1 failed"},
		{":x - [0:0]\n", 1, ERR_OTHER,
		 "iptables-restore: line 1 failed"},
		{"#\nCOMMIT\n", 2, ERR_OTHER,
		 "iptables-restore: line 2 failed"},
		{"[1:2] -A x", 1, ERR_OTHER, "iptables-restore: line 1 failed"},
		{"*filter\nCOMMIT\n\nx\n", 4, ERR_OTHER,
		 "iptables-restore: line 4 failed"},
		{"*nosuch\nCOMMIT\n", 1, ERR_PARAMETER,
		 "iptables-restore: line 1 table name 'nosuch' invalid"},
		{"\n* \nCOMMIT\n", 2, ERR_PARAMETER,
		 "iptables-restore: line 2 table name invalid"},
		{"*filter\n:\nCOMMIT\n", 2, ERR_PARAMETER,
		 "iptables-restore: line 2 chain name invalid"},
		{"*filter\n:x\nCOMMIT\n", 2, ERR_PARAMETER,
		 "iptables-restore: line 2 policy invalid"},
		{"*filter\n:-x -\nCOMMIT\n", 2, ERR_PARAMETER,
		 "chain name not allowed to start with `-'"},
		{"*filter\n:aaaaaaaaaabbbbbbbbbbccccccccc -\nCOMMIT\n", 2,
		 ERR_PARAMETER,
		 "chain name `aaaaaaaaaabbbbbbbbbbccccccccc' too long (must be "
		 "under 29 chars)"},
		{"*filter\n\n[1 -A x\nCOMMIT\n", 3, ERR_PARAMETER,
		 "Bad line 3: need ]"},
		{"*filter\n[1] -A x\nCOMMIT\n", 2, ERR_PARAMETER,
		 "Bad line 2: need ]"},
		{"*filter\nfail\nCOMMIT\n", 2, ERR_PARAMETER, "told to fail"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_error(&X, cases[i].text, cases[i].line, cases[i].status,
			     cases[i].message);
}

static void test_missing_policy_counters(void **state)
{
	X.options.counters = true;
	expect_error(&X, "*filter\n:INPUT DROP\nCOMMIT\n", 2, ERR_PARAMETER,
		     "invalid policy counters for chain 'INPUT'");
	X.options.counters = true;
	expect_error(&X, "*filter\n:INPUT DROP [x:1]\nCOMMIT\n", 2,
		     ERR_PARAMETER,
		     "invalid policy counters for chain 'INPUT'");
}

/* What a string ends at ends the counters, too. */
static void test_nul_in_counters(void **state)
{
	static const char text[] = "*filter\n[1\0:2] -A x\nCOMMIT\n";

	X.options.counters = true;
	parse_bytes(&X, text, sizeof(text) - 1);
	assert_true(X.ret < 0);
	assert_string_equal(X.e.msg, "Bad line 2: need ]");
	done(&X);
}

/* One argument of 1023 bytes is the longest, in a line of any length. */
static void test_long_words(void **state)
{
	struct buf b = BUF_INIT;
	char word[1100];

	memset(word, 'w', sizeof(word));
	buf_puts(&b, "*filter\n");
	for (int i = 0; i < 200; i++) {
		buf_add(&b, word, 1023);
		buf_puts(&b, " ");
	}
	buf_puts(&b, "\nCOMMIT\n");
	parse_bytes(&X, b.data, b.len);
	assert_int_equal(X.ret, 0);
	assert_true(notes.len > 200 * 1024);
	done(&X);

	buf_reset(&b);
	buf_puts(&b, "*filter\n");
	buf_add(&b, word, 1024);
	buf_puts(&b, "\nCOMMIT\n");
	expect_error(&X, b.data, 2, ERR_PARAMETER, "Parameter too long!");
	buf_free(&b);
}

static void test_many_words(void **state)
{
	struct buf b = BUF_INIT;

	buf_puts(&b, "*filter\n");
	for (int i = 0; i < 251; i++)
		buf_puts(&b, "w ");
	buf_puts(&b, "\nCOMMIT\n");
	parse_bytes(&X, b.data, b.len);
	assert_int_equal(X.ret, 0);
	done(&X);

	buf_reset(&b);
	buf_puts(&b, "*filter\n");
	for (int i = 0; i < 252; i++)
		buf_puts(&b, "w ");
	buf_puts(&b, "\nCOMMIT\n");
	expect_error(&X, b.data, 2, ERR_PARAMETER,
		     "Parser cannot handle more arguments");
	buf_free(&b);
}

static void test_guards_are_dropped(void **state)
{
	expect_ok(&X,
		  "*filter\n"
		  "[1:2] -A INPUT -m bpf --object-pinned "
		  "/run/iptables-bpf/bpf/guard-ip-filter-INPUT -j ACCEPT\n"
		  "-A INPUT -m bpf --object-pinned /run/other -j ACCEPT\n"
		  "-A INPUT -m bpf --object-pinned "
		  "/run/iptables-bpf/bpf/guard-x -j DROP\n"
		  "COMMIT\n",
		  join(FLUSH_TABLE("filter"),
		       P
		       "-A|INPUT|-m|bpf|--object-pinned|/run/other|-j|ACCEPT\n",
		       P "-A|INPUT|-m|bpf|--object-pinned|/run/iptables-bpf/"
			 "bpf/guard-x|-j|DROP\n"));
}

static void test_version_stops(void **state)
{
	struct restore_table *t;

	parse(&X, "*filter\n-V\n-A x\nodd\n");
	assert_int_equal(X.ret, 0);
	assert_true(X.file.stop);
	t = container_of(X.queue.tables.next, struct restore_table, node);
	assert_int_equal(t->transaction.line, 0);
	done(&X);
}

/* Bytes of any value and every cut of a good file: an answer, and no memory
 * error under ASan. */
static void test_garbage(void **state)
{
	static const char good[] =
		"# c\n*nat\n:PREROUTING ACCEPT [1:2]\n:u - [0:0]\n"
		"[3:4] -A u -m comment --comment \"a \\\" b\" -j "
		"ACCEPT\nCOMMIT\n"
		"*filter\n-A INPUT\nCOMMIT\n";
	unsigned int seed = 1;
	char text[256];

	for (size_t len = 0; len < sizeof(good); len++) {
		parse_bytes(&X, good, len);
		done(&X);
	}
	for (int round = 0; round < 2000; round++) {
		size_t len = (size_t)rand_r(&seed) % sizeof(text);
		static const char alphabet[] =
			"*:[]#\"\\ \n\tCOMMITfilterx-A\0\377";

		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[(size_t)rand_r(&seed) %
					   sizeof(alphabet)];
		if (round % 2 && len > 8)
			memcpy(text, "*filter\n", 8);
		parse_bytes(&X, text, len);
		done(&X);
	}
}

int main(void)
{
	static struct xtables_globals globals = {
		.program_name = "iptables-restore",
		.exit_err = standin_exit,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_line_of_blanks_has_no_words),
		cmocka_unit_test(test_open_quote_takes_the_newline),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_chain_counters),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_noflush),
		cmocka_unit_test(test_verbose),
		cmocka_unit_test(test_only_one_table),
		cmocka_unit_test(test_tables_in_order),
		cmocka_unit_test(test_ends_without_newline),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_missing_policy_counters),
		cmocka_unit_test(test_nul_in_counters),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_guards_are_dropped),
		cmocka_unit_test(test_version_stops),
		cmocka_unit_test(test_garbage),
	};
	int ret;

	xtables_init_all(&globals, NFPROTO_IPV4);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	buf_free(&notes);
	return ret;
}
