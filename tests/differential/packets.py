# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as bytes, from the network header on. Whatever can be wrong in a packet can be asked for.

Every packet carries a tag by which it is known again where it comes out:
the identification field (IPv4) or the flow label (IPv6). Builders take addresses as text.
"""

import socket
import struct
from dataclasses import dataclass

ICMP, TCP, UDP, DCCP, ESP, AH, ICMPV6, SCTP, UDPLITE = 1, 6, 17, 33, 50, 51, 58, 132, 136
HOPOPTS, ROUTING, FRAGMENT, NONEXT, DSTOPTS, MH = 0, 43, 44, 59, 60, 135

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128


@dataclass
class Packet:
    """What is sent, and where: `leg` is the interface of the router that it arrives at,
    or "local" when the router itself sends it (through a raw socket)."""

    family: int
    leg: str
    data: bytes
    label: str
    # How many bytes from the network header on lie in the skb's linear area (None: all).
    # Takes effect only where the whole frame is larger than a page.
    linear: int = None
    # The size of the segments into which a network card would cut this TCP packet (None: it is one).
    segment: int = None
    # The Ethernet address that it is sent to (None: the router's).
    mac: bytes = None
    # (user, group): sent by a UDP or TCP socket of theirs in the router, that has the addresses and ports
    # in `data`, instead of a raw one.
    owner: tuple = None


def checksum(data):
    """The Internet checksum (RFC 1071) of @data, in host order."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _aton(addr):
    return socket.inet_pton(socket.AF_INET6 if ":" in addr else socket.AF_INET, addr)


def _pseudo(src, dst, proto, length):
    s, d = _aton(src), _aton(dst)
    if len(s) == 4:
        return s + d + struct.pack("!BBH", 0, proto, length)
    return s + d + struct.pack("!IHBB", length, 0, 0, proto)


def _sum(src, dst, proto, segment, at):
    """@segment with its checksum field, two bytes at @at, filled in."""
    c = checksum(_pseudo(src, dst, proto, len(segment)) + segment)
    if proto in (UDP, UDPLITE) and c == 0:
        c = 0xffff
    return segment[:at] + struct.pack("!H", c) + segment[at + 2:]


# ---- transport ----

