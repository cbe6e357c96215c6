// SPDX-License-Identifier: GPL-2.0-or-later
/* Sending a batch and wording what the kernel refused. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "translate/batch.h"
#include "translate/conn.h"
#include "translate/debug.h"
#include "translate/nft.h"
#include "translate/nlwrite.h"

/* Every object's own table and chain name have these attribute numbers. */
#define ATTR_TABLE	NFTA_TABLE_NAME
#define ATTR_RULE_CHAIN NFTA_RULE_CHAIN
#define ATTR_CHAIN_NAME NFTA_CHAIN_NAME

static const struct {
	const char *name;
	const char *object; /* how the object is introduced */
	uint16_t name_attr;
} op_words[] = {
	[OP_TABLE_ADD] = {"TABLE_ADD", "table", ATTR_TABLE},
	[OP_TABLE_FLUSH] = {"TABLE_FLUSH", "table", ATTR_TABLE},
	[OP_CHAIN_ADD] = {"CHAIN_ADD", "chain", ATTR_CHAIN_NAME},
	[OP_CHAIN_USER_ADD] = {"CHAIN_USER_ADD", "chain", ATTR_CHAIN_NAME},
	[OP_CHAIN_DEL] = {"CHAIN_DEL", "chain", ATTR_CHAIN_NAME},
	[OP_CHAIN_UPDATE] = {"CHAIN_UPDATE", "chain", ATTR_CHAIN_NAME},
	[OP_CHAIN_RENAME] = {"CHAIN_RENAME", "chain", ATTR_CHAIN_NAME},
	[OP_RULE_APPEND] = {"RULE_APPEND", "rule in chain", ATTR_RULE_CHAIN},
	[OP_RULE_INSERT] = {"RULE_INSERT", "rule in chain", ATTR_RULE_CHAIN},
	[OP_RULE_REPLACE] = {"RULE_REPLACE", "rule in chain", ATTR_RULE_CHAIN},
	[OP_RULE_DELETE] = {"RULE_DELETE", "rule in chain", ATTR_RULE_CHAIN},
	[OP_RULE_FLUSH] = {"RULE_FLUSH", "rule in chain", ATTR_RULE_CHAIN},
};

/*
 * The messages of failed operations. iptables shows the first only, unless the
 * operations have lines: then all of them.
 */
struct failures {
	struct nft_batch *b;
	struct buf text;
	int first; /* negative errno of the first, also of one that is no
		      operation's */
	bool full; /* nothing more is to be shown */
};

static void add_failure(struct failures *f, const struct batch_op *op,
			int errnum)
{
	const struct nlmsghdr *nlh = (const void *)(f->b->msgs.data + op->msg);
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	const char *name;

	if (f->full)
		return;
	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	name = attr_str(&tb[op_words[op->type].name_attr]);
	if (op->line)
		buf_printf(&f->text, "\nline %u:", op->line);
	else
		f->full = true;
	buf_printf(&f->text, " %s failed (%s): %s %s", op_words[op->type].name,
		   strerror(errnum), op_words[op->type].object,
		   name ? name : "(null)");
}

static void digest_answers(struct failures *f, const char *data, size_t len)
{
	const struct nlmsghdr *nlh = (const void *)data;
	const struct nlmsgerr *err;
	int left = (int)len;

	for (; NLMSG_OK(nlh, (unsigned int)left); nlh = NLMSG_NEXT(nlh, left)) {
		if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			change_take_echo(f->b, nlh);
		if (nlh->nlmsg_type != NLMSG_ERROR ||
		    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*err)))
			continue;
		err = NLMSG_DATA(nlh);
		if (!err->error)
			continue;
		if (!f->first)
			f->first = err->error;
		/* The kernel says it instead of, or after, errors that a stale
		 * view caused. */
		if (err->error == -ERESTART)
			f->first = -ERESTART;
		if (nlh->nlmsg_seq >= BATCH_SEQ_FIRST &&
		    nlh->nlmsg_seq - BATCH_SEQ_FIRST < f->b->nops)
			add_failure(
				f, &f->b->ops[nlh->nlmsg_seq - BATCH_SEQ_FIRST],
				-err->error);
	}
}

/* Room for the whole batch, and for an answer to each of its messages. */
static void size_buffers(struct nft *nft, const struct nft_batch *b)
{
	const size_t per_ack = 1024; /* with the kernel's own overhead */
	int fd = mnl_socket_get_fd(nft->sock);
	size_t snd = b->msgs.len + 65536, rcv = (b->nops + 16) * per_ack;
	int n;

	n = snd < INT32_MAX ? (int)snd : INT32_MAX;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
	n = rcv < INT32_MAX ? (int)rcv : INT32_MAX;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof(n)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

/*
 * The kernel has processed the batch when sendto() returns; all it had to
 * say (errors, and what it was asked for) is in the receive buffer then.
 */
static int exchange(struct nft *nft, struct nft_batch *b, struct failures *f)
{
	size_t len = b->msgs.len, end;
	ssize_t n;

	end = nlw_msg(&b->msgs, NFNL_MSG_BATCH_END, 0, AF_UNSPEC,
		      NFNL_SUBSYS_NFTABLES,
		      (uint32_t)(b->nops + BATCH_SEQ_FIRST));
	nlw_msg_end(&b->msgs, end);
	if (b->msgs.failed)
		return -ENOMEM;
	size_buffers(nft, b);
	n = mnl_socket_sendto(nft->sock, b->msgs.data, b->msgs.len);
	b->msgs.len = len; /* so that it could be sent again, or added to */
	if (n < 0)
		return -errno;
	for (;;) {
		n = recv(mnl_socket_get_fd(nft->sock), nft->rcv, CONN_RCV_SIZE,
			 MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		/* Answers that we asked for did not fit. A batch that failed
		 * has none, and its first error came before. */
		if (n < 0 && errno == ENOBUFS && b->track) {
			b->track = false;
			continue;
		}
		if (n < 0)
			return -errno;
		digest_answers(f, nft->rcv, (size_t)n);
	}
}

int nft_batch_commit(struct nft *nft, struct nft_batch *b, uint32_t gen,
		     struct err *e)
{
	struct failures f = {.b = b};
	uint32_t be = htonl(gen);
	int ret;

	if (b->msgs.failed)
		return err_set_style(e, ERR_OTHER, ERR_STYLE_SHORT, ENOMEM,
				     "%s", nft_strerror(ENOMEM));
	if (nft_batch_is_empty(b))
		return 0;
	if (nft->debug)
		debug_batch(nft, b);
	memcpy(b->msgs.data + b->genid, &be, sizeof(be));
	change_prepare(b);
	ret = exchange(nft, b, &f);
	if (!ret)
		ret = f.first;
	if (ret == -ERESTART)
		err_set_style(e, ERR_RESOURCE, ERR_STYLE_SHORT, ERESTART, "%s",
			      strerror(ERESTART));
	else if (ret && f.text.len)
		err_set(e, ERR_RESOURCE, -ret, "%s", f.text.data);
	else if (ret)
		err_set_style(e, ret == -EAGAIN ? ERR_RESOURCE : ERR_OTHER,
			      ERR_STYLE_SHORT, -ret, "%s%s", nft_strerror(-ret),
			      ret == -EINVAL
				      ? ". Run `dmesg' for more information"
				      : "");
	buf_free(&f.text);
	return ret;
}
