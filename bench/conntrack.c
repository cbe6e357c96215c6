// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "bench/conntrack.h"

#define TIMEOUT 600 /* seconds */
#define BUF_LEN 8192

static struct nlmsghdr *start(char *buf, unsigned int type, unsigned int flags,
			      int family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = 1;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = 0;
	return nlh;
}

static int talk(struct mnl_socket *nl, const struct nlmsghdr *nlh)
{
	char buf[BUF_LEN];
	ssize_t n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	return mnl_cb_run(buf, n, 1, mnl_socket_get_portid(nl), NULL, NULL) < 0
		       ? -errno
		       : 0;
}

static void put_tuple(struct nlmsghdr *nlh, const struct flow *f, bool reply)
{
	bool v6 = f->ip_version == 6;
	size_t len = v6 ? sizeof(f->saddr) : sizeof(f->saddr[0]);
	struct nlattr *tuple, *part;

	tuple = mnl_attr_nest_start(nlh,
				    reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, len,
		     reply ? f->daddr : f->saddr);
	mnl_attr_put(nlh, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, len,
		     reply ? f->saddr : f->daddr);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, f->protocol);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, reply ? f->dport : f->sport);
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, reply ? f->sport : f->dport);
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, tuple);
}

/* Without window checks: the one packet of a flow comes again and again. */
static void put_tcp(struct nlmsghdr *nlh)
{
	struct nf_ct_tcp_flags flags = {
		.flags = IP_CT_TCP_FLAG_BE_LIBERAL,
		.mask = IP_CT_TCP_FLAG_BE_LIBERAL,
	};
	struct nlattr *info, *tcp;

	info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE,
			TCP_CONNTRACK_ESTABLISHED);
	mnl_attr_put(nlh, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, sizeof(flags),
		     &flags);
	mnl_attr_put(nlh, CTA_PROTOINFO_TCP_FLAGS_REPLY, sizeof(flags), &flags);
	mnl_attr_nest_end(nlh, tcp);
	mnl_attr_nest_end(nlh, info);
}

static int establish(struct mnl_socket *nl, const struct flow *f)
{
	char buf[BUF_LEN];
	struct nlmsghdr *nlh = start(buf, IPCTNL_MSG_CT_NEW,
				     NLM_F_CREATE | NLM_F_EXCL,
				     f->ip_version == 6 ? AF_INET6 : AF_INET);
	int err;

	put_tuple(nlh, f, false);
	put_tuple(nlh, f, true);
	mnl_attr_put_u32(nlh, CTA_STATUS,
			 htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(TIMEOUT));
	if (f->protocol == IPPROTO_TCP)
		put_tcp(nlh);
	err = talk(nl, nlh);
	return err == -EEXIST ? 0 : err;
}

static struct mnl_socket *connect_netfilter(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

int conntrack_establish(const struct flow *flows, unsigned int n)
{
	struct mnl_socket *nl = connect_netfilter();
	unsigned int i;
	int err = 0;

	if (!nl)
		return -errno;
	for (i = 0; i < n && !err; i++)
		err = establish(nl, &flows[i]);
	mnl_socket_close(nl);
	return err;
}

int conntrack_flush(void)
{
	struct mnl_socket *nl = connect_netfilter();
	char buf[BUF_LEN];
	int err;

	if (!nl)
		return -errno;
	err = talk(nl, start(buf, IPCTNL_MSG_CT_DELETE, 0, AF_UNSPEC));
	mnl_socket_close(nl);
	return err;
}
