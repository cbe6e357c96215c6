# SPDX-License-Identifier: GPL-2.0-or-later
"""What BPF's maps and programs of the current network namespace take in the kernel."""
import ctypes
import os
import socket
import struct

SYS_BPF = 321
BPF_OBJ_GET = 7
SO_NETNS_COOKIE = 71
PINS = "/run/iptables-bpf/bpf"

_libc = ctypes.CDLL(None, use_errno=True)


def _open_pin(path):
    name = ctypes.create_string_buffer(os.fsencode(path))
    attr = ctypes.create_string_buffer(struct.pack("QII", ctypes.addressof(name), 0, 0), 128)
    return _libc.syscall(SYS_BPF, BPF_OBJ_GET, attr, len(attr))


def _memory(fd):
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as file:
        for line in file:
            if line.startswith("memlock:"):
                return int(line.split()[1])
    return 0


def bpf_memory():
    """Bytes of all that is pinned for this namespace."""
    with socket.socket() as sock:
        cookie = struct.unpack("Q", sock.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]
    total = 0
    for where, _, names in os.walk(f"{PINS}/{cookie:x}"):
        for name in names:
            fd = _open_pin(os.path.join(where, name))
            if fd >= 0:
                total += _memory(fd)
                os.close(fd)
    return total
