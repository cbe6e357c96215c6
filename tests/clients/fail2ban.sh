#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fail2ban: its server bans and unbans 500 addresses with each of its iptables actions.
. "$(dirname "$0")/lib.sh"
client_install fail2ban
export MIN_RULES=500

steps()
{
	local jail addresses4 addresses6 i

	rm -f /etc/fail2ban/jail.d/*
	: >/var/log/probe.log
	cat >/etc/fail2ban/jail.local <<'JAILS'
[DEFAULT]
backend = polling
logpath = /var/log/probe.log
filter = sshd
usedns = no
bantime = 1d
protocol = tcp
[multiport]
enabled = true
port = ssh,8080
action = iptables-multiport[name=multiport, port="ssh,8080", protocol=tcp, chain=INPUT]
[allports]
enabled = true
action = iptables-allports[name=allports, protocol=all, blocktype=DROP]
[oneport]
enabled = true
action = iptables[name=oneport, port=smtp, protocol=tcp]
[onlynew]
enabled = true
action = iptables-new[name=onlynew, port=https, protocol=tcp, chain=FORWARD]
[xt]
enabled = true
action = iptables-multiport-log[name=xt, port="110,143", protocol=tcp]
JAILS
	printf '[Definition]\nloglevel = WARNING\nlogtarget = /out/.fail2ban.log\ndbfile = :memory:\n' >/etc/fail2ban/fail2ban.local
	mkdir -p /run/fail2ban
	fail2ban-server -b >/out/.start 2>&1
	wait_until 60 fail2ban-client ping
	# The actions start with the first ban of a family.
	for jail in multiport allports oneport onlynew xt; do
		fail2ban-client set $jail banip 192.0.2.1
		wait_until 30 rules_are 192.0.2.1/32 $jail 1
		fail2ban-client set $jail banip 2001:db8::ffff
		wait_until 30 rules_are 2001:db8::ffff/128 $jail 1
	done
	snap started
	addresses4=$(for ((i = 0; i < 400; i++)); do echo "10.9.$((i / 200)).$((i % 200 + 1))"; done)
	addresses6=$(for ((i = 1; i <= 100; i++)); do printf '2001:db8::%x ' "$i"; done)
	# shellcheck disable=SC2086
	fail2ban-client set multiport banip $addresses4 $addresses6
	wait_until 300 rules_are '-s (10.9|2001:db8::[0-9a-f]{1,3}/)' multiport 500
	snap most
	# shellcheck disable=SC2086
	fail2ban-client set allports banip $(echo $addresses4 | cut -d' ' -f1-20)
	wait_until 60 rules_are '-s 10.9' allports 20
	fail2ban-client set onlynew banip 198.51.100.0/24
	wait_until 60 rules_are 198.51.100.0/24 onlynew 1
	fail2ban-client set oneport unbanip 192.0.2.1
	wait_until 60 rules_are 192.0.2.1/32 oneport 0
	snap some
	# shellcheck disable=SC2086
	fail2ban-client set multiport unbanip $addresses4 $addresses6
	wait_until 300 rules_are '-s (10.9|2001:db8::[0-9a-f]{1,3}/)' multiport 0
	snap unbanned
	fail2ban-client unban --all
	wait_until 60 rules_are '-s ' '[a-z]*' 0
	fail2ban-client stop
	wait_until 60 test ! -e /run/fail2ban/fail2ban.sock
	cat /out/.fail2ban.log
}

# rules_are PATTERN CHAIN COUNT: so many rules of fail2ban's CHAIN match.
rules_are()
{
	[ "$({ iptables-save; ip6tables-save; } | grep -E -e "^-A f2b-$2" | grep -c -E -e "$1")" = "$3" ]
}

CLIENT_FUNCTIONS=rules_are
client_compare steps "s/^[0-9-]{10} [0-9:,]{12}//; s/\[[0-9]+\]: /: /"
finish
