#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads one ruleset twice, sends the same packets through both and compares every verdict and every counter.

    run.py --rules FILE [--rules6 FILE] [--packets SPEC] [--seed N]
    run.py --rules FILE --sides stock,stock       the harness against itself: must be equal
    run.py --rules FILE --mutants 20              wrong rulesets must be told from the right one
    run.py --rules FILE --only 17,18              just these packets again (numbers as reported)

Exit status: 0 equal, 1 different, 2 usage, 77 something that is needed is not there.
"""

import argparse
import os
import random
import sys
from pathlib import Path

import compare
import generate
import mutate
from packets import describe
from rulesets import TOOLS
from topology import Side


def trial_of(name, rules, packets, tag=""):
    """Sends the packets through a side with these rules."""
    tools = TOOLS[name]()
    with Side(tag) as side:
        trial = compare.Trial(side, tools, rules)
        try:
            compare.run_trial(trial, packets)
        finally:
            tools.unload(side)
    return trial


def differences(a, b, packets, same_rules=True):
    return compare.verdicts(a, b, packets) + compare.counters(a, b, same_rules)


def compare_sides(rules, packets, sides=("stock", "ours")):
    """Returns ([Difference], trial a, trial b)."""
    a, b = (trial_of(name, rules, packets, letter) for letter, name in zip("ab", sides))
    return differences(a, b, packets), a, b


def needed():
    """What is missing to run at all, or None."""
    if os.geteuid():
        return "needs root for network namespaces"
    return TOOLS["stock"]().available()


def report(found, limit=20):
    for difference in found[:limit]:
        print(f"{difference.kind}: {difference.text}")
    if len(found) > limit:
        print(f"... and {len(found) - limit} more")


def summarise(packets, a, b, unmet=False):
    hit, rules = compare.coverage(a)
    print(f"{len(packets)} packets, {sum(len(batch) for batch in a.out)} came out; {hit} of {rules} rules met"
          f" ({a.tools.name} against {b.tools.name})")
    for text in compare.unmet(a) if unmet else ():
        print(f"no packet met {text}")
    if b.status:
        print("BPF decided %d packets and handed over %d" % compare.decided(b))


def check(rules, spec=generate.DEFAULT_SPEC, seed=1, sides=("stock", "ours"), only=None, minimum_decided=1, unmet=False):
    """One comparison with its report; True when all is equal and BPF did decide."""
    packets = generate.generate(rules, spec, seed)
    if only:
        for number in only:
            print(f"#{number} {packets[number].leg}: {packets[number].label}: {describe(packets[number].data)}\n"
                  f"    {packets[number].data.hex()}")
        packets = [packets[number] for number in only]
    found, a, b = compare_sides(rules, packets, sides)
    summarise(packets, a, b, unmet)
    report(found)
    if b.status and compare.decided(b)[0] < minimum_decided:
        print(f"BPF decided fewer than {minimum_decided} packets: nothing was compared")
        for chain in b.status["chains"]:
            print(f"    {chain['family']} {chain['chain']}: {chain['mode']}: {chain.get('reason')}")
        return False
    return not found


def check_mutants(rules, count, spec, seed, needed_share=0.8):
    """Compares stock with stock that holds a wrong ruleset, @count times; True when most were noticed
    (some changes mean the same, e.g. in a rule that an earlier one shadows)."""
    packets = generate.generate(rules, spec, seed)
    choices = [(family, *mutant) for family, text in sorted(rules.items()) for mutant in mutate.mutants(text)]
    chosen = random.Random(seed).sample(choices, min(count, len(choices)))
    right = trial_of("stock", rules, packets)
    noticed = 0
    for number, (family, what, text) in enumerate(chosen):
        wrong = dict(rules)
        wrong[family] = text
        found = differences(right, trial_of("stock", wrong, packets, f"m{number}"), packets, same_rules=False)
        noticed += bool(found)
        print(f"{'noticed' if found else 'MISSED '} ({len(found)} differences): IPv{family} {what}")
    print(f"{noticed} of {len(chosen)} wrong rulesets noticed")
    return bool(chosen) and noticed >= needed_share * len(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", help="saved IPv4 ruleset")
    parser.add_argument("--rules6", help="saved IPv6 ruleset")
    parser.add_argument("--packets", default=generate.DEFAULT_SPEC, metavar="SPEC",
                        help=f"kinds of packets, kind[:count],... of {', '.join(generate.GENERATORS)} (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sides", default="stock,ours", help=f"two of {', '.join(TOOLS)} (default: %(default)s)")
    parser.add_argument("--only", help="send these packets only")
    parser.add_argument("--unmet", action="store_true", help="list the rules that no packet met")
    parser.add_argument("--mutants", type=int, metavar="N", help="compare stock with N wrong rulesets on stock")
    args = parser.parse_args()
    rules = {family: Path(path).read_text() for family, path in ((4, args.rules), (6, args.rules6)) if path}
    sides = tuple(args.sides.split(","))
    if not rules or len(sides) != 2 or not set(sides) <= set(TOOLS):
        parser.error("--rules or --rules6 and two known sides are needed")
    missing = needed() or next((m for m in (TOOLS[s]().available() for s in sides) if m), None)
    if missing and not args.mutants:
        print(missing)
        return 77
    if args.mutants:
        return not check_mutants(rules, args.mutants, args.packets, args.seed)
    only = [int(n) for n in args.only.split(",")] if args.only else None
    return not check(rules, args.packets, args.seed, sides, only, unmet=args.unmet)


if __name__ == "__main__":
    sys.exit(main())
