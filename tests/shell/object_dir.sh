#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `iptables-bpfctl compile' has made runs where there is no clang.
#
# It hides clang, so it runs on a machine of its own as far as the loader can
# tell: pid and mount namespaces, with another /run/iptables-bpf and another cache.
if [ -z "${LOADER_ALONE:-}" ] && [ "$(id -u)" = 0 ]; then
	LOADER_ALONE=1 exec unshare --mount --pid --fork --mount-proc "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

mkdir -p /run/iptables-bpf /run/netns /var/cache/iptables-bpf
mount -t tmpfs tmpfs /run/iptables-bpf || fail "cannot mount a tmpfs"
mount -t tmpfs tmpfs /var/cache/iptables-bpf || fail "cannot mount a tmpfs"
chmod 700 /run/iptables-bpf /var/cache/iptables-bpf
make_pair

# A short chain, and a long one.
rules()
{
	echo "*filter"
	echo ":INPUT ACCEPT [0:0]"
	echo ":FORWARD DROP [0:0]"
	echo ":OUTPUT ACCEPT [0:0]"
	echo "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
	for i in $(seq "$1"); do
		echo "-A INPUT -p udp -m udp --dport $((5000 + i)) -j DROP"
	done
	echo "COMMIT"
}
rules 100 >"$TMP/rules"
sed 's/RELATED,ESTABLISHED/INVALID/' "$TMP/rules" >"$TMP/rules6"
expect_rc "compile" 0 bpfctl "$FW" compile "$TMP/rules" -o "$TMP/objects"
equal "INPUT and FORWARD" "$(ls "$TMP/objects"/*.o | wc -l)" 2
expect_rc "compile for IPv6" 0 bpfctl "$FW" compile --ipv6 -o "$TMP/objects" "$TMP/rules6"
equal "two more" "$(ls "$TMP/objects"/*.o | wc -l)" 4
expect_rc "what iptables-restore refuses" 1 bpfctl "$FW" compile "$0" -o "$TMP/objects"
expect_rc "compile without a directory" 2 bpfctl "$FW" compile "$TMP/rules"
equal "nothing is left of its namespaces" "$(ls -d /run/iptables-bpf/ns-* 2>/dev/null | wc -l)" 0

for c in $(for c in /usr/bin/clang /usr/bin/clang-[0-9]* "$(command -v clang)"; do readlink -f "$c"; done | sort -u); do
	mount --bind /dev/null "$c" || fail "cannot hide $c"
done
rm -rf /var/cache/iptables-bpf/*
export IPTABLES_BPF=off
ours "$FW" iptables-restore <"$TMP/rules"
ours "$FW" ip6tables-restore <"$TMP/rules6"
expect_rc "sync without objects" 1 bpfctl "$FW" sync
expect_rc "sync with them" 0 bpfctl "$FW" sync --object-dir "$TMP/objects"
expect "live" "$FW" 's["state"] == "live"'
for chain in INPUT FORWARD; do
	for family in ip ip6; do
		expect "$family $chain" "$FW" "chain('$chain', '$family')['mode'] != 'nft'"
	done
done
equal "obeyed" "$(probe 5001 3)" 0
equal "counted" "$(rule_packets "$FW" dpt:5001)" 3
equal "BPF did it" "$(stock "$FW" iptables -L -v -n -x | awk '/dpt:5001/ { print $1 }')" 0

# Rules of a known shape, after a command.
unset IPTABLES_BPF
export IPTABLES_BPF_WAIT=1 IPTABLES_BPF_OBJECT_DIR=$TMP/objects
ours "$FW" iptables -A INPUT -p udp --dport 6500 -j DROP
expect "still live" "$FW" 's["state"] == "live" and chain("INPUT")["mode"] != "nft"'
equal "the new rule is obeyed" "$(probe 6500 4)" 0
equal "by BPF" "$(stock "$FW" iptables -L -v -n -x | awk '/dpt:6500/ { print $1 }')" 0
# Of another shape.
ours "$FW" iptables -A INPUT -m length --length 1 -j DROP
expect "an unknown shape is nft's" "$FW" 'chain("INPUT")["mode"] == "nft" and "clang" in chain("INPUT")["reason"]'
equal "and obeyed" "$(probe 5001 3)" 0
ours "$FW" iptables -D INPUT -m length --length 1 -j DROP
expect "back to the known one" "$FW" 'chain("INPUT")["mode"] != "nft"'
unset IPTABLES_BPF_WAIT IPTABLES_BPF_OBJECT_DIR

# Who could write there could decide over packets.
chmod g+w "$TMP/objects"
expect_rc "a directory of a group's" 1 bpfctl "$FW" sync --object-dir "$TMP/objects"
if grep -q "chmod go-w" "$TMP/rc.err"; then ok "says what to do"; else bad "says $(cat "$TMP/rc.err")"; fi
chmod g-w "$TMP/objects"
bpfctl "$FW" off
bpfctl "$FW" on 2>/dev/null
chmod o+w "$TMP/objects"/*.c
expect_rc "a file that others can write" 1 bpfctl "$FW" sync --object-dir "$TMP/objects"
chmod o-w "$TMP/objects"/*.c
expect_rc "good again" 0 bpfctl "$FW" sync --object-dir "$TMP/objects"
finish
