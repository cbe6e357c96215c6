# SPDX-License-Identifier: GPL-2.0-or-later
"""Rulesets of the samples and of other people, with rules changed, moved, left out, and taken over from one another."""

import re

import corpus
import mutate
from rulesets import SRCDIR


def _sources():
    """[(path, family)], always in the same order."""
    found = [(path, 6 if path.suffix == ".rules6" else 4) for path in sorted((SRCDIR / "tests" / "samples").glob("*.rules*"))
             if path.name != "bytes.rules"]  # which looks at what is by chance in packets of the router's own
    if corpus.directory().is_dir():
        found += sorted(corpus.files())
    return found


def _rule_lines(text):
    """{table: [numbers of lines that are rules]}, the chains of each table, the lines."""
    lines, rules, chains, table = text.splitlines(), {}, {}, None
    for number, line in enumerate(lines):
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            chains.setdefault(table, set()).add(line[1:].split()[0])
        elif line.startswith("-A"):
            rules.setdefault(table, []).append(number)
    return rules, chains, lines


_TARGET = re.compile(r" (-j|-g|--jump|--goto) (\S+)")


def _fitting(line, donors, receivers, rng):
    """A rule of another ruleset's filter table as one of ours: its chain and target exist, or are replaced."""
    words = line.split()
    chain = words[1] if words[1] in receivers else rng.choice(sorted(receivers))
    target = _TARGET.search(line)
    if target and target[2] in donors and target[2] not in receivers:
        line = line[:target.start()] + " -j " + rng.choice(("ACCEPT", "DROP", "RETURN")) + line[target.end():]
    return re.sub(r"^-A \S+", "-A " + chain, line)


def _change(lines, number, rng):
    change = rng.choice(list(mutate.MUTATIONS.values()))
    changed = change(lines[number] + " ")
    if changed:
        lines[number] = changed.strip()


def mixed(rng):
    """(name, family, text), or None when there is nothing to mix."""
    sources = _sources()
    if not sources:
        return None
    path, family = rng.choice(sources)
    text = path.read_text(errors="surrogateescape")
    rules, chains, lines = _rule_lines(text)
    others = [p for p, f in sources if f == family]
    for table, numbers in rules.items():
        for number in numbers:
            kind = rng.random()
            if kind < 0.05 and len(numbers) > 1:
                lines[number] = ""
            elif kind < 0.10:
                lines[number] = "\n".join([lines[number]] * 2)
            elif kind < 0.25:
                _change(lines, number, rng)
    if "filter" in rules and "filter" in chains and rng.random() < 0.7:
        donor = rng.choice(others)
        more, donors, donated = _rule_lines(donor.read_text(errors="surrogateescape"))
        for number in rng.sample(more.get("filter", []), min(len(more.get("filter", [])), rng.randint(1, 30))):
            at = rng.choice(rules["filter"])
            lines[at] += "\n" + _fitting(donated[number], donors.get("filter", set()), chains["filter"], rng)
    text = "\n".join(line for line in lines if line) + "\n"
    # By chance, or by the clock.
    text = "".join(line for line in text.splitlines(keepends=True) if "--mode random" not in line and "--random" not in line)
    return path.name, family, text
