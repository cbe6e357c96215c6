#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of the sync at any moment, under traffic: verdicts stay right, and in
# the end every packet was counted once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

make_pair
export IPTABLES_BPF=off # no syncs but the ones that are killed
stream_rules | ours "$FW" iptables-restore
bpfctl "$FW" sync
stream_start

# How long does one take? The moments are spread over that.
start=$(date +%s%N)
ours "$FW" iptables -A INPUT -p udp --dport 5000 -j DROP
bpfctl "$FW" sync
took=$((($(date +%s%N) - start) / 1000000))

# Enough rules for tables: then a sync may find a spare program, or make one.
long_rules()
{
	echo "*filter"
	for i in $(seq 60); do
		echo "-A INPUT -p udp -m udp --dport $((7000 + i)) -j DROP"
	done
	echo COMMIT
}

finished=0
backwards=0
last=0
ROUNDS=${ROUNDS:-150}
for i in $(seq "$ROUNDS"); do
	[ "$i" != $((ROUNDS / 2)) ] || long_rules | ours "$FW" iptables-restore -n
	case $((i % 4)) in
	0) ours "$FW" iptables -A INPUT -p udp --dport 5001 -j DROP ;;
	1) ours "$FW" iptables -D INPUT -p udp --dport 5001 -j DROP 2>/dev/null ;;
	2) in_ns "$FW" nft add table ip "t$i" ;;
	3) ours "$FW" iptables -A OUTPUT -p udp --dport "$((6000 + i))" -j DROP ;;
	esac
	ip netns exec "$FW" "$BUILDDIR/iptables-bpfctl" sync 2>/dev/null &
	pid=$!
	sleep "0.$(printf %03d $((RANDOM % (took < 300 ? took : 300))))"
	kill -9 "$pid" 2>/dev/null || finished=$((finished + 1))
	wait "$pid" 2>/dev/null
	now=$(rule_packets "$FW" dpt:4000)
	[ "$now" -ge "$last" ] || { backwards=$((backwards + 1)); echo "round $i: $last, then $now" >&2; }
	last=$now
done
equal "counters never went backwards" "$backwards" 0
expect_rc "a sync that nobody kills" 0 bpfctl "$FW" sync
expect "live" "$FW" 's["state"] == "live"'
stream_stop
stream_counted "counted once"
equal "one guard each" "$(stock "$FW" iptables -S | grep -c guard)" 2
echo "a sync takes $took ms; $finished of them finished before they were killed; $SENT packets each way"
expect_rc "off" 0 bpfctl "$FW" off
stream_counted "off keeps the counts"
finish
