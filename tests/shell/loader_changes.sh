#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 200 alternating rule changes, by both tools, under a stream of packets: every
# verdict is checked, those of the stream and, after each change, the new ones.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

make_pair
stream_rules | ours "$FW" iptables-restore
bpfctl "$FW" sync
stream_start

wrong=0
backwards=0
last=0
for i in $(seq 100); do
	tool=ours
	[ $((i % 3)) = 0 ] && tool=stock
	$tool "$FW" iptables -I INPUT -p udp --dport 4444 -j DROP
	# Sometimes at once, sometimes while the sync compiles, sometimes when it is live.
	sleep "0.$((i % 4))"
	[ "$(probe 4444 3)" = 0 ] || { wrong=$((wrong + 1)); echo "change $i: a packet passed" >&2; }
	now=$(rule_packets "$FW" dpt:4101)
	[ "$now" -ge "$last" ] || { backwards=$((backwards + 1)); echo "change $i: $last, then $now" >&2; }
	last=$now
	$tool "$FW" iptables -D INPUT -p udp --dport 4444 -j DROP
	sleep "0.$((i % 2))"
	[ "$(probe 4444 3)" = 3 ] || { wrong=$((wrong + 1)); echo "change $i: a packet was dropped" >&2; }
done
equal "wrong verdicts after 200 changes" "$wrong" 0
equal "counters never went backwards" "$backwards" 0
stream_stop
stream_counted "counted once"
expect_rc "sync" 0 bpfctl "$FW" sync
stream_counted "also after a sync"
expect "BPF had its share" "$FW" 'chain("INPUT")["decided_packets"] > 1000'
echo "stream: $SENT packets each way; BPF decided $(status "$FW" 'chain("INPUT")["decided_packets"]')," \
	"handed over $(status "$FW" 'chain("INPUT")["handed_over_packets"]')"
finish
