#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The watcher, and tables that sleep while BPF decides alone: into it and out of it under traffic, changes by
# everybody, the watcher's deaths, off.
. "$(dirname "$0")/lib.sh"
unset IPTABLES_BPF # what a user has
. "$(dirname "$0")/loader_lib.sh"

WATCHER=
watch()
{
	ip netns exec "$FW" "$BUILDDIR/iptables-bpfctl" watch 2>"$TMP/watch.err" &
	WATCHER=$!
}

ALONE='s["state"] == "live" and chain("INPUT")["mode"] == "exclusive"'

# Waits until filter is exclusive. $1: when
alone()
{
	local end=$((SECONDS + 90))

	while [ "$SECONDS" -lt "$end" ]; do
		bpfctl "$FW" status >"$TMP/status"
		if grep -q "^State: *live" "$TMP/status" && grep -q "^ip  *filter *INPUT *exclusive" "$TMP/status"; then
			asleep && ok "$1" || bad "$1: not asleep"
			return
		fi
		sleep 0.05
	done
	bad "$1: not exclusive: $(cat "$TMP/status")"
}
asleep() { in_ns "$FW" nft list table ip filter 2>/dev/null | grep -q "flags dormant"; }
until_awake()
{
	local end=$((SECONDS + 60))

	while asleep && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.1
	done
}
awake() { asleep && bad "$1: the table is dormant" || ok "$1"; }

# Within the milliseconds that this takes. $1: when
woken()
{
	local tries

	for tries in $(seq 40); do
		asleep || { ok "$1: awake"; return; }
		sleep 0.025
	done
	bad "$1: still dormant"
}
keepers()
{
	local pid

	for pid in $(ip netns pids "$FW"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != bpfctl-keeper ] || echo "$pid"
	done
}
kill_both()
{
	local keeper

	keeper=$(keepers)
	kill -STOP "$WATCHER"
	# shellcheck disable=SC2086
	kill -KILL $keeper "$WATCHER"
	wait "$WATCHER" 2>/dev/null
}

make_pair
stream_rules | sed '/dport 4000/i -A INPUT -m conntrack --ctstate INVALID -j DROP' >"$TMP/rules"
stock "$FW" iptables-restore <"$TMP/rules"
stream_start
watch
alone "into exclusive mode, under traffic"
expect "why it is not is told of no table" "$FW" 'chain("INPUT")["not_exclusive"] == "" and s["watcher"]'
expect "costs are told" "$FW" '0 < chain("INPUT")["cost_ns"]["exclusive"] < chain("INPUT")["cost_ns"]["nft"]'
equal "stock sees no guard" "$(stock "$FW" iptables -S | grep -c guard)" 0
equal "nothing odd in our save" "$(ours "$FW" iptables-save 2>&1 | grep -v "^#" | sed 's/\[.*//')" \
	"$(stock "$FW" iptables-save 2>&1 | grep -v "^#" | sed 's/\[.*//')"
expect_rc "a second watcher" 1 bpfctl "$FW" watch
sleep 0.5
stream_stop
stream_counted "into exclusive mode"
expect "a chain without rules has a policy to count" "$FW" 'chain("FORWARD")["mode"] == "exclusive" and chain("FORWARD")["program"]["insns"] > 0'

# Unrelated changes: the programs go on, and are stamped with the new generation.
before=$(status "$FW" 'chain("INPUT")["program"]')
in_ns "$FW" nft add table ip elsewhere
in_ns "$FW" nft add chain ip elsewhere c
in_ns "$FW" nft add rule ip elsewhere c counter
soon_expect "stamped anew" "$FW" "$ALONE"' and s["generation"] == s["compiled_generation"]'
asleep && ok "still asleep" || bad "woken by another table's rule"
equal "the same program" "$(status "$FW" 'chain("INPUT")["program"]')" "$before"

# Our own command: enforced when it returns.
for port in 4010 4011 4012; do
	ours "$FW" iptables -I INPUT -p udp --dport $port -j DROP
	equal "a new DROP holds at once" "$(probe $port 3)" 0
done
ours "$FW" iptables -P INPUT DROP
equal "so does a policy" "$(probe 5000 3)" 0
ours "$FW" iptables -I INPUT -p udp --dport 5000 -j ACCEPT
equal "a new ACCEPT, too" "$(probe 5000 3)" 3
alone "asleep again"
ours "$FW" iptables -I INPUT -p udp --dport 5001 -j ACCEPT
equal "a new ACCEPT when BPF alone dropped it" "$(probe 5001 3)" 3
alone "asleep once more"
equal "the new rules are BPF's" "$(probe 4010 3)/$(probe 5001 2)/$(probe 5002 2)" 0/2/0
equal "and counted" "$(rule_packets "$FW" dpt:4010)" 6
ours "$FW" iptables -D INPUT -p udp --dport 4010 -j DROP
equal "-D" "$(ours "$FW" iptables -S | grep -c 4010)" 0
ours "$FW" iptables -P INPUT ACCEPT

