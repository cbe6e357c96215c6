#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 400 concurrent -A, -I, -D 1 and -R 1 from 8 processes, all kinds at once, with BPF compiling behind
# them and without: none fails, none is lost. (Stock does not look up rule numbers again when the
# ruleset has changed under it, and loses some.) concurrent_commands.sh has one kind at a time.
. "$(dirname "$0")/lib.sh"
PROCESSES=8
EACH=50 # commands of a process
FIRST=150

# What process $1 does: fixed shares of each command, in another order for each.
cat >"$TMP/process" <<'EOF'
iptables=$1 w=$2 each=$3 failed=0
for ((n = 0; n < each; n++)); do
	case $(((n + w) % 5)) in
	0) words=(-A INPUT -s "10.$w.$n.1" -j ACCEPT) ;;
	1) words=(-I INPUT -s "10.$w.$n.2" -p tcp --dport $((n + 1)) -j ACCEPT) ;;
	2 | 3) words=(-D INPUT 1) ;;
	4) words=(-R INPUT 1 -s "10.$w.$n.3" -j DROP) ;;
	esac
	out=$("$iptables" -w "${words[@]}" 2>&1) || { echo "failed: ${words[*]}: $out"; failed=1; }
	[ -z "$out" ] || { echo "not silent: ${words[*]}: $out"; failed=1; }
done
exit $failed
EOF

race()
{
	local bpf=$1 ns w pids=() pid kept

	export IPTABLES_BPF=$bpf
	new_ns ns
	{
		echo '*filter'
		for ((i = 0; i < FIRST; i++)); do
			echo "-A INPUT -s 172.16.0.$i -j ACCEPT"
		done
		echo COMMIT
	} | ours "$ns" iptables-restore || fail "cannot load $FIRST rules"
	: >"$TMP/log"
	for ((w = 1; w <= PROCESSES; w++)); do
		in_ns "$ns" bash "$TMP/process" "$TMP/ours/iptables" "$w" "$EACH" >>"$TMP/log" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && ok "process $pid, BPF $bpf" || bad "a process, BPF $bpf"
	done
	head -n 5 "$TMP/log" >&2
	# Of five commands one appends, one inserts, two delete.
	ours "$ns" iptables -S INPUT >"$TMP/rules"
	kept=$(grep -c '^-A' "$TMP/rules")
	[ "$kept" = $FIRST ] && ok "BPF $bpf: $kept rules" || bad "BPF $bpf: $kept rules instead of $FIRST"
	# What was appended stands at the end, too far for the others to delete.
	kept=$(grep -c -- '-s 10\.[0-9]*\.[0-9]*\.1/32 ' "$TMP/rules")
	[ "$kept" = $((PROCESSES * EACH / 5)) ] && ok "BPF $bpf: all appended" || bad "BPF $bpf: $kept appended rules are there"
	[ "$bpf" = off ] && return
	bpfctl "$ns" sync >"$TMP/log" 2>&1 || bad "sync afterwards: $(cat "$TMP/log")"
	stock "$ns" iptables -S INPUT | grep -v -- '--object-pinned' >"$TMP/stock-rules"
	same "what stock lists while BPF decides" "$TMP/rules" "$TMP/stock-rules"
}

race off
race auto
finish
