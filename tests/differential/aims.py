# SPDX-License-Identifier: GPL-2.0-or-later
"""Where to aim a packet so that a given rule, or its near miss, is what decides it.

An Aim is a packet still in terms of fields. aims_for() walks a ruleset from its
builtin chains and gives, for every rule on every way to it, an Aim that meets
all conditions on that way as far as one packet can; near_misses() moves one field to
its condition's boundaries.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

import packets as pk
from aimfields import FieldAims, replace
from topology import LEG, LEGS

PROTOCOLS = {"mh": 135, "ipv6-mh": 135, "mobility-header": 135, "ipcomp": 108, "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "dccp": 33, "ipencap": 4, "ipip": 4, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "ipv6-auth": 51, "ipv6-crypt": 50, "ipv6-frag": 44, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43,
             "hopopt": 0, "ip": 0,
             "icmpv6": 58, "ipv6-icmp": 58, "icmp6": 58, "ospf": 89, "sctp": 132, "udplite": 136, "all": None, "0": None}
ICMP_TYPES = {"echo-reply": 0, "pong": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
              "echo-request": 8, "ping": 8, "time-exceeded": 11, "ttl-exceeded": 11, "parameter-problem": 12,
              "timestamp-request": 13, "fragmentation-needed": (3, 4), "network-unreachable": (3, 0),
              "host-unreachable": (3, 1), "port-unreachable": (3, 3)}
ICMPV6_TYPES = {"destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "ttl-exceeded": 3,
                "parameter-problem": 4, "echo-request": 128, "echo-reply": 129, "router-solicitation": 133,
                "router-advertisement": 134, "neighbor-solicitation": 135, "neighbour-solicitation": 135,
                "neighbor-advertisement": 136, "neighbour-advertisement": 136}
FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0}
SERVICES = {"ssh": 22, "smtp": 25, "domain": 53, "http": 80, "ntp": 123, "https": 443}
HOOKS = ("INPUT", "FORWARD", "OUTPUT")
INTERFACES = ("lo", *LEG)
MOST_RULES = 400  # of larger rulesets a sample is aimed at


@dataclass(frozen=True)
class Aim:
    family: int
    hook: str
    iif: str = "lan0"
    src: int = 0
    dst: int = 0
    proto: int = pk.TCP
    sport: int = 40000
    dport: int = 80
    icmp: tuple = None  # (type, code)
    flags: int = pk.SYN
    payload: int = 8
    fragment: bool = False  # a later fragment
    tcp_options: bytes = b""
    any_sport: bool = True  # no condition on the way asks for the source port
    # Where answers come from or go to, (address, port) or None, when NAT translates the packet.
    answer_from: tuple = None
    answer_to: tuple = None
    ttl: int = None  # or the hop limit; None: what packets commonly have
    tos: int = None  # or the traffic class
    spi: int = 0x100  # of ESP and AH
    kind: int = None  # SCTP chunk or DCCP packet type
    content: bytes = None  # the payload, instead of zeros
    mac: bytes = None  # where the frame is sent to (None: the router)
    label: str = ""

    @property
    def source(self):
        return _text(self.family, self.src)

    @property
    def destination(self):
        return _text(self.family, self.dst)

    @property
    def leg(self):
        return "local" if self.hook == "OUTPUT" or self.iif == "lo" else self.iif


@lru_cache(maxsize=4096)
def _text(family, value):
    return str((ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address)(value))


_network = lru_cache(maxsize=None)(ipaddress.ip_network)


def _bits(family):
    return 32 if family == 4 else 128


@lru_cache(maxsize=None)
def router_address(family, leg):
    return int(ipaddress.ip_interface(leg.addr4 if family == 4 else leg.addr6).ip)


@lru_cache(maxsize=4096)
def route(family, value):
    """The interface over which the router sends to an address."""
    if value in [router_address(family, leg) for leg in LEGS]:
        return "lo"
    best, size = LEGS[1], -1
    for leg in LEGS:
        own = leg.addr4 if family == 4 else leg.addr6
        for net in (*(leg.nets4 if family == 4 else leg.nets6), str(ipaddress.ip_interface(own).network)):
            n = ipaddress.ip_network(net)
            if n.prefixlen > size and value >> (n.max_prefixlen - n.prefixlen) == \
                    int(n.network_address) >> (n.max_prefixlen - n.prefixlen):
                best, size = leg, n.prefixlen
    return best.name


@lru_cache(maxsize=4096)
def _addr_mask(family, value):
    """"10.0.0.0/255.0.0.0" -> two numbers."""
    addr, _, mask = value.partition("/")
    full = (1 << _bits(family)) - 1
    if family == 4:
        addr += ".0" * (3 - addr.count("."))
    a = int(ipaddress.ip_address(addr))
    if not mask:
        return a, full
    if mask.isdigit():
        m = full ^ (full >> int(mask))
    else:
        m = int(ipaddress.ip_address(mask))
    return a & m, m


@lru_cache(maxsize=4096)
def _ports(value):
    """"22,80:90" -> [(22, 22), (80, 90)]"""
    spans = []
    for part in value.split(","):
        lo, colon, hi = part.partition(":")
        lo = int(SERVICES.get(lo, lo or 0))
        spans.append((lo, int(SERVICES.get(hi, hi or 65535)) if colon else lo))
    return spans


def _protocol(value):
    value = value.lower()
    return PROTOCOLS[value] if value in PROTOCOLS else int(value)


def _icmp(family, value):
    if value in ("any", "255"):
        return None
    names = ICMP_TYPES if family == 4 else ICMPV6_TYPES
    if value in names:
        found = names[value]
        return found if isinstance(found, tuple) else (found, 0)
    kind, _, code = value.partition("/")
    return int(kind), int(code or 0)


@lru_cache(maxsize=None)
def _step(kind, option):
    """The name of the method for an option."""
    return kind + option.replace("-", "_")


class Aimer(FieldAims):
    """Makes Aims for one family's rules, deterministically from @rng."""

    def __init__(self, family, rng):
        self.family = family
        self.rng = rng

    def start(self, hook):
        """An Aim at nothing in particular."""
        leg = self.rng.choice(LEGS)
        aim = Aim(self.family, hook, iif=leg.name, sport=self.rng.randrange(1024, 65536),
                  dport=self.rng.choice((22, 53, 80, 443, self.rng.randrange(1, 65536))),
                  icmp=(8, 0) if self.family == 4 else (128, 0),
                  flags=self.rng.choice((pk.SYN, pk.SYN, pk.ACK, pk.SYN | pk.ACK)),
                  payload=self.rng.randrange(0, 64))
        aim = replace(aim, src=self.address_behind(leg), dst=self.address_behind(self.rng.choice(LEGS)))
        if hook == "INPUT":
            aim = replace(aim, dst=router_address(self.family, leg))
        elif hook == "OUTPUT":
            aim = replace(aim, src=router_address(self.family, self.rng.choice(LEGS)))
        return aim

    def address_behind(self, leg):
        net = _network(self.rng.choice(leg.nets4 if self.family == 4 else leg.nets6))
        if net.prefixlen == 0:
            net = ipaddress.ip_network("198.51.100.0/24" if self.family == 4 else "2001:db8::/32")
        return int(net.network_address) + self.rng.randrange(1, net.num_addresses - 1)

    def meet(self, aim, conditions):
        """@aim changed so that it meets a rule's conditions, each on its own."""
        for option, (inverted, value) in conditions.items():
            step = getattr(self, _step("_meet_", option), None)
            if step:
                aim = step(aim, inverted, value)
        return aim

    # ---- one method for each option that a field of a packet decides ----

    def _address(self, current, inverted, value):
        addr, mask = _addr_mask(self.family, self.rng.choice(value.split(",")))
        full = (1 << _bits(self.family)) - 1
        if ((current & mask) == addr) != inverted:
            return current
        if not inverted:
            return addr | (self.rng.randrange(full + 1) & ~mask & full)
        return (current ^ (mask & -mask)) if mask else current

    def _meet_source(self, aim, inverted, value):
        return replace(aim, src=self._address(aim.src, inverted, value))

    def _meet_destination(self, aim, inverted, value):
        dst = self._address(aim.dst, inverted, value)
        if aim.hook == "INPUT":  # the router has few addresses
            own = [router_address(self.family, leg) for leg in LEGS]
            fit = [a for a in own if self._address(a, inverted, value) == a]
            dst = self.rng.choice(fit or own)
        return replace(aim, dst=dst)

    def _range(self, current, inverted, value):
        lo, hi = (int(ipaddress.ip_address(a)) for a in value.split("-"))
        if (lo <= current <= hi) != inverted:
            return current
        return lo ^ 1 << 20 if inverted else self.rng.randrange(lo, hi + 1)

    def _meet_src_range(self, aim, inverted, value):
        return replace(aim, src=self._range(aim.src, inverted, value))

    def _meet_dst_range(self, aim, inverted, value):
        return aim if aim.hook == "INPUT" else replace(aim, dst=self._range(aim.dst, inverted, value))

    def _meet_protocol(self, aim, inverted, value):
        proto = _protocol(value)
        if proto is None or (aim.proto == proto) != inverted:
            return aim
        return replace(aim, proto=pk.UDP if inverted and proto != pk.UDP else pk.TCP if inverted else proto)

    def _port(self, current, inverted, value):
        spans = _ports(value)
        if any(lo <= current <= hi for lo, hi in spans) != inverted:
            return current
        if inverted:
            return max(hi for _, hi in spans) + 1 & 0xffff
        lo, hi = self.rng.choice(spans)
        return self.rng.randrange(lo, hi + 1)

    def _meet_sport(self, aim, inverted, value):
        return replace(aim, sport=self._port(aim.sport, inverted, value), any_sport=False)

    def _meet_dport(self, aim, inverted, value):
        return replace(aim, dport=self._port(aim.dport, inverted, value))

    _meet_sports = _meet_sport
    _meet_dports = _meet_dport

    def _meet_ports(self, aim, inverted, value):
        if self.rng.random() < 0.5:
            return self._meet_sport(aim, inverted, value)
        return self._meet_dport(aim, inverted, value)

    def _meet_icmp_type(self, aim, inverted, value):
        icmp = _icmp(self.family, value)
        if icmp and inverted:
            icmp = (icmp[0] + 1 & 0xff, icmp[1])
        return replace(aim, icmp=icmp or aim.icmp)

    _meet_icmpv6_type = _meet_icmp_type

    def _meet_syn(self, aim, inverted, value):
        return replace(aim, flags=pk.ACK if inverted else pk.SYN)

    def _meet_tcp_flags(self, aim, inverted, value):
        mask, wanted = (sum(FLAGS[n] for n in names.split(",")) for names in value.split())
        flags = (aim.flags & ~mask) | wanted
        return replace(aim, flags=flags ^ (mask & -mask) if inverted else flags)

    def pass_by(self, aim, conditions):
        """@aim changed so that it misses an earlier rule, if one field alone decides that."""
        known = [o for o in conditions if hasattr(self, _step("_meet_", o))]
        if len(known) != 1 or known == ["protocol"]:
            return aim
        inverted, value = conditions[known[0]]
        return self.meet(aim, {known[0]: (not inverted, value)})

    def _meet_tcp_option(self, aim, inverted, value):
        kind = int(value) ^ inverted
        return replace(aim, tcp_options=self.rng.choice((b"", b"\1", b"\1\1\1")) + bytes((kind, 4, 5, 0xb4)))

    @staticmethod
    def _interface(value):
        stem = value[:-1] if value.endswith("+") else None
        return [name for name in INTERFACES if (name.startswith(stem) if stem is not None else name == value)]

    def _meet_in_interface(self, aim, inverted, value):
        names = self._interface(value)
        if inverted:
            names = [n for n in INTERFACES if n not in names]
        if aim.hook != "INPUT":
            names = [n for n in names if n != "lo"]
        return replace(aim, iif=self.rng.choice(names)) if names and aim.iif not in names else aim

    def _meet_out_interface(self, aim, inverted, value):
        names = self._interface(value)
        if inverted:
            names = [n for n in INTERFACES if n not in names]
        if aim.hook != "OUTPUT":
            names = [n for n in names if n != "lo"]
        if not names or aim.hook == "INPUT" or route(self.family, aim.dst) in names:
            return aim
        name = self.rng.choice(names)
        if name == "lo":
            return replace(aim, dst=router_address(self.family, self.rng.choice(LEGS)))
        return replace(aim, dst=self.address_behind(LEG[name]))

    def _meet_fragments(self, aim, inverted, value):
        return replace(aim, fragment=not inverted)

    def _meet_length(self, aim, inverted, value):
        head = (20 if self.family == 4 else 40) + {pk.TCP: 20, pk.UDP: 8}.get(aim.proto, 8)
        lo, hi = _ports(value)[0]
        return replace(aim, payload=max(0, min((hi + 1 if inverted else lo) - head, 8000)))

    def fresh(self, aim):
        """@aim as another connection: NAT draws lots where two connections want one port."""
        return replace(aim, sport=self.rng.randrange(1024, 65536)) if aim.any_sport else aim

    # ---- near misses ----

    def near_misses(self, aim, conditions):
        """Variants of @aim in which one field lies at a boundary of the rule's own condition."""
        for option, (_, value) in conditions.items():
            step = getattr(self, _step("_edges_", option), None)
            for changed in step(aim, value) if step else ():
                miss = replace(aim, **changed, label=f"{aim.label} at {option}")
                yield self.fresh(miss) if "sport" not in changed else miss

    def _address_edges(self, name, current, value):
        addr, mask = _addr_mask(self.family, self.rng.choice(value.split(",")))
        full = (1 << _bits(self.family)) - 1
        last = addr | (~mask & full)
        values = {addr, last, addr - 1, last + 1, (current & ~mask & full) | addr,
                  current ^ (mask & -mask), current ^ 1}
        return [{name: v} for v in sorted(values) if 0 <= v <= full]

    def _edges_source(self, aim, value):
        return self._address_edges("src", aim.src, value)

    def _edges_destination(self, aim, value):
        if aim.hook == "INPUT":
            return [{"dst": router_address(self.family, leg)} for leg in LEGS]
        return self._address_edges("dst", aim.dst, value)

    def _range_edges(self, name, value):
        lo, hi = (int(ipaddress.ip_address(a)) for a in value.split("-"))
        return [{name: v} for v in (lo - 1, lo, hi, hi + 1) if 0 <= v < 1 << _bits(self.family)]

    def _edges_src_range(self, aim, value):
        return self._range_edges("src", value)

    def _edges_dst_range(self, aim, value):
        return [] if aim.hook == "INPUT" else self._range_edges("dst", value)

    @staticmethod
    def _port_edges(names, value):
        found = sorted({p for lo, hi in _ports(value) for p in (lo - 1, lo, hi, hi + 1) if 0 <= p <= 65535})
        return [{name: p} for name in names for p in found]

    def _edges_sport(self, aim, value):
        return self._port_edges(("sport",), value)

    def _edges_dport(self, aim, value):
        return self._port_edges(("dport",), value)

    _edges_sports = _edges_sport
    _edges_dports = _edges_dport

    def _edges_ports(self, aim, value):
        return self._port_edges(("sport", "dport"), value)

    def _edges_protocol(self, aim, value):
        return [{"proto": p} for p in (pk.TCP, pk.UDP, pk.ICMP, pk.ICMPV6, pk.UDPLITE, pk.SCTP, 253) if p != aim.proto]

    def _edges_icmp_type(self, aim, value):
        icmp = _icmp(self.family, value) or aim.icmp
        return [{"icmp": (t & 255, c & 255)} for t, c in
                (icmp, (icmp[0] - 1, 0), (icmp[0] + 1, 0), (icmp[0], icmp[1] + 1), (icmp[0], 255))]

    _edges_icmpv6_type = _edges_icmp_type

    def _edges_tcp_flags(self, aim, value):
        mask, wanted = (sum(FLAGS[n] for n in names.split(",")) for names in value.split())
        bits = [1 << n for n in range(8)]
        return [{"flags": f} for f in sorted({wanted, wanted | 0xc0, mask, 0, *(wanted ^ b for b in bits)})]

    def _edges_syn(self, aim, value):
        return self._edges_tcp_flags(aim, "FIN,SYN,RST,ACK SYN")

    def _edges_tcp_option(self, aim, value):
        kind = int(value)
        return [{"tcp_options": o} for o in (b"", bytes((kind, 4, 0, 0)), bytes((kind, 2)), bytes((kind,)), bytes((kind, 40)),
                                             bytes((kind, 0)), bytes((kind, 1)), b"\1" * 39 + bytes((kind,)), b"\0\0\0\0",
                                             b"\x08\x0a" + bytes(8) + bytes((kind, 2)), bytes((kind ^ 1, 4, kind, 4)))]

    def _edges_in_interface(self, aim, value):
        return [{"iif": name} for name in (INTERFACES if aim.hook == "INPUT" else LEG)]

    def _edges_out_interface(self, aim, value):
        return [] if aim.hook == "INPUT" else [{"dst": self.address_behind(leg)} for leg in LEGS]

    def _edges_fragments(self, aim, value):
        return [{"fragment": True}, {"fragment": False}]

    def _edges_length(self, aim, value):
        head = (20 if self.family == 4 else 40) + {pk.TCP: 20, pk.UDP: 8}.get(aim.proto, 8)
        lo, hi = _ports(value)[0]
        return [{"payload": n - head} for n in (lo - 1, lo, hi, hi + 1) if 0 <= n - head <= 8000]


