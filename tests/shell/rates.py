#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rates.py send A B STEP...    sends the same datagrams in the namespaces A and B, one here, one there, at once
    flood:N[:KEYS]              N of each key, as fast as it goes
    steady:N:SECONDS            N of each key, spread over the time
    pause:SECONDS
    at:SECONDS                  waits until so long after the first packet
rates.py rules|windowed|expiring 4|6
                                the rules that rates.sh compares
rates.py windows                rules of random time windows whose edges are not near now
rates.py edge SECONDS           a rule whose window ends that many seconds from now

A key is a source address, 127.0.0.2 and so on, or fd00::2 and so on; ports and lengths differ, too.
"""
import random
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "differential"))
sys.dont_write_bytecode = True

from topology import InNamespace

KEYS = 3
HASHLIMITS = (
    "--hashlimit-upto 10/sec --hashlimit-burst 5 --hashlimit-mode srcip",
    "--hashlimit-above 10/sec --hashlimit-burst 5 --hashlimit-mode srcip",
    "--hashlimit-upto 20/minute --hashlimit-burst 8 --hashlimit-mode srcip,dstport,srcport,dstip",
    "--hashlimit-upto 30/sec",
    "--hashlimit-above 40/sec --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-srcmask 24",
    "--hashlimit-upto 3/hour --hashlimit-burst 2 --hashlimit-mode dstport",
    "--hashlimit-upto 1000/sec --hashlimit-burst 50 --hashlimit-mode srcip",
    "--hashlimit-upto 2kb/s --hashlimit-burst 6kb --hashlimit-mode srcip --hashlimit-htable-expire 60000",
    "--hashlimit-above 1kb/s --hashlimit-mode dstip --hashlimit-htable-expire 60000",
    # One entry less than there are keys: the rest is dropped.
    f"--hashlimit-above 1/day --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-htable-size 1 --hashlimit-htable-max {KEYS - 1}",
    "--hashlimit-above 1/day --hashlimit-burst 1 --hashlimit-mode srcip",
)
# Buckets that are not filled up in a test's time, but begun anew when their entries are gone.
EXPIRING = (
    "--hashlimit-upto 3/hour --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-htable-expire 1500 --hashlimit-htable-gcinterval 50",
    "--hashlimit-above 3/hour --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-htable-expire 1500 --hashlimit-htable-gcinterval 50",
    "--hashlimit-upto 3/hour --hashlimit-burst 10 --hashlimit-mode srcip --hashlimit-htable-expire 60000 --hashlimit-htable-gcinterval 50",
)
# Windows of one and two seconds, which begin with the first packet.
WINDOWED = (
    "--hashlimit-upto 50/sec --hashlimit-mode srcip --hashlimit-rate-match --hashlimit-rate-interval 1 --hashlimit-htable-expire 30000",
    "--hashlimit-above 20/sec --hashlimit-burst 30 --hashlimit-rate-match --hashlimit-rate-interval 1 --hashlimit-htable-expire 30000",
    "--hashlimit-above 3kb/s --hashlimit-mode srcip --hashlimit-rate-match --hashlimit-rate-interval 2 --hashlimit-htable-expire 30000",
    "--hashlimit-upto 3kb/s --hashlimit-mode srcip,dstport --hashlimit-rate-match --hashlimit-rate-interval 1 --hashlimit-htable-expire 30000",
)
KINDS = {"rules": HASHLIMITS, "expiring": EXPIRING, "windowed": WINDOWED}


def rules(family, letter, kinds):
    print("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]")
    for number, words in enumerate(kinds):
        if family == 6:
            words = words.replace("srcmask 24", "srcmask 64")
        print(f"-A INPUT -p udp -m hashlimit {words} --hashlimit-name {letter}{number} -m comment --comment n{number}")
    print("-A INPUT -p udp -m limit --limit 20/sec --limit-burst 4 -m comment --comment nlimit")
    print("COMMIT")


def socket_pairs(namespaces):
    """[(socket in A, socket in B, where to, bytes)], one for each family and key."""
    found = []
    for family, own, peer in ((socket.AF_INET, "127.0.0.%d", "127.0.0.1"), (socket.AF_INET6, "fd00::%d", "fd00::1")):
        for key in range(KEYS):
            pair = []
            for name in namespaces:
                with InNamespace(name):
                    s = socket.socket(family, socket.SOCK_DGRAM)
                    s.bind((own % (2 + key), 4000 + key))
                    pair.append(s)
            found.append((*pair, (peer, 5000 + key % 2), b"x" * (1 + 100 * key)))
    return found


def send_round(pairs, keys=KEYS):
    for number, (a, b, to, data) in enumerate(pairs):
        if number % KEYS < keys:
            for s in (a, b):
                s.sendto(data, to)


def send(namespaces, steps):
    pairs = socket_pairs(namespaces)
    begun = time.monotonic()
    for step in steps:
        what, *words = step.split(":")
        if what == "pause":
            time.sleep(float(words[0]))
        elif what == "at":
            time.sleep(max(0, begun + float(words[0]) - time.monotonic()))
        elif what == "flood":
            for _ in range(int(words[0])):
                send_round(pairs, int(words[1]) if words[1:] else KEYS)
        else:
            start, count, seconds = time.monotonic(), int(words[0]), float(words[1])
            for number in range(count):
                send_round(pairs)
                time.sleep(max(0, start + seconds * (number + 1) / count - time.monotonic()))


def _clock(seconds):
    return time.strftime("%H:%M:%S", time.gmtime(seconds % 86400))


def _window(rng, now):
    away = lambda: now + rng.choice((-1, 1)) * rng.choice((rng.uniform(90, 4000), rng.uniform(90, 43000)))
    words = []
    if rng.random() < 0.6:
        words += ["--timestart", _clock(away()), "--timestop", _clock(away())]
        if words[1] > words[3] and rng.random() < 0.5:
            words.append("--contiguous")
    today = time.gmtime(now)
    if rng.random() < 0.5:
        words += rng.choice(([], ["!"])) + ["--weekdays", ",".join(rng.sample(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), rng.randint(1, 6)))]
    if rng.random() < 0.5:
        days = {rng.randint(1, 31) for _ in range(rng.randint(1, 20))} | ({today.tm_mday} if rng.random() < 0.3 else set())
        words += rng.choice(([], ["!"])) + ["--monthdays", ",".join(map(str, sorted(days)))]
    if rng.random() < 0.4:
        edges = sorted(now + rng.choice((-1, 1)) * rng.uniform(90, 10**rng.randint(3, 8)) for _ in range(2))
        words += [w for name, at in zip(("--datestart", "--datestop"), edges) for w in (name, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)))]
    return words


def windows():
    rng, now = random.Random(), time.time()
    print("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]")
    for number in range(24):  # as many as may match one packet
        print("-A INPUT -p udp -m time", *_window(rng, now), f"-m comment --comment n{number}")
    print("COMMIT")


def edge(seconds):
    at = time.time() + seconds
    print(f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
          f"-A INPUT -p udp -m time --timestart {_clock(at - 40000)} --timestop {_clock(at)} -m comment --comment n0\n"
          f"-A INPUT -p udp -m time --datestart {time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at))} -m comment --comment n1\nCOMMIT")


def main():
    what, *words = sys.argv[1:]
    if what == "send":
        send(words[:2], words[2:])
    elif what in KINDS:
        rules(int(words[0]), what[0], KINDS[what])
    elif what == "windows":
        windows()
    else:
        edge(float(words[0]))


main()
