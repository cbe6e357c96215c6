// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables-restore and ip6tables-restore. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "iptables-bpf/restore_queue.h"
#include "iptables-bpf/xt.h"

static const struct option longopts[] = {
	{"counters", no_argument, NULL, 'c'},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, 'V'},
	{"test", no_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{"noflush", no_argument, NULL, 'n'},
	{"modprobe", required_argument, NULL, 'M'},
	{"table", required_argument, NULL, 'T'},
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"wait", optional_argument, NULL, 'w'},
	{"wait-interval", optional_argument, NULL, 'W'},
	{0},
};

static void print_usage(const char *progname)
{
	static const char *const options[] = {
		"--counters",	   "--verbose",
		"--version",	   "--test",
		"--help",	   "--noflush",
		"--table=<TABLE>", "--modprobe=<command>",
		"--ipv4",	   "--ipv6",
	};

	fprintf(stderr,
		"Usage: %s [-c] [-v] [-V] [-t] [-h] [-n] [-T table] [-M "
		"command] [-4] [-6] [file]\n",
		progname);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		fprintf(stderr, "\t   [ %s%s]\n", options[i],
			strcmp(options[i], "--version") ? " " : "");
}

/* The value of -w and -W is a word of its own, and of no importance: nft needs
 * no lock. */
static void skip_value(int argc, char **argv)
{
	if (!optarg && optind < argc && argv[optind][0] != '-' &&
	    argv[optind][0] != '!')
		optind++;
}

enum next { GO_ON, STOP_OK, STOP_FAILED };

static enum next parse_option(int c, const char *progname, int argc,
			      char **argv, struct restore_options *o)
{
	switch (c) {
	case 'b':
		fputs("-b/--binary option is not implemented\n", stderr);
		return GO_ON;
	case 'c':
		o->counters = true;
		return GO_ON;
	case 'v':
		o->verbose++;
		return GO_ON;
	case 'V':
		printf("%s v%s\n", progname, xt_params->program_version);
		return STOP_OK;
	case 't':
		o->test = true;
		return GO_ON;
	case 'h':
		print_usage(progname);
		return STOP_OK;
	case 'n':
		o->noflush = true;
		return GO_ON;
	case 'M':
		xtables_modprobe_program = optarg;
		return GO_ON;
	case 'T':
		o->table = optarg;
		return GO_ON;
	case 'w':
	case 'W':
		skip_value(argc, argv);
		return GO_ON;
	default:
		fprintf(stderr, "Try `%s -h' for more information.\n",
			progname);
		return STOP_FAILED;
	}
}

static enum next parse_options(const char *progname, int argc, char **argv,
			       struct restore_options *o)
{
	enum next next = GO_ON;
	int c;

	optind = 0;
	opterr = 1;
	while (next == GO_ON && (c = getopt_long(argc, argv, "bcvVthnM:T:wW",
						 longopts, NULL)) != -1)
		next = parse_option(c, progname, argc, argv, o);
	return next;
}

static FILE *open_input(int argc, char **argv, int first)
{
	FILE *in;

	if (first == argc)
		return stdin;
	if (first < argc - 1) {
		fputs("Unknown arguments found on commandline\n", stderr);
		return NULL;
	}
	in = fopen(argv[first], "re");
	if (!in)
		fprintf(stderr, "Can't open %s: %s\n", argv[first],
			strerror(errno));
	return in;
}

static void print_comments(const struct buf *comments)
{
	if (comments->len)
		fwrite(comments->data, 1, comments->len, stdout);
	fflush(stdout);
}

static bool is_repeated(const struct restore_queue *q,
			const struct restore_table *t)
{
	const struct restore_table *u;

	list_for_each (u, &q->tables, struct restore_table, node) {
		if (u == t)
			break;
		if (!strcmp(u->name, t->name))
			return true;
	}
	return false;
}

/*
 * Tables are committed one after the other. So that an error in a later one
 * finds the earlier ones as they were, all are put together once before the
 * first is sent. A table that the file names again builds on what it said
 * before; such a file is checked as it goes.
 */
static int check_tables(struct frontend *fe, struct restore_queue *q,
			struct err *e)
{
	struct restore_table *t;
	int ret = 0;

	if (list_empty(&q->tables) || q->tables.next->next == &q->tables)
		return 0;
	list_for_each (t, &q->tables, struct restore_table, node) {
		if (!t->transaction.line || is_repeated(q, t))
			break;
		ret = transaction_check(fe, &t->transaction, e);
		if (ret)
			break;
	}
	return ret;
}

/* --test: nothing is asked of the kernel but whether we may. */
static int test_table(struct frontend *fe, const struct restore_table *t,
		      struct err *e)
{
	struct nft *nft = frontend_nft(fe, e);
	uint32_t generation;
	int ret = nft ? nft_generation(nft, &generation, e) : -EINVAL;

	if (ret == -EPERM) {
		err_set_style(e, ERR_OTHER, ERR_STYLE_SHORT, EPERM,
			      "Permission denied (you must be root)");
		e->line = t->transaction.line;
	}
	return ret;
}

enum run_mode { RUN_COMMIT, RUN_TEST, RUN_COMMENTS };

static int run_tables(struct frontend *fe, struct restore_queue *q,
		      enum run_mode mode, struct err *e)
{
	struct restore_table *t;
	int ret = 0;

	list_for_each (t, &q->tables, struct restore_table, node) {
		/* The table ends nowhere: an error in it, or a line with
		 * --version. */
		if (!t->transaction.line)
			break;
		print_comments(&t->comments);
		if (mode == RUN_COMMIT)
			ret = transaction_run(fe, &t->transaction, e);
		else if (mode == RUN_TEST)
			ret = test_table(fe, t, e);
		if (ret)
			return ret;
	}
	print_comments(&q->comments);
	return 0;
}

/* @fe is initialised; returns the exit status. */
static int restore(struct frontend *fe, const struct restore_options *o,
		   FILE *in)
{
	struct restore_queue q;
	struct err e = {0};
	struct restore_file f = {.fe = fe,
				 .options = o,
				 .sink = &restore_queue_sink,
				 .sink_data = &q,
				 .e = &e};
	int ret;

	fe->restore = true;
	restore_queue_init(&q);
	ret = restore_file_parse(&f, in);
	if (!ret && !o->test)
		ret = check_tables(fe, &q, &e);
	if (ret)
		run_tables(fe, &q, RUN_COMMENTS, NULL);
	else
		ret = run_tables(fe, &q, o->test ? RUN_TEST : RUN_COMMIT, &e);
	restore_queue_clear(&q);
	return ret ? frontend_report(fe, &e) : 0;
}

int applet_restore(const struct family_ops *ops, int argc, char **argv)
{
	struct restore_options o = {0};
	struct frontend fe;
	enum next next;
	int status = 1;
	FILE *in;

	frontend_init(&fe, ops, basename(argv[0]));
	if (xt_init(ops, fe.progname)) {
		fprintf(stderr, "%s/%s Failed to initialize xtables\n",
			fe.progname, xt_params->program_version);
		return 1;
	}
	next = parse_options(fe.progname, argc, argv, &o);
	if (next == STOP_OK) {
		status = 0;
	} else if (next == GO_ON) {
		in = open_input(argc, argv, optind);
		if (in)
			status = restore(&fe, &o, in);
		if (in && in != stdin)
			fclose(in);
	}
	frontend_close(&fe);
	return status;
}
