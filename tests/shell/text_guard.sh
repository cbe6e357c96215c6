#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With programs live, listings, saves, rule numbers and restores are those of stock without any: the guard rule shows
# nowhere, and the counters are all of the packets.
. "$(dirname "$0")/lib.sh"
export IPTABLES_BPF_WAIT=1
export IPTABLES_BPF=hybrid
need ping

new_ns OURS ours
new_ns STOCK stock
export DIFF_LINES=40

guards()
{
	in_ns "$OURS" nft list ruleset 2>/dev/null | grep -c 'xt match .*bpf'
}

# Live, with so many guard rules.
expect_guards()
{
	local what=$1 want=$2 have
	bpfctl "$OURS" sync >/dev/null 2>&1
	have=$(guards)
	if [ "$have" = "$want" ]; then ok "$what"; else bad "$what: $have guard rules, not $want"; fi
}

compare_all()
{
	local what=$1 args
	for args in "-L -n -v -x --line-numbers" "-S -v" "-S INPUT" "-L INPUT 1 -n" "-S INPUT 2" "-S OUTPUT 1"; do
		# shellcheck disable=SC2086
		both "$OURS" "$STOCK" iptables $args || bad "$what"
	done
	both "$OURS" "$STOCK" iptables-save -c || bad "$what"
}

cat >"$TMP/rules" <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:local - [0:0]
[0:0] -A INPUT -s 127.0.0.1/32 -i lo -j local
[0:0] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
[0:0] -A OUTPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
[0:0] -A local -p icmp -j ACCEPT
[0:0] -A local -m comment --comment "all else" -j RETURN
COMMIT
RULES

both "$OURS" "$STOCK" iptables-restore -c <"$TMP/rules" || fail "restore"
bpfctl "$OURS" sync >"$TMP/sync" 2>&1
bpfctl "$OURS" status >"$TMP/status" 2>&1
grep -q 'live' "$TMP/status" || skip "no program runs here: $(cat "$TMP/sync" "$TMP/status")"
expect_guards "two chains run" 2
compare_all "fresh"

for ns in "$OURS" "$STOCK"; do
	in_ns "$ns" ping -q -c 5 -i 0.01 127.0.0.1 >/dev/null || bad "ping in $ns"
done
compare_all "after pings"
grep -q '^\[10:840\] -A local -p icmp' "$TMP/ours.out" || bad "no counters to speak of: $(cat "$TMP/ours.out")"

# Numbers count what is shown.
for args in "-I INPUT 1 -s 10.0.0.1 -j DROP" "-I INPUT 3 -s 10.0.0.2 -j DROP" "-R INPUT 2 -s 127.0.0.1 -i lo -g local" \
	"-D INPUT 4" "-D OUTPUT 1" "-C INPUT -s 10.0.0.1 -j DROP" "-I INPUT 9 -j ACCEPT" "-D INPUT 9" "-R INPUT 9 -j ACCEPT"; do
	# shellcheck disable=SC2086
	both "$OURS" "$STOCK" iptables $args
done
for who in ours stock; do
	[ $who = ours ] && ns=$OURS || ns=$STOCK
	$who "$ns" iptables -S INPUT >"$TMP/numbers.$who"
done
same "rules after changes by number" "$TMP/numbers.ours" "$TMP/numbers.stock"
both "$OURS" "$STOCK" iptables-restore -n <<'RULES'
*filter
-I INPUT 1 -s 10.0.0.7 -j ACCEPT
-D INPUT 2
-R INPUT 2 -s 10.0.0.8 -j ACCEPT
COMMIT
RULES
both "$OURS" "$STOCK" iptables -S
expect_guards "INPUT still runs, OUTPUT is empty" 1

# What stock saves here names the guard; neither of us is disturbed by it.
stock "$OURS" iptables-save -c >"$TMP/with-guard"
grep -q 'object-pinned.*guard' "$TMP/with-guard" || bad "stock does not save the guard"
run_captured again ours "$OURS" iptables-restore -c "$TMP/with-guard"
[ "$(cat "$TMP"/again.{out,err,rc})" = 0 ] || bad "restore of what stock saved: $(cat "$TMP/again.err")"
both "$OURS" "$STOCK" iptables -S
expect_guards "one guard only" 1
run_captured again ours "$OURS" iptables-restore -n "$TMP/with-guard"
[ "$(cat "$TMP"/again.{out,err,rc})" = 0 ] || bad "restore -n of what stock saved: $(cat "$TMP/again.err")"
expect_guards "one guard only, --noflush" 1
stock "$OURS" iptables-restore <"$TMP/with-guard" || bad "stock cannot restore what it saved"
expect_guards "one guard only, after stock's restore" 1

# -v counts and shows no guard either; -F and -X leave nothing behind.
both "$OURS" "$STOCK" iptables-restore -c <"$TMP/rules"
both "$OURS" "$STOCK" iptables -v -Z
both "$OURS" "$STOCK" iptables-restore -v -c <"$TMP/rules"
expect_guards "two chains run again" 2
both "$OURS" "$STOCK" iptables -F
both "$OURS" "$STOCK" iptables -S
both "$OURS" "$STOCK" iptables -P INPUT ACCEPT
both "$OURS" "$STOCK" iptables -X
expect_guards "none after -F" 0
in_ns "$OURS" nft list ruleset >"$TMP/nft.ours" 2>/dev/null
in_ns "$STOCK" nft list ruleset >"$TMP/nft.stock" 2>/dev/null
same "nothing left" "$TMP/nft.ours" "$TMP/nft.stock"
finish
