# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own vectors, *.cases: command lines, valid and invalid, which must say and do what stock's do.

A case is one line of shell, with iptables, ip6tables and their companions being those under test. The
cases of a paragraph see each other's rules; an empty line starts again with an empty ruleset.

    # comment
    $ LINE      prepares something and is not compared
    ~ LINE      compares exit status and ruleset only: stock says it differently from version to version
    @1.8.9 LINE is run where this is stock's version: ours is to do the same beside any
    LINE        compares stdout, stderr, exit status and `nft list ruleset'

Every file is run a second time with the two families exchanged, IPv4 addresses turned into IPv6 ones.
"""
import re

import sandbox

ADDRESS = re.compile(r"\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b(?:/(8|16|24)\b)?")
# Stock 1.8.9 forgets the counters given for a rule of ip6tables, 1.8.11 does not, nor do we.
COUNTERS = re.compile(r"\s-[a-z]*c\b|--(set-)?counters")


def parse(path):
    """[(number of the line, mark, shell line)]; mark is "" for a paragraph's end."""
    steps = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("#"):
                continue
            if not line:
                steps.append((number, "", ""))
            elif line[:2] in ("$ ", "~ "):
                steps.append((number, line[0], line[2:]))
            elif line[0] == "@":
                steps.append((number, *line.split(" ", 1)))
            else:
                steps.append((number, "=", line))
    return steps


def exchange(line):
    """The same case for the other family."""
    line = re.sub(r" (-c|--set-counters) \d+ \d+", "", line)
    line = re.sub(r"\b(ip6|ip)tables", lambda m: "iptables" if m[1] == "ip6" else "ip6tables", line)
    return ADDRESS.sub(lambda m: f"2001:db8::{m[1]}:{m[2]}:{m[3]}:{m[4]}" + ("/64" if m[5] else ""), line)


def run(box, path, tool):
    """One file: [(case's name, None, lines said)]."""
    here = "@" + sandbox.version("stock")
    steps = [step for step in parse(path) if step[1][:1] != "@" or step[1] == here]
    if tool == "exchanged":
        steps = [(number, mark, exchange(line)) for number, mark, line in steps]
        steps = [step for step in steps if not COUNTERS.search(step[2])]
    done = []
    for number, mark, line in steps:
        if not mark:
            box.clear()
            continue
        result = box.shell(line)
        if mark == "$":
            continue
        said = result.lines() if mark != "~" else [f"exit status {result.status}"]
        done.append((f"line {number}: {line}", None, said + box.ruleset().splitlines()))
    return done


def families(_path):
    """A case names its programs itself; these are for run()."""
    return ["cases", "exchanged"]
