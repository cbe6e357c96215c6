// SPDX-License-Identifier: GPL-2.0-or-later
#include "iptables-bpf/restore_words.h"

#include <errno.h>
#include <string.h>

void words_reset(struct words *w)
{
	buf_reset(&w->text);
	w->start = 0;
	w->argc = 0;
}

void words_free(struct words *w)
{
	buf_free(&w->text);
	w->argc = 0;
}

int words_append(struct words *w, const char *s, size_t len, struct err *e)
{
	if (w->text.len - w->start + len >= RESTORE_MAX_ARG_LEN)
		return err_set(e, ERR_PARAMETER, 0, "Parameter too long!");
	buf_add(&w->text, s, len);
	if (w->text.failed)
		return err_set(e, ERR_OTHER, ENOMEM, "out of memory");
	return 0;
}

int words_end(struct words *w, bool even_empty, struct err *e)
{
	if (w->text.len == w->start && !even_empty)
		return 0;
	if (w->argc >= RESTORE_MAX_ARGS)
		return err_set(e, ERR_PARAMETER, 0,
			       "Parser cannot handle more arguments");
	buf_add(&w->text, "", 1);
	if (w->text.failed)
		return err_set(e, ERR_OTHER, ENOMEM, "out of memory");
	w->offset[w->argc++] = w->start;
	w->start = w->text.len;
	return 0;
}

int words_add(struct words *w, const char *s, struct err *e)
{
	int ret = words_append(w, s, strlen(s), e);

	return ret ? ret : words_end(w, true, e);
}

char **words_argv(struct words *w)
{
	for (int i = 0; i < w->argc; i++)
		w->argv[i] = w->text.data + w->offset[i];
	w->argv[w->argc] = NULL;
	return w->argv;
}
