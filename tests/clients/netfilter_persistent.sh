#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# netfilter-persistent with Debian's plugins: save, start, reload, flush, stop.
. "$(dirname "$0")/lib.sh"
client_install netfilter-persistent iptables-persistent

steps()
{
	local chain i

	iptables -N services
	iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	iptables -A INPUT -p tcp -j services
	iptables -A INPUT -p icmp -m limit --limit 5/s -c 7 700 -j ACCEPT
	for ((i = 0; i < 20; i++)); do
		iptables -A services -s 10.0.$i.0/24 -p tcp --dport $((1000 + i)) -m comment --comment "service $i" -j ACCEPT
	done
	iptables -P INPUT DROP
	iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE
	iptables -t mangle -A PREROUTING -p udp --dport 53 -j MARK --set-mark 5
	ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
	ip6tables -A FORWARD -s 2001:db8::/32 -j DROP
	snap most
	netfilter-persistent save
	sed -E 's/^(# .*) on .*/\1/' /etc/iptables/rules.v4 /etc/iptables/rules.v6
	netfilter-persistent flush
	snap flushed
	netfilter-persistent start
	snap started
	iptables -A services -s 172.16.0.0/12 -j DROP
	iptables -D INPUT 1
	netfilter-persistent reload
	snap reloaded
	netfilter-persistent stop
	snap stopped
	netfilter-persistent restart
	for chain in INPUT services; do
		iptables -S $chain
	done
	rm /etc/iptables/rules.v6
	netfilter-persistent start
	echo "rules that are wrong" >/etc/iptables/rules.v4
	netfilter-persistent start
	echo "status $?"
}

client_compare steps
finish
