#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a ruleset costs a packet: iptables-bpf against iptables-nft, iptables-legacy and nft's own sets.

    sudo ./run bench [--quick] [--shape NAME,...] [--size N,...] [--contender NAME,...] [--case NAME,...]

Everything happens in network namespaces of the benchmark's own.
"""
import argparse
import csv
import os
import signal
import sys
import time

from contenders import CONTENDERS
from injector import BUILDDIR, MAX_FLOWS, BenchError
from measure import FIELDS, Bench, rows
from shapes import SHAPES

QUICK_SIZES = (100, 10000)
ALL = ("legacy", "nft", "native", "hybrid", "exclusive", "bfcli")


def names(known):
    def parse(text):
        wanted = text.split(",")
        for name in wanted:
            if str(name) not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
        return wanted
    return parse


def numbers(text):
    return [int(number) for number in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few sizes and rounds: a minute or two")
    parser.add_argument("--shape", type=names(SHAPES), default=list(SHAPES), help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--size", type=numbers, help="numbers of rules (of shapes that have sizes)")
    parser.add_argument("--contender", type=names(CONTENDERS), default=list(ALL), help=f"of {', '.join(ALL)}")
    parser.add_argument("--case", type=names(("early", "late", "nowhere")), help="early, late, nowhere")
    parser.add_argument("--flows", type=numbers, default=[1, MAX_FLOWS])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--minutes", type=float, default=0, help="begin no other ruleset after so long")
    parser.add_argument("--resume", action="store_true", help="keep what the last run measured, measure the rest")
    parser.add_argument("--csv", default=os.path.join(BUILDDIR, "bench", "data.csv"), help="where the figures go")
    return parser.parse_args()


def plan(args):
    """(shape, size), small sizes first: what a limit of time cuts off is the largest."""
    sizes = args.size or (QUICK_SIZES if args.quick else None)
    todo = []
    for shape in args.shape:
        known = SHAPES[shape][1]
        todo += [(shape, size) for size in known if len(known) == 1 or sizes is None or size in sizes]
    return sorted(todo, key=lambda item: (0 if len(SHAPES[item[0]][1]) == 1 else item[1]))


def show(records):
    print(f"  {'packets':20} {'':>8} " + "".join(f"{name:>11}" for name in dict.fromkeys(r.contender for r in records)))
    keys = dict.fromkeys((r.case, r.flows) for r in records)
    for case, flows in keys:
        line = [r for r in records if (r.case, r.flows) == (case, flows)]
        cells = "".join(f"{r.added_ns:10.0f}{'*' if r.note else ' '}" for r in line)
        print(f"  {case + ', ' + str(flows) + ' flow' + 's' * (flows > 1):20} {line[0].base_ns:7.0f}+ {cells}", flush=True)
    for note in dict.fromkeys(f"  * {r.contender}: {r.note}" for r in records if r.note):
        print(note)


class Results:
    """The CSV, written after each ruleset, so that a run may be stopped and resumed."""

    def __init__(self, path, resume):
        self.path = path
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.done = set()
        if resume and os.path.exists(path):
            with open(path, newline="", encoding="ascii") as file:
                self.done = {(row["shape"], int(row["size"])) for row in csv.DictReader(file)}
        else:
            with open(path, "w", newline="", encoding="ascii") as file:
                csv.DictWriter(file, FIELDS).writeheader()

    def add(self, records):
        with open(self.path, "a", newline="", encoding="ascii") as file:
            csv.DictWriter(file, FIELDS).writerows(rows(records))


def run(args):
    results = Results(args.csv, args.resume)
    rounds = args.rounds or (5 if args.quick else 7)
    start = time.monotonic()
    with Bench(rounds, log=lambda text: print(text, flush=True)) as bench:
        for shape, size in plan(args):
            if args.minutes and time.monotonic() - start > args.minutes * 60:
                print(f"{shape}, {size} rules: left out, {args.minutes:g} minutes are over (--resume goes on)")
                continue
            ruleset = SHAPES[shape][0](size)
            if (ruleset.shape, size) in results.done:
                continue
            begun = time.monotonic()
            print(f"{ruleset.shape}, {ruleset.rules} rules ({ruleset.hook}{', conntrack' * ruleset.conntrack})", flush=True)
            records = bench.measure(ruleset, args.contender, args.flows, args.case)
            results.add(records)
            show(records)
            print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
        print(f"\nns a packet, added to the first column; {rounds} rounds, {time.monotonic() - start:.0f} s; {args.csv}")
        for problem in bench.problems:
            print(f"PROBLEM: {problem}")
        return 1 if bench.problems else 0


def main():
    args = arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    if os.geteuid():
        sys.exit("bench.py: network namespaces need root")
    try:
        return run(args)
    except BenchError as error:
        print(f"bench.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
