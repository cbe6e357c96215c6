# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by every test in this directory:
#
#	#!/bin/bash
#	. "$(dirname "$0")/lib.sh"
#
# A test is an executable that exits 0 (pass), 77 (skipped, the reason on
# stderr) or anything else (failed). It makes its own network namespaces with
# new_ns; they, and $TMP, are gone when it ends however it ends.
#
# From the environment:
#	BUILDDIR	where the programs were built (default: the source root)
#	STOCK_PREFIX	where stock's xtables-nft-multi lies (default: /usr/sbin)
#	SHARED_DIR	the test data that is not part of the project (default:
#			../shared beside the source root)
#	KEEP=1		leave $TMP behind for a look
#
# What it offers:
#	$SRCDIR $BUILDDIR $SHARED_DIR $TMP
#	new_ns VAR [TAG]	makes a namespace, loopback up, its name into VAR
#	in_ns NS CMD...		runs CMD in it
#	ours NS TOOL ARGS...	our iptables, ip6tables-restore, ... in it; TOOL is
#				what argv[0] says, so messages compare equal
#	stock NS TOOL ARGS...	the same of stock iptables
#	bpfctl NS ARGS...	iptables-bpfctl in it
#	stock_encodes_alike	whether stock is 1.8.9, whose encoding of rules is ours
#	ruleset NS		what nft lists there; where stock's encoding is another one
#				with each line's words sorted
#	both NS1 NS2 TOOL ARGS.. ours in NS1, stock in NS2, a restore's stdin to both;
#				stdout, stderr and exit status must not differ
#	run_captured NAME CMD..	stdout, stderr, status to $TMP/NAME.{out,err,rc}
#	same NAME FILE1 FILE2	shows the difference and notes a failure
#	no_dates < SAVE		drops the dates of a save's comment lines
#	ok / bad TEXT		notes a good / a failed check
#	attempts N CMD...	for what hangs on the clock: runs CMD, and when a check in it
#				was bad, again, N times in all; the last time counts
#	fail TEXT		ends the test as failed
#	skip TEXT		ends it as skipped
#	need TOOL...		skips unless all are installed
#	finish			ends the test: failed when a check was bad

set -u
export LC_ALL=C
# Also chains that would be cheaper in nft. "auto" is what a user has.
export IPTABLES_BPF=${IPTABLES_BPF:-hybrid}

SRCDIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILDDIR=$(cd "${BUILDDIR:-$SRCDIR}" && pwd)
STOCK_PREFIX=${STOCK_PREFIX:-/usr/sbin}
SHARED_DIR=${SHARED_DIR:-$SRCDIR/../shared}
TEST=$(basename "$0")
TMP=$(mktemp -d "${TMPDIR:-/tmp}/ipb-test.XXXXXX") || exit 1

lib_namespaces=()
lib_good=0
lib_bad=0

# The pins of a namespace hold it; so they go before its name does.
lib_cleanup()
{
	local status=$? ns pids

	trap - EXIT INT TERM HUP
	for ns in "${lib_namespaces[@]}"; do
		if [ -x "$BUILDDIR/iptables-bpfctl" ]; then
			ip netns exec "$ns" "$BUILDDIR/iptables-bpfctl" off >/dev/null 2>&1
		fi
		pids=$(ip netns pids "$ns" 2>/dev/null)
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill $pids 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	[ "${KEEP:-0}" = 1 ] || rm -rf "$TMP"
	exit "$status"
}
trap lib_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

skip()
{
	echo "$TEST: SKIPPED: $*" >&2
	exit 77
}

fail()
{
	echo "$TEST: FAILED: $*" >&2
	exit 1
}

ok()
{
	lib_good=$((lib_good + 1))
	[ "${VERBOSE:-0}" = 0 ] || echo "ok: $*"
}

bad()
{
	lib_bad=$((lib_bad + 1))
	echo "$TEST: not ok: $*" >&2
}

attempts()
{
	local left=$1 before=$lib_bad

	shift
	while :; do
		"$@"
		left=$((left - 1))
		[ "$lib_bad" != "$before" ] && [ "$left" -gt 0 ] || return 0
		lib_bad=$before
		echo "$TEST: $*: once more, as it hangs on the clock" >&2
	done
}

