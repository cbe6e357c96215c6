# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets from all CPUs at once, while programs are swapped and stopped: at the end every rule has counted exactly what
stock's did. A packet that both BPF and nftables counted, or neither, shows."""

import os
import threading
import time

import compare
import generate
from rulesets import Ours, Stock
from topology import Side, run

SPEC = "boundary,random:600,exthdrs:10,truncated:5,ipoptions:5"


def _worker(side, packets, rounds, ready, go):
    """A process: sends its packets @rounds times."""
    os.read(go, 1)
    for _ in range(rounds):
        for packet in packets:
            side.send(packet)
    os.write(ready, b"+")
    os._exit(0)


def _send(side, packets, rounds):
    """Shares the packets among as many processes as there are CPUs, two on each; returns when all are sent."""
    cpus = sorted(os.sched_getaffinity(0))
    workers = len(cpus) * 2
    (ready, ready_w), (go, go_w) = os.pipe(), os.pipe()
    pids = []
    for number in range(workers):
        pid = os.fork()
        if pid == 0:
            os.sched_setaffinity(0, {cpus[number % len(cpus)]})
            try:
                _worker(side, packets[number::workers], rounds, ready_w, go)
            finally:
                os._exit(1)
        pids.append(pid)
    os.write(go_w, b"g" * workers)
    for pid in pids:
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError("a sending process failed")
    for fd in (ready, ready_w, go, go_w):
        os.close(fd)
    for cpu in cpus:
        os.sched_setaffinity(0, {cpu})
        side.collect()
    os.sched_setaffinity(0, cpus)


def _disturb(side, tools, stop, done):
    """Foreign commits and syncs, until told to stop; BPF has some time in between."""
    while not stop.wait(0.15):
        run("ip", "netns", "exec", side.router, "nft", "add table ip x; delete table ip x")
        time.sleep(0.003)
        tools.go_live(side)
        done.append(1)


def _trial(tools, tag, rules, packets, rounds):
    with Side(tag) as side:
        trial = compare.Trial(side, tools, rules)
        try:
            tools.load(side, rules)
            tools.go_live(side)
            stop, swaps = threading.Event(), []
            disturber = threading.Thread(target=_disturb, args=(side, tools, stop, swaps))
            if tools.name == "ours":
                disturber.start()
            try:
                _send(side, packets, rounds)
            finally:
                stop.set()
                if disturber.is_alive():
                    disturber.join()
            trial.status = tools.status(side)
            for family in rules:
                trial.counters[family] = tools.save(side, family)
        finally:
            tools.unload(side)
    return trial, len(swaps)


def check(rules, rounds=120, seed=1):
    """True when all counters are equal and there were swaps in between: where these are slow, more packets are sent."""
    packets = generate.generate(rules, SPEC, seed)
    for times in (1, 4):
        right, swapped = _compared(rules, packets, rounds * times)
        if swapped or not right:
            break
    return right and swapped


def _compared(rules, packets, rounds):
    """(all counters are equal, there were swaps in between)"""
    stock, _ = _trial(Stock(), "ca", rules, packets, rounds)
    ours, swaps = _trial(Ours(), "cb", rules, packets, rounds)
    decided, handed = compare.decided(ours)
    print(f"{len(packets)} packets {rounds} times from {2 * len(os.sched_getaffinity(0))} processes, {swaps} swaps of "
          f"programs meanwhile; BPF decided {decided} and handed over {handed}")
    if not decided or not handed:
        print(f"state {ours.status['state']}: {ours.status['reason']}")
        for chain in ours.status["chains"]:
            print(f"    {chain['family']} {chain['table']} {chain['chain']}: {chain['mode']}: {chain['reason']}: "
                  f"{chain['decided_packets']} {chain['handed_over_packets']}")
    found = compare.counters(stock, ours)
    for difference in found[:20]:
        print(f"{difference.kind}: {difference.text}")
    return not found, swaps > 2 and decided > 0 and handed > 0
