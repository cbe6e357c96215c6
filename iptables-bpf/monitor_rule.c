// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules in iptables' words, through one process for each family. */
#include "iptables-bpf/monitor.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iptables-bpf/print.h"
#include "iptables-bpf/stock.h"
#include "iptables-bpf/xt.h"
#include "translate/nft.h"

static char command_letter(const struct nlmsghdr *nlh)
{
	return NFNL_MSG_TYPE(nlh->nlmsg_type) == NFT_MSG_DELRULE ? 'D' : 'A';
}

static const struct {
	unsigned int family;
	const char *option, *program;
} families[] = {
	{NFPROTO_IPV4, "-4", "iptables"},
	{NFPROTO_IPV6, "-6", "ip6tables"},
	{NFPROTO_ARP, "-0", "arptables"},
	{NFPROTO_BRIDGE, NULL, "ebtables"},
};

const char *monitor_family(unsigned int family)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].family == family)
			return stock_iptables()->monitors_programs
				       ? families[i].program
				       : families[i].option;
	return NULL;
}

struct print_job {
	const struct rule_printer *p;
	const struct nlmsghdr *nlh;
	const struct nft_rule_message *msg;
	bool counters;
};

static int print_rule(void *arg)
{
	const struct print_job *job = arg;

	print_rule_command(job->p->ops, command_letter(job->nlh),
			   job->msg->chain, job->msg->rule,
			   job->counters ? SAVE_COUNTERS_PREFIX
					 : SAVE_NO_COUNTERS);
	return 0;
}

/* Half a rule would mislead: one that iptables cannot show is only named. */
static void print_message(const struct monitor *m, const struct rule_printer *p,
			  const struct nlmsghdr *nlh)
{
	struct nft_rule_message msg;
	struct print_job job = {p, nlh, &msg, m->counters};
	struct err e;

	if (nft_rule_from_message(nlh, &msg)) {
		putchar('\n');
		return;
	}
	printf("%s -t %s ", monitor_family((unsigned int)p->ops->family),
	       msg.table);
	if (msg.rule->flags & RULE_UNKNOWN)
		printf("-%c %s # not a rule of iptables', use 'nft' tool.\n",
		       command_letter(nlh), msg.chain);
	else if (xt_guarded(print_rule, &job, &e))
		printf(" # %s\n", e.msg);
	rule_free(msg.rule);
}

/* The process of a printer. Ends when the monitor does. */
static void run_printer(const struct monitor *m, const struct rule_printer *p)
{
	char *buf = malloc(MONITOR_BUFFER);
	ssize_t n;

	if (!buf || xt_init(p->ops, "xtables-monitor"))
		return;
	while ((n = recv(p->fd, buf, MONITOR_BUFFER, 0)) > 0) {
		if (mnl_nlmsg_ok((const void *)buf, (int)n))
			print_message(m, p, (const void *)buf);
		fflush(stdout);
		if (send(p->fd, "", 1, MSG_NOSIGNAL) < 0)
			break;
	}
	free(buf);
}

static int start_printer(const struct monitor *m, struct rule_printer *p)
{
	static const int size = MONITOR_BUFFER;
	int ends[2];

	if (p->pid)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	p->pid = fork();
	if (p->pid < 0) {
		close(ends[0]);
		close(ends[1]);
		p->pid = 0;
		return -errno;
	}
	p->fd = p->pid ? ends[0] : ends[1];
	close(p->pid ? ends[1] : ends[0]);
	if (!p->pid) {
		run_printer(m, p);
		_exit(EXIT_SUCCESS);
	}
	return 0;
}

static void end_printer(struct rule_printer *p)
{
	if (!p->pid)
		return;
	close(p->fd);
	waitpid(p->pid, NULL, 0);
	p->pid = 0;
}

static struct rule_printer *find_printer(struct monitor *m, uint8_t family)
{
	for (int i = 0; i < 2; i++)
		if (m->printers[i].ops->family == family)
			return &m->printers[i];
	return NULL;
}

/* What the kernel sends on behalf of arptables and ebtables. */
static void print_other_rule(const struct nlmsghdr *nlh, unsigned int family)
{
	struct nft_rule_message msg;

	if (nft_rule_from_message(nlh, &msg)) {
		putchar('\n');
		return;
	}
	printf("%s -t %s -%c %s # a rule of %s'\n", monitor_family(family),
	       msg.table, command_letter(nlh), msg.chain,
	       family == NFPROTO_ARP ? "arptables" : "ebtables");
	rule_free(msg.rule);
}

void monitor_rule(struct monitor *m, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct rule_printer *p = find_printer(m, nfg->nfgen_family);
	char done;

	if (!p && monitor_family(nfg->nfgen_family)) {
		print_other_rule(nlh, nfg->nfgen_family);
		return;
	}
	/* The same stdout: what is ours comes first, and is not inherited. */
	fflush(stdout);
	if (!p || start_printer(m, p)) {
		putchar('\n');
		return;
	}
	if (send(p->fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) >= 0 &&
	    recv(p->fd, &done, 1, 0) == 1)
		return;
	/* A plugin crashed. The next rule gets a new process. */
	putchar('\n');
	end_printer(p);
}

void monitor_rule_end(struct monitor *m)
{
	for (int i = 0; i < 2; i++)
		end_printer(&m->printers[i]);
}
