# SPDX-License-Identifier: GPL-2.0-or-later
"""One case of fuzzing, rulesets and packets: made from a seed, or read from a file that holds all of it.

The file has a comment that tells what it was kept for, then sections: [side NAME], whom stock is compared with, [rules 4] and [rules 6], saved rulesets,
and [packets], one line each: family, leg, linear, segment, mac, owner ("-" where there is none), the bytes, the label.
"""

import random
from dataclasses import dataclass

import corpus
import generate
import rulegen
import rulemix
from packets import Packet

MOST_PACKETS = 6000
_HEADER = "# SPDX-License-Identifier: GPL-2.0-or-later\n"


@dataclass
class Case:
    rules: dict  # by family
    packets: list
    what: str  # for people
    side: str = "ours"  # of rulesets.TOOLS: whom stock is compared with


def _spec(rng, themes, big):
    """What kinds of packets, and how many of each."""
    kinds = {"boundary": 60 if big else 150, "random": 400, "flows": 25, "sockets": 60, "mangled": 150}
    for kind, count in (("fragments", 6), ("truncated", 2), ("ipoptions", 4), ("exthdrs", 5), ("protocols", 3), ("paged", 4), ("offloaded", 4)):
        if rng.random() < 0.6:
            kinds[kind] = count
    if "headers" in themes:
        kinds["headers"] = 40
    if "extensions" in themes:
        kinds["extensions"] = 40
    if "bytes" in themes:
        kinds["texts"] = 60
    return ",".join(f"{kind}:{count}" for kind, count in kinds.items())


def _rules(rng, seed):
    """(rules by family, themes, what)"""
    kind = rng.random()
    if kind < 0.80:
        style = rulegen.styles(rng)
        count = rulegen.size_of(rng)
        families = rng.choice(((4,), (6,), (4, 6), (4, 6))) if count < 1500 else (rng.choice((4, 6)),)
        rules = {family: rulegen.ruleset(family, seed, count, style) for family in families}
        return rules, style["themes"], f"{count} rules of {'+'.join(style['themes'])}"
    found = rulemix.mixed(rng)
    if found:
        name, family, text = found
        return {family: corpus.adapt(text)}, ("headers",) if kind < 0.85 else (), f"mixed from {name}"
    return _rules(random.Random(f"{seed} instead"), seed)


def side_of(seed):
    """Whom a seed's case compares with stock: of four, one has nft asleep while BPF decides alone."""
    return "ours-exclusive" if seed % 4 == 3 else "ours"


def rules_of(seed):
    """The rulesets that belong to a seed: (rules by family, what, the packets as a function)."""
    rng = random.Random(f"case {seed}")
    rules, themes, what = _rules(rng, seed)
    lines = sum(text.count("\n") for text in rules.values())
    spec = _spec(rng, themes, lines > 500)
    first_tag = rng.randrange(60000)

    def packets(rules):
        found = generate.generate(rules, spec, seed, first_tag, ways=2 if lines < 500 else 1, most=200, look_back=40 if lines < 100 else 12)
        if len(found) > MOST_PACKETS:  # in the order they came: connections and fragments have one
            found = [found[i] for i in sorted(rng.sample(range(len(found)), MOST_PACKETS))]
        return found

    return rules, what, packets


# ---- files ----

def _word(value):
    return "-" if value is None else value.hex() if isinstance(value, bytes) else ":".join(map(str, value)) if isinstance(value, tuple) \
        else str(value)


def write(path, case, about):
    """Writes @case with @about (lines of text) as its comment."""
    with open(path, "w") as f:
        f.write(_HEADER + "".join(f"# {line}".rstrip() + "\n" for line in about))
        f.write(f"[side {case.side}]\n")
        for family, text in sorted(case.rules.items()):
            f.write(f"[rules {family}]\n{text}")
        f.write("[packets]\n")
        for p in case.packets:
            words = (p.family, p.leg, p.linear, p.segment, p.mac, p.owner, p.data)
            f.write(" ".join(map(_word, words)) + f" {p.label}\n")


def _packet(line):
    family, leg, linear, segment, mac, owner, data, *label = line.split(" ", 7)
    optional = (lambda word, make: None if word == "-" else make(word))
    return Packet(int(family), leg, bytes.fromhex(data), "".join(label).strip(), optional(linear, int), optional(segment, int),
                  optional(mac, bytes.fromhex), optional(owner, lambda w: tuple(map(int, w.split(":")))))


def read(path):
    """The Case in a file."""
    case, section = Case({}, [], str(path)), None
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("[") and line.rstrip().endswith("]") and not line[1].isdigit():
            section = line.strip()[1:-1].split()
            if section[0] == "side":
                case.side = section[1]
            if section[0] == "rules":
                case.rules[int(section[1])] = ""
        elif section and section[0] == "rules":
            case.rules[int(section[1])] += line
        elif section and line.strip():
            case.packets.append(_packet(line))
    return case
