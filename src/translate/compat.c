// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking nft_compat which revisions of an extension the kernel has. */
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>

#include "translate/nft.h"
#include "translate/nlwrite.h"

#define COMPAT_MATCH  0
#define COMPAT_TARGET 1

static const struct revision_opt {
	int opt;
	uint8_t family;
	uint32_t type;
} revision_opts[] = {
	{IPT_SO_GET_REVISION_MATCH, AF_INET, COMPAT_MATCH},
	{IPT_SO_GET_REVISION_TARGET, AF_INET, COMPAT_TARGET},
	{IP6T_SO_GET_REVISION_MATCH, AF_INET6, COMPAT_MATCH},
	{IP6T_SO_GET_REVISION_TARGET, AF_INET6, COMPAT_TARGET},
};

/* 0 or a negative errno. */
static int ask_kernel(const char *name, uint8_t rev,
		      const struct revision_opt *o)
{
	const uint32_t seq = 1;
	char answer[8192];
	struct buf req = BUF_INIT;
	struct mnl_socket *s;
	ssize_t n;
	int ret;

	nlw_msg(&req, NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET,
		NLM_F_ACK, o->family, 0, seq);
	nlw_str(&req, NFTA_COMPAT_NAME, name);
	nlw_u32(&req, NFTA_COMPAT_REV, rev);
	nlw_u32(&req, NFTA_COMPAT_TYPE, o->type);
	nlw_msg_end(&req, 0);

	s = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (req.failed || !s) {
		ret = req.failed ? -ENOMEM : -errno;
		goto out;
	}
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(s, req.data, req.len) < 0 ||
	    (n = mnl_socket_recvfrom(s, answer, sizeof(answer))) < 0 ||
	    mnl_cb_run(answer, (size_t)n, seq, mnl_socket_get_portid(s), NULL,
		       NULL) < 0)
		ret = -errno;
	else
		ret = 0;
out:
	if (s)
		mnl_socket_close(s);
	buf_free(&req);
	return ret;
}

/*
 * Without permission everything is taken to be there, so that help texts work
 * for users. A missing revision 0 is a missing module: said once, and left to
 * the kernel to refuse.
 */
int nft_compatible_revision(const char *name, uint8_t rev, int opt)
{
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(revision_opts) / sizeof(revision_opts[0]); i++) {
		if (revision_opts[i].opt != opt)
			continue;
		ret = ask_kernel(name, rev, &revision_opts[i]);
		if (!ret || ret == -EPERM)
			return 1;
		if (rev)
			return 0;
		fprintf(stderr,
			"Warning: Extension %s revision 0 not supported, "
			"missing kernel module?\n",
			name);
		return 1;
	}
	return 1;
}
