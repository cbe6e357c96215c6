#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What rulesets cost a packet, and commands take: iptables-bpf, iptables-nft, iptables-legacy, nft's own sets.

    sudo ./run bench [--quick] [--shape NAME,...] [--size N,...] [--contender NAME,...] [--case NAME,...]
    sudo ./run bench --publish

First what a packet costs (measure.py), then what each match does (matches.py) and how long commands take (control.py);
at the end all tables and plots.
Everything happens in network namespaces of the benchmark's own. Exit status 1: a figure cannot be trusted.
"""
import argparse
import csv
import os
import signal
import subprocess
import sys
import time

import control
import matches
from contenders import CONTENDERS
from injector import BUILDDIR, MAX_FLOWS, SRCDIR, BenchError
from measure import FIELDS, MORE, ROUND, Bench, rows, uncertain
from shapes import IPV6_SHAPES, IPV6_SIZES, SHAPES, make

QUICK_SIZES = (1000,)
PATIENCE = 540              # seconds; a publication that is slower than this takes no more turns than it must
IDLE = 0.7                  # load of a machine that does nothing else
ALL = ("legacy", "nft", "native", "hybrid", "exclusive", "bfcli", "bfcli-sets")


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
    parser.add_argument("--quick", action="store_true", help="one size, few turns: some minutes")
    parser.add_argument("--shape", type=names(SHAPES), help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--family", type=numbers, help="4, 6 (of one shape: 4; of all: both)")
    parser.add_argument("--size", type=numbers, help="numbers of rules (of shapes that have sizes)")
    parser.add_argument("--contender", type=names(CONTENDERS), default=list(ALL), help=f"of {', '.join(ALL)}")
    parser.add_argument("--case", type=names(("early", "late", "nowhere")), help="early, late, nowhere")
    parser.add_argument("--flows", type=numbers, default=[1, MAX_FLOWS])
    parser.add_argument("--rounds", type=int, help=f"of {ROUND} turns; up to {MORE} times as many are taken while a figure is uncertain")
    parser.add_argument("--minutes", type=float, default=0, help="begin no other ruleset after so long")
    parser.add_argument("--resume", action="store_true", help="keep what the last run measured, measure the rest")
    parser.add_argument("--no-turn", action="store_true", help="do not wait for another benchmark's end")
    parser.add_argument("--only", choices=("packets", "matches", "commands"), help="a part of it")
    parser.add_argument("--out", default=os.path.join(BUILDDIR, "bench-results"), help="directory for CSV and plots")
    parser.add_argument("--publish", action="store_true", help="a run for the README: into bench/results, and README.md")
    return parser.parse_args()


def plan(args):
    """(family, shape, size), small sizes first: what a limit of time cuts off is the largest."""
    sizes = args.size or (QUICK_SIZES if args.quick else None)
    families = args.family or ((4,) if args.shape else (4, 6))
    todo = []
    for family in families:
        few = family == 6 and not args.shape
        for shape in args.shape or (IPV6_SHAPES if few else SHAPES):
            known = SHAPES[shape][1]
            todo += [(family, shape, size) for size in known
                     if len(known) == 1 or (size in sizes if sizes else not few or size in IPV6_SIZES)]
    return sorted(todo, key=lambda item: (0 if len(SHAPES[item[1]][1]) == 1 else item[2]))


def show(records):
    print(f"  {'packets':20} {'':>8} " + "".join(f"{name:>11}" for name in dict.fromkeys(r.contender for r in records)))
    keys = dict.fromkeys((r.case, r.flows) for r in records)
    for case, flows in keys:
        line = [r for r in records if (r.case, r.flows) == (case, flows)]
        cells = "".join(f"{'~' * uncertain(r.added_ns, r.added_pm_ns) + format(r.added_ns, '.0f'):>10}{'*' if r.note else ' '}" for r in line)
        worst = max(r.added_pm_ns for r in line if r.added_ns == min(one.added_ns for one in line))
        print(f"  {case + ', ' + str(flows) + ' flow' + 's' * (flows > 1):20} {line[0].base_ns:7.0f}+ {cells}  ± {worst:.0f}", flush=True)
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
                self.done = {(int(row["family"]), row["shape"], int(row["size"])) for row in csv.DictReader(file)}
        else:
            with open(path, "w", newline="", encoding="ascii") as file:
                csv.DictWriter(file, FIELDS, lineterminator="\n").writeheader()

    def add(self, records):
        with open(self.path, "a", newline="", encoding="ascii") as file:
            csv.DictWriter(file, FIELDS, lineterminator="\n").writerows(rows(records))


def measure_packets(args, start):
    """What cannot be trusted, as a list of texts."""
    results = Results(os.path.join(args.out, "packets.csv"), args.resume)
    rounds = args.rounds or (2 if args.quick else 4)
    with Bench(rounds, log=lambda text: print(text, flush=True), turn=not args.no_turn) as bench:
        todo = plan(args)
        for number, (family, shape, size) in enumerate(todo):
            bench.patient = not args.publish or time.monotonic() - start < PATIENCE * (number + 1) / len(todo)
            if args.minutes and time.monotonic() - start > args.minutes * 60:
                print(f"{shape}, IPv{family}, {size} rules: left out, {args.minutes:g} minutes are over (--resume goes on)")
                continue
            ruleset = make(shape, size, family)
            if (family, ruleset.shape, size) in results.done:
                continue
            begun = time.monotonic()
            print(f"{ruleset.shape}, {ruleset.rules} rules (IPv{family}, {ruleset.hook}{', conntrack' * ruleset.conntrack})", flush=True)
            try:
                records = bench.measure(ruleset, args.contender, args.flows, args.case)
            except BenchError as error:
                bench.problem(f"{ruleset.shape}, {size} rules: {error}")
                continue
            results.add(records)
            show(records)
            print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
        print(f"\nns a packet, added to the first column; {time.monotonic() - start:.0f} s\n")
        if args.publish:
            bench.problems += [f"{title}: measured while a rule somewhere on this machine let nft trace packets" for title in bench.traced]
        return bench.problems


def measure_commands(args):
    path = os.path.join(args.out, "commands.csv")
    if args.resume and os.path.exists(path):
        return
    records = control.measure(rules=10000 if args.quick else 100000, rounds=2 if args.quick else 3)
    control.write_csv(path, records)


def measure_matches(args):
    path = os.path.join(args.out, "matches.csv")
    if args.resume and os.path.exists(path):
        return []
    rows_of_matches, problems = matches.run(args.rounds or (2 if args.quick else 4), out=path, turn=not args.no_turn)
    if args.publish and not problems:
        matches.publish(rows_of_matches)
    return problems


def disturbances():
    """What makes figures less certain, or other than they are elsewhere."""
    found = []
    if os.getloadavg()[0] > IDLE:
        found.append(f"other processes are running (load {os.getloadavg()[0]:.1f}): figures are less certain, and caches colder")
    with open("/proc/sys/kernel/bpf_stats_enabled", encoding="ascii") as file:
        if file.read().strip() != "0":
            found.append("kernel.bpf_stats_enabled is on: each BPF program takes some 30 ns longer")
    return found


class Machine:
    """What the figures depend on, for the README."""

    def __init__(self):
        with open("/proc/cpuinfo", encoding="ascii") as file:
            self.model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
        self.load, self.before = os.getloadavg()[0], self._times()

    @staticmethod
    def _times():
        """Ticks of all CPUs so far, and those of them that the hypervisor gave to others."""
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        return sum(ticks), ticks[7]

    def write(self, path):
        ticks, stolen = (now - before for now, before in zip(self._times(), self.before))
        with open(path, "w", encoding="ascii") as file:
            file.write(f"Linux {os.uname().release.split('-')[0]}, {os.cpu_count()} CPUs, {self.model}, load {self.load:.1f} at the start, "
                       f"{100 * stolen / max(1, ticks):.1f} % of CPU time stolen, {time.strftime('%Y-%m-%d')}\n")


def run(args):
    start = time.monotonic()
    os.makedirs(args.out, exist_ok=True)
    machine, problems = Machine(), []
    for text in disturbances():
        print(f"NOTE: {text}")
    if args.only in (None, "packets"):
        problems += measure_packets(args, start)
    if args.only in (None, "matches"):
        problems += measure_matches(args)
    if args.only in (None, "commands"):
        measure_commands(args)
    machine.write(os.path.join(args.out, "machine.txt"))
    subprocess.run([sys.executable, os.path.join(SRCDIR, "bench", "report.py"), args.out,
                    "--readme" if args.publish else "--plots"], check=True)
    print(f"\n{time.monotonic() - start:.0f} s; CSV and plots are in {args.out}")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    return 1 if problems else 0


def main():
    args = arguments()
    if args.publish:
        args.out = os.path.join(SRCDIR, "bench", "results")
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
