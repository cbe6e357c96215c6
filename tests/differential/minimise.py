# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a failing case small: rules first, then packets, then what is left of each rule (delta debugging, Zeller 2002)."""

import re
import shlex
import time


def ddmin(items, fails):
    """The fewest of @items, in order, for which @fails still holds, found by leaving out ever smaller chunks."""
    chunk = max(1, len(items) // 2)
    while items:
        at = 0
        while at < len(items):
            rest = items[:at] + items[at + chunk:]
            if fails(rest):
                items = rest
            else:
                at += chunk
        if chunk == 1:
            break
        chunk = max(1, chunk // 2)
    return items


def _with_rules(rules, kept):
    """@rules with only those rules whose (family, line number) are in @kept; what is empty then is left out."""
    found = {}
    for family, text in rules.items():
        lines = [line for number, line in enumerate(text.splitlines(keepends=True)) if not line.startswith("-A") or (family, number) in kept]
        if any(line.startswith("-A") for line in lines):
            found[family] = _without_chains("".join(lines))
    return found


def _without_chains(text):
    """@text without user chains that no rule is in or leads to, and without tables in which nothing happens."""
    def table(match):
        body = match[0]
        used = set(re.findall(r"^-A (\S+)", body, re.M)) | set(re.findall(r" (?:-[jg]|--jump|--goto) (\S+)", body))
        body = re.sub(r"^:(\S+) - .*\n", lambda m: m[0] if m[1] in used else "", body, flags=re.M)
        return body if "\n-A" in body or " DROP [" in body else ""
    return re.sub(r"(?ms)^\*.*?^COMMIT\n", table, text)


_STARTS = ("-m", "-s", "-d", "-i", "-o", "-p", "-f", "-j", "-g")


def _parts(line):
    """A rule's options in groups that can be left out one by one; the first is "-A CHAIN"."""
    groups = []
    for word in shlex.split(line, posix=False):
        if word in _STARTS and groups and groups[-1] == ["!"]:
            groups[-1].append(word)
        elif word in _STARTS or word == "!" and groups and len(groups[-1]) > 1 and groups[-1][0] not in ("-m",) or not groups:
            groups.append([word])
        elif word.startswith("--") and len(groups[-1]) > 2 and groups[-1][0] == "-m":
            groups.append([word] if groups[-1][-1] != "!" else [groups[-1].pop(), word])
        else:
            groups[-1].append(word)
    return groups


class Minimiser:
    """@differs(rules, packets): whether a case still fails. Gives up after @seconds."""

    def __init__(self, differs, seconds=240):
        self.differs = differs
        self.until = time.monotonic() + seconds
        self.tries = 0

    def _fails(self, rules, packets):
        if time.monotonic() > self.until or not rules or not packets:
            return False
        self.tries += 1
        return self.differs(rules, packets)

    def run(self, rules, packets):
        """(rules, packets), as small as could be found."""
        packets = self._coarse(rules, packets)
        places = [(family, number) for family, text in sorted(rules.items())
                  for number, line in enumerate(text.splitlines()) if line.startswith("-A")]
        kept = ddmin(places, lambda some: self._fails(_with_rules(rules, set(some)), packets))
        smaller = _with_rules(rules, set(kept))
        if self._fails(smaller, packets):
            rules = smaller
        packets = ddmin(packets, lambda some: self._fails(rules, some))
        return self._simpler(rules, packets), packets

    def _coarse(self, rules, packets):
        """The half, quarter, ... of @packets that fails alone: cheap, as the rules stay compiled."""
        while len(packets) > 64:
            half = len(packets) // 2
            for some in (packets[half:], packets[:half]):
                if self._fails(rules, some):
                    packets = some
                    break
            else:
                break
        return packets

    def _simpler(self, rules, packets):
        """@rules without the conditions that do not matter."""
        for family in sorted(rules):
            for number, line in enumerate(rules[family].splitlines()):
                if not line.startswith("-A"):
                    continue
                groups = _parts(line)
                place = 1
                while place < len(groups) and time.monotonic() < self.until:
                    fewer = groups[:place] + groups[place + 1:]
                    lines = rules[family].splitlines()
                    lines[number] = " ".join(word for group in fewer for word in group)
                    changed = rules | {family: "\n".join(lines) + "\n"}
                    if self._fails(changed, packets):
                        rules, groups = changed, fewer
                    else:
                        place += 1
        return rules
