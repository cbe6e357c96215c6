#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Chaos: chaos.py SECONDS SEED, started by chaos.sh.

While packets flow, things happen to a machine that runs ours (chaos_events.py), drawn from SEED. At every moment
    * a packet that the rules drop does not get through, one that they accept is not lost;
    * commands say and return what stock's say on a machine with the same rules, and none hangs;
    * what a command of ours has changed holds when it returns.
After each round of events, when all is quiet: both machines have the same rules and answer the same to packets, and
counters are what was sent: exactly, where no event cost any (its `costs`), else no more than that (unless pins were
removed).
"""
import collections
import sys
import time

import chaos_events as events
from chaos_world import HANG, World, Wrong


def choose(w):
    weights = [e.weight for e in events.EVENTS]
    return w.random.choices(events.EVENTS, weights)[0]


class Chaos:
    def __init__(self, seconds, seed):
        self.end = time.monotonic() + seconds
        self.begin = time.monotonic()
        self.history = []
        self.tally = collections.Counter()
        self.world = World(seed, self.history)
        self.seed = seed
        self.rounds = self.exact_rounds = self.dormant_events = 0
        self.checked_counts = 0

    def note(self, text):
        self.history.append("%8.3f (%.3f) %s" % (time.monotonic() - self.begin, time.monotonic(), text))

    def start_counting(self):
        w = self.world
        w.pause()
        events.reload_rules(w, by_stock=w.random.random() < 0.3)
        # Sent before, and still counted: nothing is on its way.
        self.base = [s.sent.value for s in w.streams]
        w.exact = True
        self.cost = set()
        w.go_on()

    def happen(self):
        w = self.world
        event = choose(w)
        if w.watcher is not None and w.random.random() < 0.3:
            events.wait_for_sleep(w)
        asleep = w.dormant()
        self.dormant_events += asleep
        self.note("%s%s" % (event.title, " (dormant)" if asleep else ""))
        event(w)
        self.tally[event.title] += 1
        if event.costs:
            w.exact = False
            self.cost.add(event.costs)
        w.check_streams()
        w.collect()
        if w.random.random() < 0.6:
            w.sleep(0, 0.5)
        w.check_streams()

    def settle(self):
        """Quiet: what a machine does when it is left alone, then one sync."""
        w = self.world
        self.note("quiet")
        events.mend(w)
        w.end_storms()
        until = time.monotonic() + HANG
        while True:
            r = w.ctl("sync")
            if not r.rc:
                break
            if time.monotonic() > until:
                raise Wrong("sync goes on failing: " + r.err)
            time.sleep(0.2)
        w.sleep(0, 1.2)
        w.pause()
        # Its last words: what the watcher has still to do, it does within its quiet time.
        time.sleep(0.15)

    def compare_rules(self):
        w = self.world
        for tool in ("iptables-save", "ip6tables-save"):
            here, there = w.listing(tool, "ours"), w.listing(tool, "stock")
            if here != there:
                raise Wrong("%s differs:\n%s\n---- stock:\n%s" % (tool, here, there))
        for port in list(events.PORTS) + list(range(6050, 6060)) + [6100]:
            events.answer(w, port, "all")

    def compare_counts(self):
        w = self.world
        for (tool, chain, text, stream), n in w.counts().items():
            sent = w.streams[stream].sent.value - self.base[stream]
            if (n > sent and events.TWICE not in self.cost) or (n != sent and w.exact):
                raise Wrong("%s %s %s has counted %d packets of %d%s" %
                            (tool, chain, text, n, sent, "" if w.exact else " (of which some may be lost: %s)" %
                             ", ".join(sorted(self.cost))))
            self.checked_counts += w.exact
        self.exact_rounds += w.exact

    def round(self):
        self.start_counting()
        for _ in range(self.world.random.randint(3, 10)):
            self.happen()
            if time.monotonic() > self.end:
                break
        self.settle()
        self.compare_counts()
        self.compare_rules()
        self.rounds += 1

    def run(self):
        w = self.world
        events.mend(w)
        events.reload_rules(w, by_stock=False)
        w.start_streams()
        while time.monotonic() < self.end:
            self.round()
        for s in w.streams:
            s.end()
        w.check_streams()
        w.end_watcher(15)

    def report(self):
        w = self.world
        sent = sum(2 * s.sent.value for s in w.streams)
        print("seed %d: %d rounds (%d with exact counters), %d events (%d with a dormant table), %d packets" %
              (self.seed, self.rounds, self.exact_rounds, sum(self.tally.values()), self.dormant_events, sent))
        print("  " + ", ".join("%s %d" % x for x in sorted(self.tally.items())))


def main():
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    chaos = Chaos(seconds, seed)
    try:
        chaos.run()
    except Wrong as why:
        chaos.note("WRONG")
        print("\n".join(chaos.history[-25:]), file=sys.stderr)
        w = chaos.world
        print(w.ctl("status").out, file=sys.stderr)
        print(w.sh(["ip", "netns", "exec", w.fw, "nft", "list", "ruleset"]).out[:3000], file=sys.stderr)
        try:
            print(open(w.tmp + "/background.err").read()[-2000:], file=sys.stderr)
        except OSError:
            pass
        chaos.report()
        print("seed %d: %s" % (seed, why), file=sys.stderr)
        sys.exit(1)
    chaos.report()


main()
