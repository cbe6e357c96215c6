# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams of UDP packets whose verdicts are known, whatever happens around them.

A stream sends to two ports in turn: each packet to the one arrives, none to the other, except while drops may pass
(`lenient`: somebody has flushed the ruleset). It runs in a process of its own and stops for good at the first
packet that goes wrong.
"""
import ctypes
import multiprocessing
import os
import socket
import time

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
PATIENCE = 5.0  # seconds until a packet counts as lost: delivery takes no time, but this machine's other work may


def socket_in(ns, family=socket.AF_INET):
    """A UDP socket in namespace ns; it stays there when the process leaves."""
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns " + ns)
    s = socket.socket(family, socket.SOCK_DGRAM)
    libc.setns(own, CLONE_NEWNET)
    os.close(fd)
    os.close(own)
    return s


def receiver(ns, port, family):
    s = socket_in(ns, family)
    s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
    return s


def arrives(s, seconds):
    s.settimeout(seconds)
    try:
        return s.recv(64)
    except (socket.timeout, BlockingIOError):
        return None


class Stream:
    """src -> dst: port `accepted` gets through, port `dropped` does not."""

    def __init__(self, name, src, dst, addr, accepted, dropped, lenient):
        self.name, self.src, self.dst, self.addr = name, src, dst, addr
        self.accepted, self.dropped, self.lenient = accepted, dropped, lenient
        self.wanted = multiprocessing.Value("i", 1)  # 1 go, 0 pause, -1 end
        self.paused = multiprocessing.Event()
        self.sent = multiprocessing.Value("q", 0)
        self.passed = multiprocessing.Value("q", 0)  # drops that got through while they might
        self.wrong = multiprocessing.Array("c", 300)
        self.process = multiprocessing.Process(target=self.run, daemon=True)
        self.process.start()

    def run(self):
        try:
            self.stream()
        except Exception as why:  # what it is told by
            self.wrong.value = ("%s: %r" % (self.name, why)).encode()[:299]
        self.paused.set()

    def stream(self):
        family = socket.AF_INET6 if ":" in self.addr else socket.AF_INET
        good = receiver(self.dst, self.accepted, family)
        bad = receiver(self.dst, self.dropped, family)
        tx = socket_in(self.src, family)
        while self.wanted.value >= 0:
            if not self.wanted.value:
                self.paused.set()
                time.sleep(0.001)
                continue
            n = self.sent.value + 1
            self.one(tx, good, bad, n)
            self.sent.value = n
            time.sleep(0.0007)

    def one(self, tx, good, bad, n):
        lenient = self.lenient.value
        at = time.monotonic()
        try:
            tx.sendto(b"d%d" % n, (self.addr, self.dropped))
        except PermissionError:
            pass  # dropped on its way out
        tx.sendto(b"a%d" % n, (self.addr, self.accepted))
        got = arrives(good, PATIENCE)
        if got != b"a%d" % n:
            raise AssertionError("accepted packet %d is lost, got %r (sent at %.4f)" % (n, got, at))
        got = arrives(bad, 0)
        if not got:
            return
        if not (lenient or self.lenient.value):
            raise AssertionError("dropped packet %r got through (sent at %.4f, wall %s)" %
                                 (got, at, time.strftime("%X")))
        self.passed.value += 1

    def pause(self):
        self.paused.clear()
        self.wanted.value = 0
        if not self.paused.wait(PATIENCE + 20):
            raise AssertionError(self.name + " does not stop")

    def go_on(self):
        self.wanted.value = 1

    def end(self):
        self.wanted.value = -1
        self.process.join(PATIENCE + 20)


def probe(src, dst, addr, port, count=1):
    """How many of count packets arrive."""
    rx = receiver(dst, port, socket.AF_INET)
    tx = socket_in(src)
    try:
        for _ in range(count):
            tx.sendto(b"p", (addr, port))
        got = 0
        while got < count and arrives(rx, 0):
            got += 1
        return got
    finally:
        rx.close()
        tx.close()