def _translated(value):
    """"172.16.3.80:80" -> (address, port or None); None when it is a range."""
    host, colon, port = value.rpartition(":") if value.count(":") == 1 else (value, "", "")
    if "-" in value:
        return None
    return int(ipaddress.ip_address(host)), int(port) if colon else None


def aims_for_other_tables(tables, family, rng):
    """Yields (Aim, conditions) for the rules that packets meet before and behind the filter table.
    @tables: rulesets.parse_rules of each."""
    aimer = Aimer(family, rng)
    for chains in tables:
        for chain, hooks in (("PREROUTING", ("FORWARD", "INPUT")), ("OUTPUT", ("OUTPUT",)), ("POSTROUTING", ("FORWARD",))):
            for number, rule in enumerate(chains.get(chain, ()), 1):
                conditions = dict(rule.conditions)
                target = {o: conditions.pop(o)[1] for o in ("to-destination", "to-source") if o in conditions}
                for hook in hooks * 2:
                    aim = aimer.meet(aimer.start(hook), conditions)
                    yield replace(aim, label=f"{chain} {number}",
                                  answer_from=_translated(target["to-destination"]) if "to-destination" in target else None,
                                  answer_to=_translated(target["to-source"]) if "to-source" in target else None), conditions


def at_filter_hooks(chains):
    """@chains, with the rules of PREROUTING and POSTROUTING where the packets that meet them are aimed at."""
    merged = {name: rules for name, rules in chains.items() if name not in ("PREROUTING", "POSTROUTING")}
    for hook in HOOKS if chains else ():
        before = chains.get("PREROUTING", []) if hook != "OUTPUT" else []
        after = chains.get("POSTROUTING", []) if hook != "INPUT" else []
        merged[hook] = before + chains.get(hook, []) + after
    return merged


