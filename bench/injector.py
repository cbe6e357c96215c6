# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers made of network namespaces, and the generator that sends packets through them (bench/inject.c).

        ends                router                ends
     in-peer ------------ in0    out0 ------------ out-peer
                injected here    an end made of them here

All routers look the same, so one list of packets suits all. A packet counts as arrived when it leaves by out0 or
reaches one of the router's sockets.
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass

SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
BUILDDIR = os.path.realpath(os.environ.get("BUILDDIR", SRCDIR))

ROUTER = "10.255.0.1"       # the router's own address, for packets to INPUT
NEXT_HOP = "10.255.1.2"     # behind out0, for all others
IN_MAC, OUT_MAC, PEER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
MAX_FLOWS = 65536
LOCK = "/run/lock/iptables-bpf-bench"

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
SYN, ACK = 0x02, 0x10

_FLOW = struct.Struct("!IIHHHHBB6x")
_LENGTH = 40                # of the IP packet


class BenchError(Exception):
    """Something is not as it must be; no figure can be trusted."""


def address(text):
    return struct.unpack("!I", socket.inet_aton(text))[0]


def dotted(number):
    return socket.inet_ntoa(struct.pack("!I", number))


@dataclass(frozen=True)
class Flow:
    """One packet. Addresses as numbers."""
    saddr: int
    daddr: int
    protocol: int = TCP
    sport: int = 40000
    dport: int = 80
    flags: int = SYN

    def pack(self):
        """struct flow of bench/frame.h, with its checksums."""
        addresses = (self.saddr >> 16) + (self.saddr & 0xffff) + (self.daddr >> 16) + (self.daddr & 0xffff)
        ip = 0x4500 + _LENGTH + (64 << 8 | self.protocol) + addresses
        l4 = 0
        if self.protocol == TCP:
            # pseudo header, ports, sequence numbers 1 and 1, offset and flags, window
            l4 = addresses + TCP + 20 + self.sport + self.dport + 1 + 1 + (0x5000 | self.flags) + 0xffff
            l4 = _fold(l4)
        return _FLOW.pack(self.saddr, self.daddr, self.sport, self.dport, _fold(ip), l4, self.protocol, self.flags)


def _fold(total):
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _wait_for_turn():
    """Two benchmarks at once would measure each other."""
    lock = open(LOCK, "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another benchmark is running here; waiting for its end", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


class Injector:
    """The generator's process, and the routers it knows. A context manager: nothing remains behind it."""

    def __init__(self, cpu=None, turn=True):
        self.lock = _wait_for_turn() if turn else None
        self.prefix = f"ipb-bench-{os.getpid()}"
        self.ends = f"{self.prefix}-ends"
        self.routers = {}
        self.made = 0
        if cpu is None:
            cpu = max(os.sched_getaffinity(0))
        self.process = subprocess.Popen([f"{BUILDDIR}/bench/inject", str(cpu)], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer("start")
        subprocess.run(["ip", "netns", "add", self.ends], check=True)
        self.file = tempfile.NamedTemporaryFile(prefix="ipb-bench.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for router in list(self.routers.values()):
            router.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        subprocess.run(["ip", "netns", "del", self.ends], check=False)
        self.file.close()

    def _answer(self, what):
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ok":
            raise BenchError(f"inject: {what}: {' '.join(words[1:]) or 'it ended'}")
        return [int(word) for word in words[1:]]

    def command(self, *words):
        line = " ".join(str(word) for word in words)
        self.process.stdin.write(line + "\n")
        return self._answer(line)

    def router(self, name):
        return Router(self, name)

    def load(self, flows):
        """What is sent from now on: packed flows, bytes."""
        with open(self.file.name, "wb") as file:
            file.write(flows)
        self.command("flows", self.file.name)


class Router:
    """One network namespace: in0, out0, forwarding, a default route."""

    def __init__(self, injector, name):
        injector.made += 1
        self.number = injector.made
        self.injector, self.name = injector, f"{name}-{self.number}"
        self.ns = f"{injector.prefix}-{self.name}"
        self.known = False      # to the generator
        self.children = []
        subprocess.run(["ip", "netns", "add", self.ns], check=True)
        injector.routers[self.name] = self
        self._configure()
        injector.command("router", self.name, f"/run/netns/{self.ns}", "in0", "out0")
        self.known = True

    def _configure(self):
        settings = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                    "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
                    "net.ipv4.tcp_syncookies=0"]
        self.run(["sysctl", "-qw", *settings])
        for device, mac in (("in", IN_MAC), ("out", OUT_MAC)):
            peer = f"{device}-{self.number}"
            subprocess.run(["ip", "link", "add", f"{device}0", "netns", self.ns, "address", mac, "type", "veth",
                            "peer", "name", peer, "netns", self.injector.ends], check=True)
            subprocess.run(["ip", "-n", self.injector.ends, "link", "set", peer, "up"], check=True)
        subprocess.run(["ip", "-n", self.ns, "-batch", "-"], check=True, text=True, input="\n".join([
            "link set lo up", "link set in0 up", "link set out0 up",
            f"addr add {ROUTER}/24 dev in0", f"addr add {dotted(address(NEXT_HOP) - 1)}/24 dev out0",
            f"neigh add {NEXT_HOP} lladdr {PEER_MAC} dev out0 nud permanent",
            f"neigh add {dotted(address(ROUTER) + 1)} lladdr {PEER_MAC} dev in0 nud permanent",
            f"route add default via {NEXT_HOP} dev out0"]))

    def run(self, words, check=True, **kwargs):
        """A command in the router's namespace."""
        try:
            done = subprocess.run(["ip", "netns", "exec", self.ns, *words], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{self.name}: {' '.join(words)}: not done after {error.timeout:.0f} s") from error
        if check and done.returncode:
            raise BenchError(f"{self.name}: {' '.join(words)}: {done.stderr.strip() or done.returncode}")
        return done

    def start(self, words, **kwargs):
        """A command that goes on until the router is closed."""
        child = subprocess.Popen(["ip", "netns", "exec", self.ns, *words], text=True, **kwargs)
        self.children.append(child)
        return child

    def track_connections(self):
        """Switches conntrack on without a cost: the rule that asks for it is where no measured packet comes."""
        self.run(["nft", "-f", "-"], input="table ip conntrack_on { chain output { type filter hook output priority 200;"
                 " ct state invalid counter\n}\n}\n")

    def hook(self, where, priority, verdict):
        self.injector.command("hook", self.name, where, priority, verdict)

    def listen(self, protocol, port):
        self.injector.command("listen", self.name, "tcp" if protocol == TCP else "udp", port)

    def establish(self, count, first=0):
        self.injector.command("establish", self.name, count, first)

    def flush_connections(self):
        self.injector.command("flush", self.name)

    def send(self, count, first=0):
        """Sends COUNT packets, from flow FIRST on: (nanoseconds, nanoseconds of CPU time, packets that arrived, the
        kernel's own nanoseconds a packet)."""
        return self.injector.command("run", self.name, count, first)

    def close(self):
        for child in self.children:
            child.terminate()
            child.wait()
        del self.injector.routers[self.name]
        try:
            if self.known and self.injector.process.poll() is None:
                self.injector.command("forget", self.name)
        finally:
            subprocess.run(["ip", "netns", "del", self.ns], check=False)
