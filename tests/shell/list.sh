#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -L, -S and -save of what stock loaded, in all their forms, are stock's output to the byte.
. "$(dirname "$0")/lib.sh"
export IPTABLES_BPF=off

need setpriv

new_ns NS

# All forms on one ruleset; $1 is the family's program.
compare_listings()
{
	local tool=$1 what=$2 table args
	for table in filter nat mangle raw security; do
		for args in "-L" "-L -n" "-L -v" "-L -v -n" "-L -v -n -x" \
			"-L -n --line-numbers" "-L -v -x --line-numbers" "-S" "-S -v"; do
			# shellcheck disable=SC2086
			both "$NS" "$NS" "$tool" -t "$table" $args >"$TMP/log" 2>&1 || {
				cat "$TMP/log" >&2
				bad "$what"
			}
		done
	done
	compare_saves "$tool" "$what"
}

compare_saves()
{
	local tool=$1 what=$2 args
	for args in "" "-c" "-t filter" "-c -t nat" "-d" "-t raw -d"; do
		# shellcheck disable=SC2086
		both "$NS" "$NS" "$tool-save" $args || bad "$what"
	done
}

# Names and numbers are looked up in both, so -L without -n needs no resolver.
stock "$NS" iptables-restore -c <<'RULES' || fail "the IPv4 sample does not load"
*filter
:INPUT DROP [5:700]
:FORWARD ACCEPT [123456:1234567890]
:OUTPUT ACCEPT [0:0]
:zulu - [0:0]
:alpha - [0:0]
:empty - [0:0]
[1:2] -A INPUT -s 10.0.0.0/8 ! -d 192.168.1.1/32 -i eth+ -p tcp -m tcp --dport 22 -j ACCEPT
[99999:100000] -A FORWARD ! -i lo -o eth0.5 -j alpha
[9999500:9999499999] -A FORWARD -s 10.1.2.3/255.0.255.0 ! -o + -g zulu
[123456789012:99999999999999] -A FORWARD -f -j DROP
-A FORWARD ! -f -p udp -m udp --sport 1000:2000 --dport 53
-A FORWARD ! -p 200 -j RETURN
-A FORWARD -p 201 -m comment --comment "two \"words\" \\ here"
-A FORWARD -p ospf -m limit --limit 3/min --limit-burst 7 -j LOG --log-prefix "x y " --log-level 7
-A OUTPUT -p icmp -m icmp --icmp-type 8 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
-A OUTPUT -p tcp -m multiport --dports 80,443,8000:8080 -m mark --mark 0x1/0xff -j REJECT --reject-with tcp-reset
-A alpha -m state --state INVALID -j DROP
-A alpha -m addrtype --dst-type LOCAL -j zulu
-A zulu -m iprange --src-range 10.0.0.1-10.0.0.9 -j NFLOG --nflog-group 5 --nflog-prefix "p q"
COMMIT
*nat
-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080
-A POSTROUTING -o eth0 -j MASQUERADE
-A POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 1.2.3.4
COMMIT
*mangle
-A PREROUTING -j MARK --set-xmark 0x5/0xff
-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
COMMIT
*raw
-A PREROUTING -j TRACE
-A OUTPUT -p udp -j CT --notrack
COMMIT
RULES
stock "$NS" ip6tables-restore -c <<'RULES' || fail "the IPv6 sample does not load"
*filter
:INPUT ACCEPT [1:2]
:user - [0:0]
-A INPUT -s 2001:db8::/32 ! -d ::1/128 -i eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j user
-A INPUT -s 2001:db8::1/ffff::ffff -p tcp -m tcp ! --dport 22 -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT ! -s fe80::/10 -g user
-A user -m hl --hl-gt 5 -m frag --fragmore -j ACCEPT
COMMIT
RULES
compare_listings iptables "own IPv4 sample"
compare_listings ip6tables "own IPv6 sample"
for args in "-L INPUT" "-L alpha -n" "-L FORWARD 3 -v" "-L FORWARD 99" "-L OUTPUT -n --line-numbers -v" \
	"-S INPUT" "-S alpha" "-S FORWARD 2" "-S FORWARD 2 -v" "-S FORWARD 99" "-S OUTPUT -t security" "-L -t nosuch"; do
	# shellcheck disable=SC2086
	both "$NS" "$NS" iptables $args
