# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures what a ruleset costs a packet, for several contenders in turns.

    with Bench(...) as bench:
        records = bench.measure(ruleset, ["nft", "hybrid"])

One router for each contender, all loaded before anything is measured. They take turns of about a millisecond, in an
order drawn anew each time, and in one turn all send the same packets, as the router without a ruleset does. The figure is
the median of these turns' differences; beside it stand their quartiles and a 95 % confidence interval of the median.
Two things of one turn lie milliseconds apart, so what changes in between (another process on the machine, the hash of
connections, which of them are in the caches) is in both of them and not in the difference.

Packets that a ruleset drops go no further than the hook: what they are compared with is a router whose hook is passed at
no cost and ends there, computed from two BPF programs that do nothing but accept and drop:

    drop base = drop program's router - (accept program's router - no ruleset)
"""
import math
import random
import statistics
import time
from dataclasses import asdict, dataclass

from contenders import CONTENDERS
from injector import MAX_FLOWS, BenchError, Injector
from tracing import Tracing

FEW = 16                    # packets of a first try; of a turn at least
TURN = 1024                 # packets of a turn, and
WARM_UP = 128               # those of them that are not measured: code and what all flows share gets into the caches
SLOW = 4000                 # ns a packet; who is slower gets turns of fewer packets, among the slow
TURN_NS = 3e6               # of the slow
ROUND = 8                   # turns
FINE = (4.0, 0.05)          # ns, or share of the figure: no more turns once the uncertainty is less
MORE = 3                    # times as many turns at most
TRIES = 3                   # of one kind of packet, if nft traces meanwhile
NOTES = 0.001               # share of packets that nft may decide because another packet's note is in the way
HANDED_OVER = "handed over to nft"
UNCERTAIN = 0.25
CONFIDENCE = 1.96           # standard deviations of 95 %


@dataclass
class Record:
    """One line of the CSV: one contender, one kind of packet. Nanoseconds of a packet."""
    shape: str
    family: int             # of IP: 4 or 6
    size: int
    rules: int
    case: str
    flows: int              # different packets sent, at most
    sent_flows: int         # different packets that were measured; fewer where a contender is slow
    verdict: str
    contender: str
    turns: int
    packets: int            # measured in a turn
    base_ns: float          # a packet's whole way, without a ruleset
    added_ns: float         # median of the turns' differences
    added_pm_ns: float      # half of the 95 % confidence interval of that median
    added_q1_ns: float      # the differences' quartiles
    added_q3_ns: float
    ratio_nft: object       # of added costs; "" where there is none
    ratio_legacy: object
    load_s: float           # restore, until it is decided as measured
    note: str               # handed over, runs in another mode ...


FIELDS = list(Record.__dataclass_fields__)


class Bench:
    """The generator, and the routers without a ruleset, for as many measurements as wanted."""

    def __init__(self, rounds=4, log=lambda text: None, turn=True):
        self.rounds, self.log = rounds, log
        self.injector = Injector(turn=turn)
        self.bases = {}
        self.tracing = None
        self.traced = []    # what was measured while nft traced
        self.told = set()   # who is skipped, and why
        self.patient = True  # whether to take more turns for the sake of certainty
        self.problems = []  # what makes figures untrustworthy

    def __enter__(self):
        try:
            self.tracing = Tracing(self.injector)
        except BaseException:
            self.injector.__exit__()
            raise
        return self

    def __exit__(self, *args):
        return self.injector.__exit__(*args)

    def _base(self, ruleset):
        """The three routers that stand for no ruleset."""
        key = (ruleset.family, ruleset.hook, ruleset.conntrack)
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
        router = self.injector.router(name, ruleset.family)
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
                for router in (*base.values(), *(contender.router for contender in loaded)):
                    router.flush_connections()
                for count in sorted(flow_counts):
                    records += self._untraced(Trial(self, ruleset, case_name, case, case.flows(count), count, base, loaded))
        finally:
            for contender in loaded:
                self._unload(contender)
        return records

    def _untraced(self, trial):
        """Runs the trial, again if somebody's rule lets nft trace packets."""
        for _ in range(TRIES):
            if self.tracing.was_on:
                self.tracing.wait()
            before = self.tracing.was_on
            found = trial.run()
            if not before and not self.tracing.look():
                return found
        self.traced.append(trial.title("nft and hybrid"))
        self.log(f"  NOTE: {self.traced[-1]}: nft traces packets, which makes each of its chains some 130 ns dearer")
        return found


