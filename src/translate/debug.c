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

static void print_rule(FILE *out, const struct nlmsghdr *nlh, bool flush)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r && nftnl_rule_nlmsg_parse(nlh, r) >= 0) {
		/* As iptables has it, these are not set. */
		nftnl_rule_unset(r, NFTNL_RULE_ID);
		if (flush)
			nftnl_rule_unset(r, NFTNL_RULE_FAMILY);
		nftnl_rule_fprintf(out, r, 0, 0);
		fputc('\n', out);
	}
	nftnl_rule_free(r);
}

void debug_rule(FILE *out, const struct nlmsghdr *nlh)
{
	print_rule(out, nlh, false);
}

static bool is_guard(const struct nlmsghdr *nlh)
{
	struct nft_rule_message msg;
	bool guard;

	if (nft_rule_from_message(nlh, &msg))
		return false;
	guard = msg.rule->flags & RULE_GUARD;
	rule_free(msg.rule);
	return guard;
}

struct query {
	FILE *out;
	bool zeroed;
};

static int queried(const struct nlmsghdr *nlh, void *arg)
{
	const struct query *q = arg;

	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == NFT_MSG_NEWCHAIN)
		print_chain(q->out, nlh, q->zeroed);
	else if (!is_guard(nlh))
		print_rule(q->out, nlh, false);
	return 0;
}

/* Shows what the kernel holds under the names (or the handle) in @nlh. */
static void query(struct nft *nft, const struct nlmsghdr *nlh, uint8_t type,
		  bool zeroed)
{
	const struct nfgenmsg *nfg = NLMSG_DATA(nlh);
	struct attr_area area = nlmsg_attrs(nlh);
	struct query q = {nft->debug, zeroed};
	struct attr a;

	conn_begin(nft, type, NLM_F_ACK, nfg->nfgen_family);
	/* Table, then chain or chain's name, then handle: for both the numbers
	 * are 1 to 3. */
	while (attr_next(&area, &a))
		if (a.type <= NFTA_RULE_HANDLE)
			nlw_put(&nft->req, a.type, a.data, a.len);
	conn_request(nft, queried, &q);
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
		query(nft, nlh, NFT_MSG_GETCHAIN, false);
		break;
	case OP_CHAIN_UPDATE:
		if (!has_attr(nlh, NFTA_CHAIN_POLICY)) {
			query(nft, nlh, NFT_MSG_GETCHAIN, true);
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
			query(nft, nlh, NFT_MSG_GETRULE, false);
			break;
		}
		/* fall through */
	case OP_RULE_APPEND:
	case OP_RULE_INSERT:
	case OP_RULE_REPLACE:
		print_rule(nft->debug, nlh, false);
		break;
	case OP_RULE_FLUSH:
		print_rule(nft->debug, nlh, true);
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