done
compare_saves iptables "own IPv4 sample"
both "$NS" "$NS" iptables-save -t nosuch
both "$NS" "$NS" iptables-save -V
both "$NS" "$NS" iptables-save extra words
both "$NS" "$NS" iptables-save -f "$TMP/no/such/dir"
ours "$NS" iptables-save -f "$TMP/ours.file" -c && stock "$NS" iptables-save -f "$TMP/stock.file" -c
for who in ours stock; do no_dates <"$TMP/$who.file" >"$TMP/$who.file.cmp"; done
same "save -f" "$TMP/ours.file.cmp" "$TMP/stock.file.cmp"

# Rules whose extensions no plugin can print; and no right to look at them.
for args in "iptables -S" "iptables -L -n" "iptables-save -c" "ip6tables -L -v"; do
	# shellcheck disable=SC2086
	both "$NS" "$NS" env XTABLES_LIBDIR="$TMP" $args
	# shellcheck disable=SC2086
	both "$NS" "$NS" setpriv --bounding-set=-all --inh-caps=-all $args
done

# 1.8.9 has the wrong message for a chain that does not exist; 1.8.11's is ours.
for args in "-L nosuch" "-S nosuch"; do
	# shellcheck disable=SC2086
	run_captured missing ours "$NS" iptables $args
	if [ "$(cat "$TMP/missing.rc" "$TMP/missing.err")" = "1
iptables: No chain/target/match by that name." ]; then
		ok "$args"
	else
		bad "$args: $(cat "$TMP/missing.err")"
	fi
done

# What iptables cannot show: base chains of others, expressions it does not know.
in_ns "$NS" nft add chain ip filter other '{ type filter hook input priority 10; }'
for args in "-L -n" "-S" "-L INPUT -n" "-S alpha"; do
	# shellcheck disable=SC2086
	both "$NS" "$NS" iptables $args
done
compare_saves iptables "foreign base chain"
in_ns "$NS" nft delete chain ip filter other
in_ns "$NS" nft "add table ip security; add chain ip security INPUT { type filter hook input priority 10; }; add chain ip security user"
for args in "-L" "-L INPUT" "-S user" "-S OUTPUT"; do
	# shellcheck disable=SC2086
	both "$NS" "$NS" iptables -t security $args
done
compare_saves iptables "foreign chain with a builtin name"
in_ns "$NS" nft add rule ip filter empty ct state new
for args in "-L -n" "-S" "-L INPUT -n" "-S alpha" "-L empty"; do
	# shellcheck disable=SC2086
	both "$NS" "$NS" iptables $args
done
compare_saves iptables "foreign expression"
in_ns "$NS" nft flush ruleset

[ -d "$SHARED_DIR/corpus" ] || {
	echo "$TEST: no $SHARED_DIR/corpus: only the own sample was compared" >&2
	finish
}
while read -r file family _; do
	[ "$file" != file ] || continue
	case $family in v6) tool=ip6tables ;; *) tool=iptables ;; esac
	in_ns "$NS" nft flush ruleset
	stock "$NS" $tool-restore -c "$SHARED_DIR/corpus/$file" 2>/dev/null ||
		stock "$NS" $tool-restore "$SHARED_DIR/corpus/$file" 2>/dev/null || continue
	both "$NS" "$NS" $tool-save -c || echo "  in $file" >&2
	for args in "-L -v -n -x" "-L -n --line-numbers" "-S -v"; do
		for table in filter nat mangle; do
			# shellcheck disable=SC2086
			both "$NS" "$NS" $tool -t $table $args || echo "  in $file" >&2
		done
	done
done <"$SHARED_DIR/corpus/INDEX.tsv"
finish
