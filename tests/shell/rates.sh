#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Matches whose answer is a matter of time, ours against stock's on the same packets at the same time: hashlimit of all
# kinds (rates per key in a flood, after a pause, after entries expired, in a full table, over a recompile) and limit may
# differ by what arrives within two ticks of the kernel's clock; time by the packets of 80 ms,
# at the window's edge: ticks are late on a busy machine. A rate match counts per window of a second: at its edge all
# would hang on one packet. What differs is tried again from the beginning, as a machine may be busier than that.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/loader_lib.sh"

RATES="$(dirname "$0")/rates.py"
TOOLS=(iptables ip6tables)

# Two new namespaces: nothing is left of what came before, in no table and no bucket.
sides()
{
	local ns i

	number=$((${number-0} + 1))
	new_ns OURS "ours$number"
	new_ns STOCK "stock$number"
	for ns in "$OURS" "$STOCK"; do
		for i in 1 2 3 4; do
			ip -n "$ns" addr add "fd00::$i/128" dev lo nodad
		done
	done
}

# load WORDS...: the rules that rates.py prints for that, and the family, the same on both sides; compiled.
load()
{
	local family tool=iptables

	for family in 4 6; do
		[ $family = 4 ] || tool=ip6tables
		python3 "$RATES" "$@" $family >"$TMP/rules" || fail "no rules"
		ours "$OURS" "$tool-restore" <"$TMP/rules" || fail "ours refuses the rules"
		stock "$STOCK" "$tool-restore" <"$TMP/rules" || fail "stock refuses the rules"
	done
	sync_ours
}

sync_ours()
{
	expect_rc "sync" 0 bpfctl "$OURS" sync
}

# counts SIDE NS TOOL: number of the rule, packets
counts()
{
	"$1" "$2" "$3" -L INPUT -v -n -x | sed -n 's@^ *\([0-9]*\) .*/\* n\([a-z0-9]*\) \*/.*@\2 \1@p' | sort
}

# compare WHEN SLACK PERCENT: no rule's counts differ by more than that
compare()
{
	local tool

	for tool in "${TOOLS[@]}"; do
		join <(counts ours "$OURS" "$tool") <(counts stock "$STOCK" "$tool") >"$TMP/counts"
		if awk -v slack="$2" -v percent="$3" -v what="$tool" '
			{ d = $2 - $3; if (d < 0) d = -d
			  if (d > slack + $3 * percent / 100) { print what " rule " $1 ": ours " $2 ", stock " $3; bad = 1 }
			  if ($3) met++ }
			END { if (!met) print what ": no rule was met"; exit bad || !met }' "$TMP/counts"; then
			ok "$1: $tool"
		else
			bad "$1: $tool"
		fi
	done
}

send()
{
	python3 "$RATES" send "$OURS" "$STOCK" "$@" || fail "cannot send"
}

# Whether all of both INPUT chains is decided in BPF, and nothing was handed over meanwhile.
decided()
{
	expect "$1: all of it is decided in BPF" "$OURS" \
		'[(c["mode"], c["handover_rules"]) for c in s["chains"] if c["chain"] == "INPUT"] == [("hybrid", [])] * 2'
	handed=$(handed_over)
}

handed_over()
{
	status "$OURS" '[c["handed_over_packets"] for c in s["chains"] if c["chain"] == "INPUT"]'
}

nothing_handed_over()
{
	equal "$1: nothing was handed over" "$(handed_over)" "$handed"
}

rates()
{
	local tool

	sides
	load rules
	decided "rates"
	send flood:60:1
	compare "one key's flood" 6 1
	send flood:80
	compare "all keys' flood" 6 1
	send steady:150:1.5
	compare "some time above the rates" 12 3
	send pause:0.7 flood:60
	compare "after a pause" 18 3

	# The buckets stay as they are when the rules around them change.
	for tool in "${TOOLS[@]}"; do
		ours "$OURS" "$tool" -A INPUT -p tcp
		stock "$STOCK" "$tool" -A INPUT -p tcp
	done
	sync_ours
	send flood:60
	compare "over a recompile" 18 3
	send pause:5 flood:60
	compare "after entries are gone" 24 3
	nothing_handed_over "rates"
}

# The kernel's entries go when its collector comes by, which it may do late: they get seconds for it, and none
# expires between the first two floods.
expiring()
{
	sides
	load expiring
	decided "expiring entries"
	send flood:60 at:0.3 flood:60 at:6 flood:60
	compare "expiring entries" 6 0
	# What stock said is what is to be proven: twice ten of each of three keys, and ten where entries live longer.
	equal "expiring entries were begun anew" "$(counts stock "$STOCK" iptables | sed -n 's/^[02] //p' | xargs)" "60 30"
	nothing_handed_over "expiring entries"
}

# Far from the edges of windows, which begin with the first packet after the last one's end, and far from their rates.
windowed()
{
	sides
	load windowed
	decided "rates of windows"
	send flood:100 at:0.5 flood:100 at:1.5 flood:60 at:3 flood:6 at:4.5 flood:30:1
	compare "rates of windows" 6 0
	nothing_handed_over "rates of windows"
}

# A table stays what its first rule asked for, for a rule that takes that one's place, too.
other_table()
{
	local tool words

	sides
	for tool in "${TOOLS[@]}"; do
		for words in "-A INPUT -p udp -m hashlimit --hashlimit-upto 5/sec --hashlimit-burst 5 --hashlimit-name s0" \
			"-R INPUT 1 -p udp -m hashlimit --hashlimit-upto 100/sec --hashlimit-burst 50 --hashlimit-name s0 -m comment --comment n0"; do
			# shellcheck disable=SC2086 # words
			ours "$OURS" "$tool" $words
			# shellcheck disable=SC2086
			stock "$STOCK" "$tool" $words
		done
	done
	sync_ours
	expect "status says that the table is another rule's" "$OURS" \
		'[h["reason"] for h in chain("INPUT")["handover_rules"]] == ["match hashlimit: its table was made for something else"]'
	send flood:60
	compare "a table made for something else" 1 0
}

windows_of_time()
{
	local round

	for round in 1 2 3 4; do
		sides
		load windows
		decided "windows away from now, $round"
		send flood:5
		compare "windows away from now, $round" 0 0
		nothing_handed_over "windows away from now, $round"
	done
}

# Both rules, before and behind the edge, are met only if the edge comes when packets do: where compiling takes too
# long for that, the edge is put off.
at_the_edge()
{
	local begun=$SECONDS took

	away=${away-4}
	sides
	load edge "$away"
	took=$((SECONDS - begun))
	decided "at a window's edge"
	send "steady:$((100 * (away + 2))):$((away + 2))"
	compare "at a window's edge" 24 0
	away=$((4 + 2 * took))
	equal "rules met at the edge" "$(counts ours "$OURS" iptables | grep -vc ' 0$')" 2
	nothing_handed_over "at a window's edge"
}

attempts 3 rates
attempts 3 expiring
attempts 3 windowed
attempts 3 other_table
windows_of_time
attempts 3 at_the_edge
finish
