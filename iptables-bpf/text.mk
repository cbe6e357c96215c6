# The text side: listings, saves and the restore grammar. Part of xtables-bpf-multi.
TEXT_SOURCES = \
	iptables-bpf/legacy.c iptables-bpf/legacy.h \
	iptables-bpf/print.h \
	iptables-bpf/print_chain.c \
	iptables-bpf/print_fields.c iptables-bpf/print_fields.h \
	iptables-bpf/print_list.c \
	iptables-bpf/print_rule.c \
	iptables-bpf/print_save.c \
	iptables-bpf/save.c
