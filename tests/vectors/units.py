# SPDX-License-Identifier: GPL-2.0-or-later
"""iptables' own rule vectors, *.t.

    # comment
    :CHAIN[,CHAIN]          the chains in which the following rules are to work
    *TABLE[,TABLE]          the tables
    @COMMAND                a command of another program, to be run at this point
    %COMMAND                a command of iptables itself
    RULE;SAVED;OK|FAIL      a unit: the rule, how it is saved ("=": as given), whether it is accepted

Each unit goes through -A and -D (in its first chain) and through -restore and -save (in all of them).
"""
import os
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Unit:
    line: int
    rule: str
    saved: str
    accepted: bool
    tables: list
    chains: list
    before: list = field(default_factory=list)  # commands to run first, "@..." and "%..."

    def __str__(self):
        return f"line {self.line}: {self.rule or '(no condition)'}"


def families(path):
    """Which of iptables and ip6tables a file is for."""
    name = os.path.basename(path)
    if name.startswith("libipt_"):
        return ["iptables"]
    if name.startswith("libip6t_"):
        return ["ip6tables"]
    if name.startswith("libxt_") or name == "iptables.t":
        return ["iptables", "ip6tables"]
    return []  # arptables and ebtables are not ours


def parse(path):
    """The units of a file."""
    chains, tables, before, units = [], ["filter"], [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line[0] == "#":
                continue
            if line[0] == ":":
                chains = line[1:].strip().split(",")
            elif line[0] == "*":
                tables = line[1:].strip().split(",")
            elif line[0] in "@%":
                before.append(line.strip())
            else:
                rule, saved, result = (line.split(";") + ["", ""])[:3]
                saved = rule if saved == "=" else saved
                units.append(Unit(number, rule, saved, result.strip() == "OK", tables, chains, before))
                before = []
    return units


class Trial:
    """Units of one file in one sandbox with one of iptables and ip6tables."""

    def __init__(self, box, tool):
        self.box, self.tool = box, tool
        self.good = []  # (table, -A lines) of the units that work

    def run(self, unit):
        """Returns (whether the unit passes, what all of it said, as lines)."""
        for command in unit.before:
            self._prepare(command)
        passed, said = True, []
        for table in unit.tables:
            for trial in (self._by_command, self._by_restore):
                good, results = trial(unit, table)
                passed = passed and good
                for step, result in results:
                    said += [f"{step}: {line}" for line in result.lines()]
        return passed, said

    def together(self):
        """All units that work in one ruleset, decided by BPF when that is on: restored, saved, deleted."""
        said = []
        for table in sorted({table for table, _ in self.good}):
            lines = [line for t, rules in self.good if t == table for line in rules]
            for step, text in (
                ("restore", restore_text(table, lines)),
                ("delete", restore_text(table, ["-D" + line[2:] for line in reversed(lines)])),
            ):
                result = self.box.run([self.tool + "-restore", "--noflush"], text, wait_for_bpf=True)
                said += [f"{table} {step}: {line}" for line in result.lines()]
                said += [f"{table} {step}ed: {line}" for line in self._save(table).lines()]
        return said

    def _prepare(self, command):
        if command[0] == "%":
            words = shlex.split(command[1:])
            self.box.run([self.tool] + words[1:])
        else:
            self.box.shell(command[1:])

    def _save(self, table):
        return self.box.run([self.tool + "-save", "-t", table])

    def _by_command(self, unit, table):
        chain = unit.chains[0]
        rule = shlex.split(unit.rule)
        base = [self.tool, "-t", table]
        results = [("-A", self.box.run(base + ["-A", chain] + rule))]
        if not results[0][1].ok:
            return not unit.accepted, results
        results.append(("saved after -A", self._save(table)))
        results.append(("-D", self.box.run(base + ["-D", chain] + rule)))
        if not results[-1][1].ok:
            self.box.clear()
        return unit.accepted and results[-1][1].ok and saved(results[1][1].out, unit, unit.chains[:1]), results

    def _by_restore(self, unit, table):
        lines = [f"-A {chain} {unit.rule}" for chain in unit.chains]
        restore = [self.tool + "-restore"]
        results = [("restore", self.box.run(restore + ["-n"], restore_text(table, lines)))]
        if not results[0][1].ok:
            return not unit.accepted, results
        text = self._save(table)
        results.append(("saved after restore", text))
        results.append(("restore of what was saved", self.box.run(restore, text.out)))
        gone = restore_text(table, ["-D" + line[2:] for line in lines])
        results.append(("restore with -D", self.box.run(restore + ["-n"], gone)))
        good = all(result.ok for _, result in results)
        if not good:
            self.box.clear()
        good = good and unit.accepted and saved(text.out, unit, unit.chains)
        if good:
            self.good.append((table, lines))
        return good, results


def restore_text(table, lines):
    return "\n".join([f"*{table}", *lines, "COMMIT", ""])


def saved(text, unit, chains):
    """Whether each of the chains has the unit's rule in a saved ruleset; a target may follow it."""
    for chain in chains:
        want = " ".join(f"-A {chain} {unit.saved}".split())
        if not re.search("^" + re.escape(want) + "( |$)", re.sub(" +", " ", text), re.M):
            return False
    return True


def run(box, path, tool):
    """One file: [(unit's name, passed, lines said)]."""
    trial = Trial(box, tool)
    done = [(str(unit), *trial.run(unit)) for unit in parse(path)]
    done.append(("all rules together", None, trial.together()))
    return done
