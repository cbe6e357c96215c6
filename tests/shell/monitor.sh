#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# xtables-monitor: stock's and ours watch the same namespace and must print the same, guard rules
# excepted, which only stock shows. What stock cannot print (it ends at a foreign rule, and at one
# that needs a plugin of IPv6) is compared with listings instead.
. "$(dirname "$0")/lib.sh"
need stdbuf python3 ping
ln -s "$BUILDDIR/xtables-bpf-multi" "$TMP/ours/xtables-monitor"
ln -s "$STOCK_PREFIX/xtables-nft-multi" "$TMP/stock/xtables-monitor"

# Options, usage and messages need no events.
for args in -h --help -V --version -x "-e -V" "--event -h" "" -4 "-c -6"; do
	for who in ours stock; do
		# shellcheck disable=SC2086
		run_captured $who timeout 60 "$TMP/$who/xtables-monitor" $args </dev/null
	done
	same "xtables-monitor $args: stdout" "$TMP/ours.out" "$TMP/stock.out"
	same "xtables-monitor $args: stderr" "$TMP/ours.err" "$TMP/stock.err"
	same "xtables-monitor $args: exit status" "$TMP/ours.rc" "$TMP/stock.rc"
done

monitors=()

# watch WHO OPTIONS...: starts that monitor in $NS, its output in $TMP/WHO.log.
watch()
{
	local who=$1 file=$TMP/$1.log by_line=()
	shift
	: >"$file"
	# Stock's keeps events until there is a page of them.
	[ "$who" = ours ] || by_line=(stdbuf -oL)
	PATH="$TMP/$who:$PATH" ip netns exec "$NS" "${by_line[@]}" xtables-monitor "$@" >"$file" 2>"$file.err" &
	monitors+=($!)
}

# Until the monitors listen: their sockets are in groups.
wait_listening()
{
	local want=$1 i
	for ((i = 0; i < 1000; i++)); do
		[ "$(in_ns "$NS" awk '$2 == 12 && $4 != "00000000"' /proc/net/netlink | wc -l)" -ge "$want" ] && return
		sleep 0.05
	done
	fail "the monitors do not listen"
}

# What every watched run ends with; each log must show it.
end_mark()
{
	local who i
	in_ns "$NS" nft add table "$1" end-of-test
	for who in "${@:2}"; do
		for ((i = 0; i < 1000; i++)); do
			grep -q end-of-test "$TMP/$who.log" && break
			sleep 0.05
		done
		[ $i -lt 1000 ] || bad "$who printed nothing at the end: $(cat "$TMP/$who.log.err")"
	done
	in_ns "$NS" nft delete table "$1" end-of-test
	kill "${monitors[@]}" 2>/dev/null
	wait "${monitors[@]}" 2>/dev/null
	monitors=()
}

