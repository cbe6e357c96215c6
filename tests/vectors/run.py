#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs test vectors with stock iptables-nft and with ours, and compares.

    run.py [--sides off,auto] [--seed N] [--random COUNT] [-v] [FILE...]

FILE is a .t or .txlate (iptables' own vectors: units.py, translations.py) or a .cases (ours: cases.py).
Without FILE: all .cases beside this program, COUNT random command lines and all vectors in
$SHARED_DIR/conformance. A unit that passes with stock must pass with ours, and whatever stock says ours
must say, with BPF on ("auto") and off. Ours prints what the iptables prints whose libxtables it was built
with: beside another version of stock only what passes is compared. Exit status 0: all the same; 77: nothing could be run here; else something differs.

From the environment: BUILDDIR, STOCK_PREFIX, SHARED_DIR as in tests/shell/lib.sh.
"""
import argparse
import difflib
import fcntl
import glob
import multiprocessing
import os
import sys
import tempfile

import cases
import random_lines
import sandbox
import translations
import units

KINDS = {".t": units, ".txlate": translations, ".cases": cases}


def kind_of(path):
    return KINDS[os.path.splitext(path)[1]]


def work(task):
    """One file on one side, in a process of its own. A few modules keep state for the whole machine
    (IDLETIMER's labels), so the sides of a file take turns."""
    side, path, tool, lock = task
    with open(lock, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with sandbox.Sandbox(side) as box:
            return kind_of(path).run(box, path, tool)


class Report:
    """Compares what the sides said, and counts."""

    def __init__(self, verbose, texts):
        self.verbose, self.texts = verbose, texts
        self.bad = self.units = self.stock_passes = self.same = 0

    def file(self, path, tool, said):
        """said: side -> what its run() returned."""
        name = f"{os.path.basename(path)} ({tool})"
        stock = said.pop("stock")
        bad_before = self.bad
        for _, passed, _ in stock:
            self.units += passed is not None
            self.stock_passes += passed is True
        for side, ours in said.items():
            for unit, unit_ours in zip(stock, ours):
                self._unit(f"{name}, BPF {side}", unit, unit_ours)
        if self.verbose or self.bad != bad_before:
            print(f"{name}: {len(stock)} vectors, {self.bad - bad_before} different", flush=True)

    def _unit(self, where, stock, ours):
        what, stock_passed, stock_said = stock
        _, ours_passed, ours_said = ours
        if stock_passed and not ours_passed:
            print(f"not ok: {where}, {what}: passes with stock, fails with ours")
        elif self.texts and stock_said != ours_said:
            print(f"not ok: {where}, {what}")
        else:
            self.same += 1
            return
        self.bad += 1
        for line in list(difflib.unified_diff(ours_said, stock_said, "ours", "stock", lineterm="", n=1))[:24]:
            print("    " + line)


def default_files(scratch, seed, count, texts):
    files = []
    if texts:
        files += sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.cases")))
        files.append(f"{scratch}/random-{seed}.cases")
        random_lines.write(files[-1], seed, count)
    else:
        print(
            f"command lines are SKIPPED: stock is {sandbox.version('stock')}, ours stands in for {sandbox.version('ours')}"
        )
    conformance = os.path.join(sandbox.SHARED_DIR, "conformance")
    if os.path.isdir(conformance):
        files += sorted(glob.glob(conformance + "/*.t")) + sorted(glob.glob(conformance + "/*.txlate"))
    else:
        print(f"iptables' own vectors are SKIPPED: there is no {conformance} (SHARED_DIR says where it lies)")
    return files


def compare(jobs, sides, report, scratch):
    """Runs every (file, tool) on all sides, the first of which is stock."""
    tasks = [(side, path, tool, f"{scratch}/{os.path.basename(path)}.lock") for path, tool in jobs for side in sides]
    # Far apart, the sides of a file seldom wait for each other.
    order = sorted(range(len(tasks)), key=lambda i: (i % len(sides), i))
    with multiprocessing.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        results = dict(zip(order, pool.imap(work, [tasks[i] for i in order])))
    for number, (path, tool) in enumerate(jobs):
        report.file(path, tool, {side: results[number * len(sides) + at] for at, side in enumerate(sides)})


def main():
    parser = argparse.ArgumentParser(description="compare ours with stock iptables over test vectors")
    parser.add_argument("--sides", default="off,auto", help="of ours: off, auto or both (default)")
    parser.add_argument("--seed", type=int, default=1, help="of the random command lines")
    parser.add_argument("--random", type=int, default=500, metavar="COUNT", help="how many of them")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every file")
    parser.add_argument("file", nargs="*")
    args = parser.parse_args()
    why = sandbox.problem()
    if why:
        print(f"run.py: SKIPPED: {why}")
        return 77
    texts = sandbox.version("stock") == sandbox.version("ours")
    report = Report(args.verbose, texts)
    with tempfile.TemporaryDirectory(prefix="ipb-vectors.") as scratch:
        files = args.file or default_files(scratch, args.seed, args.random, texts)
        jobs = [(path, tool) for path in files for tool in kind_of(path).families(path)]
        if not jobs:
            return 77
        compare(jobs, ["stock"] + args.sides.split(","), report, scratch)
    print(
        f"{len(jobs)} files: stock passes {report.stock_passes} of {report.units} units; "
        f"{report.same} comparisons the same, {report.bad} different"
    )
    return 1 if report.bad or not report.same else 0


if __name__ == "__main__":
    sys.exit(main())