# The same of stock's, once the watcher has reacted.
alone "asleep after -P"
stock "$FW" iptables -I INPUT -p udp --dport 4020 -j DROP
soon "stock's -I" 0 probe 4020 3
alone "asleep after it"
stock "$FW" iptables -P INPUT DROP
soon "stock's -P" 0 probe 5010 3
alone "asleep after it"
stock "$FW" iptables -P INPUT ACCEPT
soon "and back" 3 probe 5010 3
alone "asleep after it"
printf '*filter\n-I INPUT -p udp --dport 4021 -j DROP\nCOMMIT\n' | stock "$FW" iptables-restore -n
soon "stock's restore -n" 0 probe 4021 3
alone "asleep after it"
stock "$FW" iptables-restore <"$TMP/rules"
soon "stock's restore" 3 probe 4021 3
alone "asleep after it"
ours "$FW" iptables-restore <"$TMP/rules"
equal "our restore" "$(probe 4001 3)" 0
alone "asleep after it"
in_ns "$FW" nft flush ruleset
soon "flushed: nothing is dropped" 3 probe 4001 3
ours "$FW" iptables-restore <"$TMP/rules"
alone "asleep after it"

# A hand-over: awake, and no more than hybrid.
ours "$FW" iptables -A INPUT -p udp --dport 4030 -j LOG
soon_expect "which is told" "$FW" '"target LOG" in chain("INPUT")["not_exclusive"]'
sleep 1
awake "a rule that only nft can do"
ours "$FW" iptables -D INPUT -p udp --dport 4030 -j LOG
alone "asleep without it"

# A storm of commands does not make it flap, unless the storm pauses: which it may on a busy machine.
storm()
{
	local i flaps=0 pid

	for i in $(seq 20); do
		ours "$FW" iptables -A INPUT -p udp --dport $((6000 + i)) -j DROP
		sleep 0.1
	done &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		asleep && flaps=$((flaps + 1))
		sleep 0.05
	done
	wait $pid
	[ "$flaps" -le 4 ] && ok "a storm of -A" || bad "asleep $flaps times in a storm of -A"
	alone "asleep after the storm"
}
attempts 3 storm
equal "with all its rules" "$(probe 6020 2)" 0

# Into it and out of it, again and again: no packet goes wrong.
ours "$FW" iptables-restore <"$TMP/rules"
alone "asleep"
stream_start
for _ in 1 2 3; do
	kill -TERM "$WATCHER"
	wait "$WATCHER" && ok "SIGTERM ends it well" || bad "the watcher's end: $(cat "$TMP/watch.err")"
	awake "SIGTERM wakes"
	watch
	alone "asleep again"
done
bpfctl "$FW" mode hybrid || bad "mode hybrid"
awake "mode hybrid"
expect "hybrid, with a watcher" "$FW" 'chain("INPUT")["mode"] == "hybrid" and s["wanted_mode"] == "hybrid"'
bpfctl "$FW" mode auto || bad "mode auto"
in_ns "$FW" nft add rule ip filter FORWARD counter
alone "mode auto"
stream_stop
stream_counted "out of exclusive mode and back"

# Killed: its keeper wakes the table at once, and starts a sync.
stream_start
for _ in 1 2 3; do
	kill -KILL "$WATCHER"
	wait "$WATCHER" 2>/dev/null
	woken "a killed watcher"
	watch
	alone "another watcher"
done
stream_stop
keeper=$(keepers)
[ -n "$keeper" ] && ok "there is a keeper" || bad "no keeper"
kill -KILL "$keeper"
sleep 0.3
equal "a killed keeper is replaced by one" "$(keepers | wc -w)" 1
[ "$(keepers)" != "$keeper" ] && ok "another one" || bad "the keeper was not killed"

