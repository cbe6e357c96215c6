// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loader/events.h"
#include "loader/place.h"
#include "translate/nlread.h"

/* After libc's netinet/in.h, which then wins. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

/* A restore of many rules comes all at once; what does not fit is "lost". */
#define RECEIVE_SPACE (8 * 1024 * 1024)
#define MESSAGE_SPACE 65536

int events_open(struct events *ev, struct err *e)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	int group = NFNLGRP_NFTABLES, space = RECEIVE_SPACE, err;

	memset(ev, 0, sizeof(*ev));
	ev->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);
	if (ev->fd >= 0) {
		setsockopt(ev->fd, SOL_SOCKET, SO_RCVBUFFORCE, &space,
			   sizeof(space));
		if (!bind(ev->fd, (const void *)&addr, sizeof(addr)) &&
		    !setsockopt(ev->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				&group, sizeof(group)))
			return 0;
	}
	err = errno;
	events_close(ev);
	return err_set(e, ERR_OTHER, err,
		       "cannot follow nft's notifications: %s", strerror(err));
}

void events_close(struct events *ev)
{
	if (ev->fd >= 0)
		close(ev->fd);
	ev->fd = -1;
}

/* The table's name has the same number in all of these messages. */
#define TABLE_ATTR NFTA_TABLE_NAME

static bool sees_ip(uint8_t family)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 ||
	       family == NFPROTO_INET;
}

static void note_message(struct commit *c, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *head = NLMSG_DATA(nlh);
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_CHAIN_MAX + 1];
	unsigned int type = NFNL_MSG_TYPE(nlh->nlmsg_type);
	const char *table;
	uint32_t flags;
	int id = -1;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    !sees_ip(head->nfgen_family))
		return;
	attrs_parse(area.data, area.len, tb, NFTA_CHAIN_MAX);
	table = attr_str(&tb[TABLE_ATTR]);
	if (table && head->nfgen_family != NFPROTO_INET)
		id = place_table_id((enum family)head->nfgen_family, table);
	if (id >= 0) {
		c->tables |= 1u << id;
		if (type == NFT_MSG_NEWTABLE &&
		    attr_u32(&tb[NFTA_TABLE_FLAGS], &flags) &&
		    flags & NFT_TABLE_F_DORMANT)
			c->asleep |= 1u << id;
	} else if (table && head->nfgen_family != NFPROTO_INET &&
		   !strcmp(table, "nat"))
		c->other = true;
	/* A chain that sees packets; or one that did, of which no more is
	 * told. */
	else if ((type == NFT_MSG_NEWCHAIN && tb[NFTA_CHAIN_HOOK].data) ||
		 type == NFT_MSG_DELCHAIN)
		c->hooks = true;
}

static bool end_of_commit(struct commit *c, const struct nlmsghdr *nlh)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_GEN_MAX + 1];

	attrs_parse(area.data, area.len, tb, NFTA_GEN_MAX);
	return attr_u32(&tb[NFTA_GEN_ID], &c->generation);
}

static void digest(struct events *ev, const char *data, size_t len,
		   void (*cb)(const struct commit *c, void *arg), void *arg)
{
	const struct nlmsghdr *nlh = (const void *)data;
	int left = (int)len;

	for (; NLMSG_OK(nlh, (unsigned int)left); nlh = NLMSG_NEXT(nlh, left)) {
		if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
			continue;
		if (NFNL_MSG_TYPE(nlh->nlmsg_type) != NFT_MSG_NEWGEN) {
			note_message(&ev->open, nlh);
		} else if (end_of_commit(&ev->open, nlh)) {
			cb(&ev->open, arg);
			memset(&ev->open, 0, sizeof(ev->open));
		}
	}
}

int events_read(struct events *ev,
		void (*cb)(const struct commit *c, void *arg), void *arg,
		struct err *e)
{
	char data[MESSAGE_SPACE] __attribute__((aligned(8)));
	const struct commit lost = {.lost = true};
	ssize_t n;

	for (;;) {
		n = recv(ev->fd, data, sizeof(data), MSG_TRUNC);
		if (n > (ssize_t)sizeof(data) || (n < 0 && errno == ENOBUFS)) {
			memset(&ev->open, 0, sizeof(ev->open));
			cb(&lost, arg);
		} else if (n >= 0) {
			digest(ev, data, n, cb, arg);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return 0;
		} else if (errno != EINTR) {
			return err_set(e, ERR_OTHER, errno,
				       "cannot read nft's notifications: %s",
				       strerror(errno));
		}
	}
}
