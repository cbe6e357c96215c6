#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# -vv describes what is read and sent over netlink, -vvv the messages, too: the same that stock reads and sends. (Not
# compared: -vvv where our message has attributes that stock's lacks, and -c of ip6tables, which stock 1.8.9 ignores.)
. "$(dirname "$0")/lib.sh"
stock_encodes_alike || skip "stock encodes rules otherwise, and that shows"
export IPTABLES_BPF=off # which takes handles, and they show
new_ns OURS ours
new_ns STOCK stock

# Not compared, as stock makes chains that were only shown: -Z together with -L or -S.
while read -r line; do
	eval "both $OURS $STOCK iptables $line"
	eval "both $OURS $STOCK ip6tables ${line//10.0.0.0\/8/fe80::/10}"
done <<'END'
-vvv -A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -m comment --comment "a b" -j ACCEPT
-vv -C INPUT -s 10.0.0.0/8 -p tcp --dport 22 -m comment --comment "a b" -j ACCEPT
-vv -C INPUT -j LOG
-vv -I INPUT -j LOG
-vv -I INPUT 3 -i lo -j DROP
-vv -R INPUT 1 -m conntrack --ctstate NEW -j REJECT
-vv -N u
-vvv -N w
-vv -A u -p udp ! --sport 1:4 -m limit --limit 3/min -j NFLOG --nflog-prefix abc
-vv -A w -p tcp --tcp-flags SYN,RST SYN -m mark --mark 1/3 -g u
-vv -t nat -A POSTROUTING -j MASQUERADE
-vv -t nat -N n
-vv -t nat -X
-vv -A OUTPUT -d 10.0.0.0/8
-vv -A FORWARD -j u
-vv -L
-vv -S
-vv -L u
-vv -S OUTPUT 1
-vvv -L -n
-vv -Z u
-vv -Z
-vv -A OUTPUT -d 10.0.0.0/8
-vv -Z OUTPUT 1
-vv -D INPUT 1
-vv -D INPUT -s 10.0.0.0/8 -p tcp --dport 22 -m comment --comment "a b" -j ACCEPT
-vv -D INPUT 9
-vv -E w x
-vv -E x INPUT
-vv -X x
-vv -X u
-vv -P OUTPUT DROP
-vv -P OUTPUT ACCEPT -c 3 4
-vv -R INPUT 1 -j DROP
-vv -F INPUT
-vv -F
-vvv -F
-vv -X
-vv -N INPUT
END
in_ns "$OURS" nft flush ruleset
in_ns "$STOCK" nft flush ruleset
for tool in iptables ip6tables; do
	printf '*filter\n:INPUT DROP [0:0]\n:x - [0:0]\n-A INPUT -i lo -j x\nCOMMIT\n' | both "$OURS" "$STOCK" $tool-restore -vvn
done

# No guard rule in it.
export IPTABLES_BPF=hybrid
export IPTABLES_BPF_WAIT=1
ours "$OURS" iptables -A OUTPUT -p tcp --dport 1 -j DROP
for line in -S -L "-D OUTPUT 1" -F -X; do
	# shellcheck disable=SC2086
	ours "$OURS" iptables -vv $line >"$TMP/out" 2>&1
	if grep -q 'match name bpf' "$TMP/out"; then bad "-vv $line shows the guard rule"; else ok "-vv $line"; fi
done
finish