# Slowly: stock's ends when a burst of traces fills its socket.
traffic()
{
	in_ns "$NS" ping -q -c 1 127.0.0.1
	in_ns "$NS" ping -q -c 1 -T tsonly 127.0.0.1
	in_ns "$NS" ping -q -c 1 -s 3000 10.99.0.2
	in_ns "$NS" ping -q -c 1 ::1
	in_ns "$NS" python3 - <<'END'
import socket, time
for host in ("127.0.0.1", "::1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 0x1234)
    for kind, port in (("udp", 9), ("udp", 19), ("tcp", 9)):
        time.sleep(0.3)
        try:
            if kind == "udp":
                udp.sendto(b"hello", (host, port))
            else:
                socket.create_connection((host, port)) # refused
        except OSError:
            pass
END
	sleep 0.3
}

# Nothing here that reads ports: of IPv6, stock does not survive it.
rules_traced()
{
	local tool
	for tool in iptables ip6tables; do
		ours "$NS" $tool -t raw -A OUTPUT -j TRACE
		ours "$NS" $tool -t raw -A PREROUTING ! -i lo -j TRACE
		ours "$NS" $tool -N sub
		ours "$NS" $tool -A sub -p udp -m mark --mark 0x1234 -m multiport --dports 9 -m comment --comment "no discard" -j DROP
		ours "$NS" $tool -A sub ! -p tcp -j RETURN
		ours "$NS" $tool -A sub -m conntrack --ctstate NEW -m limit --limit 100/s
		ours "$NS" $tool -A INPUT -j sub
		ours "$NS" $tool -A INPUT -m mark --mark 0x10/0xf0 -g sub
		ours "$NS" $tool -A OUTPUT -g sub
		ours "$NS" $tool -t mangle -A INPUT -p tcp -j MARK --set-xmark 0x10/0xff
	done
}

events()
{
	local tool=$1
	ours "$NS" "$tool" -A INPUT -i lo+ -p tcp -m multiport --dports 22,80:90 -c 3 180 -j ACCEPT
	ours "$NS" "$tool" -I INPUT 1 ! -i lo -p udp -m limit --limit 3/min -j LOG --log-prefix "a b"
	ours "$NS" "$tool" -N userchain
	ours "$NS" "$tool" -A userchain -m mark --mark 1 -j RETURN
	ours "$NS" "$tool" -A FORWARD -m comment --comment 'it is "quoted"' -g userchain
	[ "$tool" = ip6tables ] || ours "$NS" "$tool" -R FORWARD 1 -p tcp --tcp-flags SYN,RST SYN --dport 1:3 -j userchain
	ours "$NS" "$tool" -P FORWARD DROP
	ours "$NS" "$tool" -P FORWARD ACCEPT
	ours "$NS" "$tool" -t mangle -A PREROUTING -m conntrack --ctstate NEW -j MARK --set-mark 7
	# Where stock is 1.8.11, its monitor ends at ip6tables' MASQUERADE.
	ours "$NS" "$tool" -t nat -A POSTROUTING -o eth0 $(stock_encodes_alike && echo "-j MASQUERADE")
	ours "$NS" "$tool" -D FORWARD 1
	ours "$NS" "$tool" -E userchain otherchain
	ours "$NS" "$tool" -Z INPUT
	ours "$NS" "$tool" -F
	ours "$NS" "$tool" -X otherchain
	printf '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:x - [0:0]\n-A x -p tcp -m multiport --ports 1 -j ACCEPT\nCOMMIT\n' |
		ours "$NS" "$tool-restore"
	ours "$NS" "$tool" -X
}

# Of IP options, stock prints more than it has, and bytes from 0x80 on as negative numbers.
no_options()
{
	sed -E 's/OPT \([0-9A-F]*\)/OPT ()/'
}

no_guards()
{
	grep -v -- '--object-pinned /run/iptables-bpf/'
}

export IPTABLES_BPF=off
new_ns NS
new_ns PEER
ip -n "$NS" link add veth0 type veth peer name veth0 netns "$PEER"
ip -n "$NS" addr add 10.99.0.1/24 dev veth0
ip -n "$PEER" addr add 10.99.0.2/24 dev veth0
ip -n "$NS" link set veth0 up
ip -n "$PEER" link set veth0 up

for options in "-e" "-e -c" "-e -4" "-ce6" "--event --trace --counters"; do
	# shellcheck disable=SC2086
	watch stock $options
	# shellcheck disable=SC2086
	watch ours $options
	wait_listening 2
	{
		events iptables
		events ip6tables
		in_ns "$NS" nft 'add table inet other; add chain inet other c; add rule inet other c accept'
		in_ns "$NS" nft flush ruleset
	} >"$TMP/commands.out" 2>&1
	[ -s "$TMP/commands.out" ] && bad "$(cat "$TMP/commands.out")"
	family=ip
	[ "$options" != "-ce6" ] || family=ip6
	end_mark $family ours stock
	same "xtables-monitor $options" "$TMP/ours.log" "$TMP/stock.log"
	[ "$(wc -l <"$TMP/ours.log")" -gt 20 ] || bad "xtables-monitor $options: hardly an event"
done

rules_traced >"$TMP/commands.out" 2>&1
[ -s "$TMP/commands.out" ] && bad "$(cat "$TMP/commands.out")"
for options in "-t -e" "-t -e -4" "-6te"; do
	# shellcheck disable=SC2086
	watch stock $options
	# shellcheck disable=SC2086
	watch ours $options
	wait_listening 2
	traffic >"$TMP/traffic.out" 2>&1
	family=ip
	[ "$options" != "-6te" ] || family=ip6
	end_mark $family ours stock
	for who in ours stock; do
		no_options <"$TMP/$who.log" >"$TMP/$who.cmp"
	done
	same "xtables-monitor $options: traces" "$TMP/ours.cmp" "$TMP/stock.cmp"
	for word in "PACKET: " ":rule:0x" ":policy:ACCEPT" SYN SPORT=; do
		grep -q -- "$word" "$TMP/ours.log" || bad "xtables-monitor $options: no $word"
	done
done
in_ns "$NS" nft flush ruleset

# With BPF: guard rules come and go unseen, and traced packets show every rule.
export IPTABLES_BPF=hybrid
export IPTABLES_BPF_WAIT=1
ours "$NS" iptables -A OUTPUT -p tcp --dport 1 -j DROP
watch stock -e -t
watch ours -e -t
wait_listening 2
ours "$NS" iptables -t raw -A OUTPUT -p icmp -j TRACE
ours "$NS" iptables -A INPUT -p icmp -j ACCEPT
ours "$NS" iptables -A INPUT -p udp -j DROP
traffic >"$TMP/traffic.out" 2>&1
bpfctl "$NS" off >/dev/null
end_mark ip ours stock
no_guards <"$TMP/stock.log" | no_options >"$TMP/stock.cmp"
no_options <"$TMP/ours.log" >"$TMP/ours.cmp"
grep -q object-pinned "$TMP/stock.log" || echo "$TEST: no guard rule came up: BPF does not run here" >&2
same "with BPF" "$TMP/ours.cmp" "$TMP/stock.cmp"
grep -q object-pinned "$TMP/ours.log" && bad "a guard rule is shown"
export IPTABLES_BPF=off
in_ns "$NS" nft flush ruleset

# What stock's does not survive.
six=-6
stock_encodes_alike || six=ip6tables
watch ours -e
wait_listening 1
for rule in "-p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT --reject-with icmp6-port-unreachable" \
	"-m frag --fraglast -j DROP" "-p tcp -m tcp --sport 1:99 --tcp-flags FIN,SYN SYN -j DROP" \
	"-p udp -m udp ! --dport 5 -j RETURN" "-s fe80::/10 -m hl --hl-eq 255 -j ACCEPT"; do
	# shellcheck disable=SC2086
	ours "$NS" ip6tables -A INPUT $rule
done
stock "$NS" ip6tables -S INPUT | sed -n "s/^-A/ EVENT: $six -t filter -A/p" >"$TMP/expected"
in_ns "$NS" nft 'add rule ip6 filter INPUT ct state new accept'
ours "$NS" ip6tables -t raw -A PREROUTING -j ACCEPT
end_mark ip6 ours
grep -e '-A INPUT' "$TMP/ours.log" | grep -v '#' >"$TMP/got"
same "rules of IPv6 only" "$TMP/got" "$TMP/expected"
grep -q "EVENT: $six -t filter -A INPUT # " "$TMP/ours.log" || bad "a foreign rule is not marked as such"
grep -q "EVENT: $six -t raw -A PREROUTING -j ACCEPT" "$TMP/ours.log" || bad "nothing is shown after a foreign rule"
finish
