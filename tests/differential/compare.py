# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the same packets through two sides and says where they differ."""

import os
import struct
from dataclasses import dataclass, field

from packets import ICMP, ICMPV6, RST, SYN, TCP, describe
from topology import LEGS

BATCH = 32
_ROUTER4 = {bytes(map(int, leg.addr4.split("/")[0].split("."))) for leg in LEGS}
ICMP_ERRORS, ICMPV6_ERRORS = (3, 5, 11, 12), (1, 2, 3, 4)


def _without_numbers(segment):
    """A TCP segment without the numbers that a socket of the router's chose by lot: in its first segment, in the reset that
    answers it, and in the checksums over them."""
    if len(segment) < 20 or not segment[13] & (SYN | RST):
        return segment
    return segment[:4] + bytes(8) + segment[12:16] + bytes(2) + segment[18:]


def _normalise_icmp(message, errors):
    """An ICMP message; errors quote a packet. Without the checksum, as that covers what is left out."""
    if message[:1] == b"\x0e" and errors == ICMP_ERRORS:  # a timestamp reply: the time of day
        return message[:2]
    if len(message) > 8 and message[0] in errors:
        return message[:2] + bytes(2) + message[4:8] + normalise(message[8:])
    return message


def normalise(data):
    """@data without what the router's kernel draws by lot: the identification of packets that it made
    itself, first sequence numbers, and the identification of IPv6 fragments that it made again after defragmentation."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        head = (data[0] & 15) * 4
        if (data[12:16] in _ROUTER4 or data[12] == 127) and data[9] in (ICMP, TCP):
            data = data[:4] + b"\0\0" + data[6:10] + b"\0\0" + data[12:]
        if data[9] == TCP:
            data = data[:head] + _without_numbers(data[head:])
        elif data[9] == ICMP:
            data = data[:head] + _normalise_icmp(data[head:], ICMP_ERRORS)
    elif len(data) >= 48 and data[0] >> 4 == 6:
        if data[6] == TCP:
            return data[:40] + _without_numbers(data[40:])
        if data[6] == ICMPV6:
            return data[:40] + _normalise_icmp(data[40:], ICMPV6_ERRORS)
        at, nxt = 40, data[6]
        while nxt in (0, 43, 60) and at + 8 <= len(data):
            nxt, at = data[at], at + 8 * (data[at + 1] + 1)
        if nxt == 44 and at + 8 <= len(data):
            data = data[:at + 4] + bytes(4) + data[at + 8:]
    return data


def tag_of(data):
    """What the packet builders tagged the packet with."""
    if len(data) >= 8 and data[0] >> 4 == 4:
        return 4, struct.unpack_from("!H", data, 4)[0]
    if len(data) >= 4:
        return 6, struct.unpack_from("!I", data)[0] & 0xfffff
    return 0, 0


@dataclass
class Trial:
    """One side with its ruleset, and what came out of it."""

    side: object
    tools: object
    rules: dict
    out: list = field(default_factory=list)  # per batch: [(leg, packet)]
    refused: list = field(default_factory=list)  # per packet: the kernel would not send it
    counters: dict = field(default_factory=dict)  # by family
    status: dict = None


@dataclass
class Difference:
    kind: str  # "verdict", "counter", "rules"
    text: str


def send_all(trial, packets, cpus=None):
    """Sends @packets in order, in batches, four on one CPU, four on the next, and notes what came out."""
    cpus = cpus or sorted(os.sched_getaffinity(0))
    try:
        for number, start in enumerate(range(0, len(packets), BATCH)):
            os.sched_setaffinity(0, {cpus[number // 4 % len(cpus)]})
            for packet in packets[start:start + BATCH]:
                trial.refused.append(not trial.side.send(packet))
            trial.out.append([(leg, normalise(data)) for leg, data in trial.side.collect()])
    finally:
        os.sched_setaffinity(0, cpus)


def run_trial(trial, packets):
    """Loads, sends, reads the counters."""
    trial.tools.load(trial.side, trial.rules)
    trial.tools.go_live(trial.side)
    send_all(trial, packets)
    trial.status = trial.tools.status(trial.side)
    for family in trial.rules:
        trial.counters[family] = trial.tools.save(trial.side, family)


def _missing(ours, theirs):
    rest = list(theirs)
    found = []
    for item in ours:
        if item in rest:
            rest.remove(item)
        else:
            found.append(item)
    return found


def verdicts(a, b, packets):
    """The packets that came out of one side only."""
    found = []
    for number, (out_a, out_b) in enumerate(zip(a.out, b.out)):
        if out_a == out_b:
            continue
        start = number * BATCH
        batch = packets[start:start + BATCH]
        for who, other, items in ((a, b, _missing(out_a, out_b)), (b, a, _missing(out_b, out_a))):
            for leg, data in items:
                sent = [f"#{start + i} {p.leg}: {p.label}: {describe(p.data)}"
                        for i, p in enumerate(batch) if tag_of(p.data) == tag_of(data)]
                found.append(Difference("verdict",
                                        f"only {who.tools.name} lets out at {leg}: {describe(data)}"
                                        f" (not {other.tools.name})\n    sent: "
                                        + "; ".join(sent or [f"one of #{start}..#{start + len(batch) - 1}"])))
        if not found:  # the same packets, another order
            found.append(Difference("verdict", f"batch #{start}: packets came out in another order"))
    for i, (ra, rb) in enumerate(zip(a.refused, b.refused)):
        if ra != rb:
            found.append(Difference("verdict", f"the router itself could not send #{i} with"
                                    f" {(a if ra else b).tools.name} only: {describe(packets[i].data)}"))
    return found


def counters(a, b, same_rules=True):
    """Rule by rule and policy by policy. @same_rules: the texts have to be the same, too."""
    found = []
    for family in a.rules:
        one, two = a.counters[family], b.counters[family]
        if same_rules and [(e.table, e.text) for e in one] != [(e.table, e.text) for e in two]:
            for who, x, y in ((a, one, two), (b, two, one)):
                for entry in _missing([(e.table, e.text) for e in x], [(e.table, e.text) for e in y]):
                    found.append(Difference("rules", f"only {who.tools.name} saves, in table {entry[0]}: {entry[1]}"))
            continue
        for x, y in zip(one, two):
            if (x.packets, x.bytes) != (y.packets, y.bytes):
                found.append(Difference("counter", f"IPv{family} {x.table}: {x.text}\n"
                                        f"    {a.tools.name} {x.packets}:{x.bytes}"
                                        f"  {b.tools.name} {y.packets}:{y.bytes}"))
    return found


def coverage(trial):
    """How many rules (not chains) of @trial a packet met, and how many there are."""
    rules = [e for entries in trial.counters.values() for e in entries if e.text.startswith("-A")]
    return sum(e.packets > 0 for e in rules), len(rules)


def unmet(trial):
    """The rules that no packet met."""
    return [f"IPv{family} {e.table}: {e.text}" for family, entries in trial.counters.items() for e in entries
            if e.text.startswith("-A") and not e.packets]


def decided(trial):
    """Packets that BPF decided and that it handed over, over all chains."""
    chains = trial.status["chains"] if trial.status else []
    return (sum(c["decided_packets"] for c in chains), sum(c["handed_over_packets"] for c in chains))
