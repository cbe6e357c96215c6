# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets for a ruleset, from a specification such as "boundary,random:500,fragments:20,flows:50".

Each kind is a function (aims, rng, count) -> packets in GENERATORS; a new one is one function and one line.
The same rules, specification and seed always give the same packets.
"""

import random

import packets as pk
from aimfields import replace
from aims import Aimer, aims_for, aims_for_other_tables, at_filter_hooks, route, router_address
from headers import extensions, headers, texts
from rulesets import parse_rules
from topology import LEG

DEFAULT_SPEC = "boundary,random:300,flows:60,fragments:12,truncated:6,ipoptions:10,exthdrs:12,protocols:4,paged:10,offloaded:6"


class Tags:
    """Hands out tags that are unique within any 60000 packets; 0 is what the kernel likes to replace."""

    def __init__(self):
        self.last = 0

    def next(self):
        self.last = self.last % 60000 + 1
        return self.last


class Maker:
    """Turns Aims into packets of one family."""

    def __init__(self, family, rng, tags):
        self.family = family
        self.rng = rng
        self.tags = tags

    def transport(self, aim, payload=None):
        """(protocol, bytes) of the aim's transport header and payload."""
        src, dst = aim.source, aim.destination
        data = (aim.content or bytes(aim.payload)) if payload is None else payload
        ports = (aim.sport & 0xffff, aim.dport & 0xffff)
        icmp = aim.icmp or (8, 0)
        if aim.proto == pk.TCP:
            return pk.TCP, pk.tcp(src, dst, *ports, flags=aim.flags, options=aim.tcp_options, payload=data)
        if aim.proto == pk.UDP:
            return pk.UDP, pk.udp(src, dst, *ports, payload=data)
        if aim.proto == pk.UDPLITE:
            return pk.UDPLITE, pk.udplite(src, dst, *ports, payload=data)
        if aim.proto == pk.SCTP:
            return pk.SCTP, pk.sctp(*ports, chunk=1 if aim.kind is None else aim.kind)
        if aim.proto == pk.DCCP:
            return pk.DCCP, pk.dccp(src, dst, *ports, kind=(aim.kind or 0) & 15)
        if aim.proto == pk.ICMP:
            return pk.ICMP, pk.icmp(*icmp, payload=data)
        if aim.proto == pk.ICMPV6 and self.family == 6:
            return pk.ICMPV6, pk.icmpv6(src, dst, *icmp, payload=data)
        if aim.proto in (pk.ESP, pk.AH):
            return aim.proto, pk.esp(aim.spi) if aim.proto == pk.ESP else pk.ext_ah(pk.NONEXT, aim.spi)
        return aim.proto, self.rng.randbytes(24)

    def raw(self, aim, proto, data, what="", tag=None, linear=None, **kw):
        """An IP packet with @data behind the IP header."""
        tag = self.tags.next() if tag is None else tag
        for value, name in ((aim.ttl, "ttl" if self.family == 4 else "hops"), (aim.tos, "tos" if self.family == 4 else "tclass")):
            if value is not None:
                kw.setdefault(name, value)
        return pk.Packet(self.family, aim.leg, pk.ip(aim.source, aim.destination, proto, data, tag=tag, **kw),
                         f"{aim.label} {what}".strip(), linear, mac=aim.mac if aim.leg != "local" else None)

    def plain(self, aim, what=""):
        proto, data = self.transport(aim)
        if aim.fragment and self.family == 4:
            return self.raw(aim, proto, data, what, frag=185)
        if aim.fragment:
            return self.raw(aim, pk.FRAGMENT, pk.ext_fragment(proto, offset=185) + data, what)
        return self.raw(aim, proto, data, what)


def _some(maker, aims, rng, count):
    """@count of the aims (20 when None), each rule's in turn, each as a connection of its own."""
    aims = list(aims)
    rng.shuffle(aims)
    aimer = Aimer(maker.family, rng)
    picked = [aims[i % len(aims)] for i in range(count or 20)] if aims else []
    return [(aimer.fresh(aim), conditions) for aim, conditions in picked]


# ---- the kinds: (maker, [(aim, conditions)], rng, count or None) -> packets ----

def boundary(maker, aims, rng, count):
    """Every rule (or @count of them) hit, and missed by one in every condition of it."""
    aimer = Aimer(maker.family, rng)
    for aim, conditions in _some(maker, aims, rng, count) if count and count < len(aims) else aims:
        yield maker.plain(aim, "hit")
        for miss in aimer.near_misses(aim, conditions):
            yield maker.plain(miss)


