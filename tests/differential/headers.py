# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets for the matches that look into headers: every header they read in many shapes, whole, cut short at
every byte, in fragments, behind IP options or extension headers, outside of the skb's linear area."""

import ipaddress
import random
import struct

import packets as pk
from aimfields import replace
from aims import Aimer
from topology import LEG

IPCOMP = 108
MULTICAST_MAC = {4: bytes.fromhex("01005e000001"), 6: bytes.fromhex("333300000001")}
BROADCAST_MAC = b"\xff" * 6


def _sctp(sport, dport, *chunks):
    """@chunks: (type, flags, value) or bytes as they are."""
    body = b""
    for chunk in chunks:
        if isinstance(chunk, bytes):
            body += chunk
            continue
        kind, flags, value = chunk
        body += struct.pack("!BBH", kind, flags, 4 + len(value)) + value + bytes(-len(value) % 4)
    return struct.pack("!HHII", sport, dport, 7, 0) + body


def sctp_bodies():
    data, sack, init = (0, 3, b"123"), (3, 0, b"1234" * 3), (1, 0, b"1234" * 4)
    for name, chunks in {
        "init": (init,), "data": (data,), "data, sack": (data, sack), "data other flags": ((0, 0, b"x"), sack),
        "all three": (init, data, sack), "shutdown": ((7, 0, b"1234"),), "data, abort": (data, (6, 1, b"")),
        "begins": ((0, 2, b"1234"), sack),
        "begins twice": ((0, 2, b"1"), (3, 9, b""), (0, 1, b"2")), "none": (), "length 0": (data, b"\0\0\0\0"), "length 1": (b"\0\3\0\1",) * 3, "length 2": (b"\3\0\0\2", data),
        "length lies": (b"\0\3\1\0abcd",), "length ends in the packet": (b"\0\3\0\x0aabcdefgh", sack), "chunk 255": ((255, 0, b""),),
        "three bytes over": (data, b"\1\1\1"), "two flags": ((0, 1, b""), (0, 2, b""), (0, 3, b"")),
        "many": (data,) * 100, "many, one other": (data,) * 90 + (sack,) + (data,) * 9,
    }.items():
        for ports in ((40000, 80), (80, 91), (1023, 90)):
            yield pk.SCTP, _sctp(*ports, *chunks), f"sctp {name}"


