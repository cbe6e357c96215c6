#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# doc/MATCHES.md says of every match and target that the installed plugins offer
# what becomes of it. Of what the compiler knows a unit test says so.
. "$(dirname "$0")/lib.sh"

need pkg-config
plugins=$(pkg-config --variable=xtlibdir xtables)
[ -n "$plugins" ] && [ -d "$plugins" ] || skip "no plugins in '$plugins'"

for file in "$plugins"/lib{xt,ipt,ip6t}_*.so; do
	name=$(basename "$file" .so)
	name=${name#*_}
	case $name in
	standard | NAT) continue ;; # the verdicts; what DNAT, SNAT, ... share
	esac
	if grep -q "^| \`$name\` |" "$SRCDIR/doc/MATCHES.md"; then
		ok "$name"
	else
		bad "doc/MATCHES.md does not list $name"
	fi
done
finish
