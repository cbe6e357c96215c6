# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps of aims.Aimer for fields that only some matches look at: header fields, identifiers, payloads."""

import packets as pk
from topology import LEGS

CHUNKS = {"DATA": 0, "INIT": 1, "INIT_ACK": 2, "SACK": 3, "HEARTBEAT": 4, "HEARTBEAT_ACK": 5, "ABORT": 6, "SHUTDOWN": 7,
          "SHUTDOWN_ACK": 8, "ERROR": 9, "COOKIE_ECHO": 10, "COOKIE_ACK": 11, "SHUTDOWN_COMPLETE": 14, "ASCONF": 193, "ASCONF_ACK": 128}
DCCP_TYPES = ("REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK")


def replace(aim, **changed):
    """dataclasses.replace() for an Aim, without its price: there are hundreds of thousands."""
    copy = object.__new__(type(aim))
    copy.__dict__.update(aim.__dict__, **changed)
    return copy


def _span(value, most):
    """"3:9" or "3" -> (3, 9) or (3, 3)"""
    first, colon, last = value.partition(":")
    return int(first or 0, 0), int(last or most, 0) if colon else int(first or 0, 0)


def _masked(value, full):
    number, slash, mask = value.partition("/")
    return int(number, 0), int(mask, 0) if slash else full


def mss_option(size):
    return b"\2\4" + (size & 0xffff).to_bytes(2, "big")


def _number(option, most, change):
    """Steps for a field that is one number: (meet, edges). @option: how a rule's value becomes a span; @change: what an Aim
    with a value of the field replaces."""
    def meet(self, aim, inverted, value):
        low, high = option(value)
        wanted = high + 1 if inverted and high < most else low - 1 if inverted else self.rng.randint(low, min(high, most))
        return replace(aim, **change(max(0, min(wanted, most)), aim))

    def edges(self, aim, value):
        low, high = option(value)
        return [change(n, aim) for n in sorted({low - 1, low, high, high + 1}) if 0 <= n <= most]

    return meet, edges


def _ttl(value, aim):
    return {"ttl": value}


class FieldAims:
    """Part of aims.Aimer, which has the family and the dice."""

    _meet_ttl_eq, _edges_ttl_eq = _number(lambda v: _span(v, 255), 255, _ttl)
    _meet_ttl_lt, _edges_ttl_lt = _number(lambda v: (0, max(0, int(v) - 1)), 255, _ttl)
    _meet_ttl_gt, _edges_ttl_gt = _number(lambda v: (min(255, int(v) + 1), 255), 255, _ttl)
    _meet_hl_eq, _edges_hl_eq, _meet_hl_lt, _edges_hl_lt = _meet_ttl_eq, _edges_ttl_eq, _meet_ttl_lt, _edges_ttl_lt
    _meet_hl_gt, _edges_hl_gt = _meet_ttl_gt, _edges_ttl_gt
    _meet_espspi, _edges_espspi = _number(lambda v: _span(v, 0xffffffff), 0xffffffff, lambda n, aim: {"spi": n})
    _meet_ahspi, _edges_ahspi = _meet_espspi, _edges_espspi
    _meet_mss, _edges_mss = _number(lambda v: _span(v, 65535), 65535, lambda n, aim: {"tcp_options": mss_option(n)})
    _meet_dscp, _edges_dscp = _number(lambda v: _span(v, 63), 63, lambda n, aim: {"tos": n << 2 | (aim.tos or 0) & 3})
    _meet_ecn_ip_ect, _edges_ecn_ip_ect = _number(lambda v: _span(v, 3), 3, lambda n, aim: {"tos": (aim.tos or 0) & 0xfc | n})

    def _meet_tos(self, aim, inverted, value):
        number, mask = _masked(value, 0xff)
        return replace(aim, tos=(aim.tos or 0) & ~mask | number ^ (mask & -mask if inverted else 0))

    def _edges_tos(self, aim, value):
        number, mask = _masked(value, 0xff)
        return [{"tos": n & 255} for n in (number, number | ~mask, *(number ^ 1 << bit for bit in range(8)))]

    def _meet_chunk_types(self, aim, inverted, value):
        name = self.rng.choice(value.split()[-1].split(",")).split(":")[0].upper()
        return replace(aim, kind=(CHUNKS.get(name, 0) + inverted) & 255)

    def _edges_chunk_types(self, aim, value):
        return [{"kind": kind} for kind in (0, 1, 3, 6, 255)]

    def _meet_dccp_types(self, aim, inverted, value):
        return replace(aim, kind=(DCCP_TYPES.index(self.rng.choice(value.split(","))) + inverted) & 15)

    def _edges_dccp_types(self, aim, value):
        return [{"kind": kind} for kind in range(0, 11, 2)]

    def _meet_mac_source(self, aim, inverted, value):
        legs = [leg for leg in LEGS if (leg.world_mac == value.lower()) != inverted]
        return replace(aim, iif=self.rng.choice(legs).name) if legs and aim.hook != "OUTPUT" else aim

    def _meet_pkt_type(self, aim, inverted, value):
        macs = {"multicast": bytes.fromhex("01005e000001" if self.family == 4 else "333300000001"), "broadcast": b"\xff" * 6}
        return replace(aim, mac=None if inverted else macs.get(value))

    def _edges_pkt_type(self, aim, value):
        return [{"mac": mac} for mac in (None, b"\xff" * 6, bytes.fromhex("01005e000001" if self.family == 4 else "333300000001"))]

    def _text(self, value, before):
        return b"x" * before + value.strip('"').encode()

    def _meet_string(self, aim, inverted, value):
        return aim if inverted else replace(aim, content=self._text(value, self.rng.randrange(40)) + b"y" * self.rng.randrange(8))

    def _edges_string(self, aim, value):
        head = (20 if self.family == 4 else 40) + {pk.TCP: 20, pk.UDP: 8}.get(aim.proto, 8)
        return [{"content": self._text(value, before)[:cut]} for before in (*range(0, 24, 5), max(0, 60 - head), max(0, 61 - head))
                for cut in (None, -1)]
