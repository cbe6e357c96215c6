#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The snapshot of a namespace's rules, which saves commands and syncs the kernel's dump: what it says is
# what the kernel says after every kind of command; -C and -D answer as stock does, whoever has changed
# the rules meanwhile, and whatever has happened to the file; a sync that reads it compiles the same.
. "$(dirname "$0")/lib.sh"
COMPARE=$BUILDDIR/tests/snapshot/compare_snapshot
[ -x "$COMPARE" ] || skip "$COMPARE is not built (make check builds it)"
need nft
export IPTABLES_BPF=off

new_ns NS
cookie=$(in_ns "$NS" /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("%x" % int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 71, 8), sys.byteorder))')
DIR=/run/iptables-bpf/ns-$cookie
RULES=$DIR/rules

# COUNT rules of the kind that is in every ruleset
filler()
{
	for ((i = 0; i < $1; i++)); do
		echo "-A INPUT -s 10.0.$((i / 250)).$((i % 250)) -p tcp -m tcp --dport $((i + 1)) -j ACCEPT"
	done
}

big_ruleset()
{
	echo '*filter'
	echo ':INPUT ACCEPT [0:0]'
	echo ':SUB - [0:0]'
	filler 600
	echo '-A SUB -m comment --comment sub -j RETURN'
	echo COMMIT
}

# compared WHAT [STATUS]: the snapshot and the kernel; 2: it must know nothing
compared()
{
	in_ns "$NS" "$COMPARE" >"$TMP/compare" 2>&1
	local rc=$?

	[ "$rc" = "${2:-0}" ] && ok "$1" || bad "$1: status $rc instead of ${2:-0}: $(cat "$TMP/compare")"
}

# Each of these -C must end as stock's.
probes()
{
	local words
	while read -ra words; do
		ours "$NS" iptables -C "${words[@]}" >/dev/null 2>&1
		local mine=$?
		stock "$NS" iptables -C "${words[@]}" >/dev/null 2>&1
		[ "$mine" = $? ] && ok "$1: -C ${words[*]}" || bad "$1: -C ${words[*]}: ours ends with $mine"
	done <<-'END'
		INPUT -s 10.0.0.0 -p tcp -m tcp --dport 1 -j ACCEPT
		INPUT -s 10.0.2.99 -p tcp --dport 600 -j ACCEPT
		INPUT -s 10.0.2.99 -p tcp --dport 601 -j ACCEPT
		INPUT -s 1.1.1.1 -j DROP
		INPUT -s 1.1.1.2 -m limit --limit 5/s -j DROP
		INPUT -p udp -m udp --sport 65535 -j SUB
		INPUT -m comment --comment "a comment" -j SUB
	END
}

# ---- every kind of command ----

big_ruleset | ours "$NS" iptables-restore || fail "cannot load"
[ -f "$RULES" ] && ok "a restore leaves a snapshot" || fail "no $RULES"
compared "a restore"
size=$(stat -c %s "$RULES")
[ "$size" -lt 40000 ] && ok "602 rules in $size bytes" || bad "602 rules take $size bytes"
while read -r line; do
	eval "ours \"\$NS\" $line" || bad "$line"
	compared "$line"
done <<'END'
iptables -A INPUT -s 1.1.1.1 -j DROP
iptables -A INPUT -s 1.1.1.1,1.1.1.3 -j DROP
iptables -I INPUT -s 1.1.1.2 -m limit --limit 5/s -j DROP
iptables -I INPUT 300 -p udp -m udp ! --sport 0:65534 -j SUB
iptables -R INPUT 7 -m comment --comment "a comment" -j SUB
iptables -R INPUT 8 -m hashlimit --hashlimit-upto 5/s --hashlimit-name snapshot -j ACCEPT
iptables -D INPUT 9
iptables -D INPUT -s 1.1.1.3 -j DROP
iptables -Z INPUT 10
iptables -Z INPUT
iptables -P INPUT DROP
iptables -N NEW
iptables -A NEW -j SUB
iptables -F NEW
iptables -X NEW
iptables -t raw -A PREROUTING -p icmp -m icmp --icmp-type 8 -j NOTRACK
ip6tables -A INPUT -s fe80::1 -m conntrack --ctstate NEW -j ACCEPT
ip6tables -F
iptables -F SUB
END
probes "own commands"
(
	echo '*filter'
	for ((i = 0; i < 100; i++)); do
		echo "-N C$i"
		echo "-A C$i -s 10.1.1.$i -m string --string x$i --algo bm -j DROP"
		echo "-I C$i -j LOG --log-prefix $i"
		echo "-D INPUT 20"
	done
	echo COMMIT
) | ours "$NS" iptables-restore --noflush || bad "restore --noflush"
compared "restore --noflush of 200 rules"
ours "$NS" iptables -E C5 D5
compared "a renamed chain, which other rules name, is not followed" 2

# ---- a sync: from the snapshot as from a dump ----

