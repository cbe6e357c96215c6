noinst_LIBRARIES += libextensions.a
libextensions_a_SOURCES = \
	extensions/ah.c \
	extensions/comment.c \
	extensions/conntrack.c \
	extensions/dccp.c \
	extensions/dscp.c \
	extensions/ecn.c \
	extensions/esp.c \
	extensions/eui64.c \
	extensions/extension.h \
	extensions/hl.c \
	extensions/icmp.c \
	extensions/icmp6.c \
	extensions/ipcomp.c \
	extensions/iprange.c \
	extensions/length.c \
	extensions/limit.c \
	extensions/mac.c \
	extensions/mark.c \
	extensions/mh.c \
	extensions/multiport.c \
	extensions/pkttype.c \
	extensions/ports.h \
	extensions/sctp.c \
	extensions/state.c \
	extensions/table.c extensions/table.h extensions/table.inc \
	extensions/tcp.c \
	extensions/tcpmss.c \
	extensions/tos.c \
	extensions/ttl.c \
	extensions/udp.c

EXTRA_DIST += doc/MATCHES.md
