# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong rulesets on purpose: a comparison that does not notice them proves nothing."""

import re


def _flip(line):
    for one, other in (("-j ACCEPT", "-j DROP"), ("-j DROP", "-j ACCEPT")):
        if one in line:
            return line.replace(one, other)
    return None


def _shift_port(line):
    match = re.search(r"(--[sd]port )(\d+)(?=\s|$)", line)
    if not match:
        return None
    return line[:match.start(2)] + str(int(match[2]) ^ 1) + line[match.end(2):]


def _invert(line):
    match = re.search(r" (-[siod]) (?!\+ )", line)
    if not match:
        return None
    if line[:match.start()].endswith(" !"):
        return line[:match.start() - 2] + line[match.start():]
    return line[:match.start()] + " !" + line[match.start():]


def _widen(line):
    match = re.search(r" -[sd] \S+/(\d+)(?=\s)", line)
    if not match or match[1] == "0":
        return None
    return line[:match.start(1)] + str(int(match[1]) - 1) + line[match.end(1):]


MUTATIONS = {"flip": _flip, "port": _shift_port, "invert": _invert, "widen": _widen}


def mutants(text):
    """Yields (what was done, ruleset) for each single change of a rule of @text, table filter."""
    lines = text.splitlines()
    table = None
    for number, line in enumerate(lines):
        if line.startswith("*"):
            table = line[1:]
        if table != "filter" or not line.startswith("-A"):
            continue
        for name, change in MUTATIONS.items():
            changed = change(line + " ")
            if changed:
                yield f"{name}: {line}", "\n".join(lines[:number] + [changed.strip()] + lines[number + 1:]) + "\n"
