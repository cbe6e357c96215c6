# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the loader's tests, after lib.sh: two namespaces with a wire between
# them, and questions to iptables-bpfctl status.
#
#	make_pair		$FW (10.77.0.1), where rules are, and $PEER (10.77.0.2)
#	status NS EXPR		evaluates a Python expression on s, the status of NS
#	expect WHAT NS EXPR	checks that it is true
#	rule_packets NS TEXT	the packet count that our listing shows for a rule
#	stream_rules		rules for the streams
#	stream_start / stream_stop	loader_traffic.py stream, in and out; $SENT, $SENT_OUT afterwards
#	stream_counted WHEN	checks their counters
#	probe PORT COUNT	how many packets to this port get through
#	soon WHAT WANT CMD...	waits until CMD prints that
#	soon_expect WHAT NS EXPR	waits until it is true

need python3

make_pair()
{
	new_ns FW fw
	new_ns PEER peer
	ip -n "$FW" link add wire type veth peer name wire netns "$PEER"
	ip -n "$FW" addr add 10.77.0.1/24 dev wire
	ip -n "$PEER" addr add 10.77.0.2/24 dev wire
	ip -n "$FW" link set wire up
	ip -n "$PEER" link set wire up
	# No neighbour discovery in between: it would count.
	ip -n "$FW" neigh replace 10.77.0.2 dev wire lladdr "$(ip netns exec "$PEER" cat /sys/class/net/wire/address)" nud permanent
	ip -n "$PEER" neigh replace 10.77.0.1 dev wire lladdr "$(ip netns exec "$FW" cat /sys/class/net/wire/address)" nud permanent
	in_ns "$PEER" ping -c 1 -W 20 10.77.0.1 >/dev/null || fail "the wire does not work"
}

status()
{
	bpfctl "$1" status -j | python3 -c '
import json, sys
s = json.load(sys.stdin)
def chain(name, family="ip"):
    return [c for c in s["chains"] if (c["chain"], c["family"]) == (name, family)][0]
print(eval(sys.argv[1]))' "$2"
}

expect()
{
	local what=$1 got

	got=$(status "$2" "$3")
	if [ "$got" = True ]; then
		ok "$what"
	else
		bad "$what: $3 is $got"
		bpfctl "$2" status >&2
	fi
}

soon()
{
	local what=$1 want=$2 end=$((SECONDS + ${PATIENCE:-60})) got

	shift 2
	until got=$("$@") && [ "$got" = "$want" ]; do
		[ "$SECONDS" -lt "$end" ] || break
		sleep 0.05
	done
	equal "$what" "$got" "$want"
}

soon_expect()
{
	soon "$1" True status "$2" "$3"
}

expect_rc()
{
	local what=$1 want=$2
	shift 2
	"$@" >"$TMP/rc.out" 2>"$TMP/rc.err"
	local got=$?
	if [ "$got" = "$want" ]; then
		ok "$what"
	else
		bad "$what: exit status $got, not $want: $(cat "$TMP/rc.err")"
	fi
}

equal()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		bad "$1: $2, expected $3"
	fi
}

rule_packets()
{
	ours "$1" iptables -L -v -n -x | awk -v text="$2" 'index($0, text) { print $1; exit }'
}

stream_start()
{
	python3 "$SRCDIR/tests/shell/loader_traffic.py" stream "$PEER" "$FW" 10.77.0.1 4000 4001 \
		>"$TMP/stream.out" 2>"$TMP/stream.err" &
	STREAM=$!
	python3 "$SRCDIR/tests/shell/loader_traffic.py" stream "$FW" "$PEER" 10.77.0.2 4100 4101 \
		>"$TMP/stream_out.out" 2>"$TMP/stream_out.err" &
	STREAM_OUT=$!
	sleep 0.3
}

# shellcheck disable=SC2034
stream_stop()
{
	kill -TERM "$STREAM" "$STREAM_OUT" 2>/dev/null
	if wait "$STREAM"; then
		ok "every packet of the stream got its verdict"
	else
		bad "the stream: $(cat "$TMP/stream.err")"
	fi
	if wait "$STREAM_OUT"; then
		ok "also of the stream out"
	else
		bad "the stream out: $(cat "$TMP/stream_out.err")"
	fi
	SENT=$(cat "$TMP/stream.out")
	SENT_OUT=$(cat "$TMP/stream_out.out")
}

# Whether each packet of the streams was counted once. $1: when
stream_counted()
{
	equal "$1: accepted on INPUT" "$(rule_packets "$FW" dpt:4000)" "$SENT"
	equal "$1: dropped on INPUT" "$(rule_packets "$FW" dpt:4001)" "$SENT"
	equal "$1: accepted on OUTPUT" "$(rule_packets "$FW" dpt:4100)" "$SENT_OUT"
	equal "$1: dropped on OUTPUT" "$(rule_packets "$FW" dpt:4101)" "$SENT_OUT"
}

# The rules that the streams expect.
stream_rules()
{
	cat <<'END'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m udp --dport 4000 -j ACCEPT
-A INPUT -p udp -m udp --dport 4001 -j DROP
-A OUTPUT -p udp -m udp --dport 4100 -j ACCEPT
-A OUTPUT -p udp -m udp --dport 4101 -j DROP
COMMIT
END
}

probe()
{
	python3 "$SRCDIR/tests/shell/loader_traffic.py" probe "$PEER" "$FW" 10.77.0.1 "$1" "$2"
}
