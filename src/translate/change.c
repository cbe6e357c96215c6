// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a committed batch has changed, as a record of a snapshot. The kernel
 * tells handles, and how it writes a rule, when asked (NLM_F_ECHO). Of a large
 * batch it is asked for some rules only: it numbers what a table gets one
 * after the other, and writes most expressions as they were written to it.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "translate/batch.h"
#include "translate/nft.h"
#include "translate/nlread.h"
#include "translate/snapshot.h"

#define ECHO_ALL 64   /* of so few rules all are asked for */
#define ECHO_MAX 1024 /* more answers are not worth it */

void nft_batch_track(struct nft_batch *b)
{
	b->track = true;
}

/*
 * Extensions that the kernel stores and gives back byte for byte (no
 * checkentry() that writes into it, no .usersize).
 */
static bool is_plain_ext(const struct ext *e)
{
	static const char *const plain[] = {
		"tcp",	      "udp",	  "comment",  "multiport", "conntrack",
		"state",      "mark",	  "connmark", "icmp",	   "icmp6",
		"iprange",    "mac",	  "pkttype",  "dscp",	   "length",
		"MARK",	      "CONNMARK", "REJECT",   "LOG",	   "ACCEPT",
		"addrtype",   "physdev",  "tos",      "ttl",	   "hl",
		"MASQUERADE", "DNAT",	  "SNAT",     "REDIRECT",
	};
	unsigned int i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(e->name, plain[i]))
			return true;
	return false;
}

static bool is_plain(const struct rule *r)
{
	struct ext *m;

	if (r->raw || r->flags)
		return false;
	list_for_each (m, &r->matches, struct ext, node)
		if (!is_plain_ext(m))
			return false;
	return r->action != ACTION_TARGET ||
	       (r->target && is_plain_ext(r->target));
}

void change_note_rule(struct nft_batch *b, const struct rule *r)
{
	struct batch_op *op = &b->ops[b->nops];

	if (!b->track)
		return;
	op->sketch = rule_sketch(r);
	op->ask = !is_plain(r);
}

/* ---- before the commit ---- */

static bool is_new_rule(const struct batch_op *op)
{
	return op->type == OP_RULE_APPEND || op->type == OP_RULE_INSERT ||
	       op->type == OP_RULE_REPLACE;
}

/* A rule that gets the handle after the one of the rule before it. */
static bool is_numbered(const struct batch_op *op)
{
	return op->type == OP_RULE_APPEND || op->type == OP_RULE_INSERT;
}

/* What may, or may not, use up a handle; or what begins the count anew. */
static bool breaks_numbers(const struct batch_op *op)
{
	return op->type < OP_RULE_APPEND;
}

/* Marks the first and the last rule of each run of consecutive handles. */
static void ask_ends(struct nft_batch *b)
{
	struct batch_op *last = NULL;
	size_t i;

	for (i = 0; i < b->nops; i++) {
		if (breaks_numbers(&b->ops[i])) {
			if (last)
				last->ask = true;
			last = NULL;
		} else if (is_numbered(&b->ops[i])) {
			b->ops[i].ask |= !last;
			last = &b->ops[i];
		}
	}
	if (last)
		last->ask = true;
}

static void set_echo(struct nft_batch *b, const struct batch_op *op, bool on)
{
	struct nlmsghdr *nlh = (void *)(b->msgs.data + op->msg);

	nlh->nlmsg_flags &= (uint16_t)~NLM_F_ECHO;
	if (on)
		nlh->nlmsg_flags |= NLM_F_ECHO;
}

/*
 * The kernel tells the new generation to who wants to be told of the batch's
 * first operation; which must not be one that it tells rule by rule.
 */
static bool tells_little(const struct batch_op *op)
{
	return op->type != OP_TABLE_FLUSH && op->type != OP_RULE_FLUSH &&
	       op->type != OP_CHAIN_DEL;
}

void change_prepare(struct nft_batch *b)
{
	size_t i, rules = 0, asked = 0;
	bool all;

	buf_reset(&b->echoes);
	b->generation = 0;
	if (!b->track)
		return;
	for (i = 0; i < b->nops; i++)
		rules += is_new_rule(&b->ops[i]);
	all = rules <= ECHO_ALL;
	if (!all)
		ask_ends(b);
	for (i = 0; i < b->nops; i++) {
		b->ops[i].ask = is_new_rule(&b->ops[i]) &&
				(all || b->ops[i].ask);
		b->ops[i].echo = 0;
		asked += b->ops[i].ask;
	}
	if (asked > ECHO_MAX)
		b->track = false;
	if (b->track && b->nops && tells_little(&b->ops[0]))
		set_echo(b, &b->ops[0], true);
	for (i = 0; i < b->nops; i++)
		if (b->ops[i].ask)
			set_echo(b, &b->ops[i], b->track);
}

