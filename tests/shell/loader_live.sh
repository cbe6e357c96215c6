#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A ruleset runs in BPF: live, stale after a foreign change, live again; counters survive all of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

make_pair
stock "$FW" iptables-restore <<'END'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:SUB - [0:0]
-A INPUT -p udp -m udp --dport 4000 -j ACCEPT
-A INPUT -p udp -m udp --dport 4001 -j DROP
-A INPUT -p udp -j SUB
-A SUB -p udp -m udp --dport 4002 -j LOG
-A SUB -m comment --comment "counts only"
COMMIT
END
expect "before the first sync all is nft's" "$FW" 'all(c["mode"] == "nft" for c in s["chains"])'
expect_rc "sync" 0 bpfctl "$FW" sync
expect "live" "$FW" 's["state"] == "live" and s["generation"] == s["compiled_generation"] and s["reason"] == ""'
expect "INPUT is hybrid" "$FW" 'chain("INPUT")["mode"] == "hybrid" and chain("INPUT")["hook"] == "input"'
expect "the hand-over is told" "$FW" \
	'chain("INPUT")["handover_rules"] == [{"chain": "SUB", "rule": 1, "reason": "target LOG: logs"}]'
expect "FORWARD has nothing to gain" "$FW" 'chain("FORWARD")["mode"] == "nft" and chain("FORWARD")["reason"] != ""'
expect "the program is described" "$FW" 'chain("INPUT")["program"]["insns"] > 0'

equal "accepted" "$(probe 4000 10)" 10
equal "dropped" "$(probe 4001 7)" 0
equal "handed over" "$(probe 4002 3)" 3
equal "counted only" "$(probe 4003 4)" 4
expect "BPF decided" "$FW" 'chain("INPUT")["decided_packets"] >= 21 and chain("INPUT")["handed_over_packets"] == 3'
equal "listing: accepted" "$(rule_packets "$FW" dpt:4000)" 10
equal "listing: dropped" "$(rule_packets "$FW" dpt:4001)" 7
equal "listing: logged" "$(rule_packets "$FW" dpt:4002)" 3
equal "listing: counted" "$(rule_packets "$FW" "counts only")" 7
equal "listing: jumped" "$(rule_packets "$FW" SUB)" 7
equal "stock lists what nft counted" \
	"$(stock "$FW" iptables -L INPUT -v -n -x | awk '/dpt:4000/ { print $1 }')" 0

# A change by anybody ends BPF's decisions that instant.
before=$(status "$FW" 'chain("INPUT")["decided_packets"]')
in_ns "$FW" nft add table ip foreign
expect "stale" "$FW" 's["state"] == "stale" and s["reason"] != "" and s["generation"] > s["compiled_generation"]'
equal "stale: accepted" "$(probe 4000 5)" 5
equal "stale: dropped" "$(probe 4001 5)" 0
equal "nothing was decided by BPF" "$(status "$FW" 'chain("INPUT")["decided_packets"]')" "$before"
expect "all of it was handed over" "$FW" 'chain("INPUT")["handed_over_packets"] >= 13'
expect_rc "sync again" 0 bpfctl "$FW" sync
expect "live again, with the programs there were" "$FW" 's["state"] == "live"'
equal "both sides' counts" "$(rule_packets "$FW" dpt:4000)" 15
probe 4000 5 >/dev/null
equal "and on it goes" "$(rule_packets "$FW" dpt:4000)" 20

# Another ruleset, other programs: counts go along, of rules that stay.
stock "$FW" iptables -I INPUT -p udp --dport 4004 -j DROP
stock "$FW" iptables -A OUTPUT -p udp --dport 4001 -j DROP
expect_rc "sync of a changed ruleset" 0 bpfctl "$FW" sync
equal "carried: accepted" "$(rule_packets "$FW" dpt:4000)" 20
equal "carried: dropped" "$(rule_packets "$FW" dpt:4001)" 12
equal "the new rule decides" "$(probe 4004 6)" 0
equal "the new rule counts" "$(rule_packets "$FW" dpt:4004)" 6
expect "the guard is first" "$FW" 's["state"] == "live"'
equal "the guard is hidden" "$(ours "$FW" iptables -S | grep -c guard)" 0
equal "one guard for each hybrid chain" "$(stock "$FW" iptables -S | grep -c guard)" 2

# A chain that leaves BPF keeps its counts, too.
stock "$FW" iptables -F OUTPUT
probe 4000 5 >/dev/null
in_ns "$FW" nft add chain inet other c '{ type filter hook input priority 0; }' 2>/dev/null ||
	{ in_ns "$FW" nft add table inet other
	  in_ns "$FW" nft add chain inet other c '{ type filter hook input priority 0; }'; }
expect_rc "sync with another chain on the hook" 0 bpfctl "$FW" sync
expect "a neighbour at the same priority" "$FW" \
	'chain("INPUT")["mode"] == "nft" and "inet table other" in chain("INPUT")["reason"]'
equal "no guard is left" "$(stock "$FW" iptables -S | grep -c guard)" 0
equal "counts outlive the program" "$(rule_packets "$FW" dpt:4000)" 25
in_ns "$FW" nft delete table inet other
expect_rc "sync without it" 0 bpfctl "$FW" sync
expect "hybrid again" "$FW" 'chain("INPUT")["mode"] == "hybrid"'
equal "and there they are again" "$(rule_packets "$FW" dpt:4000)" 25

