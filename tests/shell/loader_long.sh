#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A long chain, which is data: a rule more or less needs no clang, is obeyed at
# once, and no rule's counter suffers.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

make_pair
{
	echo "*filter"
	echo ":INPUT ACCEPT [0:0]"
	for i in $(seq 1000); do
		echo "-A INPUT -p udp -m udp --dport $((5000 + i)) -j DROP"
	done
	echo COMMIT
} | ours "$FW" iptables-restore
expect_rc "sync" 0 bpfctl "$FW" sync
expect "a long chain runs in BPF" "$FW" 'chain("INPUT")["mode"] == "hybrid"'
equal "a rule in the middle is obeyed" "$(probe 5500 3)" 0
equal "a port that no rule names is open" "$(probe 6500 3)" 3

ours "$FW" iptables -A INPUT -p udp --dport 6500 -j DROP
expect_rc "sync after an append" 0 bpfctl "$FW" sync
expect "the object was there already" "$FW" 'chain("INPUT")["program"]["cache"] == "hit"'
equal "the new rule is obeyed" "$(probe 6500 4)" 0
ours "$FW" iptables -D INPUT -p udp --dport 5500 -j DROP
expect_rc "sync after a deletion" 0 bpfctl "$FW" sync
expect "again without clang" "$FW" 'chain("INPUT")["program"]["cache"] == "hit"'
equal "the deleted rule is gone" "$(probe 5500 3)" 3
equal "the last one is still obeyed" "$(probe 6500 2)" 0
equal "and has counted on" "$(rule_packets "$FW" dpt:6500)" 6
ours "$FW" iptables -R INPUT 7 -p udp --dport 5007 -j ACCEPT
expect_rc "sync after a change of a verdict" 0 bpfctl "$FW" sync
equal "the changed rule is obeyed" "$(probe 5007 3)" 3
# Two programs take turns: the one that runs, and its spare.
need bpftool
pins=$(in_ns "$FW" python3 -c '
import socket, struct
s = socket.socket()
print("/run/iptables-bpf/bpf/%x" % struct.unpack("Q", s.getsockopt(socket.SOL_SOCKET, 71, 8)))')
spare()
{
	bpftool -j prog show pinned "$pins/spare-c11-prog" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'
}
first=$(spare)
ours "$FW" iptables -I INPUT 3 -p udp --dport 6501 -j DROP
expect_rc "sync" 0 bpfctl "$FW" sync
second=$(spare)
equal "the inserted rule is obeyed" "$(probe 6501 4)" 0
equal "those behind it are" "$(probe 5010 5)" 0
ours "$FW" iptables -D INPUT 1
expect_rc "sync" 0 bpfctl "$FW" sync
equal "the spare is used again" "$(spare)" "$first"
equal "by what ran before" "$([ "$second" != "$first" ] && echo other)" other
equal "the first rule is gone" "$(probe 5001 3)" 3
equal "a count that came along" "$(rule_packets "$FW" dpt:5010)" 5
equal "of a place that another rule had" "$(rule_packets "$FW" dpt:5009)" 0
probe 5010 2 >/dev/null
equal "it counts on" "$(rule_packets "$FW" dpt:5010)" 7
ours "$FW" iptables -Z INPUT
ours "$FW" iptables -A INPUT -p udp --dport 6502 -j DROP
expect_rc "sync" 0 bpfctl "$FW" sync
equal "zeroed in between" "$(rule_packets "$FW" dpt:5010)" 0
equal "the new rule is obeyed" "$(probe 6502 2)" 0
equal "and counted" "$(rule_packets "$FW" dpt:6502)" 2
expect "BPF decided" "$FW" 'chain("INPUT")["decided_packets"] >= 15'
finish
