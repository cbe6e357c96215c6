#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install' and `make install-compat-links' put where, under every name, and away again.
. "$(dirname "$0")/lib.sh"
need make
[ -f "$BUILDDIR/Makefile" ] || skip "no Makefile in $BUILDDIR"
new_ns NS
ROOT=$TMP/root

# Not lib.sh's environment: a make above this one would pass its flags on.
quiet_make()
{
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -C "$BUILDDIR" -s DESTDIR="$ROOT" "$@" >"$TMP/make.out" 2>&1
}

quiet_make install || fail "make install: $(cat "$TMP/make.out")"
sbin=$(find "$ROOT" -name xtables-bpf-multi -printf '%h\n')
[ -n "$sbin" ] || fail "xtables-bpf-multi is not installed"
for name in iptables-bpf ip6tables-bpf; do
	for suffix in "" -save -restore -translate -restore-translate; do
		in_ns "$NS" "$sbin/$name$suffix" -V >"$TMP/out" 2>&1
		grep -Eq "v[0-9]+\.[0-9]+\.[0-9]+" "$TMP/out" && ok "$name$suffix" || bad "$name$suffix -V: $(cat "$TMP/out")"
	done
done
in_ns "$NS" "$sbin/xtables-bpf-monitor" -V >/dev/null && ok monitor || bad "xtables-bpf-monitor -V"
man8=$(find "$ROOT" -name iptables-bpf.8 -printf '%h\n')
for program in "$sbin"/*; do
	name=$(basename "$program")
	grep -Fq -- "$name" "$man8/$name.8" && ok "$name(8)" || bad "$name has no manual page"
done
grep -q "ExecStart=${sbin#"$ROOT"}/iptables-bpfctl watch" "$(find "$ROOT" -name iptables-bpf.service)" && ok units ||
	bad "iptables-bpf.service is not installed, or starts something else"

# The units: as systemd reads them, and what they start, whoever kills it.
for unit in iptables-bpf iptables-bpf@; do
	sed "s|${sbin#"$ROOT"}|$sbin|" "$(find "$ROOT" -name "$unit.service")" >"$TMP/$unit.service"
done
if command -v systemd-analyze >/dev/null; then
	for unit in iptables-bpf iptables-bpf@; do
		SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$TMP/$unit.service" >"$TMP/out" 2>&1 && ! grep -q "$unit" "$TMP/out" &&
			ok "$unit.service" || bad "$unit.service: $(cat "$TMP/out")"
	done
fi
unit_command() { sed -n "s/^$1=-\?//p" "$TMP/iptables-bpf.service"; }
printf '*filter\n-A INPUT -p udp --dport 4001 -j DROP\nCOMMIT\n' | in_ns "$NS" "$sbin/iptables-bpf-restore"
cat >"$TMP/manager.py" <<'END'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
p = subprocess.Popen(sys.argv[2:], env={**os.environ, "NOTIFY_SOCKET": sys.argv[1], "IPTABLES_BPF": "exclusive"})
print(s.recv(100).decode(), p.pid, flush=True)
p.wait()
END
# shellcheck disable=SC2046
in_ns "$NS" python3 "$TMP/manager.py" "$TMP/notify" $(unit_command ExecStart) >"$TMP/manager.out" &
for _ in $(seq 200); do
	in_ns "$NS" nft list ruleset 2>/dev/null | grep -q dormant && break
	sleep 0.1
done
grep -q "^READY=1 " "$TMP/manager.out" && ok "it says when it is ready" || bad "not ready: $(cat "$TMP/manager.out")"
in_ns "$NS" nft list ruleset 2>/dev/null | grep -q dormant && ok "the service works" || bad "no table is dormant"
# shellcheck disable=SC2046
kill -KILL $(ip netns pids "$NS" | while read -r pid; do
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" != "$(unit_command ExecStart) " ] || echo "$pid"
done)
# shellcheck disable=SC2091
in_ns "$NS" $(unit_command ExecStopPost) && ok ExecStopPost || bad ExecStopPost
in_ns "$NS" nft list ruleset 2>/dev/null | grep -q dormant && bad "ExecStopPost leaves a table dormant" || ok "nft decides again"
in_ns "$NS" "$sbin/iptables-bpfctl" off

quiet_make install-compat-links && bad "install-compat-links takes no DIR"
compat=/opt/compat
quiet_make install-compat-links DIR=$compat || bad "install-compat-links: $(cat "$TMP/make.out")"
quiet_make install-compat-links DIR=$compat || bad "install-compat-links again: $(cat "$TMP/make.out")"
# They point to where the program would be without DESTDIR.
links=0
for link in "$ROOT$compat"/*; do
	name=$(basename "$link")
	links=$((links + 1))
	[ "$ROOT$(readlink "$link")" = "$sbin/xtables-bpf-multi" ] || bad "$name leads to $(readlink "$link")"
	ln -s "$sbin/xtables-bpf-multi" "$TMP/$name"
	in_ns "$NS" "$TMP/$name" -V >"$TMP/out" 2>&1 && ok "$name" || bad "$name -V: $(cat "$TMP/out")"
done
[ "$links" = 23 ] || bad "$links compatibility links"
in_ns "$NS" "$TMP/iptables-legacy" -A INPUT -p tcp -j ACCEPT
in_ns "$NS" "$TMP/iptables-legacy-save" | grep -q -- '-A INPUT -p tcp -j ACCEPT' || bad "iptables-legacy shows other rules"

rm "$ROOT$compat/iptables"
echo precious >"$ROOT$compat/iptables"
quiet_make install-compat-links DIR=$compat && bad "a file was replaced silently"
[ "$(cat "$ROOT$compat/iptables")" = precious ] && ok "left alone" || bad "a file was replaced"

quiet_make uninstall || bad "make uninstall: $(cat "$TMP/make.out")"
left=$(find "$ROOT" -path "$ROOT$compat" -prune -o ! -type d -print)
[ -z "$left" ] && ok uninstall || bad "left behind: $left"
finish
