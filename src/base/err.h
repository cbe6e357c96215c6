/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error type every fallible function below the front ends fills in, and
 * the one funnel through which a message reaches the user.
 *
 * Convention: functions return 0 or a negative errno. Those that take a
 * struct err fill it when they fail; nobody below the front ends prints or
 * exits. The front end adds "iptables: " or "iptables-restore: line 3 ..."
 * and picks the exit status.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdio.h>

/* Exit statuses of iptables (xtables.h enum xtables_exittype). */
enum err_status {
	ERR_OTHER = 1,	   /* the operation failed */
	ERR_PARAMETER = 2, /* bad command line */
	ERR_VERSION = 3,   /* kernel or tool too old for what was asked */
	ERR_RESOURCE = 4,  /* kernel refused a batch, no permission */
};

/*
 * How the front end words the message:
 * ERR_STYLE_FULL   "iptables v1.8.9 (nf_tables): MSG" and, for
 *                  ERR_PARAMETER, the "Try `iptables -h' ..." line
 * ERR_STYLE_SHORT  "iptables: MSG."; with a line "iptables-restore: line 3
 * failed: MSG." ERR_STYLE_BARE   MSG alone (no line at all when it is empty)
 * and, for ERR_PARAMETER, the "Try ..." line
 */
enum err_style { ERR_STYLE_FULL, ERR_STYLE_SHORT, ERR_STYLE_BARE };

struct err {
	enum err_status status;
	enum err_style style;
	int errnum;	  /* positive errno behind it, or 0 */
	const char *file; /* where in the user's input, or NULL */
	int line;	  /* 1-based line of the user's input, or 0 */
	char msg[1024];	  /* no trailing newline; may hold several lines */
};

/*
 * Fills @e (which may be NULL) and returns -errnum, or -EINVAL when @errnum is
 * 0, so that callers can write `return err_set(...)`. The style is
 * ERR_STYLE_FULL.
 */
int err_set(struct err *e, enum err_status status, int errnum, const char *fmt,
	    ...) __attribute__((format(printf, 4, 5)));

/* As err_set, with a style. */
int err_set_style(struct err *e, enum err_status status, enum err_style style,
		  int errnum, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Puts "fmt: " in front of the message that @e already holds. */
void err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The message funnel. A msg_sink decides where text goes and which levels
 * are shown; libbpf's and libnftnl's chatter enters at MSG_DEBUG.
 */
enum msg_level { MSG_ERROR, MSG_WARN, MSG_INFO, MSG_DEBUG };

struct msg_sink {
	enum msg_level level; /* highest level shown */
	FILE *out;	      /* where text goes; NULL drops it */
};

/* Writes the text, with no newline added, where @sink (NULL: nowhere) shows
 * @level. */
void msg(const struct msg_sink *sink, enum msg_level level, const char *fmt,
	 ...) __attribute__((format(printf, 3, 4)));
void msg_va(const struct msg_sink *sink, enum msg_level level, const char *fmt,
	    va_list ap);

#endif
