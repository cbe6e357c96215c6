#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every saved ruleset that stock restores, ours restores, to the same rules; each reads back what the other wrote.
. "$(dirname "$0")/lib.sh"
export IPTABLES_BPF=off
[ -d "$SHARED_DIR/corpus" ] || skip "no rulesets in $SHARED_DIR/corpus"

new_ns OURS ours
new_ns STOCK stock

save_all()
{
	local ns=$1 who=$2 tool=$3 options=$4
	# shellcheck disable=SC2086
	$who "$ns" "$tool-save" $options 2>&1 | no_dates
}

# Restores $file into both namespaces with the same options and compares messages and results.
restore_both()
{
	local tool=$1 file=$2
	shift 2
	both "$OURS" "$STOCK" "$tool-restore" "$@" <"$file" || return 1
	# Of a bad file stock keeps the tables before the error; ours keeps none, see restore_errors.sh.
	[ "$(cat "$TMP/stock.rc")" = 0 ] || return 0
	save_all "$OURS" stock "$tool" -c >"$TMP/a" # stock reads what ours wrote
	save_all "$STOCK" stock "$tool" -c >"$TMP/b"
	same "$*: ours restored, stock saved" "$TMP/a" "$TMP/b" || return 1
	save_all "$STOCK" ours "$tool" -c >"$TMP/a" # ours reads what stock wrote
	same "$*: stock restored, ours saved" "$TMP/a" "$TMP/b"
}

loaded=0
while read -r file family _; do
	[ "$file" != file ] || continue
	case $family in v6) tool=ip6tables ;; *) tool=iptables ;; esac
	path=$SHARED_DIR/corpus/$file
	in_ns "$OURS" nft flush ruleset
	in_ns "$STOCK" nft flush ruleset
	restore_both $tool "$path" || { bad "in $file"; continue; }
	[ "$(cat "$TMP/stock.rc")" = 0 ] || continue
	loaded=$((loaded + 1))
	# What ours saves, both take; a second time over what is there.
	ours "$OURS" $tool-save -c >"$TMP/saved" || bad "$tool-save of $file"
	restore_both $tool "$TMP/saved" -c || bad "in $file, saved again"
	restore_both $tool "$TMP/saved" --noflush || bad "in $file, --noflush"
	restore_both $tool "$TMP/saved" -T filter -c || bad "in $file, -T filter"
	restore_both $tool "$TMP/saved" --test || bad "in $file, --test"
	restore_both $tool "$TMP/saved" -v || bad "in $file, -v"
done <"$SHARED_DIR/corpus/INDEX.tsv"
[ "$loaded" -gt 100 ] || bad "only $loaded files could be loaded at all"
echo "$TEST: $loaded files"
finish
