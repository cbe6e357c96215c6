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
libc = ctypes.CDLL(None, use_errno=True)


def socket_in(ns):
    """A UDP socket in namespace ns; it stays there when the process leaves."""
    fd = os.open("/run/netns/" + ns, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns " + ns)
    os.close(fd)
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


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
        got = arrives(good, 2)
        if got != b"a%d" % sent:
            sys.exit("packet %d to port %d: should arrive, got %r" % (sent, accepted, got))
        got = arrives(bad, 0)
        if got:
            sys.exit("packet %r to port %d arrived" % (got, dropped))
        time.sleep(0.0003)
    print(sent)


def probe(src, dst, addr, port, count):
    rx = receiver(dst, port)
    tx = socket_in(src)
    for i in range(count):
        tx.sendto(b"p", (addr, port))
    got = 0
    while got < count and arrives(rx, 0.05):
        got += 1
    print(got)


what, src, dst, addr = sys.argv[1:5]
if what == "stream":
    stream(src, dst, addr, int(sys.argv[5]), int(sys.argv[6]))
else:
    probe(src, dst, addr, int(sys.argv[5]), int(sys.argv[6]))
