# SPDX-License-Identifier: GPL-2.0-or-later
"""Random long rulesets: runs of rules that become tables, with what interrupts or refines them in between."""

import ipaddress
import random


class Mixer:
    """One saved ruleset of about @count rules."""

    def __init__(self, family, count, seed):
        self.random = random.Random(f"{family}/{count}/{seed}")
        self.family = family
        self.count = count
        self.base = int(ipaddress.ip_address("10.0.0.0" if family == 4 else "2001:db8::"))
        self.bits = 32 if family == 4 else 128
        # Few values: then rules overlap, and more than one matches a packet.
        self.hosts = self.random.choice([max(4, count // 20), max(16, count // 4), 60000])
        self.ports = self.random.choice([3, 40, 5000])

    def prefix(self):
        length = self.bits - self.random.choice([0] * 40 + [1, 1, 2, 4, 8, 12, 20])
        address = self.base + self.random.randrange(self.hosts)
        mask = (1 << self.bits) - (1 << (self.bits - length))
        return f"{ipaddress.ip_address(address & mask)}/{length}"

    def port(self):
        first = 1000 + self.random.randrange(self.ports)
        if self.random.random() < 0.2:
            return f"{first}:{first + self.random.randrange(self.ports)}"
        return str(first)

    def transport(self):
        proto = self.random.choice(["tcp", "tcp", "udp"])
        words = ["-p", proto, "-m", proto]
        if self.random.random() < 0.3:
            words += ["--sport", self.port()]
        if self.random.random() < 0.9 or len(words) == 4:
            words += ["--dport", self.port()]
        if proto == "tcp" and self.random.random() < 0.1:
            words += ["--syn"]
        return words

    def target(self, leaf):
        kind = self.random.random()
        if kind < 0.72:
            return ["-j", self.random.choice(["ACCEPT", "DROP"])]
        if kind < 0.82:
            return []
        if kind < 0.87 or leaf:
            return ["-j", "RETURN"]
        return [self.random.choice(["-j", "-j", "-g"]), self.random.choice(["one", "two"])]

    def rule(self, chain, leaf):
        words = ["-A", chain]
        if self.random.random() < 0.6:
            words += ["-s", self.prefix()]
        if self.random.random() < 0.5 or len(words) == 2:
            words += ["-d", self.prefix()]
        if self.random.random() < 0.05:
            words += ["-i", self.random.choice(["lan0", "wan0", "dmz0"])]
        if self.random.random() < 0.6:
            words += self.transport()
        if self.random.random() < 0.05:
            words += ["-m", "conntrack", "--ctstate", self.random.choice(["NEW", "RELATED,ESTABLISHED"])]
        if self.random.random() < 0.02:
            words += ["-m", "mark", "--mark", "0x1"]
        return " ".join(words + self.target(leaf))

    def text(self):
        lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
                 ":one - [0:0]", ":two - [0:0]"]
        lines += [self.rule("FORWARD", False) for _ in range(self.count)]
        lines += [self.rule("INPUT", False) for _ in range(self.count // 8)]
        for chain in ("one", "two"):
            lines += [self.rule(chain, True) for _ in range(self.count // 16 + 3)]
        return "\n".join(lines + ["COMMIT", ""])


def mix(count, seed):
    """Rulesets by family."""
    return {family: Mixer(family, count, seed).text() for family in (4, 6)}