def tcp(src, dst, sport, dport, flags=SYN, seq=1000, ack=0, options=b"", payload=b"", window=8192):
    options += b"\0" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                       (5 + len(options) // 4) << 4, flags, window, 0, 0)
    return _sum(src, dst, TCP, head + options + payload, 16)


def udp(src, dst, sport, dport, payload=b"data"):
    return _sum(src, dst, UDP, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload, 6)


def udplite(src, dst, sport, dport, payload=b"data"):
    return _sum(src, dst, UDPLITE, struct.pack("!HHHH", sport, dport, 0, 0) + payload, 6)


def _crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def sctp(sport, dport, chunk=1, tag=0):
    """One INIT chunk (or another type) without parameters."""
    body = struct.pack("!BBHIIHHI", chunk, 0, 20, 0x1234, 65536, 1, 1, 1)
    head = struct.pack("!HHI", sport, dport, tag)
    crc = _crc32c(head + b"\0\0\0\0" + body)
    return head + struct.pack("<I", crc) + body


def dccp(src, dst, sport, dport, kind=0):
    """@kind: 0 is a request."""
    head = struct.pack("!HHBBHBBHII", sport, dport, 5, 0, 0, kind << 1 | 1, 0, 0, 1, 7)
    return _sum(src, dst, DCCP, head, 6)


def icmp(kind, code=0, rest=b"\0\1\0\1", payload=b"ping"):
    body = struct.pack("!BBH", kind, code, 0) + rest + payload
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def icmpv6(src, dst, kind, code=0, rest=b"\0\1\0\1", payload=b"ping"):
    return _sum(src, dst, ICMPV6, struct.pack("!BBH", kind, code, 0) + rest + payload, 2)


# ---- network ----

def ipv4(src, dst, proto, payload, tag=1, ttl=64, tos=0, frag=0, more=False, df=False,
         options=b"", total=None, ihl=None, version=4):
    """@frag: fragment offset in units of 8 bytes. @total, @ihl: lies about the lengths."""
    options += b"\1" * (-len(options) % 4)
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", version << 4 | (words if ihl is None else ihl), tos,
                       words * 4 + len(payload) if total is None else total, tag & 0xffff,
                       (df << 14) | (more << 13) | frag, ttl, proto, 0, _aton(src), _aton(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, tag=1, hops=64, tclass=0, length=None, version=6):
    return struct.pack("!IHBB16s16s", version << 28 | tclass << 20 | (tag & 0xfffff),
                       len(payload) if length is None else length, proto, hops, _aton(src), _aton(dst)) + payload


def ip(src, dst, proto, payload, tag=1, **kw):
    """IPv4 or IPv6, as the addresses say."""
    return (ipv6 if ":" in src else ipv4)(src, dst, proto, payload, tag=tag, **kw)


# ---- IPv6 extension headers: each returns bytes whose first byte names the next header ----

def ext_options(nxt, options=b"", kind=HOPOPTS):
    """Hop-by-hop or destination options; padded with PadN."""
    del kind  # they only differ in the number that the header before gives them
    pad = -(2 + len(options)) % 8
    options += b"" if not pad else b"\0" if pad == 1 else bytes((1, pad - 2)) + b"\0" * (pad - 2)
    return bytes((nxt, (2 + len(options)) // 8 - 1)) + options


def ext_routing(nxt, kind=0, left=0, addresses=()):
    data = b"".join(_aton(a) for a in addresses)
    return bytes((nxt, len(data) // 8, kind, left)) + b"\0" * 4 + data


def ext_fragment(nxt, offset=0, more=False, ident=77):
    """@offset in units of 8 bytes."""
    return struct.pack("!BBHI", nxt, 0, offset << 3 | more, ident)


def ext_ah(nxt, spi=0x100, icv=b"\0" * 12):
    return struct.pack("!BBHII", nxt, (12 + len(icv)) // 4 - 2, 0, spi, 1) + icv


def esp(spi=0x100, payload=b"\0" * 16):
    return struct.pack("!II", spi, 1) + payload


def ext_chain(last, payload, headers):
    """Puts extension headers before a transport header. @headers: (number, builder) pairs, builder
    called with the number of what follows. Returns (number of the first, bytes)."""
    nxt, data = last, payload
    for number, build in reversed(headers):
        data = build(nxt) + data
        nxt = number
    return nxt, data


# ---- what came out ----

def describe(data):
    """One line for a human: enough to know the packet."""
    try:
        if data[0] >> 4 == 4:
            src, dst = (socket.inet_ntop(socket.AF_INET, data[i:i + 4]) for i in (12, 16))
            proto, off = data[9], (data[0] & 15) * 4
            frag = struct.unpack_from("!H", data, 6)[0]
            extra = f" id {struct.unpack_from('!H', data, 4)[0]}"
            if frag & 0x3fff:
                extra += f" frag {frag & 0x1fff}{'+' if frag & 0x2000 else ''}"
        else:
            src, dst = (socket.inet_ntop(socket.AF_INET6, data[i:i + 16]) for i in (8, 24))
            proto, off = data[6], 40
            extra = f" label {struct.unpack_from('!I', data)[0] & 0xfffff}"
        ports = ""
        if proto in (TCP, UDP, SCTP, UDPLITE, DCCP) and len(data) >= off + 4:
            ports = " %d>%d" % struct.unpack_from("!HH", data, off)
        elif proto in (ICMP, ICMPV6) and len(data) >= off + 2:
            ports = " type %d/%d" % (data[off], data[off + 1])
        return f"{src} > {dst} proto {proto}{ports} len {len(data)}{extra}"
    except (IndexError, struct.error):
        return f"{len(data)} bytes {data[:24].hex()}"
