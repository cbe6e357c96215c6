// SPDX-License-Identifier: GPL-2.0-or-later
/* xtables-monitor: changes of the ruleset and traces of packets, as they come.
 */
#include "config.h"

#include "iptables-bpf/monitor.h"

#include <errno.h>
#include <getopt.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "iptables-bpf/command.h"

#define PROGNAME "xtables-monitor"

/* A restore of many rules comes all at once. */
#define RECEIVE_SPACE (32 * 1024 * 1024)

static const struct option longopts[] = {
	{"counters", no_argument, NULL, 'c'},
	{"trace", no_argument, NULL, 't'},
	{"event", no_argument, NULL, 'e'},
	{"ipv4", no_argument, NULL, '4'},
	{"ipv6", no_argument, NULL, '6'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void print_usage(void)
{
	fputs(PROGNAME
	      " " XTABLES_COMPAT_VERSION " (nf_tables)\n"
	      "Usage: " PROGNAME " [ -t | -e ]\n"
	      "        --trace    -t    trace ruleset traversal of packets "
	      "tagged via -j TRACE rule\n"
	      "        --event    -e    show events that modify the ruleset\n"
	      "Optional arguments:\n"
	      "        --ipv4     -4    only monitor IPv4\n"
	      "        --ipv6     -6    only monitor IPv6\n"
	      "\t--counters -c    show counters in rules\n",
	      stdout);
}

static unsigned int group_bit(unsigned int group)
{
	return 1u << (group - 1);
}

/* Returns the exit status, or -1 when there is something to watch, @groups. */
static int parse_options(struct monitor *m, int argc, char **argv,
			 unsigned int *groups)
{
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "ceht46V", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			m->counters = true;
			break;
		case 't':
			*groups |= group_bit(NFNLGRP_NFTRACE);
			break;
		case 'e':
			*groups |= group_bit(NFNLGRP_NFTABLES);
			break;
		case '4':
			m->family = NFPROTO_IPV4;
			break;
		case '6':
			m->family = NFPROTO_IPV6;
			break;
		case 'V':
			puts(PROGNAME " " XTABLES_COMPAT_VERSION);
			return 0;
		case 'h':
			print_usage();
			return ERR_OTHER;
		default:
			fputs(PROGNAME
			      " " XTABLES_COMPAT_VERSION ": Bad argument.\n"
			      "Try `" PROGNAME " -h' for more information.\n",
			      stderr);
			return ERR_PARAMETER;
		}
	}
	if (*groups)
		return -1;
	print_usage();
	return ERR_OTHER;
}

static int message_cb(const struct nlmsghdr *nlh, void *arg)
{
	monitor_message(arg, nlh);
	return MNL_CB_OK;
}

/* Until the kernel has nothing more to say, which is never. */
static int watch(struct monitor *m, struct mnl_socket *events, char *buf)
{
	ssize_t n;

	for (;;) {
		n = mnl_socket_recvfrom(events, buf, MONITOR_BUFFER);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			fputs(PROGNAME ": events were lost: "
				       "more came than could be printed\n",
			      stderr);
			continue;
		}
		if (n <= 0)
			break;
		mnl_cb_run(buf, (size_t)n, 0, 0, message_cb, m);
		if (fflush(stdout))
			return 0;
	}
	if (!n)
		return 0;
	perror("cannot receive from nfnetlink socket");
	return ERR_OTHER;
}

static int subscribe(struct mnl_socket *events, unsigned int groups)
{
	static const int space = RECEIVE_SPACE;

	setsockopt(mnl_socket_get_fd(events), SOL_SOCKET, SO_RCVBUFFORCE,
		   &space, sizeof(space));
	if (mnl_socket_bind(events, groups, MNL_SOCKET_AUTOPID) < 0) {
		perror("cannot bind to nfnetlink socket");
		return ERR_OTHER;
	}
	return 0;
}

static int monitor(struct monitor *m, unsigned int groups)
{
	struct mnl_socket *events =
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	char *buf = malloc(MONITOR_BUFFER);
	int status;

	m->answer = malloc(MONITOR_BUFFER);
	if (!events || !buf || !m->answer) {
		perror("cannot open nfnetlink socket");
		status = ERR_OTHER;
	} else {
		status = subscribe(events, groups);
		if (!status)
			status = watch(m, events, buf);
	}
	monitor_rule_end(m);
	if (m->query)
		mnl_socket_close(m->query);
	if (events)
		mnl_socket_close(events);
	free(m->answer);
	free(buf);
	return status;
}

int applet_monitor(const struct family_ops *ops, int argc, char **argv)
{
	struct monitor m = {
		.printers = {{.ops = &family_ipv4}, {.ops = &family_ipv6}}};
	unsigned int groups = 0;
	int status = parse_options(&m, argc, argv, &groups);

	return status < 0 ? monitor(&m, groups) : status;
}
