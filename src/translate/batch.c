// SPDX-License-Identifier: GPL-2.0-or-later
/* Building a batch: every operation is one message, written straight into the
 * buffer that is sent. */
#include "translate/batch.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>

#include "translate/codec.h"
#include "translate/nft.h"
#include "translate/nlwrite.h"

#ifndef NLM_F_NONREC
#define NLM_F_NONREC 0x100
#endif

struct nft_batch *nft_batch_new(void)
{
	struct nft_batch *b = calloc(1, sizeof(*b));
	size_t begin;

	if (!b)
		return NULL;
	begin = nlw_msg(&b->msgs, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
			NFNL_SUBSYS_NFTABLES, BATCH_SEQ_BEGIN);
	b->genid = b->msgs.len + NLA_HDRLEN;
	nlw_u32(&b->msgs, NFNL_BATCH_GENID, 0);
	nlw_msg_end(&b->msgs, begin);
	if (b->msgs.failed) {
		nft_batch_free(b);
		return NULL;
	}
	return b;
}

void nft_batch_free(struct nft_batch *b)
{
	if (!b)
		return;
	buf_free(&b->msgs);
	buf_free(&b->echoes);
	free(b->ops);
	free(b);
}

bool nft_batch_is_empty(const struct nft_batch *b)
{
	return !b->nops;
}

void nft_batch_set_line(struct nft_batch *b, int line)
{
	b->line = (uint32_t)line;
}

/* Begins the message of a new operation; op_end() (or op_cancel()) must follow.
 */
static int op_begin(struct nft_batch *b, enum batch_op_type type, uint8_t msg,
		    uint16_t flags, enum family family)
{
	struct batch_op *ops;
	size_t cap;

	if (b->nops == b->cap) {
		cap = b->cap ? b->cap * 2 : 32;
		ops = realloc(b->ops, cap * sizeof(*ops));
		if (!ops)
			return -ENOMEM;
		b->ops = ops;
		b->cap = cap;
	}
	b->ops[b->nops] = (struct batch_op){
		.msg = b->msgs.len, .line = b->line, .type = type};
	nlw_msg(&b->msgs, NFNL_SUBSYS_NFTABLES << 8 | msg, flags,
		(uint8_t)family, 0, (uint32_t)(b->nops + BATCH_SEQ_FIRST));
	return 0;
}

static int op_end(struct nft_batch *b)
{
	if (b->msgs.failed)
		return -ENOMEM;
	nlw_msg_end(&b->msgs, b->ops[b->nops].msg);
	b->nops++;
	return 0;
}

static int op_cancel(struct nft_batch *b, int ret)
{
	b->msgs.len = b->ops[b->nops].msg;
	return ret;
}

static int table_op(struct nft_batch *b, enum batch_op_type type, uint8_t msg,
		    uint16_t flags, enum family family, const char *table)
{
	int ret = op_begin(b, type, msg, flags, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_TABLE_NAME, table);
	return op_end(b);
}

int nft_batch_add_table(struct nft_batch *b, enum family family,
			const char *table)
{
	return table_op(b, OP_TABLE_ADD, NFT_MSG_NEWTABLE, NLM_F_CREATE, family,
			table);
}

int nft_batch_set_dormant(struct nft_batch *b, enum family family,
			  const char *table, bool dormant)
{
	int ret = op_begin(b, OP_TABLE_ADD, NFT_MSG_NEWTABLE, 0, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_TABLE_NAME, table);
	nlw_u32(&b->msgs, NFTA_TABLE_FLAGS, dormant ? NFT_TABLE_F_DORMANT : 0);
	return op_end(b);
}

