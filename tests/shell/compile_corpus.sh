#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever stock loads, the compiler plans; what the plan lets through, clang and the verifier accept.
. "$(dirname "$0")/lib.sh"
[ -d "$SHARED_DIR/corpus" ] || skip "no rulesets in $SHARED_DIR/corpus"
COMPILE=$BUILDDIR/tests/codegen/compile_ruleset
[ -x "$COMPILE" ] || skip "$COMPILE is not built (make check builds it)"
need nft

new_ns NS compile

compiled=0
refused=0
while read -r file family _; do
	[ "$file" != file ] || continue
	case $family in v6) tool=ip6tables ;; *) tool=iptables ;; esac
	in_ns "$NS" nft flush ruleset
	stock "$NS" $tool-restore <"$SHARED_DIR/corpus/$file" >/dev/null 2>&1 || continue
	if in_ns "$NS" "$COMPILE" -v >"$TMP/out" 2>&1; then
		compiled=$((compiled + $(grep -c ', loaded: ' "$TMP/out")))
		refused=$((refused + $(grep -c ', nft: ' "$TMP/out")))
	else
		bad "in $file: $(grep -m3 -e FAILED -e error: -e libbpf: "$TMP/out")"
	fi
	# A chain that stays with nft has a reason, and so has every hand-over.
	grep -qE ', nft: *$|^  hand-over: .*: *$' "$TMP/out" && bad "in $file: a reason is missing"
done <"$SHARED_DIR/corpus/INDEX.tsv"

[ "$compiled" -gt 0 ] || fail "not one chain was compiled"
ok "$compiled chains compiled, $refused left to nft"
finish
