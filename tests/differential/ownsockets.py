# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets of the router's own: UDP and TCP sockets of any owner that send a given packet, and ones that datagrams come to."""

import os
import socket

import packets as pk
import topology

IP_FREEBIND, IPV6_FREEBIND, IPV6_V6ONLY = 15, 78, 26
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, REPAIR_OFF, SEND_QUEUE = 19, 20, 21, -1, 2
# None that answer: a TCP socket would, with numbers by chance and more than once.
LISTENING = (53, 80, 5353)


def _fields(packet):
    """(family, protocol, (source, port), (destination, port), payload)"""
    data = packet.data
    family, proto, head = (socket.AF_INET, data[9], (data[0] & 15) * 4) if packet.family == 4 else (socket.AF_INET6, data[6], 40)
    at, size = (12, 4) if packet.family == 4 else (8, 16)
    addresses = [socket.inet_ntop(family, data[at + n * size:at + (n + 1) * size]) for n in (0, 1)]
    ports = [int.from_bytes(data[head + n:head + n + 2], "big") for n in (0, 2)]
    return family, proto, (addresses[0], ports[0]), (addresses[1], ports[1]), data[head + 8:]


def _begin_at(s, number):
    """The first sequence number, of which a rule may look at any byte, is not to be drawn by lot."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
    s.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, number)
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF)


def send(namespace, packet):
    """Has a socket of @packet.owner, made in @namespace, send what @packet says. Raises OSError when the kernel refuses."""
    family, proto, source, destination, payload = _fields(packet)
    user, group = packet.owner
    with topology.InNamespace(namespace):
        os.setegid(group)
        os.seteuid(user)
        try:
            s = socket.socket(family, socket.SOCK_STREAM if proto == pk.TCP else socket.SOCK_DGRAM)
        finally:
            os.seteuid(0)
            os.setegid(0)
    with s:
        if proto == pk.TCP:
            _begin_at(s, 1000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setblocking(False)
        if family == socket.AF_INET:
            s.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
            s.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, always: then the identification is 0
        else:
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        s.bind(source)
        if proto != pk.TCP:
            s.sendto(payload, destination)
            return
        try:
            s.connect(destination)
        except BlockingIOError:
            pass  # its first segment is on its way; closing the socket sends nothing


def listen(namespace):
    """Sockets that wait for packets in @namespace; the caller closes them."""
    found = []
    with topology.InNamespace(namespace):
        for family in (socket.AF_INET, socket.AF_INET6):
            for port in LISTENING:
                s = socket.socket(family, socket.SOCK_DGRAM)
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, 1)
                s.bind(("", port))
                found.append(s)
    return found
