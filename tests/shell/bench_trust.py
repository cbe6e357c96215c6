#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark must notice: another verdict than expected, packets that BPF did not decide, hand-overs. And that
ClassBench's generator knows what its own packets meet, that uncertainty is what it is called, and that what is made for IPv6
says the same."""
import random
import re
import sys

sys.path.insert(0, sys.argv[1] + "/bench")

import classbench  # noqa: E402
from injector import TCP, Flow, address  # noqa: E402
from measure import Bench, median_and_error, uncertain  # noqa: E402
from shapes import SHAPES, Case, Ruleset, filter_table, make  # noqa: E402
from contenders import CONTENDERS, Hybrid  # noqa: E402

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

with Bench(rounds=1, turn=False) as bench:
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

# A normal distribution's median of 100 values is known to 1.253 / sqrt(100) standard deviations.
inside, widths = 0, []
for _ in range(400):
    median, error = median_and_error([rng.gauss(50, 10) for _ in range(100)])
    inside += abs(median - 50) <= error
    widths.append(error)
check("95 % confidence: the truth is within", 0.9 <= inside / 400)
check("the interval is as narrow as it may be", 2.0 < sum(widths) / 400 < 3.2)
check("few values", median_and_error([1, 2, 9]) == (2, 4) and median_and_error([5])[1] == 0)
check("what is uncertain", uncertain(100, 26) and not uncertain(100, 24) and uncertain(-3, 1) and uncertain(0, 1))

for shape in ("docker", "dmz", "kubernetes", "kubesvc"):
    rules = make(shape, 100000).text.splitlines()
    check(f"{shape}: no rule twice, so late packets meet late rules", len(set(rules)) == len(rules))

for shape in SHAPES:
    four, six = make(shape, SHAPES[shape][1][0]), make(shape, SHAPES[shape][1][0], 6)
    check(f"{shape} for IPv6 has as many rules", four.rules == six.rules and six.family == 6)
    for text in (six.text, six.native or ""):
        check(f"{shape} for IPv6 names no address of IPv4", not re.search(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", text))
    for name, case in six.cases.items():
        check(f"{shape}, {name}: IPv6's packets", [flow.as_ipv6() for flow in four.cases[name].flows(3)] == case.flows(3))

sys.exit(1 if failures else 0)
