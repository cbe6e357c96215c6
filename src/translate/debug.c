// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/debug.h"

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "translate/codec.h"
#include "translate/conn.h"
#include "translate/nlread.h"
#include "translate/nlwrite.h"

static void print_table(FILE *out, const struct nlmsghdr *nlh)
{
	struct nftnl_table *t = nftnl_table_alloc();

	if (t && nftnl_table_nlmsg_parse(nlh, t) >= 0) {
		nftnl_table_fprintf(out, t, 0, 0);
		fputc('\n', out);
	}
	nftnl_table_free(t);
}

static void print_chain(FILE *out, const struct nlmsghdr *nlh, bool zeroed)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (c && nftnl_chain_nlmsg_parse(nlh, c) >= 0) {
		if (zeroed) {
			nftnl_chain_set_u64(c, NFTNL_CHAIN_PACKETS, 0);
			nftnl_chain_set_u64(c, NFTNL_CHAIN_BYTES, 0);
		}
		nftnl_chain_fprintf(out, c, 0, 0);
		fputc('\n', out);
	}
	nftnl_chain_free(c);
}

static void print_rule(struct nft *nft, const struct nlmsghdr *nlh, bool flush)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r && nftnl_rule_nlmsg_parse(nlh, r) >= 0) {
		/* As iptables has it, these are not set. */
		nftnl_rule_unset(r, NFTNL_RULE_ID);
		if (flush)
			nftnl_rule_unset(r, NFTNL_RULE_FAMILY);
		if (nft->debug_guard &&
		    nftnl_rule_get_u64(r, NFTNL_RULE_POSITION) ==
			    nft->debug_guard)
			nftnl_rule_unset(r, NFTNL_RULE_POSITION);
		nftnl_rule_fprintf(nft->debug, r, 0, 0);
		fputc('\n', nft->debug);
	}
	nftnl_rule_free(r);
}

static uint64_t rule_handle(const struct nlmsghdr *nlh)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	uint64_t handle = 0;

	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	attr_u64(&tb[NFTA_RULE_HANDLE], &handle);
	return handle;
}

void debug_rule(struct nft *nft, const struct nlmsghdr *nlh, bool guard)
{
	if (guard)
		nft->debug_guard = rule_handle(nlh);
	else
		print_rule(nft, nlh, false);
}

struct query {
	struct nft *nft;
	bool zeroed;
	uint64_t handle; /* of the rule to show */
};

static int queried_chain(const struct nlmsghdr *nlh, void *arg)
{
	const struct query *q = arg;

	print_chain(q->nft->debug, nlh, q->zeroed);
	return 0;
}

static int queried_rule(const struct nlmsghdr *nlh, void *arg)
{
	const struct query *q = arg;

	if (rule_handle(nlh) == q->handle && !nft_message_is_guard(nlh))
		print_rule(q->nft, nlh, false);
	return 0;
}

/* Asks the kernel for what has the names in @nlh: attributes up to @last. */
static void query(struct query *q, const struct nlmsghdr *nlh, uint8_t type,
		  uint16_t flags, uint16_t last)
{
	const struct nfgenmsg *nfg = NLMSG_DATA(nlh);
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr a;

	conn_begin(q->nft, type, flags, nfg->nfgen_family);
	while (attr_next(&area, &a))
		if (a.type <= last)
			nlw_put(&q->nft->req, a.type, a.data, a.len);
	conn_request(q->nft,
		     type == NFT_MSG_GETCHAIN ? queried_chain : queried_rule,
		     q);
}

static void query_chain(struct nft *nft, const struct nlmsghdr *nlh,
			bool zeroed)
{
	struct query q = {.nft = nft, .zeroed = zeroed};

	query(&q, nlh, NFT_MSG_GETCHAIN, NLM_F_ACK, NFTA_CHAIN_NAME);
}

/* Of a whole chain the kernel tells which rule each comes behind; of one it
 * does not. */
static void query_rule(struct nft *nft, const struct nlmsghdr *nlh)
{
	struct query q = {.nft = nft, .handle = rule_handle(nlh)};

	query(&q, nlh, NFT_MSG_GETRULE, NLM_F_DUMP, NFTA_RULE_CHAIN);
}

static bool has_attr(const struct nlmsghdr *nlh, uint16_t type)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr a;

	while (attr_next(&area, &a))
		if (a.type == type)
			return true;
	return false;
}

static void debug_op(struct nft *nft, const struct batch_op *op,
		     const struct nlmsghdr *nlh)
{
	switch (op->type) {
	case OP_TABLE_ADD:
	case OP_TABLE_FLUSH:
		print_table(nft->debug, nlh);
		break;
	case OP_CHAIN_DEL:
		query_chain(nft, nlh, false);
		break;
	case OP_CHAIN_UPDATE:
		if (!has_attr(nlh, NFTA_CHAIN_POLICY)) {
			query_chain(nft, nlh, true);
			break;
		}
		/* fall through */
	case OP_CHAIN_ADD:
	case OP_CHAIN_USER_ADD:
	case OP_CHAIN_RENAME:
		print_chain(nft->debug, nlh, false);
		break;
	case OP_RULE_DELETE:
		if (has_attr(nlh, NFTA_RULE_HANDLE)) {
			query_rule(nft, nlh);
			break;
		}
		/* fall through */
	case OP_RULE_APPEND:
	case OP_RULE_INSERT:
	case OP_RULE_REPLACE:
		print_rule(nft, nlh, false);
		break;
	case OP_RULE_FLUSH:
		print_rule(nft, nlh, true);
		break;
	}
}

void debug_batch(struct nft *nft, const struct nft_batch *b)
{
	for (size_t i = 0; i < b->nops; i++) {
		const struct nlmsghdr *nlh =
			(const void *)(b->msgs.data + b->ops[i].msg);

		debug_op(nft, &b->ops[i], nlh);
		if (nft->debug_bytes)
			mnl_nlmsg_fprintf(nft->debug, nlh, nlh->nlmsg_len,
					  sizeof(struct nfgenmsg));
	}
}
