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
from dataclasses import dataclass, replace

SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
BUILDDIR = os.path.realpath(os.environ.get("BUILDDIR", SRCDIR))

ROUTER = "10.255.0.1"       # the router's own address, for packets to INPUT
NEXT_HOP = "10.255.1.2"     # behind out0, for all others
IN_MAC, OUT_MAC, PEER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
MAX_FLOWS = 65536
CONNECTION_LIVES = 600      # seconds
LOCK = "/run/lock/iptables-bpf-bench"

TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
SYN, ACK = 0x02, 0x10

_FLOW = struct.Struct("!16s16sHHHHBBB5x")
_L4_LENGTH = 20             # TCP's header; UDP's and 12 bytes


class BenchError(Exception):
    """Something is not as it must be; no figure can be trusted."""


def address(text):
    return struct.unpack("!I", socket.inet_aton(text))[0]


def _written_ipv6(number):
    return socket.inet_ntop(socket.AF_INET6, to_ipv6(number).to_bytes(16, "big"))


def dotted(number):
    return socket.inet_ntoa(struct.pack("!I", number))


def to_ipv6(number):
    """The address of IPv6 that stands for this one of IPv4: a host in a /64 of its own."""
    return 0x20010db8 << 96 | number << 64 | 1


@dataclass(frozen=True)
class Flow:
    """One packet. Addresses as numbers."""
    saddr: int
    daddr: int
    protocol: int = TCP
    sport: int = 40000
    dport: int = 80
    flags: int = SYN
    family: int = 4

    def pack(self):
        """struct flow of bench/frame.h, with its checksums."""
        length = 4 if self.family == 4 else 16
        source, destination = (number.to_bytes(length, "big") for number in (self.saddr, self.daddr))
        addresses = sum(struct.unpack(f"!{length}H", source + destination))
        ip = 0x4500 + 20 + _L4_LENGTH + (64 << 8 | self.protocol) + addresses
        pseudo = addresses + self.protocol + _L4_LENGTH + self.sport + self.dport
        l4 = 0
        if self.protocol == TCP:
            # sequence numbers 1 and 1, offset and flags, window
            l4 = _fold(pseudo + 1 + 1 + (0x5000 | self.flags) + 0xffff)
        elif self.family == 6:
            l4 = _fold(pseudo + _L4_LENGTH) or 0xffff
        return _FLOW.pack(source, destination, self.sport, self.dport, _fold(ip) if self.family == 4 else 0, l4, self.protocol,
                          self.flags, self.family)

    def as_ipv6(self):
        """The same flow between the addresses of IPv6 that stand for these."""
        return replace(self, saddr=to_ipv6(self.saddr), daddr=to_ipv6(self.daddr), family=6)


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
        # Nobody there is to say anything.
        subprocess.run(["ip", "netns", "exec", self.ends, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"], check=True)
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

    def router(self, name, family=4):
        return Router(self, name, family)

    def load(self, flows):
        """What is sent from now on: packed flows, bytes."""
        with open(self.file.name, "wb") as file:
            file.write(flows)
        self.command("flows", self.file.name)


class Router:
    """One network namespace: in0, out0, forwarding, a default route."""

    def __init__(self, injector, name, family=4):
        injector.made += 1
        self.family = family    # of its packets: 4 or 6
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
                    "net.ipv4.tcp_syncookies=0"]
        if self.family == 6:
            settings += ["net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.accept_dad=0",
                         "net.ipv6.conf.default.addr_gen_mode=1", "net.ipv6.conf.default.accept_ra=0"]
        else:
            settings += ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
        self.run(["sysctl", "-qw", *settings])
        for device, mac in (("in", IN_MAC), ("out", OUT_MAC)):
            peer = f"{device}-{self.number}"
            subprocess.run(["ip", "link", "add", f"{device}0", "netns", self.ns, "address", mac, "type", "veth",
                            "peer", "name", peer, "netns", self.injector.ends], check=True)
            subprocess.run(["ip", "-n", self.injector.ends, "link", "set", peer, "up"], check=True)
        subprocess.run(["ip", "-n", self.ns, "-batch", "-"], check=True, text=True,
                       input="\n".join(["link set lo up", "link set in0 up", "link set out0 up"] + self._addresses()))

    def _addresses(self):
        """Lines for `ip -batch'."""
        length, written = (24, dotted) if self.family == 4 else (64, _written_ipv6)
        me, me_out, peer, hop = (written(address(text) + n) for text, n in ((ROUTER, 0), (NEXT_HOP, -1), (ROUTER, 1), (NEXT_HOP, 0)))
        return [f"addr add {me}/{length} dev in0", f"addr add {me_out}/{length} dev out0",
                f"route replace {hop} dev out0",
                f"neigh add {hop} lladdr {PEER_MAC} dev out0 nud permanent",
                f"neigh add {peer} lladdr {PEER_MAC} dev in0 nud permanent",
                f"route add default via {hop} dev out0"]

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
        """Switches conntrack on without a cost: the rule that asks for it is where no measured packet comes. The flows'
        connections, which one packet each shows again and again, must not expire within a measurement."""
        family = "ip" if self.family == 4 else "ip6"
        self.run(["nft", "-f", "-"], input=f"table {family} conntrack_on {{ chain output {{ type filter hook output priority 200;"
                 " ct state invalid counter\n}\n}\n")
        self.run(["sysctl", "-qw"] + [f"net.netfilter.nf_conntrack_{name}={CONNECTION_LIVES}" for name in
                                      ("udp_timeout", "tcp_timeout_syn_sent")])

    def hook(self, where, priority, verdict):
        self.injector.command("hook", self.name, self.family, where, priority, verdict)

    def listen(self, protocol, port):
        self.injector.command("listen", self.name, self.family, "tcp" if protocol == TCP else "udp", port)

    def establish(self, count, first=0):
        self.injector.command("establish", self.name, count, first)

    def flush_connections(self):
        self.injector.command("flush", self.name)

    def send(self, count, first=0, warmup=0):
        """Sends WARMUP packets, from flow FIRST on, and behind them COUNT that are measured: (nanoseconds, nanoseconds of
        CPU time, packets of both that arrived, the kernel's own nanoseconds a packet)."""
        return self.injector.command("run", self.name, count, first, warmup)

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