# -Z, of one rule and of all.
ours "$FW" iptables -Z INPUT 2
equal "-Z of a rule" "$(rule_packets "$FW" dpt:4000)" 0
equal "and of that alone" "$(rule_packets "$FW" dpt:4001)" 12
bpfctl "$FW" sync
probe 4000 3 >/dev/null
equal "counting from 0" "$(rule_packets "$FW" dpt:4000)" 3
ours "$FW" iptables -Z
bpfctl "$FW" sync
equal "-Z of all" "$(ours "$FW" iptables -L -v -n -x | awk '$1 ~ /^[0-9]+$/ { n += $1 } END { print n + 0 }')" 0
probe 4001 4 >/dev/null
equal "counting from 0 again" "$(rule_packets "$FW" dpt:4001)" 4

# Policy counters: kept like any other, and -P starts them anew, as stock does.
probe 5555 5 >/dev/null
equal "policy counter" "$(ours "$FW" iptables -L INPUT -v -n -x | sed -n 's/.*ACCEPT \([0-9]*\) packets.*/\1/p')" 5
ours "$FW" iptables -P INPUT DROP
equal "-P zeroes it" "$(ours "$FW" iptables -L INPUT -v -n -x | sed -n 's/.*DROP \([0-9]*\) packets.*/\1/p')" 0
bpfctl "$FW" sync
equal "policy DROP" "$(probe 5555 6)" 0
equal "policy DROP counts" "$(ours "$FW" iptables -L INPUT -v -n -x | sed -n 's/.*DROP \([0-9]*\) packets.*/\1/p')" 6
ours "$FW" iptables -P INPUT ACCEPT
bpfctl "$FW" sync

# IPv6 has chains, links and counters of its own.
ours "$FW" ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -j DROP
ours "$FW" ip6tables -A INPUT -i lo -p udp -j ACCEPT
bpfctl "$FW" sync
expect "IPv6 is hybrid, too" "$FW" 'chain("INPUT", "ip6")["mode"] == "hybrid" and s["state"] == "live"'
in_ns "$FW" ping -6 -c 3 -i 0.2 -W 1 ::1 >/dev/null && bad "IPv6 packets passed"
equal "IPv6 counts" "$(ours "$FW" ip6tables -L INPUT -v -n -x | awk '/DROP/ && !/policy/ { print $1 }')" 3
expect "BPF dropped them" "$FW" 'chain("INPUT", "ip6")["decided_packets"] >= 3'
equal "stock sees the IPv6 guard" "$(stock "$FW" ip6tables -S | grep -c guard-ip6-filter-INPUT)" 1
ours "$FW" ip6tables -F

# show: the C of what runs, and the rules in it.
bpfctl "$FW" show INPUT >"$TMP/show"
equal "show tells the rules" "$(grep -c -- "--dport 4000 -j ACCEPT" "$TMP/show")" 1
equal "show has both families" "$(grep -c "filter INPUT:" "$TMP/show")" 2
bpfctl "$FW" show -6 >"$TMP/show6"
equal "show -6" "$(grep -c "^/\* ip6tables filter" "$TMP/show6")" 1
expect_rc "show of a chain that is none" 1 bpfctl "$FW" show NOSUCH
expect_rc "show with nonsense" 2 bpfctl "$FW" show -4 -6

# off: nothing of ours is left, but what was counted.
probe 4000 2 >/dev/null
expect_rc "off" 0 bpfctl "$FW" off
expect "status off" "$FW" 's["state"] == "off" and all(c["mode"] == "nft" for c in s["chains"])'
equal "no guards" "$(stock "$FW" iptables -S | grep -c guard)" 0
equal "stock sees the counts" \
	"$(stock "$FW" iptables -L INPUT -v -n -x | awk '/dpt:4000/ { print $1 }')" 2
equal "so do we" "$(rule_packets "$FW" dpt:4001)" 4
ours "$FW" iptables -A INPUT -p udp --dport 4009 -j DROP
sleep 0.5
equal "off lasts" "$(stock "$FW" iptables -S | grep -c guard)" 0
equal "nft decides" "$(probe 4001 2)" 0
expect_rc "on" 0 bpfctl "$FW" on
expect "live after on" "$FW" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
equal "nothing was lost" "$(rule_packets "$FW" dpt:4001)" 6

# A command starts a sync by itself, and says nothing of it.
out=$(ours "$FW" iptables -A INPUT -p udp --dport 4010 -j DROP 2>&1)
equal "silent" "$out" ""
soon_expect "the background sync" "$FW" 's["state"] == "live"'
IPTABLES_BPF_WAIT=1 ours "$FW" iptables -A INPUT -p udp --dport 4011 -j DROP
expect "IPTABLES_BPF_WAIT=1" "$FW" 's["state"] == "live"'
IPTABLES_BPF=off ours "$FW" iptables -A INPUT -p udp --dport 4012 -j DROP
sleep 0.6
expect "IPTABLES_BPF=off" "$FW" 's["state"] == "stale"'

expect_rc "unknown command" 2 bpfctl "$FW" frobnicate
expect_rc "unknown option" 2 bpfctl "$FW" status -x
expect_rc "no command" 2 bpfctl "$FW"
expect_rc "help" 0 bpfctl "$FW" help
expect_rc "version" 0 bpfctl "$FW" --version
finish