static void take_generation(struct nft_batch *b, const struct nlmsghdr *nlh)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_GEN_MAX + 1];

	attrs_parse(area.data, area.len, tb, NFTA_GEN_MAX);
	attr_u32(&tb[NFTA_GEN_ID], &b->generation);
}

/* An answer: kept, behind its place in the operation. */
void change_take_echo(struct nft_batch *b, const struct nlmsghdr *nlh)
{
	size_t i = nlh->nlmsg_seq - BATCH_SEQ_FIRST;
	static const char zeros[NLMSG_ALIGNTO];

	if (nlh->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN))
		take_generation(b, nlh);
	if (!b->track || nlh->nlmsg_seq < BATCH_SEQ_FIRST || i >= b->nops ||
	    nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
		return;
	b->ops[i].echo = b->echoes.len + 1;
	buf_add(&b->echoes, nlh, nlh->nlmsg_len);
	buf_add(&b->echoes, zeros,
		NLMSG_ALIGN(nlh->nlmsg_len) - nlh->nlmsg_len);
}

/* ---- after it ---- */

struct change {
	const struct nft_batch *b;
	struct snap_record *r;
	uint64_t next; /* the handle that the next rule has, 0: it was asked for
			*/
	char table[MODEL_TABLE_NAME_LEN]; /* what @next is about */
	uint8_t family;
};

struct parsed {
	struct attr tb[NFTA_RULE_MAX + 1];
	struct snap_place at;
};

static int parse(const struct nlmsghdr *nlh, struct parsed *p)
{
	const struct nfgenmsg *nfg = NLMSG_DATA(nlh);
	struct attr_area area = nlmsg_attrs(nlh);

	attrs_parse(area.data, area.len, p->tb, NFTA_RULE_MAX);
	p->at.family = nfg->nfgen_family;
	p->at.table = attr_str(&p->tb[NFTA_RULE_TABLE]);
	p->at.chain = attr_str(&p->tb[NFTA_RULE_CHAIN]);
	return p->at.table ? 0 : -EINVAL;
}

static const struct nlmsghdr *message(const struct nft_batch *b,
				      const struct batch_op *op)
{
	return (const void *)(b->msgs.data + op->msg);
}

static const struct nlmsghdr *echo(const struct nft_batch *b,
				   const struct batch_op *op)
{
	return op->echo ? (const void *)(b->echoes.data + op->echo - 1) : NULL;
}

/* The handle of the rule that operation @op of this batch added: its id is
 * looked for. */
static int handle_of_id(const struct nft_batch *b, uint32_t id,
			uint64_t *handle)
{
	struct parsed p;
	uint32_t have;
	size_t i;

	for (i = 0; i < b->nops; i++) {
		const struct batch_op *op = &b->ops[i];

		if (!is_new_rule(op) || parse(message(b, op), &p) ||
		    !attr_u32(&p.tb[NFTA_RULE_ID], &have) || have != id)
			continue;
		if (!echo(b, op) || parse(echo(b, op), &p))
			return -ENODATA;
		return attr_u64(&p.tb[NFTA_RULE_HANDLE], handle) ? 0 : -ENODATA;
	}
	return -ENODATA;
}

uint64_t nft_batch_handle(const struct nft_batch *b, uint32_t id)
{
	uint64_t handle = 0;

	return handle_of_id(b, id, &handle) ? 0 : handle;
}

/* Where a rule went, in handles. */
static int placement(const struct change *c, const struct batch_op *op,
		     const struct parsed *sent, enum nft_where *where,
		     uint64_t *ref)
{
	bool behind = message(c->b, op)->nlmsg_flags & NLM_F_APPEND;
	uint32_t id;

	*ref = 0;
	if (op->type == OP_RULE_REPLACE) {
		*where = NFT_REPLACE;
		return attr_u64(&sent->tb[NFTA_RULE_HANDLE], ref) ? 0 : -EINVAL;
	}
	if (attr_u32(&sent->tb[NFTA_RULE_POSITION_ID], &id)) {
		*where = behind ? NFT_AFTER_HANDLE : NFT_BEFORE_HANDLE;
		return handle_of_id(c->b, id, ref);
	}
	if (attr_u64(&sent->tb[NFTA_RULE_POSITION], ref))
		*where = behind ? NFT_AFTER_HANDLE : NFT_BEFORE_HANDLE;
	else
		*where = behind ? NFT_APPEND : NFT_PREPEND;
	return 0;
}

