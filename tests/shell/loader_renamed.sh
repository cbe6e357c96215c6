#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A device that had a longer name keeps the rest of it behind the end of its new one: BPF must not see that, in code or in tables.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

export IPTABLES_BPF=hybrid
make_pair
ip -n "$FW" link set wire down
ip -n "$FW" link set wire name a-long-name-15b
ip -n "$FW" link set a-long-name-15b name lan7
ip -n "$FW" link set lan7 up
ip -n "$FW" neigh replace 10.77.0.2 dev lan7 lladdr "$(ip netns exec "$PEER" cat /sys/class/net/wire/address)" nud permanent

# $1 rules that differ in the device and the port
rules()
{
	echo "*filter"
	echo ":INPUT ACCEPT [0:0]"
	for i in $(seq 1 "$1"); do
		echo "-A INPUT -i lan$((i % 9)) -p udp -m udp --dport $((4000 + i)) -j DROP"
	done
	echo "-A INPUT -i lan7 -p icmp -m comment --comment answers -j ACCEPT"
	echo "COMMIT"
}

for n in 10 100; do
	rules "$n" | ours "$FW" iptables-restore
	expect_rc "$n rules: sync" 0 bpfctl "$FW" sync
	expect "$n rules: in BPF" "$FW" 'chain("INPUT")["mode"] == "hybrid" and s["state"] == "live"'
	in_ns "$PEER" python3 -c '
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    for _ in range(5):
        s.sendto(b"x", ("10.77.0.1", 4007))
'
	expect_rc "$n rules: ping" 0 in_ns "$PEER" ping -q -c 3 -i 0.1 -W 20 10.77.0.1
	equal "$n rules: drops" "$(rule_packets "$FW" "dpt:4007")" 5
	equal "$n rules: answers" "$(rule_packets "$FW" answers)" 3
done
finish