def aims_for(chains, family, rng, ways=3, most=MOST_RULES, look_back=100):
    """Yields (Aim, the rule's own conditions) for each rule of @chains (rulesets.parse_rules) on up to @ways
    ways to it; for a sample of @most rules when there are more. @look_back: how many rules before it are avoided."""
    aimer = Aimer(family, rng)
    ways_to = {hook: [(hook, ())] for hook in HOOKS if hook in chains}
    order = list(ways_to)
    for chain in order:  # grows while it is walked
        for rule in chains.get(chain, ()):
            if rule.target in chains and rule.target not in HOOKS:
                known = ways_to.setdefault(rule.target, [])
                known += [(hook, way + (rule.conditions,)) for hook, way in ways_to[chain]
                          if len(way) < 16][:ways]
                if rule.target not in order:
                    order.append(rule.target)
    places = [(chain, number) for chain in order for number in range(len(chains.get(chain, ())))]
    for chain, number in places if len(places) <= most else sorted(rng.sample(places, most)):
        rule = chains[chain][number]
        choices = ways_to[chain]
        for hook, way in rng.sample(choices, min(ways, len(choices))):
            aim = replace(aimer.start(hook), label=f"{chain} {number + 1}")
            wanted = way + (rule.conditions,)
            for conditions in wanted:
                aim = aimer.meet(aim, conditions)
            for earlier in chains[chain][max(0, number - look_back):number]:
                aim = aimer.pass_by(aim, earlier.conditions)
            # What a later condition spoiled for an earlier one is met again, in case both can be.
            for conditions in wanted:
                aim = aimer.meet(aim, conditions)
            yield aim, rule.conditions
