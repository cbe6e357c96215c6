# SPDX-License-Identifier: GPL-2.0-or-later
"""Filter sets of ClassBench's three characters, from a few numbers each instead of its seed files.
Ports are drawn from few, as from the seeds: at 100,000 rules some 200 combinations of prefix lengths, and for a packet's
addresses alone tens (acl) to hundreds (fw, ipc) of rules remain, as published for the real sets.

What the numbers follow (Taylor and Turner, "ClassBench: a packet classification benchmark"): access control lists (acl)
name exact destinations and services, for sources of long prefixes; firewalls (fw) leave addresses open and use port
ranges; IP chains (ipc) mix both. Prefixes nest: each is drawn from a small tree of networks. Of two rules that overlap
the narrower one comes first, so that late rules are met, too.
"""
import random
from dataclasses import dataclass
from typing import Dict, List, Tuple

from injector import TCP, UDP, SYN, dotted

ANY = (0, 65535)
LOW, HIGH = (0, 1023), (1024, 65535)
SERVICES = (20, 21, 22, 23, 25, 53, 67, 80, 88, 110, 111, 119, 123, 135, 137, 139, 143, 161, 179, 389, 443, 445, 514, 515,
            554, 636, 750, 993, 995, 1433, 1521, 1525, 1705, 1717, 1723, 2105, 2525, 2788, 3306, 3389, 5190, 5631, 6790)

# Shares in percent. Lengths of source and destination prefixes; protocols (None: any); kinds of ports.
CHARACTERS = {
    "acl": {"source": {0: 3, 12: 1, 14: 1, 16: 4, 18: 2, 19: 2, 20: 6, 21: 4, 22: 8, 23: 6, 24: 24, 25: 3, 26: 4, 27: 6,
                       28: 6, 29: 3, 30: 4, 31: 1, 32: 22},
            "destination": {0: 1, 15: 1, 16: 2, 18: 1, 20: 1, 22: 2, 23: 2, 24: 10, 25: 1, 26: 2, 27: 3, 28: 4, 29: 2,
                            30: 4, 32: 68},
            "protocol": {TCP: 75, UDP: 15, None: 10},
            "sport": {"any": 100}, "dport": {"any": 10, "exact": 70, "range": 14, "high": 6}},
    "fw": {"source": {0: 36, 8: 2, 10: 1, 12: 2, 14: 2, 16: 8, 18: 2, 20: 3, 21: 2, 22: 5, 23: 3, 24: 14, 26: 2, 28: 4,
                      30: 2, 32: 22},
           "destination": {0: 28, 8: 1, 12: 1, 14: 1, 16: 6, 18: 2, 20: 3, 22: 4, 23: 3, 24: 18, 26: 2, 28: 5, 30: 2,
                           32: 34},
           "protocol": {TCP: 58, UDP: 32, None: 10},
           "sport": {"any": 70, "exact": 10, "high": 20}, "dport": {"any": 22, "exact": 48, "range": 10, "high": 20}},
    "ipc": {"source": {0: 10, 8: 1, 12: 1, 14: 2, 16: 8, 18: 2, 19: 2, 20: 5, 21: 3, 22: 4, 23: 4, 24: 20, 26: 3, 27: 4,
                       28: 4, 30: 4, 32: 34},
            "destination": {0: 8, 8: 1, 12: 1, 14: 1, 16: 6, 18: 2, 20: 4, 21: 4, 22: 4, 23: 3, 24: 18, 26: 3, 28: 6,
                            30: 4, 32: 44},
            "protocol": {TCP: 52, UDP: 30, None: 18},
            "sport": {"any": 78, "exact": 14, "high": 8}, "dport": {"any": 34, "exact": 48, "range": 10, "high": 8}},
}
RANGES = tuple((port, min(65535, port + 2 ** (1 + n % 9))) for n, port in enumerate(SERVICES))

