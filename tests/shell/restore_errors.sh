#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input to -restore: stock's message and exit status, and the old ruleset as it was.
. "$(dirname "$0")/lib.sh"
export IPTABLES_BPF=off

need setpriv

new_ns OURS ours
new_ns STOCK stock

old_ruleset()
{
	cat <<'RULES'
*nat
:POSTROUTING ACCEPT [1:2]
-A POSTROUTING -j MASQUERADE
COMMIT
*filter
:INPUT DROP [5:6]
:old - [0:0]
-A INPUT -s 10.0.0.0/8 -j old
-A old -j ACCEPT
COMMIT
RULES
}

# Stock may have changed something before it met the error; then both start again.
reset()
{
	in_ns "$OURS" nft flush ruleset
	in_ns "$STOCK" nft flush ruleset
	old_ruleset | stock "$OURS" iptables-restore -c
	old_ruleset | stock "$STOCK" iptables-restore -c
	list_rulesets before
}

list_rulesets()
{
	in_ns "$OURS" nft list ruleset 2>/dev/null >"$TMP/ours.$1"
	in_ns "$STOCK" nft list ruleset 2>/dev/null >"$TMP/stock.$1"
}

# bad_input TEXT [OPTIONS]: \n and \t in TEXT are what printf makes of them
bad_input()
{
	local text=$1
	shift
	# shellcheck disable=SC2059
	printf -- "$text" >"$TMP/input"
	both "$OURS" "$STOCK" iptables-restore "$@" <"$TMP/input" || echo "  for $text" >&2
	[ "$(cat "$TMP/ours.rc")" != 0 ] || bad "exit status 0 for $text"
	list_rulesets after
	if ! same "ruleset after: $text" "$TMP/ours.after" "$TMP/ours.before" ||
		! cmp -s "$TMP/stock.after" "$TMP/stock.before"; then
		reset
	fi
}

reset

# The grammar: lines where they do not belong, or incomplete.
bad_input '-A INPUT -j ACCEPT\n'
bad_input ':INPUT ACCEPT [0:0]\n'
bad_input 'COMMIT\n'
bad_input '\n\n# x\nCOMMIT\n'
bad_input '*filter\n-A INPUT -j ACCEPT\n'
bad_input '*filter\n-A INPUT -j ACCEPT'
bad_input '*filter'
bad_input '*filter\nCOMMIT\nCOMMIT\n'
bad_input '*filter\nCOMMIT\nfoo\n'
bad_input '*filter\nCOMMIT\n\n[1:2] -A INPUT\n'
bad_input '*filter\n*nat\nCOMMIT\n'
bad_input '*filter\nCOMMIT \n'
bad_input '*filter\n COMMIT\n'
bad_input '*filter\nCOMMIT\r\n'
bad_input '*filter\r\nCOMMIT\r\n'
bad_input '*filter\ncommit\n'
bad_input '*filter\n \t\nCOMMIT\n'
bad_input '*nosuch\nCOMMIT\n'
bad_input '*\nCOMMIT\n'
bad_input '*  \t\nCOMMIT\n'
bad_input '\n*nosuch\nCOMMIT\n' -T filter
bad_input '*filter\n:\nCOMMIT\n'
bad_input '*filter\n: \nCOMMIT\n'
bad_input '*filter\n:INPUT\nCOMMIT\n'
bad_input '*filter\n:new\nCOMMIT\n'
bad_input '*filter\n:INPUT NOSUCH [0:0]\nCOMMIT\n'
bad_input '*filter\n:INPUT accept\nCOMMIT\n'
bad_input '*filter\n:INPUT RETURN\nCOMMIT\n'
bad_input '*filter\n:INPUT ACCEPT\nCOMMIT\n' -c
bad_input '*filter\n:INPUT ACCEPT [1]\nCOMMIT\n' -c
bad_input '*filter\n:INPUT ACCEPT [a:b]\nCOMMIT\n' -c
bad_input '*filter\n:INPUT ACCEPT 1:2\nCOMMIT\n' -c
bad_input '*filter\n:-new - [0:0]\nCOMMIT\n'
bad_input '*filter\n:!new - [0:0]\nCOMMIT\n'
bad_input '*filter\n:aaaaaaaaaabbbbbbbbbbccccccccc - [0:0]\nCOMMIT\n'
bad_input '*filter\n[1:2 -A INPUT\nCOMMIT\n'
bad_input '*filter\n[12] -A INPUT -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n[\nCOMMIT\n'
bad_input '*filter\n[x:2] -A INPUT -j ACCEPT\nCOMMIT\n' -c
bad_input '*filter\n[1:y] -A INPUT -j ACCEPT\nCOMMIT\n' -c