int nft_batch_set_mark(struct nft_batch *b, enum family family,
		       const char *table, const char *name, bool there)
{
	struct buf *m = &b->msgs;
	size_t nest;
	int ret;

	/* NLM_F_CREATE, which the kernel does not ask for, would make this a
	 * new table's message to who reads the batch (change.c). */
	ret = op_begin(b, OP_TABLE_ADD, there ? NFT_MSG_NEWOBJ : NFT_MSG_DELOBJ,
		       0, family);
	if (ret)
		return ret;
	nlw_str(m, NFTA_OBJ_TABLE, table);
	nlw_str(m, NFTA_OBJ_NAME, name);
	nlw_u32(m, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	if (there) {
		nest = nlw_nest(m, NFTA_OBJ_DATA);
		nlw_u64(m, NFTA_COUNTER_PACKETS, 0);
		nlw_u64(m, NFTA_COUNTER_BYTES, 0);
		nlw_nest_end(m, nest);
	}
	return op_end(b);
}

int nft_batch_del_table(struct nft_batch *b, enum family family,
			const char *table)
{
	return table_op(b, OP_TABLE_FLUSH, NFT_MSG_DELTABLE, 0, family, table);
}

int nft_batch_set_builtin(struct nft_batch *b, enum family family,
			  const struct builtin_chain *chain, int policy,
			  const struct nft_counters *counters)
{
	struct buf *m = &b->msgs;
	size_t nest;
	int ret = op_begin(b, counters ? OP_CHAIN_UPDATE : OP_CHAIN_ADD,
			   NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);

	if (ret)
		return ret;
	nlw_str(m, NFTA_CHAIN_TABLE, chain->table);
	nlw_str(m, NFTA_CHAIN_NAME, chain->name);
	nest = nlw_nest(m, NFTA_CHAIN_HOOK);
	nlw_u32(m, NFTA_HOOK_HOOKNUM, chain->hook);
	nlw_u32(m, NFTA_HOOK_PRIORITY, (uint32_t)chain->prio);
	nlw_nest_end(m, nest);
	if (policy >= 0)
		nlw_u32(m, NFTA_CHAIN_POLICY, (uint32_t)policy);
	if (counters) {
		nest = nlw_nest(m, NFTA_CHAIN_COUNTERS);
		nlw_u64(m, NFTA_COUNTER_PACKETS, counters->packets);
		nlw_u64(m, NFTA_COUNTER_BYTES, counters->bytes);
		nlw_nest_end(m, nest);
	}
	nlw_str(m, NFTA_CHAIN_TYPE, chain->type);
	return op_end(b);
}

static int chain_op(struct nft_batch *b, enum batch_op_type type, uint8_t msg,
		    uint16_t flags, enum family family, const char *table,
		    const char *chain, uint64_t handle)
{
	int ret = op_begin(b, type, msg, flags, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_CHAIN_TABLE, table);
	if (handle)
		nlw_u64(&b->msgs, NFTA_CHAIN_HANDLE, handle);
	nlw_str(&b->msgs, NFTA_CHAIN_NAME, chain);
	return op_end(b);
}

int nft_batch_add_chain(struct nft_batch *b, enum family family,
			const char *table, const char *chain)
{
	return chain_op(b, OP_CHAIN_USER_ADD, NFT_MSG_NEWCHAIN, NLM_F_EXCL,
			family, table, chain, 0);
}

int nft_batch_del_chain(struct nft_batch *b, enum family family,
			const char *table, const char *chain)
{
	return chain_op(b, OP_CHAIN_DEL, NFT_MSG_DELCHAIN, NLM_F_NONREC, family,
			table, chain, 0);
}

int nft_batch_rename_chain(struct nft_batch *b, enum family family,
			   const char *table, const struct chain *chain,
			   const char *newname)
{
	int ret = op_begin(b, OP_CHAIN_RENAME, NFT_MSG_NEWCHAIN, 0, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_CHAIN_TABLE, table);
	/* Without one the kernel would make a chain of the new name; 0 is
	 * nobody's. */
	nlw_u64(&b->msgs, NFTA_CHAIN_HANDLE, chain->handle);
	nlw_str(&b->msgs, NFTA_CHAIN_NAME, newname);
	return op_end(b);
}

int nft_batch_flush(struct nft_batch *b, enum family family, const char *table,
		    const char *chain)
{
	int ret = op_begin(b, OP_RULE_FLUSH, NFT_MSG_DELRULE, 0, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_RULE_TABLE, table);
	if (chain)
		nlw_str(&b->msgs, NFTA_RULE_CHAIN, chain);
	return op_end(b);
}

/* Per enum nft_where: message flags, name, and the attribute that @ref goes
 * into (0: none). */
static const struct {
	uint16_t flags;
	enum batch_op_type type;
	uint16_t ref64, ref32;
} wheres[] = {
	[NFT_APPEND] = {NLM_F_CREATE | NLM_F_APPEND, OP_RULE_APPEND, 0, 0},
	[NFT_PREPEND] = {NLM_F_CREATE, OP_RULE_INSERT, 0, 0},
	[NFT_BEFORE_HANDLE] = {NLM_F_CREATE, OP_RULE_INSERT, NFTA_RULE_POSITION,
			       0},
	[NFT_AFTER_HANDLE] = {NLM_F_CREATE | NLM_F_APPEND, OP_RULE_INSERT,
			      NFTA_RULE_POSITION, 0},
	[NFT_BEFORE_ID] = {NLM_F_CREATE, OP_RULE_INSERT, 0,
			   NFTA_RULE_POSITION_ID},
	[NFT_REPLACE] = {NLM_F_CREATE | NLM_F_REPLACE, OP_RULE_REPLACE,
			 NFTA_RULE_HANDLE, 0},
};

/* nft_compat checks extensions against the protocol that iptables' rule states.
 */
static void put_compat(struct buf *m, const struct core_match *core)
{
	size_t nest = nlw_nest(m, NFTA_RULE_COMPAT);

	nlw_u32(m, NFTA_RULE_COMPAT_PROTO, core->proto);
	nlw_u32(m, NFTA_RULE_COMPAT_FLAGS,
		core->inv & CORE_INV_PROTO ? NFT_RULE_COMPAT_F_INV : 0);
	nlw_nest_end(m, nest);
}

int nft_batch_add_rule(struct nft_batch *b, enum family family,
		       const char *table, const char *chain,
		       const struct rule *r, enum nft_where where, uint64_t ref,
		       uint32_t *id)
{
	struct buf *m = &b->msgs;
	size_t nest;
	int ret = op_begin(b, wheres[where].type, NFT_MSG_NEWRULE,
			   wheres[where].flags, family);

	if (ret)
		return ret;
	nlw_str(m, NFTA_RULE_TABLE, table);
	nlw_str(m, NFTA_RULE_CHAIN, chain);
	if (wheres[where].ref64)
		nlw_u64(m, wheres[where].ref64, ref);
	nest = nlw_nest(m, NFTA_RULE_EXPRESSIONS);
	ret = rule_encode(m, family, r);
	if (ret)
		return op_cancel(b, ret);
	if (!nlw_nest_end(m, nest))
		return op_cancel(b, -EMSGSIZE);
	if (r->raw && r->raw->udata_len)
		nlw_put(m, NFTA_RULE_USERDATA, r->raw->data + r->raw->exprs_len,
			r->raw->udata_len);
	put_compat(m, &r->core);
	if (id) {
		*id = ++b->rule_id;
		nlw_u32(m, NFTA_RULE_ID, *id);
	}
	if (wheres[where].ref32)
		nlw_u32(m, wheres[where].ref32, (uint32_t)ref);
	change_note_rule(b, r);
	return op_end(b);
}

static int del_rule(struct nft_batch *b, enum family family, const char *table,
		    const char *chain, uint64_t handle, uint32_t id)
{
	int ret = op_begin(b, OP_RULE_DELETE, NFT_MSG_DELRULE, 0, family);

	if (ret)
		return ret;
	nlw_str(&b->msgs, NFTA_RULE_TABLE, table);
	nlw_str(&b->msgs, NFTA_RULE_CHAIN, chain);
	if (handle)
		nlw_u64(&b->msgs, NFTA_RULE_HANDLE, handle);
	else
		nlw_u32(&b->msgs, NFTA_RULE_ID, id);
	return op_end(b);
}

int nft_batch_del_rule(struct nft_batch *b, enum family family,
		       const char *table, const char *chain, uint64_t handle)
{
	return handle ? del_rule(b, family, table, chain, handle, 0) : -EINVAL;
}

int nft_batch_del_rule_id(struct nft_batch *b, enum family family,
			  const char *table, const char *chain, uint32_t id)
{
	return id ? del_rule(b, family, table, chain, 0, id) : -EINVAL;
}
