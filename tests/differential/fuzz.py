#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random rulesets and packets, by stock and by ours: each verdict and each counter has to be the same.

    fuzz.py SECONDS [SEED [MOST]]  runs the cases SEED, SEED+1, ... (a random SEED is printed) for so long, MOST of them
    fuzz.py 0 SEED                 runs that one case again
    fuzz.py --replay FILE...       runs cases that were kept

A case that fails, and fails again alone, is made small and kept in $FUZZ_KEEP (regressions/ beside this program), which
`./run check' replays. One that fails a single time is told, and kept as unstable-N, but is no difference unless there are more of
them: a busy machine is late.
Exit status: 0 equal, 1 different, 2 usage, 77 something that is needed is not there.
"""

import collections
import multiprocessing
import os
import queue
import re
import secrets
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import compare
import fuzzcase
import run
from hang import Hang, limited
from minimise import Minimiser
from rulesets import TOOLS
from trialpair import Pair, Refused

REGRESSIONS = Path(__file__).resolve().parent / "regressions"
CASE_SECONDS = 240  # then something hangs
PURSUIT_SECONDS = 420
ALONE = 3  # times that what fails has to fail again, in namespaces of its own
STOCK = 5  # times that stock may differ from itself
MOST_ONCE = 2  # cases of a run may fail once: of a busy machine; more are no chance
LEAST_SHARE = 0.5  # of the packets have to be BPF's decision, or nothing was compared


@dataclass
class Outcome:
    seed: int
    what: str
    kind: str  # "same", "different", "refused", "by chance", "failed once"
    lines: list = field(default_factory=list)
    packets: int = 0
    rules: int = 0
    met: int = 0
    decided: int = 0
    handed: int = 0
    names: collections.Counter = field(default_factory=collections.Counter)  # matches and targets of rules that were met


_NAMES = re.compile(r" -([mj]) (\S+)")
_LINE = re.compile(r"line:? (\d+)")


def _names(trial):
    found = collections.Counter()
    for family, entries in trial.counters.items():
        for entry in entries:
            if entry.packets and entry.text.startswith("-A"):
                found.update({f"-{kind} {name}" + ("6" if family == 6 else "") for kind, name in _NAMES.findall(entry.text)
                              if kind == "m" or name.isupper()})
    return found


def compared(pair, rules, packets, note=None):
    """(Outcome of one trial without its seed, the packets). A RuntimeError of a side is a difference, too."""
    try:
        a, b, packets = pair.trial(rules, packets, note)
    except RuntimeError as e:
        pair.down()
        return Outcome(0, "", "different", [f"error: {e}"]), packets
    found = compare.verdicts(a, b, packets) + compare.counters(a, b)
    met, number = compare.coverage(a)
    decided, handed = compare.decided(b)
    lines = [f"{d.kind}: {d.text}" for d in found[:8]]
    return Outcome(0, "", "different" if found else "same", lines, len(packets), number, met, decided, handed, _names(a)), packets


def _mended(rules, refusal):
    """@rules without the line that was refused, or None."""
    line, family = _LINE.search(str(refusal)), str(refusal)[3:4]
    if not line or not family.isdigit() or int(family) not in rules:
        return None
    lines = rules[int(family)].splitlines(keepends=True)
    number = int(line[1]) - 1
    if number >= len(lines) or not lines[number].startswith("-A"):
        return None
    return {**rules, int(family): "".join(lines[:number] + lines[number + 1:])}


def run_case(pair, seed):
    """(Outcome, Case) of one seed; rules that no side takes are left out."""
    rules, what, packets = fuzzcase.rules_of(seed)
    for _ in range(12):
        try:
            outcome, sent = compared(pair, rules, lambda: packets(rules), seed)
        except Refused as e:
            rules = _mended(rules, e)
            if rules is None:
                return Outcome(seed, what, "refused", [str(e)]), None
            continue
        outcome.seed, outcome.what = seed, what
        return outcome, fuzzcase.Case(rules, sent() if callable(sent) else sent, what, fuzzcase.side_of(seed))
    return Outcome(seed, what, "refused", ["too many of its rules"]), None


# ---- what failed ----

def _fails(pair, rules, packets, error):
    try:
        outcome = compared(pair, rules, packets)[0]
    except Refused:
        return False
    return outcome.kind == "different" and outcome.lines[0].startswith("error:") == error


def _differs_by_chance(tag, case):
    """Whether stock differs from itself."""
    with Pair(tag + "s", ("stock", "stock"), uses=1) as pair:
        return any(compared(pair, case.rules, case.packets)[0].kind != "same" for _ in range(STOCK))


def _fails_again(pair, case):
    return all(compared(pair, case.rules, case.packets)[0].kind != "same" for _ in range(ALONE))


def _again_in_order(tag, names, history, case):
    """Whether a case fails again after those that came before it in its namespaces."""
    with Pair(tag + "o", names, uses=1 << 30) as pair:
        for seed in dict.fromkeys(history[:-1]):
            run_case(pair, seed)
        return compared(pair, case.rules, case.packets)[0].kind != "same"


def pursue(outcome, case, tag, history):
    """Tries a failed case again, alone; makes it small and keeps it. Returns the Outcome to be reported."""
    error = outcome.lines[0].startswith("error:")
    names = ("stock", case.side)
    with Pair(tag + "p", names, uses=1) as alone:
        again = _fails_again(alone, case)
    if not again:
        if not error and _differs_by_chance(tag, case):
            outcome.kind = "by chance"
            return outcome
        outcome.lines.append(f"Alone it does not fail; in these namespaces were tried before: {history}")
        if not _again_in_order(tag, names, history, case):
            outcome.kind = "failed once"
            outcome.lines.append("Nor does it in that order.")
        _keep(outcome, case, f"unstable-{outcome.seed}")
        return outcome
    if not error and _differs_by_chance(tag, case):
        outcome.kind = "by chance"
        return outcome
    with Pair(tag + "m", names, uses=30) as pair:
        minimiser = Minimiser(lambda rules, packets: _fails(pair, rules, packets, error), seconds=180)
        rules, packets = minimiser.run(case.rules, case.packets)
        small = fuzzcase.Case(rules, packets, case.what, case.side)
        try:
            outcome.lines = compared(pair, rules, packets)[0].lines or outcome.lines
        except Refused:
            pass
    if not error and _differs_by_chance(tag, small):  # what is left; and the whole?
        small = case
        with Pair(tag + "p", names, uses=1) as alone:
            if not _fails_again(alone, case):
                outcome.kind = "by chance"
                return outcome
    _keep(outcome, small, str(outcome.seed))
    return outcome


def _keep(outcome, case, name):
    directory = Path(os.environ.get("FUZZ_KEEP", REGRESSIONS))
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"fuzz-{name}.case"
    fuzzcase.write(path, case, [f"./run fuzz 0 {outcome.seed}: {outcome.what}", *(line for text in outcome.lines for line in text.splitlines())])
    outcome.lines.append(f"kept in {path}")


# ---- many ----

def _one(pair, seed, tag):
    try:
        with limited(CASE_SECONDS, pair.namespaces):
            outcome, case = run_case(pair, seed)
    except Hang as e:
        return _after_a_hang(pair, seed, tag, e)
    except Exception as e:  # of the tool: the other cases go on
        pair.down()
        return Outcome(seed, "", "different", _told(e))
    if outcome.kind != "different":
        return outcome
    history = list(pair.history)
    pair.down()
    try:
        with limited(PURSUIT_SECONDS):
            return pursue(outcome, case, tag, history)
    except Exception as e:
        outcome.lines += _told(e)
        return outcome


def _told(e):
    """Lines about what was raised, few enough to be read at the end of a log."""
    frames = [f"    {Path(f.filename).name}:{f.lineno} {f.name}: {f.line}" for f in traceback.extract_tb(e.__traceback__)[-8:]]
    return [f"{type(e).__name__}: {e}", *(e.where if isinstance(e, Hang) else ()), "raised in", *frames]


def _after_a_hang(pair, seed, tag, hang):
    """Once more, alone. Returns the Outcome to be reported: where everybody was, and whether it hangs again."""
    lines = _told(hang) + [f"in these namespaces were tried before: {pair.history}"]
    pair.kill()
    alone = Pair(tag + "h", pair.names, uses=1)
    try:
        with limited(CASE_SECONDS, alone.namespaces):
            outcome = run_case(alone, seed)[0]
    except Exception as e:
        outcome = Outcome(seed, "", "different", _told(e))
    finally:
        alone.kill()
    if outcome.kind == "same":
        outcome.kind = "failed once"
        lines.append("Alone it comes to an end, and nothing differs.")
    outcome.lines = lines + outcome.lines
    return outcome


def _work(number, numbers, end, until, results):
    tag = f"z{number}"
    with Pair(tag) as hybrid, Pair(tag + "x", ("stock", "ours-exclusive")) as exclusive:
        while time.monotonic() < until:
            with numbers.get_lock():
                seed = numbers.value
                if seed == end:
                    break
                numbers.value += 1
            results.put(_one(hybrid if fuzzcase.side_of(seed) == "ours" else exclusive, seed, tag))
    results.put(None)


class Tally:
    """Sums over outcomes."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.names = collections.Counter()
        self.sums = collections.Counter()

    def add(self, outcome):
        self.kinds[outcome.kind] += 1
        self.names += outcome.names
        for name in ("packets", "rules", "met", "decided", "handed"):
            self.sums[name] += getattr(outcome, name)
        if outcome.kind != "same":
            print(f"{outcome.kind}: case {outcome.seed} ({outcome.what})", flush=True)
            for line in outcome.lines:
                print("    " + line.replace("\n", "\n    "))

    def share(self):
        return self.sums["decided"] / max(1, self.sums["decided"] + self.sums["handed"])

    def report(self, seconds):
        print("matches and targets in rules that packets met: " +
              ", ".join(f"{name[1:]} {count}" for name, count in sorted(self.names.items())))
        print(f"{sum(self.kinds.values())} rulesets ({', '.join(f'{n} {kind}' for kind, n in sorted(self.kinds.items()))}) with"
              f" {self.sums['rules']} rules ({self.sums['met']} met), {self.sums['packets']} packets to each side in {seconds:.0f} s")
        print(f"BPF decided {self.sums['decided']} times and handed over {self.sums['handed']} times:"
              f" it decided {100 * self.share():.1f} %", flush=True)


def _stop(*_):
    """Whoever is told to stop takes its namespaces along, told how often."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def fuzz(seconds, seed, most=None):
    """Cases for so many seconds, @most of them; True when none differs and BPF decided its share."""
    signal.signal(signal.SIGTERM, _stop)
    started = time.monotonic()
    numbers, results = multiprocessing.Value("q", seed), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=_work, args=(n, numbers, most and seed + most, started + seconds, results), daemon=True)
               for n in range(os.cpu_count() or 1)]
    for worker in workers:
        worker.start()
    tally, left = Tally(), len(workers)
    while left:
        try:
            outcome = results.get(timeout=60)
        except queue.Empty:
            if any(worker.is_alive() for worker in workers):
                continue
            outcome, left = Outcome(0, "", "different", ["no process is left that tries cases"]), 0
        if outcome is None:
            left -= 1
        else:
            tally.add(outcome)
    for worker in workers:
        worker.join()
    tally.report(time.monotonic() - started)
    if tally.kinds["same"] == 0 or tally.share() < LEAST_SHARE:
        print(f"BPF has to decide {100 * LEAST_SHARE:.0f} % at least: nothing was proven")
        return False
    return not tally.kinds["different"] and tally.kinds["failed once"] <= MOST_ONCE


def single(seed):
    tally = Tally()
    with Pair("z", ("stock", fuzzcase.side_of(seed))) as pair:
        outcome = _one(pair, seed, "z")
    tally.add(outcome)
    tally.report(0)
    return outcome.kind in ("same", "by chance")


def replay(paths):
    """Cases that were kept; True when none differs."""
    good = True
    for path in paths:
        case = fuzzcase.read(Path(path))
        with Pair("r", ("stock", case.side)) as pair:
            outcome, _ = compared(pair, case.rules, case.packets)
        print(f"{outcome.kind}: {Path(path).name}: {len(case.packets)} packets, BPF decided {outcome.decided}, handed over {outcome.handed}")
        for line in outcome.lines:
            print("    " + line.replace("\n", "\n    "))
        good = good and outcome.kind == "same"
    return good


def main():
    args = sys.argv[1:]
    missing = run.needed() or TOOLS["ours"]().available()
    if missing:
        print(missing)
        return 77
    if args[:1] == ["--replay"]:
        return not replay(args[1:])
    if not 1 <= len(args) <= 3 or not all(a.isdigit() for a in args):
        print(__doc__, file=sys.stderr)
        return 2
    seconds, seed = int(args[0]), int(args[1]) if len(args) > 1 else secrets.randbelow(10**9)
    if len(args) == 2 and not seconds:
        return not single(seed)
    print(f"seed {seed}", flush=True)
    return not fuzz(seconds, seed, int(args[2]) if len(args) == 3 else None)


if __name__ == "__main__":
    sys.exit(main())