# Rule lines: what the command line refuses, with the line.
bad_input '*filter\n-A INPUT -t nat -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT --table=nat -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT --nosuch\nCOMMIT\n'
bad_input '*filter\n\n-A INPUT -w\nCOMMIT\n'
bad_input '*filter\n-A INPUT -W 5\nCOMMIT\n'
bad_input '*filter\n-A INPUT -p nosuch -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -p tcp --dport nosuch -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -s 1.2.3.4.5 -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -m nosuch -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -o eth0 -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT word -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -j LOG --log-level nosuch\nCOMMIT\n'
bad_input '*filter\nfoo\nCOMMIT\n'
bad_input '*filter\n-j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-P INPUT\nCOMMIT\n'
bad_input '*filter\n-A\nCOMMIT\n'
bad_input '*nat\n-A OUTPUT -j DROP\nCOMMIT\n'
bad_input '*filter\n-A INPUT ! -j ACCEPT\nCOMMIT\n' # 1.8.11 words it so, too
bad_input "*filter\n-A INPUT -m comment --comment $(printf 'x%.0s' {1..1100})\nCOMMIT\n"
bad_input "*filter\n-A INPUT $(printf -- '-s 1.2.3.4 %.0s' {1..130})\nCOMMIT\n"

# What only shows when the table is put together.
bad_input '*filter\n-A nosuch -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-A INPUT -j nosuch\nCOMMIT\n'
bad_input '*filter\n-A INPUT -g nosuch\n\nCOMMIT\n'
bad_input '*filter\n-A INPUT -j old\n:old - [0:0]\nCOMMIT\n'
bad_input '*filter\n-N new\n-N new\nCOMMIT\n'
bad_input '*filter\n-D INPUT -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n:INPUT ACCEPT\n-D INPUT 3\nCOMMIT\n'
bad_input '*filter\n:INPUT ACCEPT\n-R INPUT 3 -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n:INPUT ACCEPT\n-I INPUT 3 -j ACCEPT\nCOMMIT\n'
bad_input '*filter\n-X nosuch\nCOMMIT\n'
bad_input '*filter\n-E nosuch other\nCOMMIT\n'
bad_input '*filter\n-C INPUT -j LOG\nCOMMIT\n'
bad_input '*filter\n-F nosuch\nCOMMIT\n'

# On top of what is there.
bad_input '*filter\n-A nosuch -j ACCEPT\nCOMMIT\n' -n
bad_input '*filter\n-D INPUT -j ACCEPT\nCOMMIT\n' -n
bad_input '*filter\n-D INPUT 2\nCOMMIT\n' -n
bad_input '*filter\n-A INPUT -j LOG\n-D INPUT 3\nCOMMIT\n' -n
bad_input '*filter\n-I INPUT 3 -j LOG\nCOMMIT\n' -n
bad_input '*filter\n-X old\nCOMMIT\n' -n
bad_input '*filter\n-N old\nCOMMIT\n' -n
bad_input '*filter\n-E old INPUT\nCOMMIT\n' -n
bad_input '*filter\n-C INPUT -j LOG\nCOMMIT\n' --noflush

# What only the kernel knows.
bad_input '*nat\n-A OUTPUT -j REJECT\nCOMMIT\n'
bad_input '*filter\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n'
bad_input '*filter\n\n-A INPUT -j MASQUERADE\n-A INPUT -j ACCEPT\nCOMMIT\n'

# An error in a later table: stock has changed the first one by then, ours has not.
for later in '*filter\n-A INPUT --nosuch\nCOMMIT\n' '*filter\n-A nosuch -j ACCEPT\nCOMMIT\n' \
	'*nosuch\nCOMMIT\n' '*filter\n-A INPUT -j nosuch\nCOMMIT\n' '*filter\n' 'foo\n' \
	'*filter\n-X nosuch\nCOMMIT\n'; do
	bad_input "*nat\nCOMMIT\n*raw\n-A OUTPUT -j ACCEPT\nCOMMIT\n$later"
	bad_input "*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n*security\n-A INPUT -j LOG\nCOMMIT\n$later" -n
done

# Without privileges: one message, and nothing changed.
old_ruleset >"$TMP/good"
for args in "iptables-restore" "iptables-restore -n" "iptables-restore --test" "iptables-restore -v"; do
	# shellcheck disable=SC2086
	both "$OURS" "$STOCK" setpriv --bounding-set=-all --inh-caps=-all $args "$TMP/good"
done
list_rulesets after
same "ruleset after unprivileged restores" "$TMP/ours.after" "$TMP/ours.before"

# The command line itself.
for args in "-x" "-T" "/no/such/file" "one two" "--nosuch" "--table" "-4" "--ipv6" "-h" "-V" "--help --test"; do
	# shellcheck disable=SC2086
	both "$OURS" "$STOCK" iptables-restore $args </dev/null
	# shellcheck disable=SC2086
	both "$OURS" "$STOCK" ip6tables-restore $args </dev/null
done
finish
