// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/rule_message.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

#include "translate/codec.h"
#include "translate/nft.h"

int table_set_incompatible(struct table *t, const char *chain, const char *why)
{
	if (!t->incompatible &&
	    asprintf(&t->incompatible, "chain `%s': %s", chain, why) < 0) {
		t->incompatible = NULL;
		return -ENOMEM;
	}
	return 0;
}

struct snap_content rule_content(const struct attr *tb)
{
	struct snap_content c = {
		.exprs = tb[NFTA_RULE_EXPRESSIONS].data,
		.exprs_len = tb[NFTA_RULE_EXPRESSIONS].len,
		.udata = tb[NFTA_RULE_USERDATA].data,
		.udata_len = tb[NFTA_RULE_USERDATA].len,
	};

	attr_u64(&tb[NFTA_RULE_HANDLE], &c.handle);
	return c;
}

static int rule_from_content(enum family family, const struct snap_content *c,
			     struct rule *r, struct decode_result *res)
{
	size_t len = c->exprs ? c->exprs_len : 0;
	int ret;

	r->handle = c->handle;
	ret = rule_decode(family, c->exprs, len, r, res);
	if (!ret && c->udata)
		ret = rule_decode_userdata(r, c->udata, c->udata_len);
	if (!ret)
		rule_mark_guard(r);
	if (!ret)
		ret = rule_keep_raw(r, c->exprs, len, c->udata, c->udata_len);
	return ret;
}

int rule_make(struct table *t, const struct chain *c,
	      const struct snap_content *content, struct rule **out)
{
	struct rule *r = rule_new();
	struct decode_result res;
	int ret;

	if (!r)
		return -ENOMEM;
	ret = rule_from_content(t->family, content, r, &res);
	if (!ret && res.incompatible)
		ret = table_set_incompatible(t, c->name, res.why);
	if (ret)
		rule_free(r);
	else
		*out = r;
	return ret;
}

int nft_take_rule(struct table *t, struct chain *c,
		  const struct snap_content *content)
{
	struct rule *r;
	int ret = rule_make(t, c, content, &r);

	if (!ret)
		chain_append_rule(c, r);
	return ret;
}

int nft_rule_from_message(const struct nlmsghdr *nlh,
			  struct nft_rule_message *out)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct attr_area area = nlmsg_attrs(nlh);
	struct attr tb[NFTA_RULE_MAX + 1];
	struct snap_content content;
	struct decode_result res;
	int ret;

	attrs_parse(area.data, area.len, tb, NFTA_RULE_MAX);
	out->table = attr_str(&tb[NFTA_RULE_TABLE]);
	out->chain = attr_str(&tb[NFTA_RULE_CHAIN]);
	if (!out->table || !out->chain)
		return -EBADMSG;
	out->family = nfg->nfgen_family;
	out->rule = rule_new();
	if (!out->rule)
		return -ENOMEM;
	/* Other families are decoded for what they have in common, the guard's
	 * absence. */
	content = rule_content(tb);
	ret = rule_from_content((enum family)out->family, &content, out->rule,
				&res);
	if (ret)
		rule_free(out->rule);
	return ret;
}

bool nft_message_is_guard(const struct nlmsghdr *nlh)
{
	struct nft_rule_message m;
	bool guard;

	if (nft_rule_from_message(nlh, &m))
		return false;
	guard = m.rule->flags & RULE_GUARD;
	rule_free(m.rule);
	return guard;
}
