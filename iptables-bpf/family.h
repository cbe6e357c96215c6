/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between iptables and ip6tables: one vtable per family, in
 * family_ipv4.c and family_ipv6.c. No other front-end file tests the family.
 */
#ifndef FRONTEND_FAMILY_H
#define FRONTEND_FAMILY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/model.h"

/* After libc's net/if.h and netinet/in.h (model.h), which then win over the
 * kernel's. */
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* The rule structure of the old kernel interface, as far as plugins see it. */
union family_entry {
	struct ipt_entry v4;
	struct ip6t_entry v6;
};

struct family_ops {
	enum family family;
	const char *progname;	  /* "iptables" */
	const char *save_name;	  /* "iptables-save" */
	const char *restore_name; /* "iptables-restore" */
	const char *nft_name;	  /* "ip" */
	const char *xlate_proto;  /* how nft text asks for -p */
	unsigned int addr_bits;	  /* 32 or 128 */
	char option; /* '4' or '6': of -4 and -6, the one that changes nothing
		      */
	bool has_fragment; /* -f exists */
	/* Whether -p with this protocol never matches (IPv6 extension headers).
	 */
	bool (*never_upper_layer)(uint16_t proto);
	/*
	 * Host name, address, network name, each with optional /mask or
	 * /prefix, into arrays of @n (address, mask) pairs that the caller
	 * frees with free(); what xtables_ipparse_multiple() does; comma lists
	 * too. Fails through the libxtables exit callback.
	 */
	void (*parse_addr)(const char *arg, union model_addr **addrs,
			   union model_addr **masks, unsigned int *n);
	/* "10.0.0.0/8", "host.example", "anywhere": as -L prints (numeric or
	 * with names). */
	void (*addr_list)(struct buf *out, const union model_addr *addr,
			  const union model_addr *mask, bool numeric);
	/* "10.0.0.0/8": as -S and -save print; always with a mask. */
	void (*addr_save)(struct buf *out, const union model_addr *addr,
			  const union model_addr *mask);
	/*
	 * The struct ipt_entry / ip6t_entry ip part that extensions' parse,
	 * print and save callbacks get, filled from the model; @out has room
	 * for sizeof(struct ip6t_ip6).
	 */
	void (*fill_ip)(void *out, const struct rule *r);
	/*
	 * What plugins' parse callbacks get to see of the rule: a struct
	 * ipt_entry / ip6t_entry, zeroed by the caller, of which only the
	 * protocol is filled in. @inv: CORE_INV_*.
	 */
	void (*entry_set_proto)(union family_entry *entry, uint16_t proto,
				uint8_t inv);
};

extern const struct family_ops family_ipv4;
extern const struct family_ops family_ipv6;

#endif