def random_fields(maker, aims, rng, count):
    """The aims' fields recombined at random."""
    aimer = Aimer(maker.family, rng)
    plain = [aim for aim, _ in aims]
    for _ in range((count or 300) if plain else 0):
        a, b, c = (rng.choice(plain) for _ in range(3))
        if rng.random() < 0.4:
            b = c = a
        aim = replace(a, sport=b.sport, dport=c.dport, proto=b.proto, icmp=c.icmp, flags=rng.choice((b.flags, rng.randrange(256))))
        if a.hook == b.hook:
            aim = replace(aim, src=b.src)
        if a.hook == c.hook:
            aim = replace(aim, dst=c.dst, iif=rng.choice((a.iif, rng.choice(list(LEG)))))
        if rng.random() < 0.1:
            aim = replace(aim, tcp_options=rng.randbytes(rng.randrange(1, 41)))
        if rng.random() < 0.2:
            aim = replace(aim, dport=rng.randrange(65536), sport=rng.randrange(65536))
        yield maker.plain(aimer.fresh(replace(aim, label="random", any_sport=b.any_sport)))


def fragments(maker, aims, rng, count):
    """Whole datagrams in pieces: first, middle, last, offset 1, overlapping, tiny, out of order."""
    for number, (aim, _) in enumerate(_some(maker, aims, rng, count)):
        aim = replace(aim, payload=160)
        proto, data = maker.transport(aim)
        cuts = ((0, 24, True), (3, 24, True), (6, len(data) - 48, False))
        kinds = {
            "in order": cuts,
            "last first": cuts[::-1],
            "offset 1": ((0, 8, True), (1, len(data) - 8, False)),
            "only offset 1": ((1, 24, False),),
            "overlap": ((0, 48, True), (3, len(data) - 24, False)),
            "tiny first": ((0, 8, True), (2, 16, True)),
            "no first": cuts[1:],
            "twice": (cuts[0], cuts[0], cuts[1], cuts[2]),
            "atomic": ((0, len(data), False),),
        }
        for what, pieces in kinds.items():
            tag, ident = maker.tags.next(), 1000 + maker.tags.last
            for offset, size, more in pieces:
                part = data[offset * 8:offset * 8 + size]
                if maker.family == 4:
                    yield maker.raw(aim, proto, part, f"fragment {what} {offset}", tag=tag, frag=offset, more=more)
                else:
                    head = pk.ext_fragment(proto, offset, more, ident)
                    yield maker.raw(aim, pk.FRAGMENT, head + part, f"fragment {what} {offset}", tag=tag)
        if number % 3 == 0 and maker.family == 4:
            for offset in (1, 2, 100, 8189):
                yield maker.raw(aim, proto, data[:32], f"fragment at {offset}", frag=offset, more=bool(offset & 1))


def truncated(maker, aims, rng, count):
    """Transport headers cut short at every length; lengths that lie."""
    for aim, _ in _some(maker, aims, rng, count):
        for proto in {aim.proto, pk.TCP, pk.UDP, pk.ICMP if maker.family == 4 else pk.ICMPV6}:
            whole = maker.transport(replace(aim, proto=proto, payload=8))[1]
            for size in range(0, min(len(whole), 29)):
                yield maker.raw(aim, proto, whole[:size], f"protocol {proto} cut to {size}")
        proto, whole = maker.transport(aim)
        lie = {"total": 20 + 6} if maker.family == 4 else {"length": 6}
        yield maker.raw(aim, proto, whole, "length field too small", **lie)
        lie = {"total": 20 + len(whole) + 40} if maker.family == 4 else {"length": len(whole) + 40}
        yield maker.raw(aim, proto, whole, "length field too large", **lie)
        yield maker.raw(aim, proto, whole + bytes(18), "Ethernet padding",
                        **({"total": 20 + len(whole)} if maker.family == 4 else {"length": len(whole)}))
        if maker.family == 4:
            for ihl in (4, 6, 15):
                yield maker.raw(aim, proto, whole, f"header length {ihl}", ihl=ihl)
        if proto == pk.TCP:
            for doff in (0, 4, 5, 6, 15):
                yield maker.raw(aim, proto, whole[:12] + bytes((doff << 4,)) + whole[13:], f"data offset {doff}")


