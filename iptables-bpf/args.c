// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"

int args_fail(struct args *a, const char *fmt, ...)
{
	char text[sizeof(a->e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(a->e, ERR_PARAMETER, EINVAL, "%s", text);
}

int args_fail_plain(struct args *a, const char *fmt, ...)
{
	char text[sizeof(a->e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set_style(a->e, ERR_PARAMETER, ERR_STYLE_BARE, EINVAL, "%s",
			     text);
}

bool args_has_word(const struct args *a)
{
	return optind < a->argc && a->argv[optind][0] != '-' &&
	       a->argv[optind][0] != '!';
}

char *args_word(struct args *a)
{
	return a->argv[optind++];
}

/* A word that is no option: only a single `!' may stand there. */
static int plain_word(struct args *a)
{
	if (strcmp(optarg, "!"))
		return args_fail_plain(a, "Bad argument `%s'", optarg);
	if (a->invert)
		return args_fail(a, "multiple consecutive ! not allowed");
	a->invert = true;
	optarg[0] = '\0'; /* so -translate shows the line */
	return ARGS_REREAD;
}

static int unknown_option(struct args *a, int c)
{
	const char *word = a->argv[optind - 1];

	if (c == 'b')
		return args_fail(a, "unknown option \"-b\"");
	/* Within "-abc" getopt has not gone past the word yet. */
	if (optopt &&
	    (strncmp(word, "--", 2) || stock_iptables()->names_letters))
		return args_fail(a, "unknown option \"-%c\"", optopt);
	return args_fail(a, "unknown option \"%s\"", word);
}

/* An option iptables itself does not know: an extension's, or an error. */
static int foreign_option(struct args *a, int c)
{
	a->xt.numeric = a->options & OPTF_NUMERIC;
	switch (xt_rule_option(&a->xt, c, a->argv, a->invert)) {
	case XT_OPTION_TAKEN:
		return 0;
	case XT_OPTION_REREAD:
		optind--;
		return ARGS_REREAD;
	case XT_OPTION_UNKNOWN:
		break;
	}
	if (c == ':')
		return args_fail(a, "option \"%s\" requires an argument",
				 a->argv[optind - 1]);
	if (c == '?' || (c == 'b' && !stock_iptables()->has_option_b))
		return unknown_option(a, c);
	return args_fail(a, "Unknown arg \"%s\"", optarg ? optarg : "(null)");
}

static int one_option(struct args *a, int c)
{
	args_handler handler;

	if (c == 1)
		return plain_word(a);
	handler = args_command_handler(c);
	if (!handler)
		handler = args_option_handler(c);
	return handler ? handler(a) : foreign_option(a, c);
}

static int parse(void *arg)
{
	struct args *a = arg;
	int c, ret;

	xt_rule_begin(&a->xt, a->ops);
	/* glibc: start over, with this argv. */
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(a->argc, a->argv, options_short,
				xt_rule_options(), NULL)) != -1) {
		ret = one_option(a, c);
		if (ret < 0)
			return ret;
		if (ret == ARGS_DONE)
			return 0;
		if (ret != ARGS_REREAD)
			a->invert = false;
	}
	return args_finish(a);
}

static int end(void *arg)
{
	struct args *a = arg;

	xt_rule_end(&a->xt);
	return 0;
}

int command_parse(struct frontend *fe, int argc, char **argv, bool restore,
		  struct command *cmd, struct err *e)
{
	struct args a = {
		.ops = fe->ops,
		.argc = argc,
		.argv = argv,
		.restore = restore,
		.translate = fe->translate,
		.cmd = cmd,
		.e = e,
		.table = "filter",
	};
	int ret;

	memset(cmd, 0, sizeof(*cmd));
	list_init(&cmd->node);
	list_init(&cmd->rules);
	ret = xt_guarded(parse, &a, e);
	xt_guarded(end, &a, NULL);
	free(a.src.addrs);
	free(a.src.masks);
	free(a.dst.addrs);
	free(a.dst.masks);
	if (ret)
		command_clear(cmd);
	return ret;
}
