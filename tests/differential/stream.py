# SPDX-License-Identifier: GPL-2.0-or-later
"""A stream of packets while the rules change: every verdict is checked.

Three kinds of packets run through FORWARD all the time: one that every ruleset accepts, one that every ruleset drops, one
whose verdict the changes alternate. A packet sent while a command ran may get the old verdict or the
new one; one sent before it started or after it returned may not.
"""

import os
import random
import threading
import time

import packets as pk
from rulesets import Ours, Stock
from topology import InNamespace, Side, run

RULES = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:changing - [0:0]
-A FORWARD -d 198.51.100.1/32 -p udp -m udp --dport 1000:2000 -j ACCEPT
-A FORWARD -d 198.51.100.2/32 -m comment --comment never -j DROP
-A FORWARD -p udp -m multiport --dports 53,67,7000:7010 -j changing
COMMIT
"""
ALWAYS, NEVER, CHANGING = range(3)
DESTINATIONS = ("198.51.100.1", "198.51.100.2", "198.51.100.3")
PORTS = (1500, 1500, 7005)


class Sender(threading.Thread):
    """Sends all the time; notes for each packet between which moments it was sent, and whether it came out."""

    def __init__(self, side):
        super().__init__(daemon=True)
        self.side = side
        self.stop = threading.Event()
        self.sent = []  # per batch: [(kind, started, ended, came out)]
        self.error = None

    def run(self):
        try:
            tag = 0
            while not self.stop.is_set():
                batch = []
                for kind in (ALWAYS, NEVER, CHANGING) * 4:
                    tag = tag % 60000 + 1
                    data = pk.ip("10.1.0.9", DESTINATIONS[kind], pk.UDP,
                                 pk.udp("10.1.0.9", DESTINATIONS[kind], 5000, PORTS[kind]), tag=tag)
                    started = time.monotonic()
                    self.side.send(pk.Packet(4, "lan0", data, ""))
                    batch.append((tag, kind, started))
                out = {int.from_bytes(data[4:6], "big") for leg, data in self.side.collect() if leg == "wan0"}
                ended = time.monotonic()
                self.sent += [(kind, started, ended, tag in out) for tag, kind, started in batch]
                time.sleep(0.0005)
        except Exception as e:  # reported by the main thread
            self.error = e


class Changer:
    """Makes the changes and notes when the alternating verdict was what."""

    def __init__(self, side, tools):
        self.side = side
        self.tools = tools
        self.rng = random.Random(1)
        self.open = False
        self.moments = []  # (command started, command returned, verdict from then on)
        self.tables = 0

    def _ours(self, *args):
        started = time.monotonic()
        done = self.tools.call(self.side, 4, "", *args)
        if done.stdout or done.stderr:
            raise RuntimeError(f"iptables {' '.join(args)} said {done.stdout}{done.stderr}")
        return started

    def toggle(self):
        """The verdict changes: by appending and deleting, inserting, replacing, flushing."""
        if self.open:
            started = self._ours(*self.rng.choice((("-F", "changing"), ("-D", "changing", "1"),
                                                   ("-R", "changing", "1", "-j", "DROP"),
                                                   ("-I", "changing", "-j", "DROP"))))
        else:
            self._ours("-F", "changing")
            started = self._ours(*self.rng.choice((("-A", "changing", "-j", "ACCEPT"),
                                                   ("-A", "changing", "-p", "udp", "--dport", "7005", "-j", "ACCEPT"),
                                                   ("-I", "changing", "1", "-s", "10.1.0.0/24", "-j", "ACCEPT"))))
        self.open = not self.open
        self.moments.append((started, time.monotonic(), self.open))

    def foreign(self):
        """Somebody else commits something that is not about us."""
        with InNamespace(self.side.router):
            if self.tables:
                run("nft", "delete", "table", "ip", "x")
            else:
                run("nft", "add", "table", "ip", "x")
        self.tables ^= 1

    def unrelated(self):
        self._ours("-A", "INPUT", "-s", f"192.0.2.{self.rng.randrange(256)}", "-j", "DROP")


def wrong_verdicts(sent, moments):
    """Descriptions of the packets that got a verdict which no ruleset of their time would give."""
    wrong = []
    for number, (kind, started, ended, out) in enumerate(sent):
        if kind == CHANGING:
            allowed = {False} if not moments else set()
            before = False
            for begin, end, verdict in moments:
                if started <= end and ended >= begin:
                    allowed |= {before, verdict}
                elif begin > ended:
                    break
                before = verdict
            if not allowed:
                allowed = {before}
        else:
            allowed = {kind == ALWAYS}
        if out not in allowed:
            wrong.append(f"packet {number} ({('always', 'never', 'changing')[kind]}) at {started:.4f}: "
                         f"{'came out' if out else 'did not come out'}")
    return wrong


def _chain(status):
    return next(c for c in status["chains"] if c["family"] == "ip" and c["chain"] == "FORWARD")


def foreign_commit(side, tools):
    """A foreign commit stops BPF at once, a sync brings it back. Returns complaints."""
    data = pk.ip("10.1.0.9", DESTINATIONS[0], pk.UDP, pk.udp("10.1.0.9", DESTINATIONS[0], 5000, 1500), tag=9)

    def send(count):
        before = _chain(tools.status(side))
        for _ in range(count):
            side.send(pk.Packet(4, "lan0", data, ""))
        out = sum(leg == "wan0" for leg, _ in side.collect())
        after = _chain(tools.status(side))
        return (after["decided_packets"] - before["decided_packets"],
                after["handed_over_packets"] - before["handed_over_packets"], out)

    complaints = []
    for round_ in range(3):
        for what, want in (("live", (50, 0, 50)), ("after a foreign commit", (0, 50, 50))):
            if what != "live":
                with InNamespace(side.router):
                    run("nft", *(("delete",) if round_ % 2 else ("add",)), "table", "ip", "x")
            got = send(50)
            if got != want:
                complaints.append(f"{what}: decided, handed over, came out {got}, not {want}")
        state = tools.status(side)["state"]
        if state != "stale":
            complaints.append(f"after a foreign commit the state is {state}, not stale")
        tools.go_live(side)
    with InNamespace(side.router):
        run("nft", "delete", "table", "ip", "x", check=False)
    tools.go_live(side)
    return complaints


def _stream(side, tools, changes):
    """Makes @changes changes while packets run; returns the Sender and the Changer."""
    cpus = sorted(os.sched_getaffinity(0))
    sender, changer = Sender(side), Changer(side, tools)
    os.sched_setaffinity(0, {cpus[0]})  # the sender inherits it; see Side.collect()
    sender.start()
    os.sched_setaffinity(0, cpus)
    try:
        for number in range(changes):
            changer.rng.choice((changer.toggle, changer.toggle, changer.foreign, changer.unrelated))()
            if number % 10 == 9:
                tools.go_live(side)
                time.sleep(0.02)
        tools.go_live(side)
        time.sleep(0.05)
    finally:
        sender.stop.set()
        sender.join()
    if sender.error:
        raise sender.error
    return sender, changer


def check(changes=200):
    """The whole case; True when nothing was wrong."""
    tools = Ours()
    with Side("s") as side:
        try:
            tools.load(side, {4: RULES})
            tools.go_live(side)
            complaints = foreign_commit(side, tools)
            before = _chain(tools.status(side))
            sender, changer = _stream(side, tools, changes)
            after = _chain(tools.status(side))
        finally:
            tools.unload(side)
    complaints += wrong_verdicts(sender.sent, changer.moments)
    decided = after["decided_packets"] - before["decided_packets"]
    handed = after["handed_over_packets"] - before["handed_over_packets"]
    print(f"{changes} changes, {len(changer.moments)} of them of the verdict; {len(sender.sent)} packets, "
          f"of the FORWARD chain's BPF decided {decided} and handed over {handed}")
    if not decided or not handed:
        complaints.append("the stream has to run through live and stale programs both")
    for text in complaints[:20]:
        print(text)
    return not complaints


def check_harness(changes=60):
    """Stock, nft alone: nothing is wrong, and it would be told if it were."""
    tools = Stock()
    with Side("s") as side:
        tools.load(side, {4: RULES})
        sender, changer = _stream(side, tools, changes)
    complaints = wrong_verdicts(sender.sent, changer.moments)
    lies = {
        "a verdict turned round": (sender.sent, [(b, e, not v) for b, e, v in changer.moments]),
        "a change 100 ms late": (sender.sent, [(b - 0.1, e - 0.1, v) for b, e, v in changer.moments]),
        "a packet that slipped through": (sender.sent + [(NEVER, 0, 1, True)], changer.moments),
        "a packet that was lost": (sender.sent + [(ALWAYS, 0, 1, False)], changer.moments),
    }
    for what, (sent, moments) in lies.items():
        if not wrong_verdicts(sent, moments):
            complaints.append(f"not noticed: {what}")
    print(f"{changes} changes, {len(changer.moments)} of them of the verdict; {len(sender.sent)} packets")
    for text in complaints[:20]:
        print(text)
    return not complaints
