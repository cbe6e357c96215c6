noinst_LIBRARIES += libextensions.a
libextensions_a_SOURCES = \
	extensions/comment.c \
	extensions/conntrack.c \
	extensions/extension.h \
	extensions/icmp.c \
	extensions/icmp6.c \
	extensions/limit.c \
	extensions/mark.c \
	extensions/multiport.c \
	extensions/ports.h \
	extensions/state.c \
	extensions/table.c extensions/table.h extensions/table.inc \
	extensions/tcp.c \
	extensions/udp.c

EXTRA_DIST += doc/MATCHES.md
