#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iptables-translate and -restore-translate print what stock prints, bit by bit.
. "$(dirname "$0")/lib.sh"
need python3
export DIFF_LINES=60
new_ns NS

# One command line a line. Each program runs all of them; the logs must be the same.
cat >"$TMP/cases" <<'CASES'
iptables-translate
iptables-translate -V
iptables-translate -h
ip6tables-translate -h
iptables-translate -m tcp -h
iptables-translate -L
iptables-translate -t nat -L POSTROUTING -n -v
iptables-translate -S
iptables-translate -F
iptables-translate -F INPUT
iptables-translate -t nosuch -F
iptables-translate -Z
iptables-translate -N user
iptables-translate -X user
iptables-translate -X
iptables-translate -E a b
iptables-translate -P INPUT DROP
iptables-translate -D INPUT 1
iptables-translate -D INPUT -j ACCEPT
iptables-translate -C INPUT -j ACCEPT
iptables-translate -R INPUT 1 -j ACCEPT
iptables-translate -A INPUT
iptables-translate -A INPUT -j ACCEPT
iptables-translate -I INPUT 3 -j DROP
iptables-translate -A user -j other
iptables-translate -A user -g other
iptables-translate -A user -j RETURN
iptables-translate -t nosuch -A user -j RETURN
iptables-translate -A FORWARD -i eth0 -o eth+ -j ACCEPT
iptables-translate -A FORWARD ! -i + ! -o eth0 -j ACCEPT
iptables-translate -A FORWARD -i + -o 'e*h*' -j ACCEPT
iptables-translate -A FORWARD -i 'eth*+' -j ACCEPT
iptables-translate -A FORWARD -f -j DROP
iptables-translate -A FORWARD ! -f -j DROP
iptables-translate -A FORWARD -p 250 -j DROP
iptables-translate -A FORWARD ! -p TCP -j DROP
iptables-translate -A FORWARD -p icmp -j DROP
iptables-translate -A FORWARD -p tcp -m tcp --dport 22 -j DROP
iptables-translate -A FORWARD -p tcp --dport ssh -j DROP
iptables-translate -A INPUT -s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.0/24 -j ACCEPT
iptables-translate -A INPUT -s 1.1.1.1,2.2.2.2 -j ACCEPT
iptables-translate -A INPUT -d 1.1.1.1,2.2.2.2 -j ACCEPT
iptables-translate -A INPUT ! -s 10.0.0.0/255.0.255.0 -d 10.0.0.0/8 -j ACCEPT
iptables-translate -A INPUT ! -s 0.0.0.0/0 -j ACCEPT
iptables-translate -A INPUT -m comment --comment "two words" -j ACCEPT
iptables-translate -A INPUT ! -s 1.1.1.1 -m u32 --u32 "0=0" -j ACCEPT
iptables-translate -A INPUT -s 1.1.1.1,2.2.2.2 -m u32 --u32 "0=0" -j ACCEPT
iptables-translate -A INPUT -m comment --comment ! ! -i eth0 -m u32 --u32 0=0
iptables-translate -A INPUT -m state --state NEW,ESTABLISHED -j LOG --log-prefix "x y"
iptables-translate -A INPUT -m conntrack ! --ctstate INVALID -m limit --limit 5/min -j REJECT
iptables-translate -A INPUT -m multiport -p tcp --dports 1,2,3:4 -m mark --mark 1/2 -j NFLOG --nflog-group 3
iptables-translate -A INPUT -m hashlimit --hashlimit-above 20kb/s --hashlimit-burst 1mb --hashlimit-mode dstip --hashlimit-name https
iptables-translate -A INPUT -m connlimit --connlimit-above 2 -j DROP
iptables-translate -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080
iptables-translate -t nat -A POSTROUTING -j MASQUERADE --random
iptables-translate -t nat -A OUTPUT -j DROP
iptables-translate -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
iptables-translate -t raw -A PREROUTING -j TRACE
iptables-translate -A INPUT -j NOSUCH
iptables-translate -A INPUT --nosuch
iptables-translate -A INPUT word
iptables-translate -A INPUT -m nosuch
iptables-translate -A INPUT -p
iptables-translate -6 -A INPUT
iptables-translate -4 -A INPUT
iptables-translate -n -A INPUT
iptables-translate -A INPUT -L
iptables-translate -c 1 2 -A INPUT -j ACCEPT
iptables-translate -vvv -A INPUT -j ACCEPT
iptables-translate -w 5 -A INPUT -j ACCEPT
ip6tables-translate -A INPUT -s 2001:db8::/32 ! -d ::1 -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT
ip6tables-translate -A INPUT -s 2001:db8::1/ffff::ffff -p icmpv6 -j ACCEPT
ip6tables-translate -A INPUT -p tcp --dport 1:65535 -j REJECT --reject-with tcp-reset
ip6tables-translate -A INPUT -p 44 -j ACCEPT
ip6tables-translate -A INPUT ! -s ::/0 -m frag --fragid 1 -j ACCEPT
ip6tables-translate -A INPUT -m hl --hl-gt 5 -m rt --rt-type 0 -g user
iptables-restore-translate
iptables-restore-translate -h
iptables-restore-translate -V
iptables-restore-translate -x -f /no/such/file
CASES

