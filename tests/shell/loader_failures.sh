#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever breaks: verdicts stay right, commands stay silent and keep their
# exit status, `status' says what is wrong and what to do.
#
# It removes what all namespaces share, so it runs on a machine of its own as far as the loader can
# tell: pid and mount namespaces, with another /run/iptables-bpf.
if [ -z "${LOADER_ALONE:-}" ] && [ "$(id -u)" = 0 ]; then
	LOADER_ALONE=1 exec unshare --mount --pid --fork --mount-proc "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"
need setpriv unshare bpftool

PINS=/run/iptables-bpf/bpf

mkdir -p /run/iptables-bpf /run/netns
mount -t tmpfs tmpfs /run/iptables-bpf || fail "cannot mount a tmpfs"
chmod 700 /run/iptables-bpf
make_pair
ours "$FW" iptables-restore <<'END'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m udp --dport 4000 -j ACCEPT
-A INPUT -p udp -m udp --dport 4001 -j DROP
COMMIT
END

bpfctl "$FW" sync || fail "the first sync failed"
# The directory of pins of $FW: there is no other one here.
COOKIE=$(basename "$PINS"/*/)
[ -d "$PINS/$COOKIE" ] || fail "no directory of pins was made"
DIR=$PINS/$COOKIE

verdicts()
{
	equal "$1: accepted" "$(probe 4000 5)" 5
	equal "$1: dropped" "$(probe 4001 5)" 0
}

# Until no sync runs that a command has left.
no_sync_runs()
{
	local end=$((SECONDS + 60))

	while grep -qs iptables-bpfctl $(ip netns pids "$FW" | sed 's@.*@/proc/&/comm@') </dev/null && [ "$SECONDS" -lt "$end" ]; do
		sleep 0.1
	done
}

# $1, and a command silent with status 0 in it
command_works()
{
	local what=$1 out rc
	shift
	out=$("$@" ip netns exec "$FW" "$TMP/ours/iptables" -A INPUT -p udp --dport 4999 -j DROP 2>&1)
	rc=$?
	equal "$what: command's exit status" "$rc" 0
	equal "$what: command's output" "$out" ""
	out=$("$@" ip netns exec "$FW" "$TMP/ours/iptables" -D INPUT -p udp --dport 4999 -j DROP 2>&1)
	rc=$?
	equal "$what: -D's exit status" "$rc" 0
	equal "$what: -D's output" "$out" ""
}

repaired()
{
	expect_rc "$1: sync repairs it" 0 bpfctl "$FW" sync
	expect "$1: live again" "$FW" 's["state"] == "live"'
	local before
	before=$(status "$FW" 'chain("INPUT")["decided_packets"]')
	verdicts "$1, repaired"
	equal "$1: BPF decides again" "$(($(status "$FW" 'chain("INPUT")["decided_packets"]') - before))" 10
}

export IPTABLES_BPF=off # syncs only where the test says so
verdicts "to begin with"

# ---- pins removed by hand, one kind after the other, then all
for pin in link-11 progs ctl stats notes; do
	path=$DIR/$pin
	[ $pin = notes ] && path=$PINS/notes
	[ $pin = link-11 ] && path=$(echo "$DIR"/link-*)
	# shellcheck disable=SC2086
	rm $path || bad "no pin $path"
	verdicts "without $pin"
	expect "status without $pin" "$FW" 's["state"] != "live" and "sync" in s["reason"]'
	repaired "$pin removed"
done
for pin in guard-ip-filter-INPUT "$COOKIE/s?-base" "$COOKIE/s?-c*-counters"; do
	# shellcheck disable=SC2086
	rm $PINS/$pin
	verdicts "without $pin"
	repaired "$pin removed"
done
rm -r "$DIR"
verdicts "without any pin"
expect "status without any pin" "$FW" 's["state"] != "live" and "sync" in s["reason"]'
repaired "all removed"

# ---- link detached
id=$(bpftool link show pinned "$(echo "$DIR"/link-*)" | sed -n 's/^\([0-9]*\):.*/\1/p' | head -1)
bpftool link detach id "$id" || bad "cannot detach link $id"
verdicts "link detached"
expect "status says so" "$FW" 's["state"] == "stale" and "detached" in s["reason"]'
repaired "link detached"

# ---- guard rule deleted by hand
stock "$FW" iptables -D INPUT 1
equal "that was the guard" "$(stock "$FW" iptables -S | grep -c guard)" 0
verdicts "guard deleted"
repaired "guard deleted"

# ---- no permission
for drop in +all,-bpf,-sys_admin; do
	caps="setpriv --bounding-set $drop --inh-caps -all"
	in_ns "$FW" nft add table ip x
	# shellcheck disable=SC2086
	in_ns "$FW" $caps "$BUILDDIR/iptables-bpfctl" sync >/dev/null 2>&1
	equal "sync without $drop fails" $? 1
	got=$(in_ns "$FW" $caps "$BUILDDIR/iptables-bpfctl" status -j | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s["state"], "root" in s["reason"])')
	equal "status without $drop" "$got" "unavailable True"
	out=$(IPTABLES_BPF=hybrid in_ns "$FW" $caps "$TMP/ours/iptables" -A INPUT -p udp --dport 4998 -j DROP 2>&1)
	equal "command without $drop: exit status" $? 0
	equal "command without $drop: output" "$out" ""
	no_sync_runs
	verdicts "no permission"
	in_ns "$FW" nft delete table ip x
	repaired "no permission"
done

# ---- no clang: something else lies over it
clangs=$(for c in /usr/bin/clang /usr/bin/clang-[0-9]* "$(command -v clang)"; do readlink -f "$c"; done | sort -u)
: >"$TMP/no-program"
chmod 644 "$TMP/no-program"
for c in $clangs; do mount --bind "$TMP/no-program" "$c"; done
in_ns "$FW" nft add table ip x
expect_rc "sync without clang" 1 bpfctl "$FW" sync
expect "status without clang" "$FW" 's["state"] == "unavailable" and "apt install clang" in s["reason"]'
command_works "no clang" env IPTABLES_BPF=hybrid
verdicts "no clang"
no_sync_runs
for c in $clangs; do umount "$c"; done
in_ns "$FW" nft delete table ip x
repaired "clang installed"

# ---- the bpffs read-only, then not there at all
mount -o remount,ro $PINS
in_ns "$FW" nft add table ip x
expect_rc "sync with a read-only bpffs" 1 bpfctl "$FW" sync
expect "status with a read-only bpffs" "$FW" 's["state"] == "unavailable" and "read-only" in s["reason"]'
command_works "read-only bpffs" env IPTABLES_BPF=hybrid
no_sync_runs
verdicts "read-only bpffs"
mount -o remount,rw $PINS
repaired "bpffs writable again"

for _ in $(seq 100); do # the reaper may be looking at it
	umount $PINS 2>"$TMP/umount" && break
	sleep 0.1
done
[ ! -s "$TMP/umount" ] || bad "cannot unmount: $(cat "$TMP/umount")"
verdicts "no bpffs"
expect "status without a bpffs" "$FW" 's["state"] == "unavailable" and "sync mounts one" in s["reason"]'
command_works "no bpffs" env IPTABLES_BPF=off
in_ns "$FW" setpriv --bounding-set -sys_admin --inh-caps -all "$BUILDDIR/iptables-bpfctl" sync 2>"$TMP/err"
equal "sync that may not mount" $? 1
equal "it says how to" "$(grep -c "mount -t bpf" "$TMP/err")" 1
expect "status that may not mount" "$FW" '"mount -t bpf" in s["reason"]'
repaired "bpffs mounted again"

# ---- called by somebody who ignores the ends of its children, when it has all to find out anew, with clang
rm -r /run/iptables-bpf/fragments "$DIR" || bad "no answer is kept"
ours "$FW" iptables -A INPUT -p udp --sport $((1 + RANDOM)) --dport $((20000 + RANDOM)) -j DROP
expect_rc "sync where SIGCHLD is ignored" 0 in_ns "$FW" env IPTABLES_BPF=hybrid timeout 60 python3 -c '
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$BUILDDIR/iptables-bpfctl" sync
expect "live" "$FW" 's["state"] == "live" and chain("INPUT")["mode"] == "hybrid"'
[ -e /run/iptables-bpf/fragments ] || bad "no answer is kept again"

# ---- nobody in particular
chmod 711 "$TMP"
got=$(in_ns "$FW" setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$BUILDDIR/iptables-bpfctl" status -j 2>&1 | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s["state"], "run as root" in s["reason"])')
equal "status for nobody" "$got" "unavailable True"
finish
