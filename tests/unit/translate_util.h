/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of src/translate/ share: rules built by hand, expressions as
 * text. */
#ifndef TESTS_TRANSLATE_UTIL_H
#define TESTS_TRANSLATE_UTIL_H

#include <net/if.h>
#include <netinet/in.h>

#include "base/buf.h"
#include "model/model.h"

/* One named rule, built anew by each call of .build. */
struct sample {
	const char *name;
	enum family family;
	struct rule *(*build)(void);
};
extern const struct sample samples[];
extern const unsigned int sample_count;

/* Extensions as a libxtables plugin would hand them over (XT_ALIGNed size);
 * @data NULL: zeros. */
struct ext *make_ext(const char *name, uint8_t revision, const void *data,
		     size_t len);
struct ext *make_tcp(uint16_t sport_lo, uint16_t sport_hi, uint16_t dport_lo,
		     uint16_t dport_hi, uint8_t invflags);
struct ext *make_limit(uint32_t avg, uint32_t burst);
struct ext *make_bpf_pinned(const char *path);
void set_addr4(union model_addr *addr, union model_addr *mask, const char *a,
	       const char *m);
void set_iface(struct rule *r, bool in, const char *name, uint8_t len,
	       bool inverted);

/* The expressions (content of NFTA_RULE_EXPRESSIONS) one a line, numbers in hex
 * as on the wire. */
void print_exprs(struct buf *out, const void *exprs, size_t len);

#endif
