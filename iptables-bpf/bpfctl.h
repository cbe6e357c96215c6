/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptables-bpfctl: one function per command; each returns the exit status. */
#ifndef BPFCTL_BPFCTL_H
#define BPFCTL_BPFCTL_H

#include "base/err.h"

#define BPFCTL_OK     0
#define BPFCTL_FAILED 1 /* the operation failed; the reason is on stderr */
#define BPFCTL_USAGE  2

/* argv[0] is the command's name. BPFCTL_USAGE: the caller prints the usage. */
int bpfctl_status(int argc, char **argv);
int bpfctl_show(int argc, char **argv);
int bpfctl_compile(int argc, char **argv);

/* "iptables-bpfctl: MSG"; returns BPFCTL_FAILED. */
int bpfctl_fail(const struct err *e);

/*
 * What @run returns, 0 to 255, from a child: libxtables serves one family, and
 * a namespace is entered once, in the life of a process. Negative errno when
 * there was no child, or no answer; that is told then,
 * unless nobody reads what the child writes.
 */
int bpfctl_in_child(int (*run)(void *arg), void *arg);

#endif