def dccp_bodies():
    options = {"none": b"", "3": b"\3\4\1\1", "0 then 3": b"\0\0\0\3", "3 last": b"\1\1\1\3", "40": b"\x28\3\1\1",
               "3 within another": b"\x20\4\3\3", "length 0": b"\x20\0\3\1", "length beyond": b"\x20\x40\3\3",
               "many": b"\1" * 100 + b"\3\0", "one only": b"\3\2\1\0" + b"\x20\6abcd\0\0"}
    for kind in range(16):
        for wide in (0, 1):
            head = (16 if wide else 12) + {2: 0, 0: 4}.get(kind, 8 if kind in (3, 4, 5, 6, 8, 9) else 12)
            name = random.Random(kind * 2 + wide).choice(list(options))
            for chosen in sorted({name, "3", "none"}):
                option = options[chosen] + bytes(-len(options[chosen]) % 4)
                for doff in {(head + len(option)) // 4, head // 4 - 1, head // 4, (head + len(option)) // 4 + 1}:
                    body = struct.pack("!HHBBHBBH", 40000 + kind, 80, doff, 0, 0, kind << 1 | wide, 0, 0)
                    yield pk.DCCP, body + b"\3" * (head - 12) + option, f"dccp type {kind} options {chosen} offset {doff}"


def tcp_bodies(source, destination):
    mss = {"none": b"", "1460": b"\2\4\5\xb4", "1461": b"\2\4\5\xb5", "536": b"\2\4\2\x18", "after nops": b"\1\1\2\4\5\x78\1\1",
           "bad length": b"\2\5\5\xb4\1\0\0\0", "length 0": b"\2\0\2\4\5\xb4\0\0", "at the end": b"\1\1\1\1\1\2\4\5",
           "short": b"\1\1\1\2", "two": b"\2\4\2\x18\2\4\5\xb4", "end before": b"\0\2\4\5\xb4\0\0\0", "skipped": b"\x40\x06\2\4\5\xb4\1\1",
           "forty": b"\x08\x0a" + bytes(8) + b"\1" * 26 + b"\2\4\5\xb4"}
    for name, options in mss.items():
        for flags in (pk.SYN, pk.SYN | pk.ECE | pk.CWR, pk.ACK | pk.ECE, pk.CWR):
            yield pk.TCP, pk.tcp(source, destination, 40000, 80, flags, options=options, payload=b"data"), f"tcp mss {name} flags {flags:#x}"
    whole = pk.tcp(source, destination, 40000, 80, pk.SYN, options=b"\2\4\5\xb4", payload=b"12345678")
    for doff in (0, 4, 5, 6, 7, 8, 9, 15):
        yield pk.TCP, whole[:12] + bytes((doff << 4,)) + whole[13:], f"tcp data offset {doff}"


def spi_bodies():
    for spi in (0, 255, 256, 257, 511, 512, 0xffffffff):
        yield pk.ESP, pk.esp(spi), f"esp spi {spi}"
        yield pk.AH, pk.ext_ah(pk.NONEXT, spi), f"ah spi {spi}"
        yield pk.AH, pk.ext_ah(pk.TCP, spi, b""), f"ah spi {spi}, short"
    for cpi in (2, 3, 9, 10, 65535):
        yield IPCOMP, struct.pack("!BBH", pk.TCP, 0, cpi) + b"data", f"ipcomp cpi {cpi}"
    for proto in (pk.NONEXT, pk.TCP):
        for kind in (0, 1, 2, 5, 6, 7, 255):
            yield pk.MH, bytes((proto, 1, kind, 0)) + bytes(12), f"mh type {kind} before {proto}"


def udp_bodies(source, destination):
    for size in (0, 11, 12, 19, 20, 21, 22, 23, 39, 40, 72, 73, 80, 81):
        yield pk.UDP, pk.udp(source, destination, 40000, 53, b"x" * size), f"udp with {size} bytes"
        yield pk.UDPLITE, pk.udplite(source, destination, 40000, 53, b"x" * size), f"udplite with {size} bytes"


def _options(nxt, data, length=None):
    """An options header of these bytes; @length: what it says of itself."""
    data += bytes(-(2 + len(data)) % 8)
    return bytes((nxt, (2 + len(data)) // 8 - 1 if length is None else length)) + data


def extension_bodies(source, destination):
    """IPv6 extension headers, each alone in front of TCP, then in chains."""
    last = pk.tcp(source, destination, 40000, 80, payload=b"12345678")
    options = {
        "alert, pad1": b"\5\2\0\0\0\0", "alert, padn 0": b"\5\2\0\0\1\0", "alert other length": b"\5\3\0\0\0\0", "padn 4": b"\1\4\0\0\0\0",
        "pad1 only": b"\0\0\0\0\0\0", "pad1 twice, padn": b"\0\0\1\2\0\0", "padn twice": b"\1\1\0\1\1\0", "padn reaches out": b"\1\5\0\0\0\0",
        "padn far out": b"\1\xff\0\0\0\0", "pad1 twice, padn far out": b"\0\0\1\xff\0\0", "length behind": b"\0\0\0\0\0\1",
        "long": b"\1\x10" + bytes(16), "home address": b"\xc9\x10" + bytes(16), "three": b"\4\1\0\5\3abc\6\4abcd\0",
        "three cut": b"\4\1\0\5\3abc\6\1", "jumbo": b"\xc2\4\0\1\0\0", "many": b"\1\0" * 100,
    }
    for kind in (pk.HOPOPTS, pk.DSTOPTS):
        for name, option in options.items():
            yield kind, _options(pk.TCP, option) + last, f"options {kind} {name}"
            yield kind, _options(pk.TCP, option, 5) + last, f"options {kind} {name}, length 5"
        yield kind, _options(pk.TCP, b"\1\4\0\0\0\0", 255) + last, f"options {kind}, longer than the packet"
    hops = tuple(f"2001:db8::{n}" for n in (1, 2, 3, 4, 1))
    for count in range(6):
        for kind, left in ((0, 0), (0, 1), (0, 3), (0, 4), (2, 1), (4, 0), (253, 1)):
            yield pk.ROUTING, pk.ext_routing(pk.TCP, kind, left, hops[:count]) + last, f"routing {kind} left {left}, {count} hops"
        yield pk.ROUTING, pk.ext_routing(pk.TCP, 0, 1, hops[5 - count:]) + last, f"routing, last {count} hops"
        yield pk.ROUTING, pk.ext_routing(pk.TCP, 0, 0, hops[:count])[:4] + b"\0\1\0\0" + last, f"routing, reserved set, {count}"
    yield pk.ROUTING, bytes((pk.TCP, 3, 0, 0)) + bytes(28) + last, "routing of odd length"
    yield pk.ROUTING, bytes((pk.TCP, 200, 0, 0)) + bytes(28) + last, "routing longer than the packet"
    for ident in (0, 76, 77, 78, 0xffffffff):
        for offset in (0, 1, 2, 4, 6, 7, 8, 9, 0xfff8, 0xffff):
            for nxt, reserved in ((pk.TCP, 0), (pk.AH, 1), (pk.DSTOPTS, 0), (pk.NONEXT, 0)):
                yield pk.FRAGMENT, struct.pack("!BBHI", nxt, reserved, offset, ident) + last, f"fragment {offset:#x} id {ident} next {nxt}"
    for spi in (255, 256, 300, 301):
        for words in (0, 1, 2, 4, 5, 30):
            for reserved in (0, 1, 0x100):
                head = struct.pack("!BBHII", pk.TCP, words, reserved, spi, 1) + bytes(12)
                yield pk.AH, head + last, f"ah spi {spi} length {words} reserved {reserved}"
    numbers = {"hop": pk.HOPOPTS, "dst": pk.DSTOPTS, "rt": pk.ROUTING, "frag": pk.FRAGMENT, "ah": pk.AH}
    builders = {"hop": lambda n: _options(n, b"\1\4\0\0\0\0"), "dst": lambda n: _options(n, b"\1\x10" + bytes(16)),
                "rt": lambda n: pk.ext_routing(n, 0, 0, hops[:1]), "frag": pk.ext_fragment, "ah": pk.ext_ah}
    rng = random.Random(1)
    for number in range(120):
        chain = rng.choices(list(numbers), k=rng.randrange(2, 6 if number % 10 else 40))
        ends = rng.choice((pk.TCP, pk.NONEXT, pk.ESP, 0xfd))
        first, data = pk.ext_chain(ends, last if ends == pk.TCP else pk.esp(), [(numbers[c], builders[c]) for c in chain])
        if number % 3 == 0:
            at = rng.randrange(len(data))
            data = data[:at] + bytes((rng.randrange(256),)) + data[at + 1:]
        yield first, data, f"{'+'.join(chain)} then {ends}"


def extensions(maker, aims, rng, count):
    """IPv6 extension headers in many shapes, to be told apart by matches on them."""
    if maker.family == 4:
        return
    aimer = Aimer(maker.family, rng)
    for hook in ("FORWARD", "INPUT", "OUTPUT"):
        aim = replace(aimer.start(hook), fragment=False, label=hook)
        for number, (proto, data, what) in enumerate(extension_bodies(aim.source, aim.destination)):
            yield from _shapes(maker, aim, proto, data, what, number + rng.randrange(2), max(4, count or 5))


def texts(maker, aims, rng, count):
    """Payloads to be searched: patterns at every place around a boundary, almost patterns, random text of two letters."""
    aimer = Aimer(maker.family, rng)
    head = (20 if maker.family == 4 else 40) + 8
    words = (b"abab", b"aab", b"aaB", b"abaabaaab", b"abaabaaabaaaab", b"HTTP/1.1", b"Host: ", b"a" * 15 + b"b", b"\0\1\0", b"\0\0abab\0")
    for hook in ("FORWARD", "INPUT", "OUTPUT"):
        aim = replace(aimer.start(hook), fragment=False, label=hook)

        def udp(data, what, **kw):
            return maker.raw(aim, pk.UDP, pk.udp(aim.source, aim.destination, 40000, 53, data), what, **kw)

        for word in words:
            for at in range(0, 80 - head):
                yield udp(b"x" * at + word, f"{word} at the end, {head + at} on")
                yield udp(b"a" * at + word + b"y" * 20, f"{word} behind a, {head + at} on")
        for word in (*words, b"a" * 99 + b"b", b"ab" * 59 + b"ab") if aim.leg != "local" else ():
            for linear in range(head + 20, head + 24 + len(word)):  # the word in front of, across and behind the linear part's end
                yield udp(b"x" * 22 + word + b"y" * 90, f"{word[:16]} across {linear}", linear=linear)
            for before in (100, 155, 156, 157, 1000, 3000):  # across the end of one read
                yield udp(b"y" * (before - len(word)) + word, f"{word[:16]} ends at {before}", linear=head + 20)
        for long in (b"a" * 99 + b"b", b"a" * 100 + b"b", b"a" * 300 + b"b", b"ab" * 60, b"ab" * 59 + b"aab", b"ba" * 60):
            for around in (0, 1, 700):
                yield udp(b"b" * around + long + b"a" * around, f"{long[:4]}... among {around}")
        for number in range(count or 300):
            letters = rng.choice((b"ab", b"aAbB", b"abH/", bytes(range(256))))
            size = rng.choice((rng.randrange(60), rng.randrange(1400), rng.randrange(8000)))
            data = bytes(rng.choices(letters, weights=[3] + [1] * (len(letters) - 1), k=size))
            linear = rng.choice((None, None, None, head, head + 3, head + 100)) if aim.leg != "local" else None
            yield udp(data, f"random text {number} {linear}", linear=linear)


def bodies(source, destination):
    """(protocol, bytes, what) of every kind."""
    yield from sctp_bodies()
    yield from dccp_bodies()
    yield from tcp_bodies(source, destination)
    yield from spi_bodies()
    yield from udp_bodies(source, destination)


def _shapes(maker, aim, proto, data, what, number, every):
    """One body in one packet, in fragments, cut short, paged."""
    yield maker.raw(aim, proto, data, what)
    turn = number % every
    if turn == 0:
        for size in range(min(len(data), 48)):
            yield maker.raw(aim, proto, data[:size], f"{what} cut to {size}")
    if turn == 1 and aim.leg != "local":
        head = 20 if maker.family == 4 else 40
        for linear in (head, head + 1, head + 4, head + 11, head + 12, head + 16, head + 21, head + 30):
            yield maker.raw(aim, proto, data + bytes(5000), f"{what}, {linear} bytes linear", linear=linear)
    if turn == 2:
        for offset, more in ((0, True), (1, False), (1, True), (9, False)):
            if maker.family == 4:
                yield maker.raw(aim, proto, data, f"{what} at {offset}", frag=offset, more=more)
            else:
                fragment = pk.ext_fragment(proto, offset, more)
                yield maker.raw(aim, pk.FRAGMENT, fragment + data, f"{what} at {offset}")
    if turn == 3 and maker.family == 4:
        for size in (4, 40):
            yield maker.raw(aim, proto, data, f"{what} behind options", options=b"\1" * size)
            yield maker.raw(aim, proto, data[:10], f"{what} behind options, cut", options=b"\1" * size)
    if turn == 3 and maker.family == 6:
        first, body = pk.ext_chain(proto, data, [(pk.HOPOPTS, pk.ext_options), (pk.DSTOPTS, pk.ext_options)])
        yield maker.raw(aim, first, body, f"{what} behind extension headers")


def _network(maker, aim):
    """The fields of the IP header, and where a frame is sent to."""
    field, cls = ("ttl", "tos") if maker.family == 4 else ("hops", "tclass")
    proto, data = maker.transport(aim)
    for value in (2, 61, 62, 63, 64, 65, 66, 128, 255):
        yield maker.raw(aim, proto, data, f"TTL {value}", **{field: value})
    for value in (1, 2, 3, 4, 8, 0x0c, 0x10, 0x11, 0x12, 0x14, 0x1c, 0x28, 0x2a, 0x2b, 0x2c, 0x80, 0xfc, 0xfe, 0xff):
        yield maker.raw(aim, proto, data, f"TOS {value:#x}", **{cls: value})
    if aim.leg != "local":
        for mac in (MULTICAST_MAC[maker.family], BROADCAST_MAC):
            packet = maker.raw(aim, proto, data, f"to {mac.hex()}")
            packet.mac = mac
            yield packet


def _sources(maker, aim):
    """IPv6 addresses made from the sender's Ethernet address, and ones that nearly are."""
    if maker.family == 4 or aim.leg == "local":
        return
    mac = bytes.fromhex(LEG[aim.leg].world_mac.replace(":", ""))
    right = bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]
    for at in range(-1, 8):
        wrong = right if at < 0 else right[:at] + bytes((right[at] ^ 1 << at,)) + right[at + 1:]
        near = replace(aim, src=int.from_bytes(bytes.fromhex("20010db800020000") + wrong, "big"))
        yield maker.raw(near, *maker.transport(near), f"source made from the MAC address, wrong at {at}")


def _groups(maker, aim):
    """To a group that every host is in, from outside and from the router itself."""
    group = int(ipaddress.ip_address("224.0.0.1" if maker.family == 4 else "ff02::1"))
    packet = maker.raw(replace(aim, dst=group), *maker.transport(replace(aim, dst=group, proto=pk.UDP)), "to a group")
    packet.mac = MULTICAST_MAC[maker.family]
    yield packet


def headers(maker, aims, rng, count):
    """Headers of all sorts for the matches that look into them; @count: every how manyth body in each special shape."""
    every = max(4, count or 8)
    aimer = Aimer(maker.family, rng)
    for hook in ("FORWARD", "INPUT", "OUTPUT"):
        aim = replace(aimer.start(hook), fragment=False, label=hook)
        yield from _network(maker, aim)
        yield from _groups(maker, aim)
        yield from _sources(maker, aim)
        for number, (proto, data, what) in enumerate(bodies(aim.source, aim.destination)):
            yield from _shapes(maker, aim, proto, data, what, number + rng.randrange(2), every)
