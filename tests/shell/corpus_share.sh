#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What share of real rulesets BPF decides: for each ruleset that stock loads, how many of its rules are compiled, handed
# over, left to nft. Nothing is handed over, and no chain left to nft, but for a reason that doc/MATCHES.md gives, or
# for the chain's size.
. "$(dirname "$0")/lib.sh"
[ -d "$SHARED_DIR/corpus" ] || skip "no rulesets in $SHARED_DIR/corpus"
SHARE=$BUILDDIR/tests/codegen/corpus_share
[ -x "$SHARE" ] || skip "$SHARE is not built (make check builds it)"

new_ns NS share

# "every packet would be handed over: target LOG: logs" -> "target LOG"; "" where there is none.
extension_of()
{
	local reason=${1#every packet would be handed over: }
	[[ $reason =~ ^(match|target)\ ([A-Za-z0-9_-]+) ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

documented()
{
	local extension

	case $1 in
	"too large: "* | "chains nest too deep: "*) return 0 ;;
	*": unexpected form" | *": short data" | *": bad data") return 1 ;;
	esac
	extension=$(extension_of "$1")
	[ -n "$extension" ] && grep -qE "^\| \`${extension#* }\` \|.*(handed over|without --)" "$SRCDIR/doc/MATCHES.md"
}

percent()
{
	[ "$2" != 0 ] || printf '     -'
	[ "$2" = 0 ] || awk -v part="$1" -v all="$2" 'BEGIN { printf "%5.1f %%", 100 * part / all }'
}

# line NAME COMPILED HANDED_OVER LEFT_TO_NFT UNREACHED NAT: the shares are of what can be BPF's.
line()
{
	local all=$(($2 + $3 + $4))
	printf '%-60.60s %6d rules: %s compiled, %s handed over, %s left to nft; %d unreached, %d in nat\n' \
		"${1##*/}" "$all" "$(percent "$2" $all)" "$(percent "$3" $all)" "$(percent "$4" $all)" "$5" "$6"
}

total=(0 0 0 0 0)
files=0
whole=0
: >"$TMP/reasons"
while IFS=$'\t' read -r file family _; do
	[ "$file" != file ] || continue
	case $family in v6) tool=ip6tables ;; *) tool=iptables ;; esac
	in_ns "$NS" nft flush ruleset
	stock "$NS" $tool-restore <"$SHARED_DIR/corpus/$file" >/dev/null 2>&1 || continue
	if ! in_ns "$NS" "$SHARE" >"$TMP/out" 2>&1; then
		bad "$file: $(tail -n 1 "$TMP/out")"
		continue
	fi
	read -r -a rules < <(sed -n 's/^rules //p' "$TMP/out")
	[ "$((rules[0] + rules[1] + rules[2] + rules[3] + rules[4]))" = "$(stock "$NS" $tool-save | grep -c ^-A)" ] ||
		bad "$file: not every rule is counted"
	line "$file" "${rules[@]}"
	for i in 0 1 2 3 4; do
		total[i]=$((total[i] + rules[i]))
	done
	files=$((files + 1))
	[ "$((rules[1] + rules[2]))" != 0 ] || whole=$((whole + 1))
	sed -nE "s|^chain [^:]* nft: (.*)|\1|p; s|^handover [^:]*: (.*)|\1|p" "$TMP/out" >>"$TMP/reasons"
done <"$SHARED_DIR/corpus/INDEX.tsv"
[ "$files" -gt 0 ] || fail "no ruleset was loaded"

while read -r reason; do
	if documented "$reason"; then ok "$reason"; else bad "a reason that doc/MATCHES.md does not give: '$reason'"; fi
done < <(sort -u "$TMP/reasons")
[ "${total[0]}" -gt "$(((total[0] + total[1] + total[2]) / 2))" ] || bad "less than half of all rules are compiled"
line "all $files rulesets" "${total[@]}"
echo "$whole of $files rulesets are compiled as a whole (nat aside)"
sort "$TMP/reasons" | uniq -c | sort -rn
finish
