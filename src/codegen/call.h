/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matches that are no comparison of a field: each is a function of the runtime
 * (match*.bpf.h), "int name(ctx, p, its arguments)". It answers NEXT when it
 * does not match, MATCH, or DROP or HANDOVER, which end the packet at once.
 * A new one is a line in the enum, a line in call.c and its function.
 */
#ifndef CODEGEN_CALL_H
#define CODEGEN_CALL_H

#include <stdbool.h>
#include <stdint.h>

enum pred_call {
	CALL_ADDR_TYPE,
	CALL_ADDR6_BETWEEN,
	CALL_ADDR6_TYPE,
	CALL_AH6,
	CALL_CBPF,
	CALL_DCCP_OPTION,
	CALL_DCCP_TYPE,
	CALL_ECN_TCP,
	CALL_EUI64,
	CALL_FRAG,
	CALL_IPV6HEADER,
	CALL_MH,
	CALL_OPTS_HEADER,
	CALL_OPTS,
	CALL_RT,
	CALL_RT_ADDRS,
	CALL_SCTP_CHUNKS,
	CALL_STRING,
	CALL_TCPMSS,
	CALL_U32,
	CALL_CGROUP_CLASSID,
	CALL_CGROUP_PATH,
	CALL_CONNBYTES,
	CALL_CONNLABEL,
	CALL_CT_EXPIRES,
	CALL_HELPER,
	CALL_NTH,
	CALL_OWNER,
	CALL_PHYSDEV,
	CALL_POLICY_IPSEC,
	CALL_POLICY_NONE,
	CALL_QUOTA,
	CALL_RANDOM,
	CALL_HASHLIMIT,
	CALL_TIME,
	CALL_SOCKET,
	CALL_COUNT
};

struct buf;
struct pred;

struct call_desc {
	const char *name; /* of the function */
	const char *need; /* NEED_<need> is defined where it is used */
	uint8_t th;	  /* bytes of the transport header it looks at in @p */
	bool drops;	  /* it can answer DROP */
	bool hands_over;  /* it can answer HANDOVER */
	uint8_t frames;	  /* of the functions it calls, at most */
	/*
	 * It has state, or answers differently each time: the match's name. The
	 * ordinal of its state comes in front of the arguments.
	 */
	const char *state;
	uint16_t weight; /* what clang has to do for it, in comparisons */
	/*
	 * Prints statements that set `int m` to the answer, in place of a
	 * call of the function with the predicate's arguments and data.
	 */
	void (*print)(struct buf *out, const struct pred *p);
};

/* In print_code.c, print_string.c and print_hashlimit.c. */
void print_cbpf(struct buf *out, const struct pred *p);
void print_u32(struct buf *out, const struct pred *p);
void print_string(struct buf *out, const struct pred *p);
void print_hashlimit(struct buf *out, const struct pred *p);

extern const struct call_desc call_descs[CALL_COUNT];

#endif
