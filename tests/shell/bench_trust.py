#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark must notice: another verdict than expected, packets that BPF did not decide, hand-overs. And that
ClassBench's generator knows what its own packets meet."""
import random
import sys

sys.path.insert(0, sys.argv[1] + "/bench")

import classbench                                                       # noqa: E402
from injector import TCP, Flow, address                                 # noqa: E402
from measure import Bench                                               # noqa: E402
from shapes import Case, Ruleset, filter_table                          # noqa: E402
from contenders import CONTENDERS, Hybrid                               # noqa: E402

failures = 0


def check(what, good):
    global failures
    if not good:
        failures += 1
        print(f"bench_trust.py: not ok: {what}", file=sys.stderr)


def flows(count):
    return [Flow(address("10.1.0.1"), address("10.2.0.1"), TCP, 20000 + k, 80) for k in range(count)]


def measured(bench, rules, verdict, contender):
    """Its records, and what it complains of."""
    bench.problems.clear()
    ruleset = Ruleset("test", 1, filter_table(rules), {"late": Case(verdict, flows)})
    return bench.measure(ruleset, [contender], (1,)), list(bench.problems)


class Disturbed(Hybrid):
    """Another tool commits behind our back: from then on nft decides."""

    def load(self, ruleset):
        super().load(ruleset)
        self.router.run(["nft", "add", "table", "ip", "other"])


CONTENDERS["disturbed"] = Disturbed
ACCEPT, DROP = ["FORWARD -p tcp -m tcp --dport 80 -j ACCEPT"], ["FORWARD -p tcp -m tcp --dport 80 -j DROP"]

with Bench(rounds=3, round_ms=1, turn=False) as bench:
    for contender in ("nft", "hybrid"):
        for rules, verdict, other in ((ACCEPT, "accept", "drop"), (DROP, "drop", "accept")):
            records, problems = measured(bench, rules, verdict, contender)
            check(f"{contender} measures {verdict}", len(records) == 1 and not problems and not records[0].note)
            _, problems = measured(bench, rules, other, contender)
            check(f"{contender}: {verdict} where {other} is expected is noticed", problems)
    records, problems = measured(bench, ["FORWARD -p tcp -m tcp --dport 80 -j MARK --set-mark 1"] + ACCEPT, "accept", "hybrid")
    check("a hand-over is told and not complained of", not problems and "nft" in records[0].note)
    _, problems = measured(bench, ACCEPT, "accept", "disturbed")
    check("packets that BPF should have decided are missed", any("BPF decided" in text for text in problems))

rng = random.Random(1)
for character in classbench.CHARACTERS:
    made = classbench.generate(character, 300, 1)
    for where in ("early", "late", "nowhere"):
        for header in rng.sample(made.headers(where, 500), 100):
            saddr, daddr, protocol, sport, dport, _ = header
            met = [number for number, one in enumerate(made.filters)
                   if all(not prefix[1] or value >> (32 - prefix[1]) == prefix[0] >> (32 - prefix[1])
                          for value, prefix in ((saddr, one.source), (daddr, one.destination)))
                   and one.protocol in (None, protocol) and one.sport[0] <= sport <= one.sport[1]
                   and one.dport[0] <= dport <= one.dport[1]]
            bounds = {"early": met and met[0] < 30, "late": met and met[0] >= 270, "nowhere": not met}
            check(f"{character}: {header} meets {where}", bounds[where])
            check(f"{character}: {header} is accepted", not met or made.filters[met[0]].verdict == "ACCEPT")

sys.exit(1 if failures else 0)
