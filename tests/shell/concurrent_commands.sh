#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many commands at once: each sees the ruleset change under it, builds its batch again on what is
# then there, and succeeds. (Stock keeps the rule numbers of the first look and now and then fails.)
. "$(dirname "$0")/lib.sh"
WORKERS=8
EACH=40
export IPTABLES_BPF=off

new_ns ns
rules=$((WORKERS * EACH))
{
	echo '*filter'
	for ((i = 0; i < rules; i++)); do
		echo "-A INPUT -s 10.0.$((i / 256)).$((i % 256)) -j ACCEPT"
	done
	echo COMMIT
} | ours "$ns" iptables-restore || fail "cannot load $rules rules"

# at_once NAME TOOL ARGS...: TOOL, EACH times in each of WORKERS processes; %w and %n in ARGS are worker and turn.
at_once()
{
	local name=$1 pids=() pid
	shift
	for ((w = 1; w <= WORKERS; w++)); do
		in_ns "$ns" bash -c '
			w=$1 each=$2 bin=$3; shift 3; failed=0
			for ((n = 1; n <= each; n++)); do
				words=("${@//%w/$w}"); words=("${words[@]//%n/$n}")
				"$bin/${words[0]}" "${words[@]:1}" || failed=1
			done
			exit $failed' - "$w" "$EACH" "$TMP/ours" "$@" 2>>"$TMP/$name.err" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		if wait "$pid"; then
			ok "$name"
		else
			bad "$name: $(sort "$TMP/$name.err" | uniq -c | head -3)"
		fi
	done
}

count()
{
	ours "$ns" iptables -S INPUT | grep -c '^-A'
}

at_once "delete the first rule" iptables -D INPUT 1
[ "$(count)" = 0 ] && ok "all are gone" || bad "$(count) rules are left of $rules"

at_once "append" iptables -A INPUT -s 10.%w.%n.1
[ "$(count)" = $rules ] && ok "all are there" || bad "$(count) rules instead of $rules"
at_once "insert at the beginning" iptables -I INPUT -s 10.%w.%n.2
at_once "insert as the third" iptables -I INPUT 3 -s 10.%w.%n.3
[ "$(count)" = $((3 * rules)) ] && ok "all are there" || bad "$(count) rules instead of $((3 * rules))"
at_once "delete by rule" iptables -D INPUT -s 10.%w.%n.1
at_once "replace" iptables -R INPUT 2 -s 10.%w.%n.4
[ "$(count)" = $((2 * rules)) ] && ok "none too many" || bad "$(count) rules instead of $((2 * rules))"
finish