def median_and_error(values):
    """The median, and half of its 95 % confidence interval, from the values' order alone: no distribution is assumed."""
    ordered, n = sorted(values), len(values)
    reach = CONFIDENCE * math.sqrt(n) / 2
    low, high = max(0, math.floor(n / 2 - reach)), min(n - 1, math.ceil(n / 2 + reach) - 1)
    return statistics.median(ordered), (ordered[high] - ordered[low]) / 2


def uncertain(added, error):
    """Whether a figure is not to be relied on: it may as well be a quarter more or less."""
    return error > abs(added) * UNCERTAIN


@dataclass
class Share:
    """What one router sends in a turn."""
    warmup: int
    packets: int

    @property
    def all(self):
        return self.warmup + self.packets


class Trial:
    """One kind of packet through all routers."""

    def __init__(self, bench, ruleset, name, case, flows, count, base, contenders):
        self.bench, self.ruleset, self.name, self.case = bench, ruleset, name, case
        self.flows, self.count = flows, count
        self.base, self.contenders = base, contenders
        self.rng = random.Random(count)
        self.routers, self.shares, self.sent = {}, {}, {}

    def title(self, who):
        return f"{self.ruleset.shape}, {self.ruleset.size} rules, {self.name}, {self.count} flows, {who}"

    def run(self):
        self.bench.injector.load(b"".join(flow.pack() for flow in self.flows))
        self.routers = self._references()
        self.routers.update({c.name: c.router for c in self.contenders})
        self.sent = dict.fromkeys(self.routers, 0)
        counted = {c.name: c.decided() for c in self.contenders}
        self._first_packets()
        slow = [c.name for c in self.contenders if self.shares[c.name].all < TURN]
        self._meet_all_flows(slow)
        times = {}
        # The slow ones walk through more memory than caches hold: not while others are measured.
        for group in ([c.name for c in self.contenders if c.name not in slow], slow):
            if group:
                times.update(self._take_turns(group))
        return self._records(times, self._who_decided(counted))

    def _references(self):
        routers = {"none": self.base["none"]}
        if self.case.verdict == "drop":
            routers.update({"accept": self.base["accept"], "drop": self.base["drop"]})
        return routers

    def _send(self, who, packets, first=0, warmup=0):
        """Nanoseconds a packet. The kernel's own figure covers nothing but packets, and all that interrupts them;
        this thread's CPU time covers no interruption, but the preparations: the truth is below both."""
        _, cpu, arrived, duration = self.routers[who].send(packets, first, warmup)
        self.sent[who] += packets + warmup
        stopped = who == "drop" or (self.case.verdict == "drop" and who not in ("none", "accept"))
        expected = 0 if stopped else packets + warmup
        if arrived != expected:
            self.bench.problem(f"{self.title(who)}: {arrived} of {packets + warmup} packets arrived, should be {expected}")
        return min(duration, cpu / packets)

    def _first_packets(self):
        """Finds out how many packets each one's turn has."""
        for who, router in self.routers.items():
            if self.case.established:
                router.establish(min(len(self.flows), FEW))
            # A connection must be known before two of its packets come in one batch.
            self._send(who, min(len(self.flows), FEW))
            # The cold one of two, or the one that was interrupted, says nothing.
            self.shares[who] = self._share(min(self._send(who, FEW), self._send(who, FEW)))

    @staticmethod
    def _share(estimate):
        if estimate < SLOW:
            return Share(WARM_UP, TURN - WARM_UP)
        packets = max(FEW, int(TURN_NS / estimate) // FEW * FEW)
        return Share(max(2, packets // 8), packets)

    def _places(self):
        """Where among the flows turns begin, in an order of their own."""
        places = list(range(0, len(self.flows), TURN))
        random.Random(len(places)).shuffle(places)
        return places

    def _meet_all_flows(self, slow):
        """Each flow once, a turn's flows of all routers before the next ones, in any order: all namespaces share one hash
        of connections, where those that came last are found first."""
        if len(self.flows) == 1:
            return
        for number, first in enumerate(self._places()):
            for who in self.rng.sample(list(self.routers), len(self.routers)):
                # The slow ones will not come to more.
                if who in slow and number >= self._turns(slow):
                    continue
                count = min(self.shares[who].all, len(self.flows) - first)
                if self.case.established:
                    self.routers[who].establish(count, first)
                self._send(who, count, first)

    def _turns(self, group):
        """The slow ones need not as many: what they add is far more than all noise."""
        slow = any(self.shares[who].all < TURN for who in group)
        return ROUND * self.bench.rounds // (2 if slow else 1)

    def _take_turns(self, group):
        """{who: the turns' nanoseconds}, of the references, too; until they are certain enough."""
        references = list(self._references())
        times = {who: [] for who in references + group}
        places = self._places()
        turns = self._turns(group)
        for number in range(turns * MORE):
            if number >= turns and number % ROUND == 0 and (not self.bench.patient or self._fine(times, group)):
                break
            first = places[number % len(places)]
            for who in self.rng.sample(list(times), len(times)):
                share = self.shares[who]
                # Behind the last flow the first one comes.
                times[who].append(self._send(who, share.packets, first, share.warmup))
        base = self._base(times)
        return {who: ([t - b for t, b in zip(times[who], base)], base) for who in group}

    def _base(self, times):
        if self.case.verdict != "drop":
            return times["none"]
        return [drop - accept + none for drop, accept, none in zip(times["drop"], times["accept"], times["none"])]

    def _fine(self, times, group):
        base = self._base(times)
        for who in group:
            added, error = median_and_error([t - b for t, b in zip(times[who], base)])
            if error > max(FINE[0], FINE[1] * abs(added)):
                return False
        return True

    def _who_decided(self, before):
        """Notes for the contenders that BPF should have decided for."""
        notes = {}
        for contender in self.contenders:
            notes[contender.name] = contender.note
            if before[contender.name] is None:
                continue
            decided = contender.decided() - before[contender.name]
            total = self.sent[contender.name]
            # Two packets whose notes want the same place are rare, and then one is left to nft by design.
            if total * (1 - NOTES) <= decided <= total:
                continue
            if decided == 0 and (contender.note or self._handed_over(contender)):
                notes[contender.name] = contender.note or HANDED_OVER
            else:
                self.bench.problem(f"{self.title(contender.name)}: BPF decided {decided} of {total} packets")
                notes[contender.name] = f"BPF decided {decided} of {total}"
        return notes

    @staticmethod
    def _handed_over(contender):
        """Whether status admits that rules of this chain are left to nft."""
        return bool(contender.chain().get("handover_rules"))

    def _records(self, times, notes):
        added = {who: median_and_error(differences)[0] for who, (differences, _) in times.items()}
        return [self._record(c, *times[c.name], added, notes[c.name]) for c in self.contenders]

    def _record(self, contender, differences, base, added, note):
        who, share = contender.name, self.shares[contender.name]
        quartiles = statistics.quantiles(differences, n=4)
        flows = min(len(self.flows), TURN * (len(self._places()) - 1) + share.packets, share.packets * len(differences))

        def ratio(other):
            return float(f"{added[who] / added[other]:.4g}") if added.get(other, 0) > 0 else ""

        return Record(self.ruleset.shape, self.ruleset.family, self.ruleset.size, self.ruleset.rules, self.name, self.count,
                      flows, self.case.verdict, who, len(differences), share.packets, round(statistics.median(base), 1),
                      *(round(ns, 1) for ns in (*median_and_error(differences), quartiles[0], quartiles[2])),
                      ratio("nft"), ratio("legacy"), round(contender.load_seconds, 3), note)


def rows(records):
    return [asdict(record) for record in records]