NETWORKS = (0x0b000000, 0x40000000)     # sources' and destinations' addresses: 11.0.0.0 to 42..., 64.0.0.0 to 95...
SPREAD = 0x1f000000
STRANGERS = 0x80000000                  # 128.0.0.0 and up: no prefix covers these


@dataclass(frozen=True)
class Filter:
    source: Tuple[int, int]             # address, length
    destination: Tuple[int, int]
    protocol: object
    sport: Tuple[int, int]
    dport: Tuple[int, int]
    verdict: str

    @property
    def width(self):
        """How much it covers, roughly: what is narrower comes first."""
        ports = sum((high - low + 1).bit_length() for low, high in (self.sport, self.dport))
        return 64 - self.source[1] - self.destination[1] + ports + (8 if self.protocol is None else 0)

    def rule(self):
        words = []
        for option, (prefix, length) in (("-s", self.source), ("-d", self.destination)):
            if length:
                words += [option, f"{dotted(prefix)}/{length}"]
        if self.protocol is not None:
            name = "tcp" if self.protocol == TCP else "udp"
            words += ["-p", name]
            if (self.sport, self.dport) != (ANY, ANY):
                words += ["-m", name] + _ports("--sport", self.sport) + _ports("--dport", self.dport)
        return " ".join(words + ["-j", self.verdict])


def _ports(option, bounds):
    if bounds == ANY:
        return []
    return [option, str(bounds[0]) if bounds[0] == bounds[1] else f"{bounds[0]}:{bounds[1]}"]


def _mask(value, length):
    return value >> (32 - length) << (32 - length) if length else 0


class _Drawer:
    """Draws filters; remembers networks, so that prefixes nest and repeat."""

    def __init__(self, character, count, seed):
        self.shares = CHARACTERS[character]
        self.rng = random.Random(f"{character} {count} {seed}")
        sites = max(4, int(count ** 0.5))
        self.sites = [[base + self.rng.randrange(SPREAD) & ~0xff for _ in range(sites)] for base in NETWORKS]

    def pick(self, what):
        shares = self.shares[what]
        return self.rng.choices(list(shares), list(shares.values()))[0]

    def prefix(self, side):
        length = self.pick(("source", "destination")[side])
        site = self.rng.choice(self.sites[side])
        return (_mask(site + self.rng.randrange(4096), length), length)

    def ports(self, what):
        kind = self.pick(what)
        if kind == "any":
            return ANY
        if kind == "high":
            return HIGH
        if kind == "exact":
            port = self.rng.choice(SERVICES)
            return (port, port)
        return self.rng.choice(RANGES)

    def draw(self):
        source, destination, protocol = self.prefix(0), self.prefix(1), self.pick("protocol")
        sport, dport = (ANY, ANY) if protocol is None else (self.ports("sport"), self.ports("dport"))
        if not source[1] and not destination[1] and (dport[0] != dport[1] or sport not in (ANY, HIGH)):
            return None                 # it would leave nothing to the rules behind it
        verdict = "ACCEPT" if self.rng.random() < 0.6 else "DROP"
        return Filter(source, destination, protocol, sport, dport, verdict)


