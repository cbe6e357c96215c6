# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures what a ruleset costs a packet, for several contenders in turns.

    with Bench(...) as bench:
        records = bench.measure(ruleset, ["nft", "hybrid"])

One router for each contender, all loaded before anything is measured; then rounds, in each of which every contender
sends the same packets. The figure is what a packet costs over "no ruleset" in the same round. Packets that a ruleset
drops go no further than the hook: what they are compared with is a router whose hook is passed at no cost and ends
there, computed from two BPF programs that do nothing but accept and drop:

    drop base = drop program's router - (accept program's router - no ruleset)
"""
import statistics
import time
from dataclasses import asdict, dataclass

from contenders import CONTENDERS
from injector import MAX_FLOWS, BenchError, Injector

BATCH = 64                  # packets that the stack gets at once
FEW = 16                    # packets of a first try; also of a round, where one packet takes ages
SLOW = 100000               # ns; so long that nothing but the rules is seen
NOTES = 0.001               # share of packets that nft may decide because another packet's note is in the way
BLOCK = 1024                # flows that one router meets before the next one does


@dataclass
class Record:
    """One line of the CSV: one contender, one kind of packet. Nanoseconds are medians over the rounds."""
    shape: str
    size: int
    rules: int
    case: str
    flows: int              # different packets sent, at most
    sent_flows: int         # different packets that one round sent; fewer where a contender is slow
    verdict: str
    contender: str
    rounds: int
    packets: int            # in a round
    base_ns: float          # a packet's whole way, without a ruleset
    added_ns: float
    added_min_ns: float
    ratio_nft: object       # medians of the rounds' ratios of added cost; "" where there is none
    ratio_legacy: object
    load_s: float           # restore, until it is decided as measured
    note: str               # handed over, runs in another mode ...


FIELDS = list(Record.__dataclass_fields__)


class Bench:
    """The generator, and the routers without a ruleset, for as many measurements as wanted."""

    def __init__(self, rounds=7, round_ms=5, log=lambda text: None, turn=True):
        self.rounds, self.round_ns, self.log = rounds, round_ms * 1e6, log
        self.injector = Injector(turn=turn)
        self.bases = {}
        self.told = set()   # who is skipped, and why
        self.problems = []  # what makes figures untrustworthy

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return self.injector.__exit__(*args)

    def _base(self, ruleset):
        """The three routers that stand for no ruleset."""
        key = (ruleset.hook, ruleset.conntrack)
        if key not in self.bases:
            made = {}
            for what in ("none", "accept", "drop"):
                router = self._router(f"{what}{len(self.bases)}", ruleset)
                if what != "none":
                    router.hook(ruleset.hook, 0, what)
                made[what] = router
            self.bases[key] = made
        return self.bases[key]

    def _router(self, name, ruleset):
        router = self.injector.router(name)
        if ruleset.conntrack:
            router.track_connections()
        for protocol, port in ruleset.listen:
            router.listen(protocol, port)
        return router

    def _load(self, name, ruleset):
        """A contender with the ruleset in it and how long that took, or None and why there is none."""
        kind = CONTENDERS[name]
        missing = kind.missing(ruleset)
        if missing:
            if (name, missing) not in self.told:
                self.told.add((name, missing))
                self.log(f"  {kind.title}: skipped: {missing}")
            return None
        contender = kind(self._router(name, ruleset))
        start = time.monotonic()
        try:
            contender.load(ruleset)
        except BenchError as error:
            if kind.optional:
                self.log(f"  {kind.title}: skipped: {error}")
            else:
                self.problem(f"{ruleset.shape}, {ruleset.size} rules: {error}")
            self._unload(contender)
            return None
        contender.load_seconds = time.monotonic() - start
        if contender.note:
            self.log(f"  {kind.title}: {contender.note}")
        return contender

    @staticmethod
    def _unload(contender):
        contender.unload()
        contender.router.close()

    def problem(self, text):
        self.problems.append(text)
        self.log(f"  PROBLEM: {text}")

    def measure(self, ruleset, names, flow_counts=(1, MAX_FLOWS), cases=None):
        """A list of Records."""
        loaded, records = [], []
        base = self._base(ruleset)
        try:
            for name in names:
                contender = self._load(name, ruleset)
                if contender:
                    loaded.append(contender)
            for case_name, case in ruleset.cases.items():
                if cases and case_name not in cases:
                    continue
                for count in flow_counts:
                    flows = case.flows(count)
                    trial = Trial(self, ruleset, case_name, case, flows, count, base, loaded)
                    records += trial.run()
        finally:
            for contender in loaded:
                self._unload(contender)
        return records


class Trial:
    """One kind of packet through all routers."""

    def __init__(self, bench, ruleset, name, case, flows, count, base, contenders):
        self.bench, self.ruleset, self.name, self.case = bench, ruleset, name, case
        self.flows, self.count = flows, count
        self.base, self.contenders = base, contenders
        self.packets = {}

    def title(self, who):
        return f"{self.ruleset.shape}, {self.ruleset.size} rules, {self.name}, {self.count} flows, {who}"

    def run(self):
        self.bench.injector.load(b"".join(flow.pack() for flow in self.flows))
        routers = self._routers()
        for router in routers.values():
            router.flush_connections()
        counted = {c.name: c.decided() for c in self.contenders}
        sent = self._prepare(routers)
        times = {who: [] for who in routers}
        for turn in range(self._rounds()):
            order = list(routers) if turn % 2 == 0 else list(reversed(routers))
            # All figures rest on the first one's: it is taken twice a round.
            for who in order + ["none"]:
                times[who].append(self._send(who, routers[who], self.packets[who]))
                sent[who] += self.packets[who]
        notes = self._who_decided(counted, sent)
        return self._records(times, notes)

    def _routers(self):
        routers = {"none": self.base["none"]}
        if self.case.verdict == "drop":
            routers.update({"accept": self.base["accept"], "drop": self.base["drop"]})
        routers.update({c.name: c.router for c in self.contenders})
        return routers

    def _rounds(self):
        """Rounds of many flows are long, and need not be as many."""
        return self.bench.rounds if len(self.flows) == 1 else max(3, self.bench.rounds // 2)

    def _send(self, who, router, packets, first=0):
        """Nanoseconds a packet. The kernel's own figure covers nothing but packets, and all that interrupts them;
        this thread's CPU time covers no interruption, but the preparations: the truth is below both."""
        _, cpu, arrived, duration = router.send(packets, first)
        expected = 0 if who == "drop" or (self.case.verdict == "drop" and who not in ("none", "accept")) else packets
        if arrived != expected:
            self.bench.problem(f"{self.title(who)}: {arrived} of {packets} packets arrived, should be {expected}")
        return min(duration, cpu / packets)

    def _prepare(self, routers):
        """Finds out how many packets make a round of each router, and makes the connections that they need.
        Returns how many packets that took of each."""
        sent = {}
        for who, router in routers.items():
            few = min(len(self.flows), FEW)
            if self.case.established:
                router.establish(min(len(self.flows), BATCH))
            # A connection must be known before two of its packets come in one batch.
            self._send(who, router, few)
            tries = FEW
            estimate = self._send(who, router, FEW)
            if estimate < SLOW:
                # Cold caches, and the generator's own preparations: not yet the truth.
                estimate = self._send(who, router, BATCH)
                tries += BATCH
            self.packets[who] = self._round_of(estimate)
            sent[who] = few + tries
        for who, packets in self._meet_all_flows(routers).items():
            sent[who] += packets
        return sent

    def _round_of(self, estimate):
        """Packets of a round, when one takes so many nanoseconds: all flows, if that can be afforded."""
        wanted = self.bench.round_ns / max(50.0, estimate)
        if len(self.flows) > 1:
            wanted = max(wanted, min(len(self.flows), 8 * wanted))
        return max(FEW, int(wanted) // BATCH * BATCH)

    def _meet_all_flows(self, routers):
        """Each flow once, in blocks, and each block by another router first: all namespaces share one hash of
        connections, where those that came last are found first."""
        sent = dict.fromkeys(routers, 0)
        order = list(routers)
        for first in range(0, len(self.flows), BLOCK):
            for who in order:
                count = min(BLOCK, len(self.flows) - first, self.packets[who] - first)
                if count <= 0:
                    continue
                if self.case.established:
                    routers[who].establish(count, first)
                self._send(who, routers[who], count, first)
                sent[who] += count
            order = order[1:] + order[:1]
        return sent

    def _who_decided(self, before, sent):
        """Notes for the contenders that BPF should have decided for."""
        notes = {}
        for contender in self.contenders:
            notes[contender.name] = contender.note
            if before[contender.name] is None:
                continue
            decided = contender.decided() - before[contender.name]
            total = sent[contender.name]
            # Two packets whose notes want the same place are rare, and then one is left to nft by design.
            if total * (1 - NOTES) <= decided <= total:
                continue
            if decided == 0 and (contender.note or self._handed_over(contender)):
                notes[contender.name] = contender.note or "handed over to nft"
            else:
                self.bench.problem(f"{self.title(contender.name)}: BPF decided {decided} of {total} packets")
                notes[contender.name] = f"BPF decided {decided} of {total}"
        return notes

    @staticmethod
    def _handed_over(contender):
        """Whether status admits that rules of this chain are left to nft."""
        return bool(contender.chain().get("handover_rules"))

    def _records(self, times, notes):
        # The reference of one round is no better than one sample: its median over the rounds is.
        middle = {who: statistics.median(times[who]) for who in times}
        base = middle["none"]
        if self.case.verdict == "drop":
            base = middle["drop"] - (middle["accept"] - base)
        added = {c.name: [t - base for t in times[c.name]] for c in self.contenders}
        return [self._record(c, base, added, notes[c.name]) for c in self.contenders]

    def _record(self, contender, base, added, note):
        mine = added[contender.name]

        def ratio(other):
            if other not in added or min(added[other]) <= 0:
                return ""
            return round(statistics.median(a / b for a, b in zip(mine, added[other])), 4)

        packets = self.packets[contender.name]
        return Record(self.ruleset.shape, self.ruleset.size, self.ruleset.rules, self.name, self.count,
                      min(len(self.flows), packets), self.case.verdict, contender.name, len(mine), packets,
                      round(base, 1), round(statistics.median(mine), 1), round(min(mine), 1),
                      ratio("nft"), ratio("legacy"), round(contender.load_seconds, 3), note)


def rows(records):
    return [asdict(record) for record in records]
