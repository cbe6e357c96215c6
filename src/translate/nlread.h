/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading netlink attributes that may be anything: every access checks
 * the length, nothing is assumed to be present, terminated or aligned.
 */
#ifndef TRANSLATE_NLREAD_H
#define TRANSLATE_NLREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attr {
	const unsigned char *data; /* NULL: not there */
	uint16_t len;
	uint16_t type; /* without the flag bits */
};

/* Walks attributes: for (rest = a whole area; attr_next(&rest, &a);) ... */
struct attr_area {
	const unsigned char *data;
	size_t len;
};
bool attr_next(struct attr_area *area, struct attr *a);

/*
 * Fills @tb[0..max] with the attributes of @area by type (the last one of a
 * type wins, as in the kernel); what is missing has data NULL. Types above @max
 * are ignored.
 */
void attrs_parse(const void *data, size_t len, struct attr *tb,
		 unsigned int max);
void attrs_parse_nested(const struct attr *nest, struct attr *tb,
			unsigned int max);

/* Numbers come in network byte order and leave in host byte order. False:
 * absent or too short. */
bool attr_u16(const struct attr *a, uint16_t *v);
bool attr_u32(const struct attr *a, uint32_t *v);
bool attr_u64(const struct attr *a, uint64_t *v);
/* The string, NULL when absent or not NUL-terminated. Lives as long as the
 * message. */
const char *attr_str(const struct attr *a);

/* The attributes of an nfnetlink message. */
struct nlmsghdr;
struct attr_area nlmsg_attrs(const struct nlmsghdr *nlh);

#endif
