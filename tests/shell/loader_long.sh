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
expect "BPF decided" "$FW" 'chain("INPUT")["decided_packets"] >= 15'
finish