def ipoptions(maker, aims, rng, count):
    """IPv4 options of every total length."""
    if maker.family == 6:
        return
    options = {"nop": b"\1", "router alert": b"\x94\4\0\0", "record route": b"\7\x0b\4" + bytes(8) + b"\0",
               "timestamp, full": b"\x44\x0c\x0d\0" + bytes(8), "forty": b"\1" * 40, "end": b"\0" * 4,
               "loose route": b"\x83\7\x08\x08\x08\x08\x08", "bad": b"\x07\x40\4"}
    for aim, _ in _some(maker, aims, rng, count):
        proto, data = maker.transport(aim)
        for what, option in options.items():
            yield maker.raw(aim, proto, data, f"option {what}", options=option)
        for size in rng.sample(range(4, 41, 4), 3):
            yield maker.raw(aim, proto, data[:12], f"{size} bytes of options, cut short", options=b"\1" * size)
            yield maker.raw(aim, proto, data, f"{size} bytes of options, later fragment", options=b"\1" * size, frag=5)


_EXT = {
    "hop-by-hop": (pk.HOPOPTS, lambda n: pk.ext_options(n)),
    "hop-by-hop 24": (pk.HOPOPTS, lambda n: pk.ext_options(n, b"\1\x10" + bytes(16))),
    "routing": (pk.ROUTING, lambda n: pk.ext_routing(n, 2, 0, ("2001:db8::1",))),
    "routing left": (pk.ROUTING, lambda n: pk.ext_routing(n, 0, 1, ("2001:db8::1",))),
    "destination": (pk.DSTOPTS, lambda n: pk.ext_options(n)),
    "fragment atomic": (pk.FRAGMENT, lambda n: pk.ext_fragment(n)),
    "fragment first": (pk.FRAGMENT, lambda n: pk.ext_fragment(n, 0, True)),
    "fragment later": (pk.FRAGMENT, lambda n: pk.ext_fragment(n, 9)),
    "ah": (pk.AH, lambda n: pk.ext_ah(n)),
    "mobility": (pk.MH, lambda n: pk.ext_options(n)),
}


def exthdrs(maker, aims, rng, count):
    """IPv6 extension headers, alone and in chains; ESP; no next header; chains that end early."""
    if maker.family == 4:
        return
    chains = [(name,) for name in _EXT]
    chains += [("hop-by-hop", "destination", "routing", "destination"), ("hop-by-hop", "fragment later"),
               ("routing", "fragment first"), ("ah", "destination"), ("destination",) * 6, ("fragment later", "ah"),
               ("destination", "hop-by-hop"), ("fragment atomic", "ah", "destination"), ("hop-by-hop 24", "ah")]
    for aim, _ in _some(maker, aims, rng, count):
        proto, data = maker.transport(aim)
        for chain in chains + [tuple(rng.choices(list(_EXT), k=rng.randrange(2, 8))) for _ in range(4)]:
            first, body = pk.ext_chain(proto, data, [_EXT[name] for name in chain])
            yield maker.raw(aim, first, body, "+".join(chain))
            if rng.random() < 0.5:
                cut = rng.randrange(0, len(body))
                yield maker.raw(aim, first, body[:cut], f"{'+'.join(chain)} cut to {cut}")
        yield maker.raw(aim, pk.ESP, pk.esp(), "esp")
        yield maker.raw(aim, pk.NONEXT, b"", "no next header")
        yield maker.raw(aim, pk.NONEXT, data, "no next header, with data")
        first, body = pk.ext_chain(pk.ESP, pk.esp(), [_EXT["destination"]])
        yield maker.raw(aim, first, body, "destination+esp")
        first, body = pk.ext_chain(pk.NONEXT, b"", [_EXT["hop-by-hop"], _EXT["destination"]])
        yield maker.raw(aim, first, body, "hop-by-hop+destination+none")
        yield maker.raw(aim, pk.DSTOPTS, bytes((proto, 255)) + data, "destination options longer than the packet")
        yield maker.raw(aim, pk.AH, bytes((proto, 0)) + data, "shortest AH")


def protocols(maker, aims, rng, count):
    """Protocol numbers of all sorts, UDP-Lite, SCTP and DCCP among them."""
    for aim, _ in _some(maker, aims, rng, count):
        for proto in (0, 1, 2, 4, 6, 17, 33, 41, 46, 47, 50, 51, 58, 59, 89, 103, 108, 112, 132, 135, 136, 139, 253, 255,
                      rng.randrange(256)):
            yield maker.plain(replace(aim, proto=proto), f"protocol {proto}")


def offloaded(maker, aims, rng, count):
    """TCP segments of several packets' size, as network cards and virtual machines hand them over."""
    for aim, _ in _some(maker, [a for a in aims if a[0].leg != "local"], rng, count):
        aim = replace(aim, proto=pk.TCP, payload=rng.randrange(1500, 8000), flags=rng.choice((pk.ACK, pk.SYN, aim.flags)))
        proto, data = maker.transport(aim)
        for linear in (None, 20 if maker.family == 4 else 40, 64):
            packet = maker.raw(aim, proto, data, f"offloaded, {linear} bytes linear", linear=linear)
            packet.segment = 1200
            yield packet


