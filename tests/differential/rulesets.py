# SPDX-License-Identifier: GPL-2.0-or-later
"""Loading rulesets with stock's or our programs, and reading their counters back."""

import json
import os
import re
import shlex
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import hang

SRCDIR = Path(__file__).resolve().parents[2]
FAMILY_PREFIX = {4: "iptables", 6: "ip6tables"}


class Stock:
    """Stock iptables-nft."""

    name = "stock"

    def __init__(self):
        prefix = os.environ.get("STOCK_PREFIX", "/usr/sbin")
        self.multi = f"{prefix}/xtables-nft-multi"
        self.env = dict(os.environ, LC_ALL="C")

    def available(self):
        return None if os.access(self.multi, os.X_OK) else f"stock iptables ({self.multi}) is not installed"

    def call(self, side, family, tool, *args, **kw):
        """@tool: "", "-save" or "-restore"."""
        return side.exec(self.multi, FAMILY_PREFIX[family] + tool, *args, env=self.env, **kw)

    def load(self, side, rules):
        """@rules: saved rulesets by family."""
        for family, text in rules.items():
            self.call(side, family, "-restore", stdin=text)

    def go_live(self, side):
        """What is to be done before packets come."""

    def status(self, side):
        return None

    def save(self, side, family):
        return parse_save(self.call(side, family, "-save", "-c").stdout)

    def begin(self, side):
        """What is to be done once, before any ruleset comes."""

    def unload(self, side):
        """Leaves nothing behind that outlives the namespace."""


class Ours(Stock):
    """The programs under test, deciding in BPF."""

    name = "ours"
    mode = "hybrid"

    def __init__(self):
        super().__init__()
        built = SRCDIR / "build" / "release"  # by ./run
        self.builddir = Path(os.environ.get("BUILDDIR", built if built.exists() else SRCDIR)).resolve()
        self.multi = str(self.builddir / "xtables-bpf-multi")
        self.ctl = str(self.builddir / "iptables-bpfctl")
        self.env["IPTABLES_BPF"] = self.mode

    def available(self):
        for tool in (self.multi, self.ctl):
            if not os.access(tool, os.X_OK):
                return f"{tool} is not built (set BUILDDIR to where it is)"
        return None

    def go_live(self, side):
        side.exec(self.ctl, "sync", env=self.env)
        self.settle(side)

    def settle(self, side):
        """To be called after a sync: raises RuntimeError when BPF does not decide."""
        status = self.status(side)
        if status["state"] != "live":
            raise RuntimeError(f"after sync the state is {status['state']}: {status.get('reason')}")

    def status(self, side):
        return json.loads(side.exec(self.ctl, "status", "-j", env=self.env).stdout)

    def unload(self, side):
        side.exec(self.ctl, "off", env=self.env, check=False)


class OursWithoutBpf(Ours):
    """The programs under test, nft deciding: tells a fault in the encoder from one in the compiler."""

    name = "ours-nft"

    def __init__(self):
        super().__init__()
        self.env["IPTABLES_BPF"] = "off"

    def go_live(self, side):
        pass

    def status(self, side):
        return None


class OursExclusive(Ours):
    """The programs under test with a watcher: nft sleeps wherever it can."""

    name = "ours-exclusive"
    mode = "exclusive"
    watchers = {}  # by namespace

    def begin(self, side):
        self.watchers[side.router] = subprocess.Popen(
            ["ip", "netns", "exec", side.router, self.ctl, "watch"], env=self.env, stdin=subprocess.DEVNULL)

    def go_live(self, side):
        if side.router not in self.watchers:
            self.begin(side)
        self.settle(side)

    def settle(self, side):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            status = self.status(side)
            if status["state"] == "live" and not any("just changed" in c["not_exclusive"] for c in status["chains"]):
                return
            time.sleep(0.05)
        raise RuntimeError(f"not live: {status['state']}: {status.get('reason')}")

    def unload(self, side):
        watcher = self.watchers.pop(side.router, None)
        if watcher:
            watcher.terminate()
            hang.finished(watcher)
        super().unload(side)


TOOLS = {cls.name: cls for cls in (Stock, Ours, OursWithoutBpf, OursExclusive)}
if os.environ.get("BPF_MODE") == "exclusive":  # for all that compares with "ours"
    TOOLS["ours"] = OursExclusive


@dataclass(frozen=True)
class Entry:
    """A line of a saved ruleset that has counters."""

    table: str
    text: str
    packets: int
    bytes: int


_CHAIN = re.compile(r"^:(\S+) (\S+) \[(\d+):(\d+)\]$")
_RULE = re.compile(r"^\[(\d+):(\d+)\] (-A .*)$")


def parse_save(text):
    """The chains and rules of `iptables-save -c`, in order."""
    entries, table = [], None
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif match := _CHAIN.match(line):
            entries.append(Entry(table, f":{match[1]} {match[2]}", int(match[3]), int(match[4])))
        elif match := _RULE.match(line):
            entries.append(Entry(table, match[3], int(match[1]), int(match[2])))
        elif line and not line.startswith("#") and line != "COMMIT":
            raise ValueError(f"not a line of iptables-save -c: {line!r}")
    return entries


@dataclass
class Rule:
    """A rule of a saved ruleset, as far as packets are made from it."""

    chain: str
    conditions: dict  # option without dashes -> (inverted, value)
    target: str
    goto: bool


_ALIASES = {"s": "source", "src": "source", "d": "destination", "dst": "destination",
            "i": "in-interface", "o": "out-interface", "p": "protocol", "f": "fragments",
            "proto": "protocol", "source-port": "sport", "destination-port": "dport",
            "source-ports": "sports", "destination-ports": "dports"}


@lru_cache(maxsize=16)
def parse_rules(text, table="filter"):
    """The rules of one table of a saved ruleset: chain -> [Rule], builtin chains included. Not to be changed by the caller."""
    chains, current = {}, None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("*"):
            current = line[1:]
        elif current != table:
            continue
        elif line.startswith(":"):
            chains.setdefault(line[1:].split()[0], [])
        elif line.startswith(("-A", "[")):
            rule = _parse_rule(_words(line.split("] ", 1)[1] if line[0] == "[" else line))
            chains.setdefault(rule.chain, []).append(rule)
    return chains


def _words(line):
    return shlex.split(line) if '"' in line or "'" in line or "\\" in line else line.split()


def _parse_rule(words):
    rule = Rule("", {}, None, False)
    inverted, option = False, None
    for word in words + ["--"]:
        if word == "!":
            inverted = True
        elif word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            name = word.lstrip("-")
            option = _ALIASES.get(name, name)
            rule.conditions[option] = (inverted, "")
            inverted = False
        else:
            was, value = rule.conditions[option]
            rule.conditions[option] = (was, f"{value} {word}".strip())
    rule.conditions.pop("", None)
    for kind in ("A", "append"):
        if kind in rule.conditions:
            rule.chain = rule.conditions.pop(kind)[1]
    for kind in ("j", "jump", "g", "goto"):
        if kind in rule.conditions:
            rule.target = rule.conditions.pop(kind)[1]
            rule.goto = kind in ("g", "goto")
    return rule
