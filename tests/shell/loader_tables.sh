#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Chains of raw, mangle and security run in BPF as the filter table's do: listed, zeroed, carried on, switched off.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

make_pair
FAMILIES="ip ip6"
restore()
{
	ours "$FW" "$1-restore" <<'END'
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 4100 -j DROP
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 4000:4099 -m comment --comment "on its way"
-A INPUT -p udp -m udp --dport 4101 -j DROP
-A POSTROUTING -p udp -m udp --sport 4000 -j MARK --set-mark 1
-A POSTROUTING -p udp -m udp --dport 4104 -j DROP
-A OUTPUT -p udp -m udp --dport 4105 -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -j ACCEPT
COMMIT
*security
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m udp --dport 4102 -j DROP
COMMIT
END
}
restore iptables
restore ip6tables
expect_rc "sync" 0 bpfctl "$FW" sync

mode='{(c["family"], c["table"], c["chain"]): c["mode"] for c in s["chains"]}'
for family in $FAMILIES; do
	for chain in "raw PREROUTING" "mangle PREROUTING" "mangle INPUT" "mangle OUTPUT" "mangle POSTROUTING" "security INPUT"; do
		expect "$family $chain" "$FW" "$mode[('$family', '${chain% *}', '${chain#* }')] == 'hybrid'"
	done
	expect "$family: chains without rules" "$FW" "$mode[('$family', 'raw', 'OUTPUT')] == 'nft'"
done
expect "nat says why" "$FW" 'all(c["mode"] == "nft" and c["reason"] == "nat maps addresses: BPF gives verdicts only" for c in s["chains"] if c["table"] == "nat")'
equal "nat is listed" "$(status "$FW" 'sum(c["table"] == "nat" for c in s["chains"])')" 8
expect "MARK is handed over" "$FW" \
	'[c["handover_rules"] for c in s["chains"] if (c["family"], c["chain"]) == ("ip", "POSTROUTING") and c["table"] == "mangle"] == [[{"chain": "POSTROUTING", "rule": 1, "reason": "target MARK: sets marks"}]]'
if bpfctl "$FW" show -4 -t mangle POSTROUTING | grep -q 'target MARK'; then ok "show -t"; else bad "show -t mangle"; fi
equal "show of one table" "$(bpfctl "$FW" show -4 -t security | grep -c '^/\* iptables ')" 3
expect_rc "show of a table that is none" 1 bpfctl "$FW" show -t nosuch

# count TABLE TEXT [TOOL]: packets of a rule, by our listing
count()
{
	ours "$FW" "${3:-iptables}" -t "$1" -L -v -n -x | awk -v text="$2" 'index($0, text) { print $1; exit }'
}

equal "accepted everywhere" "$(probe 4000 20)" 20
equal "dropped in raw" "$(probe 4100 5)" 0
equal "dropped in mangle" "$(probe 4101 6)" 0
equal "dropped in security" "$(probe 4102 7)" 0
equal "raw counts" "$(count raw dpt:4100)" 5
equal "mangle counts" "$(count mangle dpt:4101)" 6
equal "mangle counts what passes" "$(count mangle "on its way")" 20
equal "security counts" "$(count security dpt:4102)" 7
equal "nft itself has seen nothing of it" "$(stock "$FW" iptables -t raw -L -v -n -x | awk '/dpt:4100/ { print $1 }')" 0

# From this side: OUTPUT and POSTROUTING, both families.
ip -n "$FW" addr add fd77::1/64 dev wire nodad
for to in 127.0.0.1 ::1; do
	for port in 4104 4105; do
		in_ns "$FW" bash -c "for i in 1 2 3; do echo x >/dev/udp/$to/$port; done" 2>/dev/null
	done
done
for tool in iptables ip6tables; do
	equal "$tool: dropped in POSTROUTING" "$(count mangle dpt:4104 $tool)" 3
	equal "$tool: dropped in OUTPUT" "$(count mangle dpt:4105 $tool)" 3
done

# Another ruleset: counts go along. -Z is about one table.
ours "$FW" iptables -t mangle -A INPUT -p udp --dport 4103 -j DROP
expect_rc "sync of a changed ruleset" 0 bpfctl "$FW" sync
equal "mangle's counts stay" "$(count mangle dpt:4101)" 6
equal "raw's counts stay" "$(count raw dpt:4100)" 5
probe 4101 2 >/dev/null
equal "and go on" "$(count mangle dpt:4101)" 8
ours "$FW" iptables -t mangle -Z
equal "mangle zeroed" "$(count mangle dpt:4101)" 0
equal "raw not" "$(count raw dpt:4100)" 5
equal "IPv6's not" "$(count mangle dpt:4105 ip6tables)" 3
bpfctl "$FW" sync
probe 4101 4 >/dev/null
equal "counted anew" "$(count mangle dpt:4101)" 4

# Another tool's chain between a front and its chain.
in_ns "$FW" nft -f - <<'END'
table inet other {
	chain c { type filter hook prerouting priority -151; policy accept; }
}
END
expect_rc "sync beside another tool" 0 bpfctl "$FW" sync
expect "the hook is left to nft" "$FW" \
	"$mode[('ip', 'mangle', 'PREROUTING')] == 'nft' and $mode[('ip6', 'mangle', 'PREROUTING')] == 'nft' and $mode[('ip', 'raw', 'PREROUTING')] == 'hybrid'"
in_ns "$FW" nft delete table inet other

# Everything is nft's again, counts too.
expect_rc "off" 0 bpfctl "$FW" off
equal "raw's counts are nft's" "$(stock "$FW" iptables -t raw -L -v -n -x | awk '/dpt:4100/ { print $1 }')" 5
equal "mangle's counts are nft's" "$(stock "$FW" iptables -t mangle -L -v -n -x | awk '/dpt:4101/ { print $1 }')" 4
equal "security's counts are nft's" "$(stock "$FW" iptables -t security -L -v -n -x | awk '/dpt:4102/ { print $1 }')" 7
equal "no guard is left" "$(in_ns "$FW" nft list ruleset 2>/dev/null | grep -c 'xt match "bpf"')" 0
finish