def paged(maker, aims, rng, count):
    """Large packets of which only the first bytes lie in the skb's linear area, the headers partly outside."""
    size = 5000
    for aim, _ in _some(maker, [a for a in aims if a[0].leg != "local"], rng, count):
        head = 20 if maker.family == 4 else 40
        proto, data = maker.transport(replace(aim, payload=size))
        for linear in (0, head, head + 1, head + 2, head + 4, head + 8, head + 13, head + 20, head + 40):
            yield maker.raw(aim, proto, data, f"{linear} bytes linear", linear=linear)
        if maker.family == 4:
            yield maker.raw(aim, proto, data, "options, header linear", options=b"\1" * 12, linear=32)
            yield maker.raw(aim, proto, data, "later fragment, header linear", frag=10, linear=20)
        else:
            first, body = pk.ext_chain(proto, data, [_EXT["hop-by-hop"], _EXT["destination"]])
            for linear in (40, 44, 48, 52, 56, 60):
                yield maker.raw(aim, first, body, f"extension headers, {linear} bytes linear", linear=linear)


def _back(maker, aim):
    """The Aim of an answer to @aim, or None where no leg of the world would send it."""
    if aim.hook == "INPUT":
        return None
    iif = route(maker.family, aim.dst)
    icmp = {(8, 0): (0, 0), (128, 0): (129, 0)}.get(aim.icmp, aim.icmp)
    hook = "INPUT" if aim.hook == "OUTPUT" else "FORWARD"
    src, sport = aim.answer_from or (aim.dst, None)
    dst, dport = aim.answer_to or (aim.src, None)
    if aim.answer_from:
        iif = route(maker.family, src)
    return replace(aim, hook=hook, iif=iif, src=src, dst=dst, sport=aim.dport if sport is None else sport,
                   dport=aim.sport if dport is None else dport, icmp=icmp)


def _icmp_error(maker, original, back, rng):
    """An ICMP error about a packet, as the other end's router would send it."""
    quoted = original.data[:28 if maker.family == 4 else 88]
    if maker.family == 4:
        kind, code = rng.choice(((3, 3), (3, 1), (11, 0), (12, 0)))
        return maker.raw(back, pk.ICMP, pk.icmp(kind, code, bytes(4), quoted), f"ICMP error {kind}/{code}")
    kind, code = rng.choice(((1, 4), (1, 0), (3, 0), (4, 1)))
    data = pk.icmpv6(back.source, back.destination, kind, code, bytes(4), quoted)
    return maker.raw(back, pk.ICMPV6, data, f"ICMP error {kind}/{code}")


def _tcp_flow(maker, aim, back, rng):
    """(Aim, flags, seq, ack, payload) of one connection, the kernel's conntrack watching the numbers."""
    syn, ack = pk.SYN, pk.ACK
    story = [(aim, syn, 1000, 0, b""), (back, syn | ack, 5000, 1001, b""), (aim, ack, 1001, 5001, b""),
             (aim, ack | pk.PSH, 1001, 5001, b"hello"), (back, ack, 5001, 1006, b""), (back, ack | pk.PSH, 5001, 1006, b"world")]
    ends = [
        [(aim, pk.FIN | ack, 1006, 5006, b""), (back, pk.FIN | ack, 5006, 1007, b""), (aim, ack, 1007, 5007, b"")],
        [(aim, pk.RST | ack, 1006, 5006, b""), (aim, ack, 1007, 5006, b"")],
        [(back, pk.RST, 5006, 0, b""), (aim, syn, 9000, 0, b"")],
        [(aim, ack, 900001006, 77, b"x"), (back, ack | syn, 1, 1, b"")],
        [(aim, 0, 1, 1, b""), (aim, syn | pk.FIN, 1, 1, b"")],
    ]
    return story + rng.choice(ends)