class FilterSet:
    """Filters in order, and headers that are known to meet an early one, a late one, none."""

    def __init__(self, filters, rng):
        self.filters, self.rng = filters, rng
        self.tuples: Dict[Tuple[int, int], Dict[Tuple[int, int], List[int]]] = {}
        for index, one in enumerate(filters):
            table = self.tuples.setdefault((one.source[1], one.destination[1]), {})
            table.setdefault((one.source[0], one.destination[0]), []).append(index)

    @property
    def rules(self):
        return [one.rule() for one in self.filters]

    def first_match(self, saddr, daddr, protocol, sport, dport):
        """The index of the first filter that matches, or None."""
        best = None
        for (slen, dlen), table in self.tuples.items():
            for index in table.get((_mask(saddr, slen), _mask(daddr, dlen)), ()):
                if best is not None and index >= best:
                    break
                one = self.filters[index]
                if one.protocol in (None, protocol) and one.sport[0] <= sport <= one.sport[1] and \
                        one.dport[0] <= dport <= one.dport[1]:
                    best = index
                    break
        return best

    def _header(self, one):
        def inside(prefix, length, base):
            if not length:
                return base + self.rng.randrange(SPREAD)
            return prefix + self.rng.randrange(1 << (32 - length))
        return (inside(*one.source, NETWORKS[0]), inside(*one.destination, NETWORKS[1]), one.protocol or TCP,
                self.rng.randint(max(1024, one.sport[0]), one.sport[1]) if one.sport[0] != one.sport[1] else one.sport[0],
                self.rng.randint(*one.dport), SYN)

    def headers(self, where, count):
        """At most COUNT different headers (Flow's arguments). Those that meet a rule meet one that accepts."""
        if where == "nowhere":
            return self._strangers(count)
        n = len(self.filters)
        if where == "early":
            low, high = 0, max(1, n // 10)
        else:
            low, high = n - max(1, n // 10), n
        order = list(range(low, high)) if where == "early" else list(range(high - 1, low - 1, -1))
        found = []
        # Each filter a few times; as the rest of the flows, headers like those found.
        for index in order[:20000]:
            if self.filters[index].verdict != "ACCEPT":
                continue
            header = self._header(self.filters[index])
            first = self.first_match(*header[:5])
            if first is not None and low <= first < high and self.filters[first].verdict == "ACCEPT":
                found.append((header, self.filters[first]))
            if len(found) >= min(count, 8192):
                break
        return self._multiply(found, count)

    def _multiply(self, found, count):
        """More flows of the same kind: other source ports, higher than any that a rule names by itself."""
        headers = [header for header, _ in found]
        seen = set(headers)
        wide = [(header, one) for header, one in found if one.sport == ANY and header[3] >= 1024]
        for turn in range(1, 4 * count // max(1, len(wide)) + 1 if wide else 0):
            for header, _ in wide:
                if len(headers) >= count:
                    break
                other = header[:3] + (10000 + (header[3] + turn * 61) % 50000,) + header[4:]
                if other not in seen:
                    seen.add(other)
                    headers.append(other)
        rest = headers[1:]
        self.rng.shuffle(rest)
        return headers[:1] + rest

    def _strangers(self, count):
        return [(STRANGERS + self.rng.randrange(SPREAD), STRANGERS + SPREAD + self.rng.randrange(SPREAD), TCP,
                 self.rng.randrange(1024, 65536), self.rng.randrange(30000, 65536), SYN) for _ in range(count)]


def generate(character, count, seed):
    """COUNT filters of this character (a key of CHARACTERS), the same for the same arguments."""
    drawer = _Drawer(character, count, seed)
    filters = set()
    while len(filters) < count:
        one = drawer.draw()
        if one:
            filters.add(one)
    ordered = sorted(filters, key=lambda one: (one.width, one.rule()))
    if not any(one.verdict == "ACCEPT" for one in ordered[-max(1, count // 10):]) or \
            not any(one.verdict == "ACCEPT" for one in ordered[:max(1, count // 10)]):
        ordered = [Filter(*(getattr(one, name) for name in ("source", "destination", "protocol", "sport", "dport")), "ACCEPT")
                   for one in ordered]
    # Neighbours of one width in an order of their own: a sorted list would be easier than what people write.
    ordered = _shuffle_equals(ordered, drawer.rng)
    return FilterSet(ordered, drawer.rng)


def _shuffle_equals(ordered, rng):
    groups: Dict[int, List[Filter]] = {}
    for one in ordered:
        groups.setdefault(one.width, []).append(one)
    for group in groups.values():
        rng.shuffle(group)
    return [one for width in sorted(groups) for one in groups[width]]
