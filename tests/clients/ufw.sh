#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ufw: enable, allow, limit, deny, reject, routes, delete, reload, reset.
. "$(dirname "$0")/lib.sh"
client_install ufw

steps()
{
	ufw --force enable
	snap enabled
	ufw allow 22/tcp
	ufw allow 53
	ufw allow in on lo from 10.0.0.0/8 to any port 6000:6007 proto tcp comment 'X11'
	ufw allow proto tcp from any to any port 80,443,8080:8090
	ufw limit ssh
	ufw limit log-all 2222/tcp
	ufw deny from 203.0.113.0/24
	ufw deny out 25/tcp
	ufw reject from 2001:db8::/32 to any port 5432 proto tcp
	ufw insert 1 deny from 198.51.100.7
	ufw route allow in on eth0 out on eth1 to 192.0.2.10 port 443 proto tcp
	ufw allow log 8443/tcp
	ufw status verbose
	ufw status numbered
	snap most
	ufw delete allow 53
	ufw --force delete 1
	ufw delete deny from 203.0.113.0/24
	ufw default deny outgoing
	ufw default allow routed
	ufw logging high
	snap changed
	ufw reload
	snap reloaded
	ufw show raw
	ufw show added
	ufw allow 70000
	ufw disable
	snap disabled
	ufw --force enable
	ufw --force reset
}

# reset names its backups by the time
client_compare steps "s/\.[0-9]{8}_[0-9]{6}/.DATE/g; s/^( *)[0-9]+[KMG]? +[0-9]+[KMG]? /\1/"
finish
