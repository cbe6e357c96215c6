#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shorewall and shorewall6: capabilities, compile, start, dynamic blacklist, reload, stop, clear.
. "$(dirname "$0")/lib.sh"
client_install shorewall shorewall6
export MIN_RULES=40

steps()
{
	local family config address

	ip link add eth0 type veth peer name peer0 && ip link set eth0 up
	ip link add eth1 type veth peer name peer1 && ip link set eth1 up
	ip addr add 192.0.2.1/24 dev eth0
	ip addr add 10.0.0.1/24 dev eth1
	ip -6 addr add 2001:db8::1/64 dev eth0 nodad
	ip -6 addr add 2001:db8:1::1/64 dev eth1 nodad
	for family in 4 6; do
		config=/etc/shorewall${family#4}
		case $family in 4) address=10.0.0.8 ;; *) address='[2001:db8:1::8]' ;; esac
		printf 'fw firewall\nnet ipv%s\nloc ipv%s\n' $family $family >$config/zones
		printf '?FORMAT 2\nnet eth0 tcpflags,nosmurfs\nloc eth1 tcpflags\n' >$config/interfaces
		[ $family = 4 ] || sed -i 's/,nosmurfs//' $config/interfaces
		printf 'loc net ACCEPT\nfw all ACCEPT\nnet all DROP info\nall all REJECT info\n' >$config/policy
		cat >$config/rules <<RULES
?SECTION ESTABLISHED
?SECTION RELATED
?SECTION INVALID
?SECTION UNTRACKED
?SECTION NEW
Invalid(DROP) net all tcp
SSH(ACCEPT) net fw
Ping(ACCEPT) all fw
DNS(ACCEPT) loc fw
Web(ACCEPT) net loc:$address
ACCEPT:info loc fw udp 123,500:510
ACCEPT net fw tcp 2222 - - 3/min:5
REJECT loc net tcp 25
DROP net:!$address fw udp 137:139
RULES
		[ $family = 6 ] || cat >>$config/rules <<'RULES'
DNAT net loc:10.0.0.9:8080 tcp 80
REDIRECT loc 3128 tcp 8000
RULES
		[ $family = 6 ] || printf 'MASQUERADE 10.0.0.0/24 eth0\n' >$config/snat
		printf 'MARK(1):P eth1 - tcp 22\nDSCP(AF11) - eth0 udp\n' >$config/mangle
		sed -i 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/; s/^LOGFILE=.*/LOGFILE=\/dev\/null/' \
			$config/shorewall${family#4}.conf
	done
	# The probes of what kernel and iptables can do.
	shorewall show -f capabilities
	shorewall6 show -f capabilities
	shorewall check
	shorewall start
	shorewall6 start
	snap most
	shorewall drop 203.0.113.5
	shorewall reject 203.0.113.6
	shorewall show dynamic
	snap dynamic
	shorewall allow 203.0.113.5
	shorewall save
	shorewall reload
	snap reloaded
	shorewall status
	shorewall show policies
	shorewall stop
	shorewall6 stop
	snap stopped
	shorewall restore
	snap restored
	shorewall clear
	shorewall6 clear
}

client_compare steps "s/(at |[A-Z][a-z]{2} )[A-Z][a-z]{2} +[0-9]+ [0-9:]{8}( [A-Z]+)?( [AP]M)?( [A-Z]+)?( [0-9]{4})?/DATE/g
	s/[0-9]{2}:[0-9]{2}:[0-9]{2}/TIME/g; s/sha-([lr])h-[0-9a-f]{20}/sha-\1h-HASH/g"
finish
