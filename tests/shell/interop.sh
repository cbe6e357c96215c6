#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What one writes the other lists, checks and deletes, rule by rule, while programs are live: ours and stock, both ways.
. "$(dirname "$0")/lib.sh"

# without_guard < SAVE: stock shows our guard as the first rule of a chain.
without_guard()
{
	grep -av -e '--object-pinned /run/iptables-bpf/' -e 'match bpf pinned /run/iptables-bpf/'
}

# rules_of NS WHO TOOL TABLE: the rules as WHO lists them, one a line, "-A CHAIN ...".
rules_of()
{
	"$2" "$1" "$3" -t "$4" -S | grep -a '^-A' | without_guard
}

# one_by_one NS WRITER READER TOOL TABLE FILE: READER checks and deletes each of the rules. What WRITER itself does not
# find by the words it lists it with goes to $TMP/unfindable (a few plugins print what they would not parse back).
one_by_one()
{
	local ns=$1 writer=$2 reader=$3 tool=$4 table=$5 line verb n=0 words

	: >"$TMP/unfindable"
	while read -r line; do
		eval "words=(${line#-A })" # the quoting of -S is a shell's
		for verb in -C -D; do
			if "$reader" "$ns" "$tool" -t "$table" "$verb" "${words[@]}" >"$TMP/out" 2>&1 </dev/null; then
				! grep -aqv '^Warning: ' "$TMP/out" || bad "$reader $tool $verb says: $(cat "$TMP/out")"
			elif [ "$verb" = -C ] && ! "$writer" "$ns" "$tool" -t "$table" -C "${words[@]}" >/dev/null 2>&1 </dev/null; then
				echo "$line" >>"$TMP/unfindable"
				break
			else
				bad "$reader $tool -t $table $verb ${line#-A }: $(cat "$TMP/out")"
			fi
		done
		n=$((n + 1))
	done <"$6"
	[ "$(wc -l <"$TMP/unfindable")" -le 2 ] || bad "$writer itself does not find $(cat "$TMP/unfindable")"
	[ "$n" -gt 0 ] && ok "$n rules: $reader -C, -D"
}

# writer_reader WRITER READER SAMPLE TOOL
writer_reader()
{
	local writer=$1 reader=$2 file=$3 tool=$4 ns table what="$1 -> $2, $(basename "$3")"

	new_ns ns "$writer-$(basename "$file" | tr . -)"
	"$writer" "$ns" "$tool-restore" <"$file" >"$TMP/out" 2>&1 || {
		bad "$what: restore: $(cat "$TMP/out")"
		return
	}
	bpfctl "$ns" sync >"$TMP/out" 2>&1 || bad "$what: sync: $(cat "$TMP/out")"
	for table in $(sed -n 's/^\*//p' "$file"); do
		for who in ours stock; do
			rules_of "$ns" "$who" "$tool" "$table" >"$TMP/rules.$who"
			"$who" "$ns" "$tool" -t "$table" -L -n -v -x | without_guard |
				sed -E 's/^ *[0-9]+ +[0-9]+ //; s/[0-9]+ packets, [0-9]+ bytes//' >"$TMP/list.$who"
		done
		same "$what: -S of $table" "$TMP/rules.ours" "$TMP/rules.stock"
		same "$what: -L of $table" "$TMP/list.ours" "$TMP/list.stock"
		[ -s "$TMP/rules.$writer" ] || continue
		one_by_one "$ns" "$writer" "$reader" "$tool" "$table" "$TMP/rules.$writer"
		rules_of "$ns" "$writer" "$tool" "$table" >"$TMP/left"
		if cmp -s "$TMP/left" "$TMP/unfindable"; then
			ok "$what: nothing left"
		else
			bad "$what: left after all were deleted: $(cat "$TMP/left")"
		fi
	done
}

# The groups of processes that a sample asks for, by a name of our own; without cgroup2 these rules are left out.
groups=(ipb-interop-$$ ipb-interop-$$/old ipb-interop-$$/inner ipb-interop-$$/inner/most)
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
remove_groups()
{
	local status=$? i

	for ((i = ${#groups[@]} - 1; i >= 0; i--)); do
		rmdir "$cgroups/${groups[i]}"
	done
	return $status
}
if [ -n "$cgroups" ] && mkdir "${groups[@]/#/$cgroups/}"; then
	trap 'remove_groups; lib_cleanup' EXIT
	named="s|ipb-diff-group|${groups[0]}|g"
else
	named=/ipb-diff-group/d
fi
mkdir "$TMP/samples"
for sample in "$SRCDIR"/tests/samples/*.rules{,6}; do
	sed "$named" "$sample" >"$TMP/samples/$(basename "$sample")"
done

for sample in "$TMP"/samples/*; do
	tool=iptables
	[ "${sample##*.}" = rules ] || tool=ip6tables
	writer_reader ours stock "$sample" "$tool"
	writer_reader stock ours "$sample" "$tool"
done
finish