finish()
{
	[ "$lib_bad" = 0 ] || fail "$lib_bad of $((lib_good + lib_bad)) checks"
	[ "$lib_good" != 0 ] || fail "nothing was checked"
	echo "$TEST: $lib_good checks passed"
	exit 0
}

need()
{
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

[ "$(id -u)" = 0 ] || skip "needs root for network namespaces"
need ip nft
[ -x "$BUILDDIR/xtables-bpf-multi" ] || fail "$BUILDDIR/xtables-bpf-multi is not built"
[ -x "$STOCK_PREFIX/xtables-nft-multi" ] || skip "stock iptables (xtables-nft-multi) is not in $STOCK_PREFIX"

# The same names for both, since messages begin with the program's name.
mkdir "$TMP/ours" "$TMP/stock"
for lib_tool in iptables ip6tables; do
	for lib_suffix in "" -save -restore -translate -restore-translate; do
		ln -s "$BUILDDIR/xtables-bpf-multi" "$TMP/ours/$lib_tool$lib_suffix"
		ln -s "$STOCK_PREFIX/xtables-nft-multi" "$TMP/stock/$lib_tool$lib_suffix"
	done
done

stock_encodes_alike()
{
	[[ "$("$TMP/stock/iptables" -V)" == *" v1.8.9 "* ]]
}

ruleset()
{
	ip netns exec "$1" nft list ruleset | if stock_encodes_alike; then
		cat
	else
		sed 's/ip protocol/meta l4proto/' |
			awk '{ n = split($0, w); line = ""
				for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++)
					if (w[j] < w[i]) { t = w[i]; w[i] = w[j]; w[j] = t }
				for (i = 1; i <= n; i++) line = line " " w[i]
				print line }'
	fi
}

new_ns()
{
	local -n lib_out=$1
	local name="ipb-${TEST%.sh}-${TMP##*.}-${2:-${#lib_namespaces[@]}}"

	ip netns add "$name" || fail "cannot make network namespace $name"
	lib_namespaces+=("$name")
	ip -n "$name" link set lo up
	# shellcheck disable=SC2034
	lib_out=$name
}

in_ns()
{
	local ns=$1
	shift
	ip netns exec "$ns" "$@"
}

ours()
{
	local ns=$1 tool=$2
	shift 2
	PATH="$TMP/ours:$PATH" ip netns exec "$ns" "$tool" "$@"
}

stock()
{
	local ns=$1 tool=$2
	shift 2
	PATH="$TMP/stock:$PATH" ip netns exec "$ns" "$tool" "$@"
}

bpfctl()
{
	local ns=$1 mode=${IPTABLES_BPF-unset}

	shift
	# That commands start no sync says nothing of what ours is to do.
	[ "$mode" != off ] || mode=hybrid
	if [ "$mode" = unset ]; then
		in_ns "$ns" "$BUILDDIR/iptables-bpfctl" "$@"
	else
		IPTABLES_BPF=$mode in_ns "$ns" "$BUILDDIR/iptables-bpfctl" "$@"
	fi
}

no_dates()
{
	sed -E 's/^(# (Generated by .*|Completed)) on .*/\1/'
}

run_captured()
{
	local name=$1
	shift
	"$@" >"$TMP/$name.out" 2>"$TMP/$name.err"
	echo $? >"$TMP/$name.rc"
}

same()
{
	if cmp -s "$2" "$3"; then
		ok "$1"
		return 0
	fi
	bad "$1"
	diff -u --label ours "$2" --label stock "$3" | head -n "${DIFF_LINES:-20}" >&2
	return 1
}

both()
{
	local ns1=$1 ns2=$2 what part who
	shift 2
	what="$*"
	case $1 in
	*-restore*) cat >"$TMP/both.in" ;;
	*) : >"$TMP/both.in" ;;
	esac
	run_captured ours ours "$ns1" "$@" <"$TMP/both.in"
	run_captured stock stock "$ns2" "$@" <"$TMP/both.in"
	for part in out err; do
		for who in ours stock; do
			no_dates <"$TMP/$who.$part" >"$TMP/$who.$part.cmp"
		done
		same "$what: std$part" "$TMP/ours.$part.cmp" "$TMP/stock.$part.cmp" || return 1
	done
	same "$what: exit status" "$TMP/ours.rc" "$TMP/stock.rc"
}
