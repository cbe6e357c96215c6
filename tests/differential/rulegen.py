# SPDX-License-Identifier: GPL-2.0-or-later
"""Random rulesets: several tables, chains that call each other from several places, and conditions of every kind
(conditions.py), from a few rules to long runs of similar ones.

The same family, seed and size always give the same ruleset, and iptables takes (nearly) all of them.
"""

import random

from conditions import AFTER, BEFORE, FORWARD, HOOKS, INPUT, MATCHES, OUTPUT, PORT_PROTOCOLS, PROTOCOLS, THEMES, Dice

TABLES = {
    "raw": (BEFORE, OUTPUT),
    "mangle": (BEFORE, INPUT, FORWARD, OUTPUT, AFTER),
    "filter": (INPUT, FORWARD, OUTPUT),
    "security": (INPUT, FORWARD, OUTPUT),
}
INTERFACES = ("lan0", "wan0", "dmz0", "lo", "wan+", "+", "d+", "eth0")
_REJECT = {4: ("icmp-port-unreachable", "icmp-net-unreachable", "icmp-host-prohibited", "icmp-admin-prohibited"),
           6: ("icmp6-port-unreachable", "icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable")}


class Writer:
    """One saved ruleset. @count: about how many rules; @style: see styles()."""

    def __init__(self, family, rng, count, style):
        self.family = family
        self.rng = rng
        self.dice = Dice(family, rng)
        self.count = count
        self.style = style
        self.matches = [m for m in MATCHES if family in m.families and m.theme in style["themes"]]
        self.hooks_of = {}  # of the table at work: chain -> hooks it is called from
        self.later = []  # user chains that may still be called
        self.lines = []

    def text(self):
        tables = [name for name in TABLES if name == "filter" or self.dice.chance(self.style["tables"])]
        shares = [self.rng.random() + (1 if name == "filter" else 0) for name in tables]
        for name, share in zip(tables, shares):
            self._table(name, max(3, int(self.count * share / sum(shares))))
        return "\n".join(self.lines) + "\n"

    def _table(self, table, count):
        users = [f"{self.dice.one('c', 'chain-', 'x_')}{n}" for n in range(self.rng.randint(0, min(9, 1 + count // 4)))]
        chains = [*TABLES[table], *users]
        shares = [self.rng.random() ** 2 for _ in chains]
        self.hooks_of = {chain: {chain} if chain in HOOKS else set() for chain in chains}
        self.lines += [f"*{table}"]
        for chain in chains:
            policy = "-" if chain not in HOOKS else "DROP" if table == "filter" and self.dice.chance(0.3) else "ACCEPT"
            self.lines.append(f":{chain} {policy} [0:0]")
        for number, chain in enumerate(chains):
            self.later = users[max(0, number + 1 - len(TABLES[table])):]
            for rule in self._rules(table, chain, round(count * shares[number] / sum(shares))):
                self.lines.append(f"-A {chain} {' '.join(rule)}".rstrip())
        self.lines.append("COMMIT")

    def _rules(self, table, chain, count):
        """@count rules: single ones, and runs that are alike."""
        while count > 0:
            if count >= 48 and self.dice.chance(self.style["runs"]):
                size = min(count, self.rng.randint(48, max(60, count)))
                yield from self._run(table, chain, size)
                count -= size
            else:
                yield self._rule(table, chain)
                count -= 1

    # ---- one rule ----

    def _core(self, hooks):
        words = []
        if self.dice.chance(0.4):
            words += self._address("-s")
        if self.dice.chance(0.4):
            words += self._address("-d")
        words += self._interface(hooks) if self.dice.chance(0.25) else []
        if self.family == 4 and self.dice.chance(0.04):
            words += self.dice.bang(0.4) + ["-f"]
        return words

    def _address(self, option):
        bang = self.dice.bang(0.15)
        return bang + [option, self.dice.network(1 if bang else 0)]

    def _interface(self, hooks):
        options = ["-i"] * (not hooks & {OUTPUT, AFTER}) + ["-o"] * (not hooks & {INPUT, BEFORE})
        return self.dice.bang(0.2) + [self.rng.choice(options), self.rng.choice(INTERFACES)] if options else []

    def _protocol(self):
        """(options, the protocol that matches may ask for)"""
        protocol = self.rng.choice(PROTOCOLS[self.family])
        if protocol != "0" and self.dice.chance(0.08):
            return ["!", "-p", protocol], None
        return ["-p", protocol], protocol

    def _condition(self, match, protocol, hooks):
        only = next(iter(hooks)) if len(hooks) == 1 else None
        if match.protocols and protocol not in match.protocols:
            return None
        if not hooks <= match.hooks or (only is None and match.name in ("devgroup", "policy", "physdev")):
            return None
        words = match.words(self.dice, protocol, only)
        # A transport match without an option may be left out.
        return None if not words and match.name in PORT_PROTOCOLS else ["-m", match.name, *words]

    def _rule(self, table, chain):
        hooks = self.hooks_of[chain] or {INPUT, OUTPUT, FORWARD, BEFORE, AFTER}
        words, protocol = self._core(hooks), None
        if self.dice.chance(0.7):
            more, protocol = self._protocol()
            words += more
            own = [m for m in self.matches if m.protocols and protocol in m.protocols]
            if own and self.dice.chance(0.8):
                words += self._condition(self.rng.choice(own), protocol, hooks) or []
        for _ in range(self.dice.one(0, 0, 1, 1, 1, 2, 3)):
            words += self._condition(self.rng.choice(self.matches), protocol, hooks) or []
        # Or most rules would be behind one that decides everything.
        broad = sum(word[0] == "-" and word[1] != "-" for word in words) < 3
        return words + self._target(table, chain, protocol, broad)

    def _target(self, table, chain, protocol, broad=False):
        kind = self.rng.random()
        if broad and self.dice.chance(0.7):
            return []
        if kind < self.style["handover"]:
            return self._action(table, self.hooks_of[chain], protocol)
        if kind < 0.55:
            return ["-j", self.dice.one("ACCEPT", "DROP", *(["DROP"] if self.style["strict"] else []))] if self.dice.chance(0.75) else []
        if kind < 0.65:
            return ["-j", "RETURN"]
        if kind < 0.85 and self.later:
            callee = self.rng.choice(self.later)
            self.hooks_of[callee] |= self.hooks_of[chain]
            return [self.dice.one("-j", "-j", "-g"), callee]
        return []

    def _action(self, table, hooks, protocol):
        """A target that BPF hands over."""
        choices = [["LOG", "--log-prefix", '"x: "'], ["NFLOG", "--nflog-group", "5"], ["MARK", "--set-xmark", "0x10/0xff"],
                   ["CONNMARK", "--set-xmark", "0x17/0xff"], ["NFQUEUE", "--queue-num", "9", "--queue-bypass"], ["MARK", "--set-xmark", "0x1/0xffffffff"]]
        if table == "filter" and hooks and hooks <= {INPUT, FORWARD, OUTPUT}:
            choices += [["REJECT", "--reject-with", self.rng.choice(_REJECT[self.family])]] * 3
            if protocol == "tcp":
                choices.append(["REJECT", "--reject-with", "tcp-reset"])
        if table == "mangle":
            choices += [["TOS", "--set-tos", "0x10/0x3f"], ["DSCP", "--set-dscp", "0x0a"],
                        ["TTL", "--ttl-dec", "1"] if self.family == 4 else ["HL", "--hl-dec", "1"]]
        if table == "raw":
            choices += [["CT", "--notrack"], ["TRACE"]]
        return ["-j", *self.rng.choice(choices)]

    # ---- many rules that are alike ----

    def _run(self, table, chain, size):
        """Rules that become tables: the same few fields in each, values from one pool, now and then something else."""
        hooks = self.hooks_of[chain] or set(HOOKS)
        dice = Dice(self.family, self.rng)
        if self.dice.chance(0.5):  # a long list of hosts beside each other
            base = self.rng.choice(dice.hosts)
            dice.hosts = [base + n for n in range(min(size, 5000))]
        if self.dice.chance(0.3):
            dice.ports = list(range(1000, 1000 + min(size, 5000)))
        fields = self.dice.some(("-s", "-d", "port", "sport", "-i"), 3)
        masks = self.dice.chance(0.4)
        odd = self.dice.one(0, 0, 0.01, 0.1, 0.5)
        verdict = self.dice.one(None, None, ["-j", "DROP"], ["-j", "ACCEPT"])
        residuals = [self._residual(hooks) for _ in range(self.dice.one(1, 3, 8))]
        for _ in range(size):
            if self.dice.chance(0.002):
                yield self._rule(table, chain)
                continue
            words, protocol = [], None
            for option in ("-s", "-d"):
                if option in fields and self.dice.chance(0.95):
                    words += [option, dice.network() if masks else dice.host()]
            if "-i" in fields:
                words += self._interface(hooks)
            if {"port", "sport"} & set(fields):
                protocol = self.dice.one("tcp", "udp")
                words += ["-p", protocol]
                ports = [w for f, o in (("port", "--dport"), ("sport", "--sport")) if f in fields and self.dice.chance(0.9)
                         for w in (o, dice.port_span())]
                words += ["-m", protocol, *ports] if ports else []
            if self.dice.chance(odd):
                words += self.rng.choice(residuals)
            yield words + (verdict if verdict and self.dice.chance(0.9) else self._target(table, chain, protocol))

    def _residual(self, hooks):
        names = ("conntrack", "mark", "length", "pkttype", "iprange", "tos", "dscp", "ttl", "hl", "connmark", "state", "mac", "comment")
        fitting = [m for m in MATCHES if m.name in names and self.family in m.families]
        for _ in range(5):
            words = self._condition(self.rng.choice(fitting), None, hooks)
            if words:
                return words
        return ["-m", "mark", "--mark", "0x1"]


def styles(rng):
    """What the rulesets of one case have in common, at random."""
    themes = ["core", *rng.sample(THEMES[1:], rng.choice((0, 1, 1, 2, 6)))]
    return {
        "themes": themes,
        "tables": rng.choice((0, 0, 0.3, 1)),
        "runs": rng.choice((0, 0.05, 0.5, 0.9)),
        "handover": rng.choice((0, 0, 0, 0.02, 0.1)),
        "strict": rng.random() < 0.3,
    }


def size_of(rng):
    """How many rules: mostly few, sometimes so many that they become tables."""
    kind = rng.random()
    if kind < 0.60:
        return rng.randint(3, 40)
    if kind < 0.85:
        return rng.randint(40, 200)
    if kind < 0.97:
        return rng.randint(200, 1500)
    return rng.randint(1500, 20000)


def ruleset(family, seed, count, style):
    return Writer(family, random.Random(f"{seed} rules {family}"), count, style).text()
