# The command side. One file a line.
noinst_LIBRARIES += libfrontend.a
libfrontend_a_SOURCES = \
	$(TEXT_SOURCES) \
	iptables-bpf/applet_iptables.c \
	iptables-bpf/args.c \
	iptables-bpf/args.h \
	iptables-bpf/args_commands.c \
	iptables-bpf/args_finish.c \
	iptables-bpf/args_help.c \
	iptables-bpf/args_options.c \
	iptables-bpf/command.c \
	iptables-bpf/command.h \
	iptables-bpf/family.h \
	iptables-bpf/family_ipv4.c \
	iptables-bpf/family_ipv6.c \
	iptables-bpf/frontend.c \
	iptables-bpf/interface.c \
	iptables-bpf/interface.h \
	iptables-bpf/options.c \
	iptables-bpf/options.h \
	iptables-bpf/transaction.h \
	iptables-bpf/xt.c \
	iptables-bpf/xt.h \
	iptables-bpf/xt_rule.c \
	iptables-bpf/xt_rule.h
