#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two namespaces at once do not meet; a deleted one is released.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

rules()
{
	cat <<END
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m udp --dport 4000 -j $1
-A INPUT -p udp -m udp --dport 4001 -j $2
COMMIT
END
}

inode()
{
	stat -L -c %i "/run/netns/$1"
}

# Whether there are pins of the namespace with this inode number. (Others' switched-off ones, without
# pins, may have had the same number.)
pinned()
{
	local file cookie

	for file in $(grep -lsx "$1" /run/iptables-bpf/ns-*/netns); do
		cookie=$(basename "$(dirname "$file")")
		[ -d "/run/iptables-bpf/bpf/${cookie#ns-}" ] && return 0
	done
	return 1
}

make_pair
rules ACCEPT DROP | ours "$FW" iptables-restore
rules DROP ACCEPT | ours "$PEER" iptables-restore
bpfctl "$FW" sync &
bpfctl "$PEER" sync
wait $!
expect "the one is live" "$FW" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
expect "the other is live" "$PEER" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
traffic()
{
	python3 "$SRCDIR/tests/shell/loader_traffic.py" probe "$1" "$2" "$3" "$4" 20
}
for round in 1 2 3; do
	equal "$round: FW accepts" "$(traffic "$PEER" "$FW" 10.77.0.1 4000)" 20
	equal "$round: FW drops" "$(traffic "$PEER" "$FW" 10.77.0.1 4001)" 0
	equal "$round: PEER drops" "$(traffic "$FW" "$PEER" 10.77.0.2 4000)" 0
	equal "$round: PEER accepts" "$(traffic "$FW" "$PEER" 10.77.0.2 4001)" 20
	# The epoch of notes is everybody's.
	stock "$PEER" iptables -A OUTPUT -p udp --dport "$((7000 + round))" -j DROP
	bpfctl "$PEER" sync
done
expect "PEER's syncs left FW alone" "$FW" 's["state"] == "live" and chain("INPUT")["handed_over_packets"] == 0'
equal "FW's counters" "$(rule_packets "$FW" dpt:4000)/$(rule_packets "$FW" dpt:4001)" 60/60
equal "PEER's counters" "$(rule_packets "$PEER" dpt:4000)/$(rule_packets "$PEER" dpt:4001)" 60/60

# A pinned link keeps a namespace; the reaper lets go of it.
ino=$(inode "$FW")
pinned "$ino" || bad "the namespace has no pins"
ip netns del "$FW"
for _ in $(seq 900); do
	pinned "$ino" || break
	sleep 0.1
done
if pinned "$ino"; then bad "the deleted namespace is still pinned"; else ok "the deleted namespace was released"; fi
# Its end of the wire goes with it, and takes the other end along.
for _ in $(seq 300); do
	ip -n "$PEER" link show wire >/dev/null 2>&1 || break
	sleep 0.1
done
if ip -n "$PEER" link show wire >/dev/null 2>&1; then bad "it lives on"; else ok "it is gone"; fi
expect "the living one was left alone" "$PEER" 's["state"] == "live"'

# Where nothing is to be decided, nothing is pinned.
new_ns IDLE
ours "$IDLE" iptables -t nat -A POSTROUTING -j MASQUERADE
expect_rc "sync without a filter table" 0 bpfctl "$IDLE" sync
expect "that is live" "$IDLE" 's["state"] == "live" and s["generation"] == s["compiled_generation"] and [c["reason"] for c in s["chains"]] == ["nat maps addresses: BPF gives verdicts only"]'
pinned "$(inode "$IDLE")" && bad "an idle namespace has pins"
ours "$IDLE" iptables -A INPUT -i nosuch -j DROP
bpfctl "$IDLE" sync
expect "until there is something" "$IDLE" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
pinned "$(inode "$IDLE")" || bad "no pins"

# What an earlier boot says of a namespace with the same cookie is not about it.
bpfctl "$IDLE" off
expect "off" "$IDLE" 's["state"] == "off"'
dir=$(dirname "$(grep -lsx "$(inode "$IDLE")" /run/iptables-bpf/ns-*/netns | head -n 1)")
[ "$(cat "$dir/boot")" = "$(cat /proc/sys/kernel/random/boot_id)" ] || bad "the boot is not noted"
echo 00000000-earlier >"$dir/boot"
expect "switched off long ago is not off" "$IDLE" 's["state"] != "off"'
expect_rc "sync after a restart" 0 bpfctl "$IDLE" sync
expect "live" "$IDLE" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
[ "$(cat "$dir/boot")" = "$(cat /proc/sys/kernel/random/boot_id)" ] || bad "this boot is not noted"
[ ! -e "$dir/off" ] || bad "the old switch is still there"

# A namespace that is switched off has no pins, but a directory.
bpfctl "$IDLE" off
ip netns del "$IDLE"
for _ in $(seq 900); do
	[ -e "$dir" ] || break
	sleep 0.1
done
[ -e "$dir" ] && bad "the directory of a deleted namespace stays"
[ -e "$dir" ] || ok "the directory of a deleted namespace goes"

# The same by hand, without a reaper that watches.
ino=$(inode "$PEER")
old=/run/iptables-bpf/ns-ffffffffffff
mkdir -p $old
echo 00000000-earlier >$old/boot
touch $old/off $old/netns
expect_rc "reap by hand" 0 bpfctl "$PEER" reap
[ ! -e $old ] && ok "what an earlier boot left goes"
[ ! -e $old ] || bad "an earlier boot's state stays"
pinned "$ino" && ok "what lives stays"
finish
