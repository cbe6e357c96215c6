# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to be reached, and whether it was. Of several figures the worst decides, and all are told."""
from dataclasses import dataclass
from typing import Optional

from measure import HANDED_OVER, uncertain

SMALL = ("server", "router")
FLAT = ("drop list", "Cartesian", "DMZ")
CHEAPER = (1000, 20), (10000, 150)      # rules, and how many times cheaper than iptables-nft at least
CLASSBENCH = ("ClassBench acl", "ClassBench fw", "ClassBench ipc")


@dataclass
class Target:
    case: str
    target: str
    measured: str
    reached: Optional[bool]     # None: not measured


def _target(case, target, found, limit, most=True, unit=""):
    """FOUND: (name, value) pairs, all of which must be at most (or at least) LIMIT."""
    found = [(name, value) for name, value in found if value is not None]
    if not found:
        return Target(case, target, "", None)
    worst = max(found, key=lambda item: item[1] if most else -item[1])
    best = min(found, key=lambda item: item[1] if most else -item[1])
    said = f"{number(worst[1])}{unit} ({worst[0]})"
    if len(found) > 1:
        said += f" … {number(best[1])}{unit} ({best[0]})"
    return Target(case, target, said, worst[1] <= limit if most else worst[1] >= limit)


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _flows(row):
    sure = "" if not uncertain(row["added_ns"], row["added_pm_ns"]) else f", ± {row['added_pm_ns']:.0f} ns"
    return f"{row['flows']:,} flow{'s' * (row['flows'] > 1)}{sure}"


def _small(data, contender, case, key):
    """Ratios of the two everyday rulesets."""
    return [(f"{row['shape']}, {_flows(row)}", row[key])
            for shape in SMALL for row in data.find(shape=shape, contender=contender, case=case)]


def _growth(data, shapes, contender):
    """What 100,000 rules cost, by what 100 do."""
    found = []
    for shape in shapes:
        for row in data.find(shape=shape, contender=contender, size=100000):
            few = data.find(shape=shape, contender=contender, size=100, case=row["case"], flows=row["flows"])
            if few and few[0]["added_ns"] > 0:
                found.append((f"{shape}, {row['case']}, {_flows(row)}", row["added_ns"] / few[0]["added_ns"]))
    return found


def best(data):
    """What may be either mode is judged by the better one that was measured."""
    return "exclusive" if "exclusive" in data.contenders else "hybrid"


def cheaper(data, contender, size, shape=None):
    """How often iptables-nft's cost holds ours; packets that have to pass the rules, and are not left to nft."""
    return [(f"{row['shape']}, {row['case']}, {_flows(row)}", 1 / row["ratio_nft"])
            for row in data.find(contender=contender, size=size)
            if row["case"] != "early" and row["ratio_nft"] and row["ratio_nft"] > 0 and shape in (None, row["shape"]) and
            not _left_to_nft(data, row)]


def _left_to_nft(data, row):
    """In hybrid mode, too: a table that cannot sleep for one rule's sake has a note on every line."""
    same = data.find(contender="hybrid", **{key: row[key] for key in ("shape", "size", "case", "flows")})
    return any(one["note"] == HANDED_OVER for one in same)


def _native(data, contender):
    found = []
    for row in data.find(shape="drop list", size=10000, contender=contender):
        native = data.find(shape="drop list", size=10000, contender="native", case=row["case"], flows=row["flows"])
        if native and native[0]["added_ns"] > 0:
            found.append((f"{row['case']}, {_flows(row)}", row["added_ns"] / native[0]["added_ns"]))
    return found


def _command(data, what, key):
    row = data.command(what)
    return [(what, row[key])] if row else []


def evaluate(data):
    """The list of Targets."""
    both = "20-rule server, 40-rule router"
    mode = best(data)
    return [
        _target(f"{both}: late rule, exclusive", "≤ 0.15 × iptables-nft", _small(data, "exclusive", "late", "ratio_nft"), 0.15),
        _target(f"{both}: late rule, exclusive", "≤ 0.3 × iptables-legacy", _small(data, "exclusive", "late", "ratio_legacy"), 0.3),
        _target(f"{both}: late rule, hybrid", "≤ 0.3 × iptables-nft", _small(data, "hybrid", "late", "ratio_nft"), 0.3),
        _target(f"{both}: late rule, hybrid", "≤ 0.6 × iptables-legacy", _small(data, "hybrid", "late", "ratio_legacy"), 0.6),
        _target(f"{both}: first rule, exclusive", "≤ 0.6 × iptables-nft", _small(data, "exclusive", "early", "ratio_nft"), 0.6),
        _target("drop list, Cartesian, DMZ: 100k rules against 100, exclusive", "≤ 2 ×", _growth(data, FLAT, "exclusive"), 2),
        _target(f"ClassBench: 100k rules against 100, {mode}", "≤ 4 ×", _growth(data, CLASSBENCH, mode), 4),
        *(_target(f"any shape, {size // 1000}k rules, {mode}", f"≥ {times} × cheaper than iptables-nft", cheaper(data, mode, size), times,
                  most=False) for size, times in CHEAPER),
        _target(f"10k addresses, {mode}", "≤ 1 × nft with a set", _native(data, mode), 1),
        _target("restore of 10k mixed rules", "≤ 1.1 × iptables-nft", _command(data, "restore 10000 mixed rules", "ratio_stock"), 1.1),
        _target("… BPF live after it", "≤ 1,000 ms", _command(data, "restore 10000 mixed rules: BPF live after", "median"), 1000, unit=" ms"),
        _target("… BPF live after 100k", "≤ 8,000 ms", _command(data, "restore 100000 mixed rules: BPF live after", "median"), 8000, unit=" ms"),
        _target("one more rule among 10k: BPF live again", "≤ 60 ms", _command(data, "-A to 10000: until BPF is live, as a whole", "median"), 60, unit=" ms"),
        _target("… no clang, no verifier", "0 ms", _command(data, "-A to 10000: of it, clang", "median") +
                _command(data, "-A to 10000: of it, loading", "median"), 0, unit=" ms"),
        _target("restore of 100k rules: peak memory", "≤ 1.5 × iptables-nft",
                _command(data, "restore 100000 rules in one chain: peak memory", "ratio_stock"), 1.5),
    ]