def flows(maker, aims, rng, count):
    """Connections: both directions, handshake, data, end; ICMP errors about them; packets out of nowhere."""
    for aim, _ in _some(maker, [a for a in aims if a[0].hook != "INPUT"], rng, count):
        aim = replace(aim, sport=rng.randrange(1024, 65536), fragment=False, payload=16)
        if aim.hook == "OUTPUT" and route(maker.family, aim.dst) in LEG:
            # The address that MASQUERADE would choose anyhow, so that the answers belong to it.
            aim = replace(aim, src=router_address(maker.family, LEG[route(maker.family, aim.dst)]))
        back = _back(maker, aim)
        if aim.proto == pk.TCP:
            for who, flags, seq, ack, data in _tcp_flow(maker, aim, back, rng):
                segment = pk.tcp(who.source, who.destination, who.sport, who.dport, flags, seq, ack, payload=data)
                packet = maker.raw(who, pk.TCP, segment, f"flow, flags {flags:#x}")
                yield packet
        else:
            for who in (aim, back, aim, back):
                packet = maker.plain(who, "flow")
                yield packet
        first = maker.plain(aim, "flow again")
        yield first
        yield _icmp_error(maker, first, back, rng)
        stray = maker.plain(replace(aim, src=aim.src ^ 1))
        yield _icmp_error(maker, stray, back, rng)
    for aim, _ in _some(maker, [a for a in aims if a[0].hook == "INPUT"], rng, (count or 20) // 3):
        for _ in range(2):  # the router's own answer makes it ESTABLISHED
            yield maker.plain(aim, "to the router")


def mangled(maker, aims, rng, count):
    """Whole packets of which any few bytes are anything, or whose end is missing; the IPv4 checksum mostly right."""
    for aim, _ in _some(maker, aims, rng, count):
        packet = maker.plain(aim, "mangled")
        data, head = bytearray(packet.data), 20 if maker.family == 4 else 40
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(rng.choice((head, len(data))))
            data[at] = rng.choice((0, 1, 255, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
        if rng.random() < 0.2:
            del data[rng.randrange(head, len(data) + 1):]
        if maker.family == 4:
            data[4:6] = packet.data[4:6]
            if rng.random() < 0.8 and len(data) >= (data[0] & 15) * 4 >= 20:
                data[10:12] = bytes(2)
                data[10:12] = pk.checksum(bytes(data[:(data[0] & 15) * 4])).to_bytes(2, "big")
        if packet.leg == "local" and data[0] >> 4 != (4 if maker.family == 4 else 6):
            continue  # a raw socket does not take it
        packet.data = bytes(data)
        yield packet


OWNERS = ((0, 0), (0, 4000), (99, 4000), (100, 3999), (150, 4001), (151, 0), (65534, 65534))


def sockets(maker, aims, rng, count):
    """Datagrams and first segments of sockets in the router, of several owners."""
    for aim, _ in _some(maker, [a for a in aims if a[0].hook == "OUTPUT"], rng, count):
        if route(maker.family, aim.src) != "lo":  # an address that is not the router's
            aim = replace(aim, src=router_address(maker.family, rng.choice(list(LEG.values()))))
        # A connection of the router with itself is long, and its numbers are by chance.
        proto = rng.choice((pk.UDP, pk.UDP, pk.TCP)) if route(maker.family, aim.dst) != "lo" else pk.UDP
        aim = replace(aim, proto=proto, sport=aim.sport or 1, payload=min(aim.payload, 1000), fragment=False, flags=pk.SYN,
                      tcp_options=b"", ttl=None, tos=None)
        packet = maker.plain(aim, "from a socket")
        packet.owner = rng.choice(OWNERS)
        yield packet


GENERATORS = {
    "boundary": boundary,
    "random": random_fields,
    "flows": flows,
    "fragments": fragments,
    "truncated": truncated,
    "ipoptions": ipoptions,
    "exthdrs": exthdrs,
    "protocols": protocols,
    "paged": paged,
    "offloaded": offloaded,
    "headers": headers,
    "extensions": extensions,
    "texts": texts,
    "mangled": mangled,
    "sockets": sockets,
}


def generate(rules, spec=DEFAULT_SPEC, seed=1, first_tag=0, **kw):
    """@rules: saved rulesets by family. Packets of all families, mixed. @kw: for aims.aims_for()."""
    tags, packets = Tags(), []
    tags.last = first_tag
    for item in spec.split(","):
        kind, _, count = item.partition(":")
        if kind not in GENERATORS:
            raise ValueError(f"no packets of kind '{kind}': there are {', '.join(GENERATORS)}")
        per_family = []
        for family, text in sorted(rules.items()):
            rng = random.Random(f"{seed} {kind} {family}")
            maker = Maker(family, rng, tags)
            aims = list(aims_for(parse_rules(text), family, rng, **kw))
            for table in ("raw", "mangle", "security"):
                aims += aims_for(at_filter_hooks(parse_rules(text, table)), family, rng, **kw)
            aims += aims_for_other_tables([parse_rules(text, table) for table in ("raw", "mangle", "nat")], family, rng)
            per_family.append(list(GENERATORS[kind](maker, aims, rng, int(count) if count else None)))
        for family_packets in per_family:
            packets += family_packets
    return packets
