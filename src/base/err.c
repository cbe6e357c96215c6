// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/err.h"

#include <errno.h>
#include <string.h>

static int fill(struct err *e, enum err_status status, enum err_style style,
		int errnum, const char *fmt, va_list ap)
{
	if (e) {
		e->status = status;
		e->style = style;
		e->errnum = errnum;
		vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	}
	return errnum ? -errnum : -EINVAL;
}

int err_set(struct err *e, enum err_status status, int errnum, const char *fmt,
	    ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = fill(e, status, ERR_STYLE_FULL, errnum, fmt, ap);
	va_end(ap);
	return ret;
}

int err_set_style(struct err *e, enum err_status status, enum err_style style,
		  int errnum, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = fill(e, status, style, errnum, fmt, ap);
	va_end(ap);
	return ret;
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	int n;

	if (!e)
		return;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(e->msg) - 3)
		return;
	/* ": " and as much of the old text as there is room for. */
	memcpy(e->msg + n, ": ", 2);
	memcpy(e->msg + n + 2, old, sizeof(e->msg) - (size_t)n - 2);
	e->msg[sizeof(e->msg) - 1] = '\0';
}

void msg_va(const struct msg_sink *sink, enum msg_level level, const char *fmt,
	    va_list ap)
{
	if (!sink || !sink->out || level > sink->level)
		return;
	vfprintf(sink->out, fmt, ap);
}

void msg(const struct msg_sink *sink, enum msg_level level, const char *fmt,
	 ...)
{
	va_list ap;

	va_start(ap, fmt);
	msg_va(sink, level, fmt, ap);
	va_end(ap);
}
