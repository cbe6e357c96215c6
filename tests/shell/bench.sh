#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark: tables and CSV come out, and it notices what must not be measured. No time is asserted.

. "$(dirname "$0")/lib.sh"

[ -x "$BUILDDIR/bench/inject" ] || fail "$BUILDDIR/bench/inject is not built"
PYTHON=/usr/bin/python3

export BUILDDIR
# exec: its process id, which is in its namespaces' names, is the one that $! tells.
bench()
{
	exec "$PYTHON" "$SRCDIR/bench/bench.py" --no-turn --out "$TMP/out" --only packets "$@" >"$TMP/log" 2>&1
}

bench --family 4,6 --shape server,droplist --size 100 --contender nft,native,hybrid,exclusive --rounds 1 --flows 1,256 &
pid=$!
wait $pid || { cat "$TMP/log" >&2; bad "the benchmark does not trust its figures"; }
ip netns list | grep -q "ipb-bench-$pid-" && bad "namespaces are left" || ok "no namespace is left"
grep -q '| 20-rule server | last rule | 1 |' "$TMP/log" && ok "table" || bad "no table of the server: $(tail -n 20 "$TMP/log")"
grep -q '| drop list | 100 |' "$TMP/log" && ok "table" || bad "no table of the drop list"
grep -q '^IPv6, packets that meet late rules' "$TMP/log" && ok "IPv6" || bad "no table for IPv6"
grep -q 'not measured' "$TMP/log" && ok "targets" || bad "no table of targets"

# 2 families, 2 shapes, 3 cases, 2 numbers of flows, 4 contenders
rows=$(grep -c . "$TMP/out/packets.csv")
[ "$rows" = 97 ] && ok "CSV" || bad "$rows lines of CSV, should be 97"
# The cost, half of its confidence interval, and the quartiles around it
wrong=$(tail -n +2 "$TMP/out/packets.csv" | awk -F, 'NF != 20 || $13 !~ /^-?[0-9.]+$/ || !($14 >= 0) || $15 > $13 || $13 > $16 || $20 != ""')
[ -z "$wrong" ] && ok "CSV's fields" || bad "not as it should be: $wrong"

(bench --resume --family 4,6 --shape server,droplist --size 100 --contender nft --rounds 1)
[ "$(grep -c . "$TMP/out/packets.csv")" = 97 ] && ok "resume" || bad "--resume measured again"

"$PYTHON" "$SRCDIR/tests/shell/bench_trust.py" "$SRCDIR" && ok "trust" || bad "bench_trust.py"

finish
