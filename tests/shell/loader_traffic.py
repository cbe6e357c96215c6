#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""UDP between two namespaces, every verdict checked.

loader_traffic.py stream SRC DST ADDR ACCEPTED DROPPED
    sends to both ports in turn until SIGTERM; every packet to ACCEPTED must
    arrive, none to DROPPED may. Prints how many of each were sent.
loader_traffic.py probe SRC DST ADDR PORT COUNT
    prints how many of COUNT packets arrive.
"""
import ctypes
import os
import signal
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
MARK_TYPE = 0x88b5  # an Ethernet type that IEEE 802 keeps free for experiments
PATIENCE = 20  # seconds, for what comes in the end
libc = ctypes.CDLL(None, use_errno=True)


def socket_in(ns, *kind):
    """A UDP socket (or another kind) in namespace ns; it stays there when the process leaves."""
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns " + ns)
    os.close(fd)
    return socket.socket(*kind or (socket.AF_INET, socket.SOCK_DGRAM))


def receiver(ns, port):
    s = socket_in(ns)
    s.bind(("0.0.0.0", port))
    return s


def arrives(s, seconds):
    s.settimeout(seconds)
    try:
        return s.recv(64)
    except (socket.timeout, BlockingIOError):
        return None


def stream(src, dst, addr, accepted, dropped):
    good, bad = receiver(dst, accepted), receiver(dst, dropped)
    tx = socket_in(src)
    running = []
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    running.append(True)
    sent = 0
    while running:
        sent += 1
        try:
            tx.sendto(b"d%d" % sent, (addr, dropped))
        except PermissionError:
            pass  # dropped on its way out
        tx.sendto(b"a%d" % sent, (addr, accepted))
        got = arrives(good, PATIENCE)
        if got != b"a%d" % sent:
            sys.exit("packet %d to port %d: should arrive, got %r" % (sent, accepted, got))
        got = arrives(bad, 0)
        if got:
            sys.exit("packet %r to port %d arrived" % (got, dropped))
        time.sleep(0.0003)
    print(sent)


class Mark:
    """A frame that is no IP, over the wire behind all that went before: the wire queues for each CPU in order."""

    def __init__(self, src, dst):
        self.rx = socket_in(dst, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(MARK_TYPE))
        self.rx.bind(("wire", MARK_TYPE))
        self.tx = socket_in(src, socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.tx.bind(("wire", 0))

    def wait(self):
        text = b"%16d" % os.getpid()
        self.tx.send(b"\xff" * 6 + b"\2\0\0\0\0\1" + MARK_TYPE.to_bytes(2, "big") + text)
        end = time.monotonic() + PATIENCE
        self.rx.settimeout(PATIENCE)
        while text not in self.rx.recv(64):
            if time.monotonic() > end:
                raise TimeoutError


def probe(src, dst, addr, port, count):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rx = receiver(dst, port)
    mark = Mark(src, dst)
    tx = socket_in(src)
    for i in range(count):
        tx.sendto(b"p", (addr, port))
    mark.wait()
    got = 0
    while arrives(rx, 0):
        got += 1
    print(got)


what, src, dst, addr = sys.argv[1:5]
if what == "stream":
    stream(src, dst, addr, int(sys.argv[5]), int(sys.argv[6]))
else:
    probe(src, dst, addr, int(sys.argv[5]), int(sys.argv[6]))
