# xtables-monitor. Part of xtables-bpf-multi.
MONITOR_SOURCES = \
	iptables-bpf/monitor.c iptables-bpf/monitor.h \
	iptables-bpf/monitor_event.c \
	iptables-bpf/monitor_packet.c \
	iptables-bpf/monitor_rule.c \
	iptables-bpf/monitor_trace.c
