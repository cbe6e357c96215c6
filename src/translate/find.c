// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking for one rule in a chain as its dump comes in. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "translate/codec.h"
#include "translate/conn.h"
#include "translate/nft.h"
#include "translate/nlwrite.h"

#define FOUND	  1
#define MAX_TRIES 1000

struct find {
	enum family family;
	const char *chain;
	const struct rule *want;
	ext_cmp_size_fn size;
	uint64_t handle;
};

static int find_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	const struct attr *exprs = &tb[NFTA_RULE_EXPRESSIONS];
	const struct attr *udata = &tb[NFTA_RULE_USERDATA];
	struct find *f = arg;
	struct rule *r;
	int ret;

	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	r = rule_new();
	if (!r)
		return -ENOMEM;
	ret = rule_decode(f->family, exprs->data, exprs->data ? exprs->len : 0,
			  r, NULL);
	if (!ret && udata->data)
		ret = rule_decode_userdata(r, udata->data, udata->len);
	if (!ret)
		rule_mark_guard(r);
	if (!ret && !(r->flags & RULE_GUARD) &&
	    rule_equal(f->family, r, f->want, f->size) &&
	    attr_u64(&tb[NFTA_RULE_HANDLE], &f->handle))
		ret = FOUND;
	rule_free(r);
	return ret;
}

/* Returns FOUND, -ENOENT, -EINTR (changed meanwhile) or another negative errno
 * with @e filled. */
static int find_once(struct nft *nft, struct find *f, const char *table,
		     uint32_t *gen, struct err *e)
{
	uint32_t after;
	int ret, found;

	ret = nft_generation(nft, gen, e);
	if (ret)
		return ret;
	conn_begin(nft, NFT_MSG_GETRULE, NLM_F_DUMP, (uint8_t)f->family);
	nlw_str(&nft->req, NFTA_RULE_TABLE, table);
	nlw_str(&nft->req, NFTA_RULE_CHAIN, f->chain);
	found = conn_request(nft, find_cb, f);
	if (found == -EINTR)
		return found;
	if (found < 0 && found != -ENOENT)
		return err_set(e, ERR_RESOURCE, -found,
			       "Could not read the ruleset: %s",
			       nft_strerror(-found));
	ret = nft_generation(nft, &after, e);
	if (ret)
		return ret;
	if (*gen != after)
		return -EINTR;
	return found == FOUND ? FOUND : -ENOENT;
}

int nft_find_rule(struct nft *nft, enum family family, const char *table,
		  const char *chain, const struct rule *want,
		  ext_cmp_size_fn userspace_size, uint64_t *handle,
		  uint32_t *generation, struct err *e)
{
	struct find f = {.family = family,
			 .chain = chain,
			 .want = want,
			 .size = userspace_size};
	int ret = -EINTR, tries;
	uint32_t gen = 0;

	for (tries = 0; ret == -EINTR && tries < MAX_TRIES; tries++)
		ret = find_once(nft, &f, table, &gen, e);
	if (ret == -EINTR)
		return err_set(e, ERR_RESOURCE, EAGAIN,
			       "Could not read the ruleset: it keeps changing");
	if (ret != FOUND)
		return ret;
	if (handle)
		*handle = f.handle;
	if (generation)
		*generation = gen;
	return 0;
}