# Both killed: what they left goes on deciding, and the next command or sync wakes the table.
kill_both
equal "a killed watcher: still decided" "$(probe 4000 3)/$(probe 4001 3)" 3/0
asleep && ok "still asleep" || bad "woken by a kill"
expect "status says so" "$FW" 's["state"] == "stale" and "watcher is gone" in s["reason"]'
ours "$FW" iptables -I INPUT -p udp --dport 4000 -j DROP
equal "our next command is enforced" "$(probe 4000 3)" 0
awake "it has woken the table"
watch
alone "a new watcher"
kill_both
bpfctl "$FW" sync || bad "sync without a watcher"
awake "sync without a watcher"
expect "no watcher, and it is asked for" "$FW" 'not s["watcher"] and "no watcher" in chain("INPUT")["not_exclusive"]'

# Pins that somebody removes: the watcher holds what decides.
watch
alone "another watcher"
cookie=$(in_ns "$FW" python3 -c 'import socket; print("%x" % int.from_bytes(socket.socket().getsockopt(1, 71, 8), "little"))')
rm -r "/run/iptables-bpf/bpf/$cookie" || bad "no pins"
equal "without its pins BPF goes on" "$(probe 4001 3)" 0
until_awake
equal "until nft is awake" "$(probe 4001 3)" 0
alone "and again"
# Links that somebody detaches, which nothing tells of: the watcher looks ten times a second.
for _ in 1 2 3; do
	for link in "/run/iptables-bpf/bpf/$cookie"/link-*; do
		bpftool link detach pinned "$link" || bad "cannot detach $link"
	done
	woken "detached links"
	equal "nft decides" "$(probe 4001 3)" 0
	alone "links made anew"
done

# The ruleset as nft lists it now says "dormant": whoever loads it again gets rules that filter.
stream_rules | stock "$FW" iptables-restore
sleep 0.3
alone "rules that nft can load"
in_ns "$FW" nft list ruleset 2>/dev/null >"$TMP/dormant.nft"
grep -q "flags dormant" "$TMP/dormant.nft" && grep -q "dormant_because_iptables_bpfctl" "$TMP/dormant.nft" ||
	bad "no mark in what is listed"
reload() { { echo flush ruleset; cat "$TMP/dormant.nft"; } | in_ns "$FW" nft -f - || bad "nft cannot load it"; }
stream_start
reload
woken "loaded again beside the watcher"
alone "asleep by our doing again"
stream_stop
kill -TERM "$WATCHER"
wait "$WATCHER"
bpfctl "$FW" off
bpfctl "$FW" on
reload
equal "loaded with nobody there: it filters nothing" "$(probe 4001 3)" 3
expect "status says so" "$FW" '"ip filter" in s["reason"] and "dormant" in s["reason"] and s["state"] != "live"'
watch
woken "a watcher that starts"
alone "by our doing"
kill -TERM "$WATCHER"
wait "$WATCHER"
bpfctl "$FW" off
bpfctl "$FW" on
reload
bpfctl "$FW" sync || bad "sync of a dormant ruleset"
equal "sync wakes it" "$(probe 4001 3)" 0
reload
ours "$FW" iptables -A INPUT -p udp --dport 4060 -j DROP
equal "any command of ours wakes it" "$(probe 4001 3)" 0
equal "the mark is gone" "$(in_ns "$FW" nft list ruleset 2>/dev/null | grep -c dormant)" 0
watch
alone "as ever"

# off, with the watcher running and without.
probe 4001 2 >/dev/null
bpfctl "$FW" off || bad "off"
awake "off with a watcher"
equal "nft decides" "$(probe 4001 3)" 0
stock "$FW" iptables -A INPUT -p udp --dport 4040 -j DROP
sleep 1
awake "off lasts"
bpfctl "$FW" on || bad "on"
alone "on"
kill_both
bpfctl "$FW" off || bad "off without a watcher"
awake "off without a watcher"
bpfctl "$FW" on || bad "on again"

# A table that a user has put to sleep stays so.
in_ns "$FW" nft add table ip raw '{ flags dormant; }'
ours "$FW" iptables -t raw -A PREROUTING -p udp --dport 4050 -j DROP
watch
alone "beside a sleeper"
equal "a user's dormant table is not evaluated" "$(probe 4050 3)" 3
kill -TERM "$WATCHER"
wait "$WATCHER"
in_ns "$FW" nft list table ip raw 2>/dev/null | grep -q dormant && ok "nor woken" || bad "a user's dormant table was woken"

# The namespace goes, and with it the watcher.
watch
alone "before the end"
ip netns del "$FW" 2>/dev/null
for _ in $(seq 600); do
	kill -0 "$WATCHER" 2>/dev/null || break
	sleep 0.1
done
kill -0 "$WATCHER" 2>/dev/null && bad "the watcher outlives its namespace" || ok "the watcher goes with its namespace"
kill -KILL "$WATCHER" 2>/dev/null
finish