# Files: good ones, and every way to be bad.
n=0
file_case()
{
	n=$((n + 1))
	# shellcheck disable=SC2059
	printf -- "$1" >"$TMP/file$n"
	echo "iptables-restore-translate -f $TMP/file$n" >>"$TMP/cases"
	echo "ip6tables-restore-translate -f $TMP/file$n" >>"$TMP/cases"
}
file_case ''
file_case '# c\n*filter\n:INPUT DROP [1:2]\n:user - [0:0]\n[5:6] -A INPUT -j user\n-A user ! -i eth0 -j RETURN\nCOMMIT\n'
file_case '*filter\n:INPUT ACCEPT\n*nat\n:PREROUTING DROP\n:INPUT - [0:0]\n:OUTPUT ACCEPT\n:POSTROUTING NOSUCH\n'
file_case '*mangle\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:FORWARD DROP\nCOMMIT\n*raw\n:OUTPUT DROP\nCOMMIT\n*security\n:INPUT ACCEPT\nCOMMIT'
file_case '*filter\n-F\n-F INPUT\n-N x\n-X x\n-L\n-I INPUT 2 -j DROP\nCOMMIT\n'
file_case '*filter\n-6 -A INPUT -j ACCEPT\n-4 -A INPUT -j ACCEPT\nCOMMIT\n'
file_case '*filter\n-A INPUT -m u32 --u32 "0=0" ! -p TCP -m comment --comment "a b" -j ACCEPT\nCOMMIT\n'
file_case '*filter\n-P INPUT DROP\nCOMMIT\n'
file_case '*filter\n-A INPUT -j ACCEPT\n-D INPUT 1\nCOMMIT\n'
file_case '*filter\n-A INPUT --nosuch\nCOMMIT\n'
file_case '*filter\n:INPUT\nCOMMIT\n'
file_case '*nosuch\nCOMMIT\n'
file_case '-A INPUT\n'
file_case '*filter\nCOMMIT\nfoo\n'
file_case '*filter\n[1 -A INPUT\n'
file_case '*filter\n-A INPUT -j ACCEPT\n-V\n-A INPUT -j DROP\nCOMMIT\n'

if [ -d "$SHARED_DIR/conformance" ]; then
	# The translations' command lines, and every rule of the other vectors.
	grep -hE '^ip6?tables-translate ' "$SHARED_DIR"/conformance/*.txlate >>"$TMP/cases"
	python3 - "$SHARED_DIR/conformance" >>"$TMP/cases" <<'END'
import glob, os, sys
for path in sorted(glob.glob(sys.argv[1] + "/*.t")):
    name = os.path.basename(path)
    tools = {"libip6t": ["ip6tables"], "libipt_": ["iptables"]}.get(name[:7], ["iptables", "ip6tables"])
    chains, table = ["INPUT"], "filter"
    for line in open(path):
        line = line.strip()
        if line.startswith(":"):
            chains = line[1:].split(",")
        elif line.startswith("*"):
            table = line[1:]
        elif line and line[0] not in "#@%":
            rule = line.split(";")[0]
            for tool in tools:
                print(f"{tool}-translate -t {table} -A {chains[0]} {rule}")
END
else
	echo "$TEST: no $SHARED_DIR/conformance: own cases only" >&2
fi
if [ -d "$SHARED_DIR/corpus" ]; then
	while read -r file family _; do
		case $family in
		v4) echo "iptables-restore-translate -f '$SHARED_DIR/corpus/$file'" ;;
		v6) echo "ip6tables-restore-translate -f '$SHARED_DIR/corpus/$file'" ;;
		esac
	done <"$SHARED_DIR/corpus/INDEX.tsv" >>"$TMP/cases"
fi

cat >"$TMP/run" <<'END'
while IFS= read -r line; do
	echo "=== $line"
	eval "$line" </dev/null 2>"$1.err"
	echo "=> $?"
	# Some plugins crash, in stock too.
	sed -E '/Segmentation fault/s/.*/crash/; s/^/stderr: /' "$1.err"
done | sed -E 's/^(# (Translated by|Completed).*) on .*/\1/'
END
for who in ours stock; do
	PATH="$TMP/$who:$PATH" in_ns "$NS" bash "$TMP/run" "$TMP/run.$who" <"$TMP/cases" >"$TMP/log.$who"
done
# Each case by itself, so that the count says something.
split_log()
{
	mkdir "$TMP/$1.d"
	awk -v dir="$TMP/$1.d" '/^=== / { n++; f = sprintf("%s/%05d", dir, n) } { print > f; } /^=== / { if (n > 1) close(prev) } { prev = f }' "$TMP/log.$1"
}
split_log ours
split_log stock
for f in "$TMP"/stock.d/*; do
	same "$(head -n 1 "$f")" "$TMP/ours.d/$(basename "$f")" "$f"
done
[ "$(in_ns "$NS" nft list ruleset)" = "" ] || bad "a translation changed the ruleset"
finish