/* The handle by counting; and whether that agrees with what the kernel said. */
static int number(struct change *c, const struct batch_op *op,
		  const struct parsed *sent, uint64_t told, uint64_t *handle)
{
	bool same = c->next && c->family == sent->at.family &&
		    !strcmp(c->table, sent->at.table);

	if (op->type == OP_RULE_REPLACE) {
		attr_u64(&sent->tb[NFTA_RULE_HANDLE], handle);
		return told && told != *handle ? -ENODATA : 0;
	}
	if (!told && !same)
		return -ENODATA;
	if (told && same && told != c->next)
		return -ENODATA;
	*handle = told ? told : c->next;
	c->next = *handle + 1;
	c->family = (uint8_t)sent->at.family;
	if (!same && strlen(sent->at.table) >= sizeof(c->table))
		return -EINVAL;
	strcpy(c->table, sent->at.table);
	return 0;
}

static int add_rule(struct change *c, const struct batch_op *op,
		    const struct parsed *sent)
{
	const struct nlmsghdr *reply = echo(c->b, op);
	struct snap_content rule = {.sketch = op->sketch};
	const struct parsed *p = sent;
	enum nft_where where;
	uint64_t ref, told = 0;
	struct parsed answer;
	int ret;

	if (op->ask && !reply)
		return -ENODATA;
	if (reply) {
		ret = parse(reply, &answer);
		if (ret || !attr_u64(&answer.tb[NFTA_RULE_HANDLE], &told))
			return -ENODATA;
		p = &answer;
	}
	ret = placement(c, op, sent, &where, &ref);
	if (!ret)
		ret = number(c, op, sent, told, &rule.handle);
	if (ret)
		return ret;
	rule.exprs = p->tb[NFTA_RULE_EXPRESSIONS].data;
	rule.exprs_len = p->tb[NFTA_RULE_EXPRESSIONS].len;
	rule.udata = p->tb[NFTA_RULE_USERDATA].data;
	rule.udata_len = p->tb[NFTA_RULE_USERDATA].len;
	snap_add(c->r, &sent->at, where, ref, &rule);
	return 0;
}

static int delete_rule(struct change *c, const struct parsed *sent)
{
	uint64_t handle;
	uint32_t id;
	int ret;

	if (!attr_u64(&sent->tb[NFTA_RULE_HANDLE], &handle)) {
		if (!attr_u32(&sent->tb[NFTA_RULE_ID], &id))
			return -EINVAL;
		ret = handle_of_id(c->b, id, &handle);
		if (ret)
			return ret;
	}
	snap_delete(c->r, &sent->at, handle);
	return 0;
}

static int add_op(struct change *c, const struct batch_op *op)
{
	struct parsed p;
	int ret = parse(message(c->b, op), &p);

	if (ret)
		return ret;
	if (breaks_numbers(op))
		c->next = 0;
	switch (op->type) {
	case OP_TABLE_ADD: /* where there is none, or a change of flags */
		if (!(message(c->b, op)->nlmsg_flags & NLM_F_CREATE))
			break;
		snap_reset(c->r, p.at.family, p.at.table);
		return 0;
	case OP_TABLE_FLUSH:
		snap_reset(c->r, p.at.family, p.at.table);
		return 0;
	case OP_RULE_FLUSH:
		if (p.at.chain)
			snap_flush(c->r, &p.at);
		else
			snap_reset(c->r, p.at.family, p.at.table);
		return 0;
	case OP_RULE_APPEND:
	case OP_RULE_INSERT:
	case OP_RULE_REPLACE:
		return add_rule(c, op, &p);
	case OP_RULE_DELETE:
		return delete_rule(c, &p);
	case OP_CHAIN_RENAME: /* and the jumps to it */
		return -EOPNOTSUPP;
	case OP_CHAIN_ADD:
	case OP_CHAIN_USER_ADD:
	case OP_CHAIN_DEL: /* an empty one */
	case OP_CHAIN_UPDATE:
		break;
	}
	return 0;
}

uint32_t nft_batch_generation(const struct nft_batch *b)
{
	return b->generation;
}

int nft_batch_change(const struct nft_batch *b, struct snap_record *r)
{
	struct change c = {.b = b, .r = r};
	size_t i;
	/* An empty batch is not committed: it leads to no generation. */
	int ret = b->nops && b->track && !b->echoes.failed ? 0 : -ENODATA;

	for (i = 0; i < b->nops && !ret; i++)
		ret = add_op(&c, &b->ops[i]);
	return ret;
}
