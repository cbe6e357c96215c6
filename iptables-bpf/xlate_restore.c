// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables-restore-translate and ip6tables-restore-translate: a saved file as
 * an nft script. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "iptables-bpf/restore_file.h"
#include "iptables-bpf/xlate.h"
#include "iptables-bpf/xt.h"

static int print_table(struct restore_file *f, int line)
{
	printf("add table %s %s\n", f->fe->ops->nft_name, f->table);
	return 0;
}

/* "PREROUTING" is "prerouting" to nft. */
static void print_lower(const char *s)
{
	for (; *s; s++)
		putchar(*s | 0x20);
}

static int print_chain(struct restore_file *f, const char *name,
		       const char *policy, const struct nft_counters *counters,
		       int line)
{
	const struct builtin_chain *b = builtin_chain_find(f->table, name);
	/* As in iptables 1.8, which forgets that security comes later. */
	int prio = b && strcmp(f->table, "security") ? b->prio : 0;

	printf("add chain %s %s %s", f->fe->ops->nft_name, f->table, name);
	if (b) {
		printf(" { type %s hook ", b->type);
		print_lower(name);
		printf(" priority %d; ", prio);
		if (!strcmp(policy, "ACCEPT") || !strcmp(policy, "DROP")) {
			fputs("policy ", stdout);
			print_lower(policy);
			fputs("; ", stdout);
		}
		putchar('}');
	}
	putchar('\n');
	return 0;
}

static int print_command(struct restore_file *f, struct command *cmd, int argc,
			 char **argv)
{
	bool ok = cmd->id == CMD_VERSION || cmd->id == CMD_HELP ||
		  xlate_command(f->fe->ops, cmd, true, argc, argv);

	command_clear(cmd);
	free(cmd);
	return ok ? 0
		  : err_set_style(f->e, ERR_OTHER, ERR_STYLE_BARE, 0,
				  "%s: line %d failed", f->fe->progname,
				  f->line);
}

static const struct restore_sink print_sink = {
	.table = print_table,
	.chain = print_chain,
	.command = print_command,
};

static void print_usage(const char *name)
{
	fprintf(stderr,
		"%s %s (c) 2014 by Pablo Neira Ayuso <pablo@netfilter.org>\n"
		"Usage: %s [-h] [-f <FILE>] [-V]\n"
		"\t[ --help ]\n"
		"\t[ --file=<FILE> ]\n"
		"\t[ --version ]\n",
		name, XTABLES_COMPAT_VERSION, name);
}

static int translate(struct frontend *fe, const char *name, FILE *in)
{
	static const struct restore_options options = {.implicit_commit = true};
	struct err e = {0};
	struct restore_file f = {
		.fe = fe, .options = &options, .sink = &print_sink, .e = &e};
	time_t now = time(NULL);
	char date[64] = "\n";

	ctime_r(&now, date);
	printf("# Translated by %s v%s on %s", name, XTABLES_COMPAT_VERSION,
	       date);
	fe->restore = true;
	if (restore_file_parse(&f, in))
		return frontend_report(fe, &e);
	if (!f.stop)
		printf("# Completed on %s", date);
	return 0;
}

/* Returns the exit status, or -1 when there is a file to translate. */
static int parse_options(int argc, char **argv, const char **file)
{
	static const struct option longopts[] = {
		{"help", no_argument, NULL, 'h'},
		{"file", required_argument, NULL, 'f'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "hf:V", longopts, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_usage(argv[0]);
			return 1;
		case 'f':
			*file = optarg;
			break;
		case 'V':
			printf("%s v%s\n", argv[0], XTABLES_COMPAT_VERSION);
			return 0;
		}
	}
	if (*file)
		return -1;
	fputs("ERROR: missing file name\n", stderr);
	print_usage(argv[0]);
	return 1;
}

int applet_restore_translate(const struct family_ops *ops, int argc,
			     char **argv)
{
	const char *file = NULL;
	struct frontend fe;
	char progname[64];
	int status;
	FILE *in;

	/* Not quite the name it is called by; messages begin so. */
	snprintf(progname, sizeof(progname), "%s-translate-restore",
		 ops->progname);
	frontend_init(&fe, ops, progname);
	fe.translate = true;
	if (xt_init(ops, progname)) {
		fprintf(stderr, "%s: Failed to initialize xtables\n", progname);
		return 1;
	}
	xlate_init();
	status = parse_options(argc, argv, &file);
	if (status >= 0)
		return status;
	in = fopen(file, "re");
	if (!in) {
		fprintf(stderr, "Cannot open file %s\n", file);
		return 1;
	}
	status = translate(&fe, argv[0], in);
	fclose(in);
	frontend_close(&fe);
	return status;
}
