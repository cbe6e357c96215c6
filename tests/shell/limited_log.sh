#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flood against a limited log (or a limited accept beside it): what nft logs and accepts is within the rule's rate, and
# all but as many packets are decided by BPF.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

PACKETS=20000
SECONDS_LONG=2

# flood PORT [RATE:BURST...]: $LOGGED, $ARRIVED, and $USEC it took; $IDEAL and $IDEAL2, what such limits would let through;
# $DECIDED and $HANDED of the INPUT chain during it.
flood()
{
	local before after port=$1

	shift
	before=$(status "$FW" '[chain("INPUT")[k] for k in ("decided_packets", "handed_over_packets")]' | tr -d '[],')
	read -r LOGGED ARRIVED USEC IDEAL IDEAL2 < <(python3 "$(dirname "$0")/limited_log.py" "$PEER" "$FW" 10.77.0.1 "$port" \
		$PACKETS $SECONDS_LONG "$@")
	after=$(status "$FW" '[chain("INPUT")[k] for k in ("decided_packets", "handed_over_packets")]' | tr -d '[],')
	read -r DECIDED HANDED <<<"$(echo "$before $after" | awk '{ print $3 - $1, $4 - $2 }')"
	echo "port $port: $LOGGED logged, $ARRIVED arrived in $USEC us, $DECIDED decided by BPF, $HANDED handed over"
}

# between WHAT N LEAST MOST: both as awk expressions of t, the seconds it took
between()
{
	local what=$1 n=$2 least=$3 most=$4

	if awk -v t="$(awk "BEGIN { print $USEC / 1e6 }")" "BEGIN { exit !($n >= int($least) && $n <= int($most)) }"; then
		ok "$what"
	else
		bad "$what: $n is not within $least and $most (t = $USEC us)"
	fi
}

make_pair

# The common case: everything else is dropped, and some of it logged.
ours "$FW" iptables-restore <<'END'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p icmp -j ACCEPT
-A INPUT -m limit --limit 20/second --limit-burst 5 -m comment --comment "the log" -j NFLOG --nflog-group 77
-A INPUT -m comment --comment "the rest"
COMMIT
END
expect_rc "sync" 0 bpfctl "$FW" sync
expect "the log is a hand-over within its limit" "$FW" \
	'chain("INPUT")["handover_rules"] == [{"chain": "INPUT", "rule": 2, "reason": "target NFLOG: logs, within its limit"}]'
flood 5000 20:5
equal "nothing gets in" "$ARRIVED" 0
equal "every packet was seen" "$((DECIDED + HANDED))" $PACKETS
between "logged within the rate" "$LOGGED" "0.8 * $IDEAL" "5 + 20 * t + 1"
between "handed over little more than that" "$HANDED" "$LOGGED" "6 + 20 * t * 8 / 7 + 2"
equal "the rule counted what it logged" "$(rule_packets "$FW" "the log")" "$LOGGED"
equal "and the next one everything" "$(rule_packets "$FW" "the rest")" $PACKETS

# The smallest bucket.
ours "$FW" iptables -R INPUT 2 -m limit --limit 50/second --limit-burst 1 -m comment --comment "the log" -j NFLOG --nflog-group 77
expect_rc "sync" 0 bpfctl "$FW" sync
flood 5000 50:1
between "logged within the rate, burst 1" "$LOGGED" "0.7 * $IDEAL" "1 + 50 * t + 1"
between "handed over, burst 1" "$HANDED" "$LOGGED" "2 + 200 * t + 2"

# A limited accept beside it: whichever side decides, its rate is one.
ours "$FW" iptables-restore <<'END'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p icmp -j ACCEPT
-A INPUT -p udp --sport 1:1023 -j LOG
-A INPUT -p udp --dport 5001 -m limit --limit 100/second --limit-burst 10 -m comment --comment "let in" -j ACCEPT
-A INPUT -m limit --limit 20/second --limit-burst 5 -m comment --comment "the log" -j NFLOG --nflog-group 77
-A INPUT -m comment --comment "the rest" -j DROP
COMMIT
END
expect_rc "sync" 0 bpfctl "$FW" sync
flood 5001 100:10 20:5
equal "every packet was seen, with two limits" "$((DECIDED + HANDED))" $PACKETS
between "let in within the rate" "$ARRIVED" "0.8 * $IDEAL" "10 + 100 * t + 1"
between "logged within the rate, with two limits" "$LOGGED" "0.8 * $IDEAL2" "5 + 20 * t + 1"
between "handed over within both" "$HANDED" "$ARRIVED" "17 + 120 * t * 8 / 7 + 4"
equal "let in is what was counted" "$(rule_packets "$FW" "let in")" "$ARRIVED"
equal "and the rest dropped" "$(rule_packets "$FW" "the rest")" "$((PACKETS - ARRIVED))"

# The same of hashlimit: a log for each source, and a drop of what is above a rate.
ours "$FW" iptables-restore <<'END'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p icmp -j ACCEPT
-A INPUT -p udp --dport 5001 -m hashlimit --hashlimit-above 100/second --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-name over -m comment --comment "too many" -j DROP
-A INPUT -p udp --dport 5001 -j ACCEPT
-A INPUT -m hashlimit --hashlimit-upto 20/second --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name log -m comment --comment "the log" -j NFLOG --nflog-group 77
-A INPUT -m comment --comment "the rest"
COMMIT
END
expect_rc "sync" 0 bpfctl "$FW" sync
expect "only what is within the rates is handed over" "$FW" \
	'[h["reason"] for h in chain("INPUT")["handover_rules"]] == ["match hashlimit, within its rate, as other rules hand over, too", "target NFLOG: logs, within its limit"]'
flood 5000 20:5
between "logged within the rate of hashlimit" "$LOGGED" "0.8 * $IDEAL" "5 + 20 * t + 1"
between "handed over little more than that, of hashlimit" "$HANDED" "$LOGGED" "6 + 20 * t * 8 / 7 + 2"
equal "the rule counted what it logged, of hashlimit" "$(rule_packets "$FW" "the log")" "$LOGGED"
flood 5001 100:10
between "let in up to the rate" "$ARRIVED" "0.8 * $IDEAL" "10 + 100 * t + 1"
between "handed over within it" "$HANDED" "$ARRIVED" "11 + 100 * t * 8 / 7 + 2"
equal "and the rest dropped as too many" "$(rule_packets "$FW" "too many")" "$((PACKETS - ARRIVED))"

# A quota is nft's until it is used up: 50 packets of 29 bytes.
ours "$FW" iptables-restore <<'END'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp --dport 5001 -m quota --quota 1450 -m comment --comment "the quota" -j ACCEPT
-A INPUT -p udp --dport 5001 -m quota ! --quota 0 -m comment --comment "beyond" -j DROP
COMMIT
END
expect_rc "sync" 0 bpfctl "$FW" sync
flood 5001
equal "let in is the quota" "$ARRIVED" 50
equal "which is what nft decided" "$HANDED" 50
equal "and the rest is beyond it" "$(rule_packets "$FW" "beyond")" "$((PACKETS - 50))"

finish
