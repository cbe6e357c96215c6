# The text side: listings, saves and the restore grammar. Part of xtables-bpf-multi.
TEXT_SOURCES = \
	iptables-bpf/legacy.c iptables-bpf/legacy.h \
	iptables-bpf/print.h \
	iptables-bpf/print_chain.c \
	iptables-bpf/print_fields.c iptables-bpf/print_fields.h \
	iptables-bpf/print_list.c \
	iptables-bpf/print_rule.c \
	iptables-bpf/print_save.c \
	iptables-bpf/restore.c \
	iptables-bpf/restore_file.c iptables-bpf/restore_file.h \
	iptables-bpf/restore_grammar.y \
	iptables-bpf/restore_queue.c iptables-bpf/restore_queue.h \
	iptables-bpf/restore_scanner.l \
	iptables-bpf/restore_words.c iptables-bpf/restore_words.h \
	iptables-bpf/save.c \
	iptables-bpf/xlate_applet.c \
	iptables-bpf/xlate.c iptables-bpf/xlate.h \
	iptables-bpf/xlate_restore.c \
	iptables-bpf/xlate_rule.c iptables-bpf/xlate_rule.h

# The scanner needs the grammar's header.
BUILT_SOURCES += iptables-bpf/restore_grammar.h
CLEANFILES += iptables-bpf/restore_grammar.c iptables-bpf/restore_grammar.h iptables-bpf/restore_scanner.c
