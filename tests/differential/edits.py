# SPDX-License-Identifier: GPL-2.0-or-later
"""The same changes and the same packets, step by step, on stock and on ours: after every step every rule's counters are
the same, whether ours was live, stale, or just being compiled when packets came."""

import random
import re

import compare
import generate
from rulesets import Ours, Stock, parse_rules
from topology import Side

CHAINS = ("FORWARD", "INPUT", "OUTPUT", "odd-masks", "tcp-flags", "multi", "deep1", "deep2", "fresh")


class Editor:
    """Random changes of a ruleset, as argument lists; knows no more of it than how many rules a chain may have."""

    def __init__(self, text, seed):
        self.rng = random.Random(f"edits {seed}")
        self.rules = [rule for rules in re.findall(r"^-A \S+ (.*)$", text, re.M) for rule in [rule_words(rules)]
                      if rule[-1] not in parse_rules(text)]
        self.has_fresh = False

    def next(self):
        """(tool suffix, arguments, standard input)"""
        rng = self.rng
        chain = rng.choice(CHAINS if self.has_fresh else CHAINS[:-1])
        rule = rng.choice(self.rules)
        number = str(rng.randrange(1, 9))
        kinds = [
            ("", ["-A", chain, *rule]), ("", ["-I", chain, number, *rule]), ("", ["-I", chain, *rule]),
            ("", ["-D", chain, number]), ("", ["-D", chain, number]), ("", ["-R", chain, number, *rule]),
            ("", ["-R", chain, number, "-c", "5", "500", *rule]), ("", ["-A", chain, "-c", "7", "70", *rule]),
            ("", ["-Z"]), ("", ["-Z", chain]), ("", ["-Z", chain, number]),
            ("", ["-P", rng.choice(("FORWARD", "INPUT")), rng.choice(("ACCEPT", "DROP"))]),
            ("-restore", ["-n"]),
        ]
        if rng.random() < 0.15:
            self.has_fresh = True
            return "", ["-N", "fresh"], None
        if self.has_fresh and rng.random() < 0.2:
            return "", rng.choice((["-I", "FORWARD", "-j", "fresh"], ["-F", "fresh"], ["-I", "OUTPUT", "2", "-g", "fresh"])), None
        suffix, args = rng.choice(kinds)
        text = None
        if suffix:
            words = " ".join(rule)
            text = f"*filter\n-A {chain} {words}\n[3:300] -I {chain} {words}\nCOMMIT\n"
        return suffix, args, text


def rule_words(text):
    """A saved rule's words; none of the rules here needs quotes but for comments, which are left out."""
    words = re.sub(r'-m comment --comment "[^"]*" ?', "", text).split()
    return words or ["-p", "all"]


def _step(sides, change, packets, live_after):
    """Makes one change and sends packets, on both sides; waits for ours to be live again after some of the packets.
    Returns a complaint or None."""
    suffix, args, text = change
    results = []
    for side, tools in sides:
        done = tools.call(side, 4, suffix, *args, stdin=text, check=False)
        results.append((done.returncode, done.stdout, done.stderr.replace(tools.multi, "")))
    if results[0] != results[1]:
        return f"stock said {results[0]}, ours {results[1]}"
    trials = []
    for side, tools in sides:
        trial = compare.Trial(side, tools, {4: ""})
        compare.send_all(trial, packets[:live_after])
        tools.go_live(side)
        compare.send_all(trial, packets[live_after:])
        trial.counters[4] = tools.save(side, 4)
        trials.append(trial)
    found = compare.verdicts(*trials, packets) + compare.counters(*trials)
    return "; ".join(d.text for d in found[:3]) if found else None


def check(text, steps=80, seed=1):
    """True when no step showed a difference."""
    # A limit's tokens are counted by the one that decides: nft has a bucket of its own while a change is compiled.
    text = "".join(line + "\n" for line in text.splitlines() if "-m limit" not in line)
    editor = Editor(text, seed)
    packets = generate.generate({4: text}, "boundary:60,random:200", seed)
    rng = random.Random(f"edit packets {seed}")
    complaints = []
    with Side("ea") as a, Side("eb") as b:
        sides = ((a, Stock()), (b, Ours()))
        try:
            for side, tools in sides:
                tools.load(side, {4: text})
                tools.go_live(side)
            for step in range(steps):
                change = editor.next()
                wrong = _step(sides, change, rng.sample(packets, 60), rng.choice((0, 0, 20, 40)))
                if wrong:
                    complaints.append(f"step {step}, {' '.join(change[1])}: {wrong}")
                    break
            decided = sum(c["decided_packets"] for c in sides[1][1].status(b)["chains"])
        finally:
            sides[1][1].unload(b)
    print(f"{step + 1} changes; BPF decided {decided} packets")
    for complaint in complaints:
        print(complaint)
    return not complaints and decided > 0
