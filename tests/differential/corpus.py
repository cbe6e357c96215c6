# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison over a directory of saved rulesets that other people wrote (not part of the project).

$SHARED_DIR/corpus/INDEX.tsv names them: file, family (v4, v6), and columns that do not matter here.
They are adapted a little so that their rules can be met, and met the same way each time.
"""

import multiprocessing
import os
import re
import shlex
from pathlib import Path

import generate
import run
from rulesets import SRCDIR, TOOLS
from topology import LEGS, Side

SPEC = "boundary:120,random:100,flows:25,fragments:2,truncated:1,ipoptions:2,exthdrs:2,protocols:1"


def directory():
    return Path(os.environ.get("SHARED_DIR", SRCDIR.parent / "shared")) / "corpus"


def adapt(text):
    """The ruleset with the test router's interfaces in its table filter (the n-th name it uses is the n-th leg's), and
    without dependence on time: limits by the second become limits by the hour."""
    names = {}

    def leg(match):
        name = match[2]
        if name in ("lo", "+") or name.startswith("lo+"):
            return match[0]
        stem = name.rstrip("+")
        names.setdefault(stem, LEGS[len(names) % len(LEGS)].name)
        return match[1] + names[stem] + name[len(stem):]

    text = re.sub(r"((?: -i| -o| --in-interface| --out-interface) +)(\S+)", leg, text)
    return re.sub(r"(--(?:hash)?limit(?:-upto|-above)? \d+/)[a-z]+", r"\1hour", text)


def loadable(text, family, tools_name):
    """Whether a side's restore takes the ruleset at all."""
    with Side("l") as side:
        tools = TOOLS[tools_name]()
        try:
            return tools.call(side, family, "-restore", stdin=text, check=False).returncode == 0
        finally:
            tools.unload(side)


def compare_file(path, family, sides, seed=1):
    """One file. Returns (verdict, lines to print); the verdict is "same", "different", "refused" or "by chance"."""
    text = adapt(path.read_text(errors="surrogateescape"))
    rules = {family: text}
    try:
        found, b, packets = _compare(rules, sides, seed)
    except (RuntimeError, ValueError, KeyError) as e:
        taken = [name for name in sides if loadable(text, family, name)]
        if taken:
            return "different", [f"{' and '.join(taken)} can load it: {e}"]
        return "refused", []
    if found and _compare(rules, ("stock", "stock"), seed)[0]:
        # NAT draws lots for ports that are taken. The filter table alone may still be compared.
        rules = {family: re.sub(r"(?ms)^\*nat$.*?^COMMIT$", "", text)}
        found, b, packets = _compare(rules, sides, seed)
        if found and _compare(rules, ("stock", "stock"), seed)[0]:
            return "by chance", [f"stock differs from itself: {found[0].text}"]
    if found:
        return "different", [f"{d.kind}: {d.text}" for d in found[:6]]
    return "same", [f"{len(packets)} packets; BPF decided %d, handed over %d" % run.compare.decided(b)] if b.status else []


def _compare(rules, sides, seed):
    packets = generate.generate(rules, SPEC, seed)
    found, _, b = run.compare_sides(rules, packets, sides)
    return found, b, packets


def files(pattern=""):
    """(path, family) of the corpus, those whose name contains @pattern."""
    found = []
    for line in (directory() / "INDEX.tsv").read_text().splitlines()[1:]:
        name, family = line.split("\t")[:2]
        if pattern in name:
            found.append((directory() / name, 6 if family == "v6" else 4))
    return found


def _compare_one(job):
    path, family, sides, seed = job
    try:
        return path, *compare_file(path, family, sides, seed)
    except Exception as e:  # of one file; the others go on
        return path, "different", [f"{type(e).__name__}: {e}"]


def check(sides=("stock", "ours"), pattern="", seed=1):
    """All files, several at a time (much of the time is spent waiting); True when none differs."""
    counts = {}
    jobs = [(path, family, sides, seed) for path, family in files(pattern)]
    with multiprocessing.Pool(2 * (os.cpu_count() or 1)) as pool:
        for path, verdict, lines in pool.imap_unordered(_compare_one, jobs):
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict != "same" or os.environ.get("VERBOSE"):
                print(f"{verdict}: {shlex.quote(str(path))}", flush=True)
                for line in lines:
                    print(f"    {line}")
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return counts.get("same", 0) > 0 and not counts.get("different")
