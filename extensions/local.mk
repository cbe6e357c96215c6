noinst_LIBRARIES += libextensions.a
libextensions_a_SOURCES = \
	extensions/addrtype.c \
	extensions/ah.c \
	extensions/ah6.c \
	extensions/bpf.c \
	extensions/cgroup.c \
	extensions/comment.c \
	extensions/connbytes.c \
	extensions/connlabel.c \
	extensions/connmark.c \
	extensions/conntrack.c \
	extensions/cpu.c \
	extensions/dccp.c \
	extensions/devgroup.c \
	extensions/dscp.c \
	extensions/ecn.c \
	extensions/esp.c \
	extensions/eui64.c \
	extensions/extension.h \
	extensions/frag.c \
	extensions/hashlimit.c \
	extensions/helper.c \
	extensions/hl.c \
	extensions/icmp.c \
	extensions/icmp6.c \
	extensions/ipcomp.c \
	extensions/iprange.c \
	extensions/ipv6header.c \
	extensions/length.c \
	extensions/limit.c \
	extensions/mac.c \
	extensions/mark.c \
	extensions/mh.c \
	extensions/multiport.c \
	extensions/nft_only.c \
	extensions/opts.c \
	extensions/owner.c \
	extensions/physdev.c \
	extensions/pkttype.c \
	extensions/policy.c \
	extensions/ports.h \
	extensions/quota.c \
	extensions/rt.c \
	extensions/realm.c \
	extensions/sctp.c \
	extensions/state.c \
	extensions/socket.c \
	extensions/statistic.c \
	extensions/string.c \
	extensions/table.c extensions/table.h extensions/table.inc \
	extensions/tcp.c \
	extensions/tcpmss.c \
	extensions/time.c \
	extensions/tos.c \
	extensions/ttl.c \
	extensions/u32.c \
	extensions/udp.c

EXTRA_DIST += doc/MATCHES.md
