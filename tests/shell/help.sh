#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Help, version and usage of every program and every plugin, and who is told what without privileges: as stock says it.
. "$(dirname "$0")/lib.sh"
export IPTABLES_BPF=off
new_ns OURS ours
new_ns STOCK stock
PLUGINS=$(pkg-config --variable=xtlibdir xtables 2>/dev/null)
[ -d "$PLUGINS" ] || PLUGINS=/usr/lib/$(uname -m)-linux-gnu/xtables
[ -d "$PLUGINS" ] || skip "no plugins of libxtables found"

# One log a side is quicker than a check a line: 1,500 of them. LINE is run by bash.
lines()
{
	local plugin tool suffix option
	for plugin in "$PLUGINS"/lib{xt,ipt,ip6t}_*.so; do
		plugin=$(basename "$plugin" .so)
		plugin=${plugin#*_}
		for tool in iptables ip6tables; do
			echo "$tool -m $plugin -h"
			echo "$tool -j $plugin -h"
			echo "$tool -p $plugin -h"
			echo "$tool -j $plugin -m $plugin -p $plugin --help"
			echo "$tool-translate -m $plugin -h"
		done
	done
	for tool in iptables ip6tables; do
		for suffix in "" -save -restore -translate -restore-translate; do
			while read -r option; do
				echo "$tool$suffix $option"
			done <<'END'
-h
--help
-h x
-hx
--help=x
-V
--version
--versio
-V x
! -V
-vV
-x
--nosuch
-4 -V
-6 -V
-4 -h
-6 -h
-b
-h -m tcp
-m tcp -m udp -h
-t nat -h
-t foo -h
-A INPUT -j LOG -m limit -h
-p tcp -m tcp -h
-m nosuch -h
-j nosuch -h
-w -h
-W -h
-v -v -h
END
		done
	done
}

run_lines()
{
	local line
	while IFS= read -r line; do
		echo "=== $line"
		eval "$line" </dev/null 2>"$1.err"
		echo "exit status $?"
		cat "$1.err"
	done >"$1.log"
}

compare_lines()
{
	local part file name=$1
	for part in ours stock; do
		local -n ns=${part^^}
		PATH="$TMP/$part:$PATH" in_ns "$ns" bash -c "$(declare -f run_lines); run_lines $TMP/$part" <"$TMP/lines" |
			cat
		no_dates <"$TMP/$part.log" >"$TMP/$part.cmp"
		rm -rf "$TMP/$part.d"
		mkdir "$TMP/$part.d"
		awk -v dir="$TMP/$part.d" '/^=== / { close(f); f = sprintf("%s/%05d", dir, ++n) } { print > f }' "$TMP/$part.cmp"
	done
	for file in "$TMP"/stock.d/*; do
		same "$name: $(head -n 1 "$file")" "$TMP/ours.d/$(basename "$file")" "$file"
	done
}

lines >"$TMP/lines"
compare_lines help

# Without privileges: root's rules stay unseen, the rest works.
for who in ours stock; do
	$who "$OURS" iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT
	$who "$STOCK" iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT
done
chmod -R a+rX "$TMP"
while IFS= read -r line; do
	echo "setpriv --reuid 65534 --regid 65534 --clear-groups $line"
done >"$TMP/lines" <<'END'
iptables -L
iptables -S
iptables -A INPUT -j ACCEPT
iptables -A INPUT -m recent --set -j LOG
iptables -C INPUT -j ACCEPT
iptables -N x
iptables -X
iptables -F
iptables -Z
iptables -P INPUT DROP
iptables -D INPUT 1
iptables -E a b
iptables -I INPUT 3 -j DROP
iptables -R INPUT 1 -j DROP
iptables -t nat -L
iptables -L -t foo
iptables -A nope -j ACCEPT
iptables -A INPUT -j nope
iptables-save
iptables-save -t filter
iptables-save -t foo
ip6tables-save -c
iptables -m conntrack -h
iptables-translate -A INPUT -m conntrack --ctstate NEW -m recent --set -j REJECT
ip6tables-translate -A INPUT -p ipv6-icmp -j REJECT
bash -c "printf '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n' | iptables-restore"
bash -c "printf '*filter\nCOMMIT\n' | iptables-restore"
bash -c "printf '*filter\nCOMMIT\n' | iptables-restore -n"
bash -c "printf '*filter\n-A INPUT\nCOMMIT\n' | iptables-restore -t"
END
compare_lines unprivileged

# Where the output cannot go. (Not iptables-save >/dev/full, of which stock says nothing.)
cat >"$TMP/lines" <<'END'
iptables -S >/dev/full
iptables -L >/dev/full
iptables -V >/dev/full
iptables -h >/dev/full
iptables -S >&-
iptables-save >&-
iptables-translate -A INPUT >/dev/full
END
compare_lines "full disk"
finish
