#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""limited_log.py FROM TO ADDR PORT COUNT SECONDS RATE:BURST...

Floods ADDR, PORT in namespace TO with COUNT packets from namespace FROM, spread
over SECONDS. Prints how many packets TO logged to NFLOG group 77 meanwhile, how
many arrived at a socket, how many microseconds it took, and how many packets a
limit of RATE a second and that BURST lets through of those that were sent when
these were: fewer than its rate when the sender had to pause.
"""
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "differential"))
sys.dont_write_bytecode = True

from nflog import Sink
from topology import InNamespace

AT_ONCE = 50


def drain(s):
    n = 0
    try:
        while s.recv(64):
            n += 1
    except BlockingIOError:
        return n


class Bucket:
    """What a limit would do."""

    def __init__(self, words):
        self.rate, self.burst = map(int, words.split(":"))
        self.tokens, self.since, self.passed = self.burst, time.monotonic(), 0

    def packet(self, now):
        self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
        self.since = now
        if self.tokens >= 1:
            self.tokens -= 1
            self.passed += 1


def main():
    src, dst, addr = sys.argv[1:4]
    port, count, seconds = (int(a) for a in sys.argv[4:7])
    buckets = [Bucket(words) for words in sys.argv[7:]]
    with InNamespace(dst):
        arriving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        arriving.bind(("0.0.0.0", port))
        arriving.setblocking(False)
        sink = Sink()
    with InNamespace(src):
        tx = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    logged = arrived = 0
    start = time.monotonic()
    for number in range(count):
        now = time.monotonic()
        for bucket in buckets:
            bucket.packet(now)
        tx.sendto(b"x", (addr, port))
        if number % AT_ONCE == AT_ONCE - 1:
            logged += len(sink.read())
            arrived += drain(arriving)
            late = start + seconds * number / count - time.monotonic()
            if late > 0:
                time.sleep(late)
    took = time.monotonic() - start
    more = True
    while more:  # the log's own way is asynchronous
        time.sleep(0.3)
        more = len(sink.read())
        logged += more
    print(logged, arrived + drain(arriving), int(took * 1e6), *(b.passed for b in buckets))


main()
