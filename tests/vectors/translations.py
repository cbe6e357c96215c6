# SPDX-License-Identifier: GPL-2.0-or-later
"""iptables' own translation vectors, *.txlate.

    # comment
    iptables-translate ...          a command; "COMMAND;TEXT" gives it TEXT as its input
    nft 'add rule ...'              what it prints, on one or more lines up to an empty one
"""
import re
import shlex

COMMAND = re.compile(r"^(ip6?tables(?:-restore)?-translate)\b(.*)$")


def parse(path):
    """[(number of the line, words, input, expected output)] of iptables and ip6tables."""
    units = []
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file] + [""]
    expected = None
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            continue
        command = COMMAND.match(line)
        if command:
            text, _, stdin = line.partition(";")
            expected = []
            units.append((number, shlex.split(text), stdin, expected))
        elif not line.strip() or re.match(r"^\S+tables\S*-translate\b", line):
            expected = None
        elif expected is not None:
            expected.append(line)
    return units


def run(box, path, _tool):
    """One file: [(unit's name, passed, lines said)]."""
    done = []
    for number, words, stdin, expected in parse(path):
        result = box.run(words, stdin)
        good = result.ok and [line.rstrip() for line in result.out.strip().splitlines()] == [
            line.rstrip() for line in expected
        ]
        done.append((f"line {number}: {' '.join(words)}", good, result.lines()))
    return done


def families(path):
    """A file names its programs itself; those of arptables and ebtables have nothing for us."""
    return ["translate"] if parse(path) else []
