// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/conn.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "translate/nft.h"
#include "translate/nlwrite.h"

const char *nft_strerror(int errnum)
{
	static const struct {
		int errnum;
		const char *text;
	} table[] = {
		{ELOOP, "Loop found in table"},
		{EPERM, "Permission denied (you must be root)"},
		{0, "Incompatible with this kernel"},
		{ENOPROTOOPT, "iptables who? (do you need to insmod?)"},
		{ENOSYS, "Will be implemented real soon.  I promise ;)"},
		{ENOMEM, "Memory allocation problem"},
		{ENOENT, "No chain/target/match by that name"},
	};
	unsigned int i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].errnum == errnum)
			return table[i].text;
	return strerror(errnum);
}

/* Failure is no matter: buffers of the default size work for all but large
 * batches. */
static int socket_open(struct mnl_socket **out)
{
	static const int on = 1;
	struct mnl_socket *s =
		mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		int ret = -errno;

		mnl_socket_close(s);
		return ret;
	}
	/* Errors without a copy of the message they are about. */
	setsockopt(mnl_socket_get_fd(s), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
	*out = s;
	return 0;
}

/* Closes the socket, with whatever the kernel was still sending, and opens
 * another. */
static int reopen(struct nft *nft)
{
	struct mnl_socket *s;
	int ret = socket_open(&s);

	if (ret)
		return ret;
	mnl_socket_close(nft->sock);
	nft->sock = s;
	return 0;
}

int nft_open(struct nft **out, struct err *e)
{
	struct nft *nft = calloc(1, sizeof(*nft));
	int ret = -ENOMEM;

	if (!nft)
		goto err;
	nft->rcv = malloc(CONN_RCV_SIZE);
	if (!nft->rcv)
		goto err;
	ret = socket_open(&nft->sock);
	if (ret)
		goto err;
	*out = nft;
	return 0;
err:
	nft_close(nft);
	return err_set_style(e, ERR_OTHER, ERR_STYLE_FULL, -ret,
			     "Failed to initialize nft: %s", strerror(-ret));
}

void nft_close(struct nft *nft)
{
	if (!nft)
		return;
	if (nft->sock)
		mnl_socket_close(nft->sock);
	buf_free(&nft->req);
	free(nft->rcv);
	free(nft);
}

int nft_socket(const struct nft *nft)
{
	return mnl_socket_get_fd(nft->sock);
}

void nft_set_debug(struct nft *nft, unsigned int verbose, FILE *out)
{
	nft->debug = verbose > 1 ? out : NULL;
	nft->debug_bytes = verbose > 2;
}

void conn_begin(struct nft *nft, uint8_t type, uint16_t flags, uint8_t family)
{
	buf_reset(&nft->req);
	nlw_msg(&nft->req, NFNL_SUBSYS_NFTABLES << 8 | type, flags, family, 0,
		++nft->seq);
}

static int msg_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(err->error)))
		return -EBADMSG;
	return err->error;
}

/* One datagram of the answer. Returns 1 to go on, 0 at the end, negative (or
 * cb's value) to stop. */
struct answer {
	conn_cb cb;
	void *arg;
	int cb_ret;
	bool single; /* one message: neither a dump nor acknowledged */
	bool interrupted, done;
};

static int digest(struct nft *nft, struct answer *a, size_t len)
{
	const struct nlmsghdr *nlh = (const void *)nft->rcv;
	size_t step;

	for (; len >= sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= len && !a->done;
	     nlh = (const void *)((const char *)nlh + step)) {
		step = NLMSG_ALIGN(nlh->nlmsg_len);
		step = step < len ? step : len;
		len -= step;
		if (nlh->nlmsg_seq != nft->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			a->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_DONE) {
			a->done = true;
		} else if (nlh->nlmsg_type == NLMSG_ERROR) {
			a->done = true;
			return msg_error(nlh);
		} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && a->cb) {
			a->done = a->single;
			a->cb_ret = a->cb(nlh, a->arg);
			if (a->cb_ret)
				return 0;
		}
	}
	return 0;
}

int conn_request(struct nft *nft, conn_cb cb, void *arg)
{
	struct answer a = {.cb = cb, .arg = arg};
	const struct nlmsghdr *req;
	ssize_t n;
	int ret;

	if (nft->req.failed)
		return -ENOMEM;
	nlw_msg_end(&nft->req, 0);
	req = (const void *)nft->req.data;
	a.single = !(req->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK));
	if (mnl_socket_sendto(nft->sock, nft->req.data, nft->req.len) < 0)
		return -errno;
	while (!a.done) {
		n = mnl_socket_recvfrom(nft->sock, nft->rcv, CONN_RCV_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		ret = n < 0 ? -errno : digest(nft, &a, (size_t)n);
		if (a.cb_ret) {
			/* Of a dump the rest would still come. */
			ret = a.done ? 0 : reopen(nft);
			return ret ? ret : a.cb_ret;
		}
		if (ret)
			return ret;
	}
	return a.interrupted ? -EINTR : 0;
}

static int generation_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_GEN_MAX + 1];

	attrs_parse(area.data, area.len, tb, NFTA_GEN_MAX);
	attr_u32(&tb[NFTA_GEN_ID], arg);
	return 0;
}

int nft_generation(struct nft *nft, uint32_t *gen, struct err *e)
{
	int ret;

	*gen = 0;
	conn_begin(nft, NFT_MSG_GETGEN, 0, AF_UNSPEC);
	ret = conn_request(nft, generation_cb, gen);
	if (!ret)
		return 0;
	return err_set(e, ERR_RESOURCE, -ret,
		       "Could not fetch rule set generation id: %s",
		       nft_strerror(-ret));
}
