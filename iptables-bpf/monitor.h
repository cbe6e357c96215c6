/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xtables-monitor's parts. Everything is printed to stdout, one line for each
 * message of the kernel's, in iptables' words as far as it has any.
 */
#ifndef FRONTEND_MONITOR_H
#define FRONTEND_MONITOR_H

#include <libmnl/libmnl.h>
#include <libnftnl/trace.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "iptables-bpf/family.h"

/*
 * A process that prints the rules of one family: libxtables and its plugins
 * serve but one family in the life of a process.
 */
struct rule_printer {
	const struct family_ops *ops;
	pid_t pid; /* 0: not started */
	int fd;	   /* messages go in, a byte comes back when one is printed */
};

struct monitor {
	bool counters;
	uint8_t family; /* the only NFPROTO_* to show, 0: all */
	struct rule_printer printers[2];
	struct mnl_socket *query; /* for the rules of traces; NULL: not open */
	uint32_t seq;		  /* of its last request */
	char *answer;		  /* MONITOR_BUFFER bytes */
};

/* The largest message there is (a rule of 64 KiB) fits, and a batch of them. */
#define MONITOR_BUFFER (256 * 1024)

/* One message of the nf_tables subsystem, whatever it says. */
void monitor_message(struct monitor *m, const struct nlmsghdr *nlh);
/* A message about a traced packet. */
void monitor_trace(struct monitor *m, const struct nlmsghdr *nlh);
/* "PACKET: …": the headers that came with @t. */
void monitor_packet(const struct nftnl_trace *t);

/* Whether @family is to be shown. */
bool monitor_wants(const struct monitor *m, unsigned int family);
/* What a rule or chain of @family begins with, "-4" or "iptables"; NULL: it is
 * none that stock's monitor knows. */
const char *monitor_family(unsigned int family);
/* "-4 -t filter -A INPUT …": the rule that @nlh describes, with its newline. */
void monitor_rule(struct monitor *m, const struct nlmsghdr *nlh);
/* Ends the processes that monitor_rule() started. */
void monitor_rule_end(struct monitor *m);

#endif