sources()
{
	in_ns "$1" bash -c "cat /run/iptables-bpf/ns-$2/s?-c*.c"
}
(big_ruleset; cat "$SRCDIR/tests/samples/tables.rules") | ours "$NS" iptables-restore || fail "cannot load"
big_ruleset | sed 's/--dport 33 /--dport 34 /' | ours "$NS" iptables-restore
compared "before a sync"
bpfctl "$NS" sync || bad "sync"
compared "after it: its guards are in, too"
new_ns OTHER
other=$(in_ns "$OTHER" /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("%x" % int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 71, 8), sys.byteorder))')
stock "$NS" iptables-save | grep -v -- --object-pinned | stock "$OTHER" iptables-restore
bpfctl "$OTHER" sync || bad "sync"
sources "$NS" "$cookie" >"$TMP/from-snapshot"
sources "$OTHER" "$other" >"$TMP/from-dump"
[ -s "$TMP/from-snapshot" ] || bad "no program was compiled"
cmp -s "$TMP/from-snapshot" "$TMP/from-dump" && ok "the same programs" || bad "a sync from the snapshot compiles something else"
ours "$NS" iptables -A INPUT -s 1.1.1.1 -j DROP
compared "a command after a sync"
bpfctl "$NS" off || bad "off"

# ---- others change the rules ----

foreign=(
	"stock $NS iptables -A INPUT -s 1.1.1.1 -j DROP"
	"stock $NS iptables -D INPUT -s 1.1.1.1 -j DROP"
	"stock $NS iptables -I INPUT 3 -p udp -m udp --sport 65535 -j SUB"
	"stock $NS iptables -D INPUT 1"
	"in_ns $NS nft insert rule ip filter INPUT ip saddr 1.1.1.1 counter drop"
	"in_ns $NS nft add table ip t"
	"stock $NS iptables -R INPUT 2 -m comment --comment a -j SUB"
	"stock $NS iptables -t mangle -A PREROUTING -j ACCEPT"
)
own=(
	"ours $NS iptables -A INPUT -s 1.1.1.1 -j DROP"
	"ours $NS iptables -D INPUT -s 1.1.1.1 -j DROP"
	"ours $NS iptables -I INPUT -s 1.1.1.2 -m limit --limit 5/s -j DROP"
	"ours $NS iptables -D INPUT -s 10.0.0.0 -p tcp -m tcp --dport 1 -j ACCEPT"
	"ours $NS iptables -D INPUT -s 1.1.1.2 -m limit --limit 5/sec -j DROP"
)
RANDOM=${SEED:-4711}
for ((round = 0; round < 30; round++)); do
	if ((round % 10 == 0)); then
		big_ruleset | ours "$NS" iptables-restore || bad "restore"
	fi
	((RANDOM % 3)) && ${own[RANDOM % ${#own[@]}]} 2>/dev/null
	((RANDOM % 2)) && ${foreign[RANDOM % ${#foreign[@]}]} 2>/dev/null
	((RANDOM % 3)) && ${own[RANDOM % ${#own[@]}]} 2>/dev/null
	in_ns "$NS" "$COMPARE" >"$TMP/compare" 2>&1
	[ $? != 1 ] && ok "round $round" || bad "round $round: $(cat "$TMP/compare")"
	((round % 5)) || probes "round $round"
done

# ---- many at once ----

big_ruleset | ours "$NS" iptables-restore || bad "restore"
pids=()
for w in 1 2 3 4 5 6; do
	for i in {1..20}; do
		ours "$NS" iptables -A INPUT -s "10.$w.$i.1" -j DROP
		ours "$NS" iptables -D INPUT 1
		ours "$NS" iptables -I INPUT -s "10.$w.$i.2" -j DROP
		ours "$NS" iptables -D INPUT -s "10.$w.$i.1" -j DROP
	done &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || bad "a command of several at once"
done
compared "480 commands of six processes at once"

# ---- the file ----

rm "$RULES"
big_ruleset | ours "$NS" iptables-restore
size=$(stat -c %s "$RULES")
ours "$NS" iptables -I INPUT -s 1.1.1.1 -j DROP
cp "$RULES" "$TMP/rules"
truncate -s "$size" "$RULES"
compared "a command that was killed before it wrote" 2
probes "a record is missing"
for ((i = 0; i < 12; i++)); do
	cp "$TMP/rules" "$RULES"
	printf '\x55' | dd of="$RULES" bs=1 conv=notrunc seek=$((RANDOM * 7 % size)) 2>/dev/null
	in_ns "$NS" "$COMPARE" >"$TMP/compare" 2>&1
	rc=$?
	[ $rc != 0 ] || cmp -s "$TMP/rules" "$RULES" && ok "damage is noticed" || bad "a damaged byte is not noticed"
	! grep -q -e differs -e sketch "$TMP/compare" || bad "a damaged file is believed: $(cat "$TMP/compare")"
done
probes "a damaged file"
truncate -s 100 "$RULES"
probes "a truncated file"
in_ns "$NS" "$BUILDDIR/iptables-bpfctl" on >/dev/null || bad "on, which syncs, with a truncated file"
ours "$NS" iptables -A INPUT -s 1.1.1.9 -j DROP
compared "a sync replaces what is of no use"
bpfctl "$NS" off || bad "off"
rm -f "$RULES"
mkdir -p "$RULES"
ours "$NS" iptables -D INPUT -s 1.1.1.1 -j DROP || bad "-D where no file can be"
big_ruleset | ours "$NS" iptables-restore || bad "restore where no file can be"
probes "no file can be written"
rmdir "$RULES"
finish
