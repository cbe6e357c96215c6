# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own vectors, *.cases: command lines, valid and invalid, which must say and do what stock's do.

A case is one line of shell, with iptables, ip6tables and their companions being those under test. The
cases of a paragraph see each other's rules; an empty line starts again with an empty ruleset.

    # comment
    $ LINE      prepares something and is not compared
    ~ LINE      compares exit status and ruleset only: stock says it differently from version to version
    LINE        compares stdout, stderr, exit status and `nft list ruleset'
"""


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
            else:
                steps.append((number, "=", line))
    return steps


def run(box, path, _tool):
    """One file: [(case's name, None, lines said)]."""
    done = []
    for number, mark, line in parse(path):
        if not mark:
            box.clear()
            continue
        result = box.shell(line)
        if mark == "$":
            continue
        said = result.lines() if mark == "=" else [f"exit status {result.status}"]
        done.append((f"line {number}: {line}", None, said + box.ruleset().splitlines()))
    return done


def families(_path):
    """A case names its programs itself."""
    return ["cases"]
