# SPDX-License-Identifier: GPL-2.0-or-later
"""One side of a comparison: a router and the world around it.

Two network namespaces joined by veth pairs ("legs"). The router has addresses, routes
and static neighbours; the world has bare interfaces with no address, so that it
sends nothing by itself and every frame in it is either the test's or the router's.
All sides look the same from inside: interface names, MAC addresses, addresses.
"""

import ctypes
import ipaddress
import os
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

import hang
import nflog
import ownsockets

# What Python's socket module does not name.
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ETH_P_ALL, SO_RCVBUFFORCE, IPV6_HDRINCL = 3, 33, 36

CLONE_NEWNET = 0x40000000
MTU = 9000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Leg:
    """A link of the router: its interface there, and what lies behind it."""

    name: str  # in the router; the world's end is "w-" + name
    number: int
    addr4: str
    gateway4: str  # the neighbour behind which everything of this leg lies
    nets4: tuple
    addr6: str
    gateway6: str
    nets6: tuple

    @property
    def router_mac(self):
        return f"02:00:00:00:01:{self.number:02x}"

    @property
    def world_mac(self):
        return f"02:00:00:00:02:{self.number:02x}"


# A default route on the second leg: any address whatever can be forwarded to.
LEGS = (
    Leg("lan0", 1, "10.1.0.1/24", "10.1.0.254", ("10.0.0.0/8", "192.168.0.0/16"),
        "fd00:1::1/64", "fd00:1::fe", ("fd00:1::/32", "fc00::/8")),
    Leg("wan0", 2, "203.0.113.1/24", "203.0.113.254", ("0.0.0.0/0",),
        "2001:db8:2::1/64", "2001:db8:2::fe", ("::/0",)),
    Leg("dmz0", 3, "172.16.3.1/24", "172.16.3.254", ("172.16.0.0/12",),
        "fd00:3::1/64", "fd00:3::fe", ("fd00:3::/32",)),
)
LEG = {leg.name: leg for leg in LEGS}

# Nothing may depend on time or chance: no reverse path filter, no rate limit on what
# the router answers, no router solicitation, no duplicate address detection.
_SYSCTLS = """
net.ipv4.ip_forward=1
net.ipv4.conf.all.rp_filter=0
net.ipv4.conf.default.rp_filter=0
net.ipv4.conf.all.log_martians=0
net.ipv4.conf.all.send_redirects=0
net.ipv4.conf.default.send_redirects=0
net.ipv4.conf.all.accept_source_route=1
net.ipv4.conf.default.accept_source_route=1
net.ipv4.icmp_ratelimit=0
net.ipv4.icmp_ratemask=0
net.ipv4.ipfrag_time=600
net.ipv6.conf.all.forwarding=1
net.ipv6.conf.default.accept_dad=0
net.ipv6.conf.default.dad_transmits=0
net.ipv6.conf.default.accept_ra=0
net.ipv6.conf.default.autoconf=0
net.ipv6.conf.default.router_solicitations=0
net.ipv6.conf.default.accept_source_route=1
net.ipv6.conf.all.accept_source_route=1
net.ipv6.conf.default.addr_gen_mode=1
net.ipv6.icmp.ratelimit=0
net.ipv6.icmp.ratemask=255
net.ipv6.ip6frag_time=600
net.netfilter.nf_conntrack_frag6_timeout=600
net.ipv6.auto_flowlabels=0
"""


def run(*argv, stdin=None, check=True, env=None):
    """Runs a command; returns its CompletedProcess, raises RuntimeError when it fails."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=env) as process:
        out, err = hang.finished(process, stdin)
    if check and process.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit status {process.returncode}: {err.strip()}")
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


class InNamespace:
    """Context manager: this thread is in the named network namespace."""

    def __init__(self, name):
        self.path = f"/run/netns/{name}"

    def _enter(self, fd):
        if _libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns", self.path)

    def __enter__(self):
        self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(self.path, os.O_RDONLY)
        self._enter(fd)
        os.close(fd)

    def __exit__(self, *exc):
        self._enter(self.back)
        os.close(self.back)


class Side:
    """The two namespaces, and the sockets that send into and listen to them."""

    def __init__(self, tag):
        self.router = f"ipb-diff-{tag}-{os.getpid()}-r"
        self.world = f"ipb-diff-{tag}-{os.getpid()}-w"
        self.links = {}  # by leg: sends and receives frames
        self.paged = {}  # by leg: sends frames of which only the beginning is linear
        self.raw = {}  # by family: sends as the router
        self.sink = None
        self.made = []

    def exec(self, *argv, **kw):
        """Runs a command in the router's namespace."""
        return run("ip", "netns", "exec", self.router, *argv, **kw)

    def up(self):
        for name in (self.router, self.world):
            run("ip", "netns", "add", name)
            self.made.append(name)
        with InNamespace(self.router):
            for line in _SYSCTLS.split():
                _sysctl(*line.split("="))
            run("nft", "-f", "-", stdin=nflog.SINK_TABLE)
        with InNamespace(self.world):
            _sysctl("net.ipv6.conf.default.disable_ipv6", "1")
            _sysctl("net.ipv6.conf.all.disable_ipv6", "1")
        run("ip", "-n", self.router, "link", "set", "lo", "up")
        for leg in LEGS:
            self._link(leg)
        # Interfaces are enumerated in the order they came; all up before any route.
        for leg in LEGS:
            self._routes(leg)
        self._sockets()
        return self

    def _link(self, leg):
        peer = "w-" + leg.name
        run("ip", "-n", self.router, "link", "add", leg.name, "address", leg.router_mac, "mtu", str(MTU),
            "type", "veth", "peer", "name", peer, "address", leg.world_mac, "mtu", str(MTU), "netns", self.world)
        run("ip", "-n", self.world, "link", "set", peer, "arp", "off", "up")
        batch = (f"link set {leg.name} up\n"
                 f"addr add {leg.addr4} dev {leg.name}\n"
                 f"addr add {leg.addr6} dev {leg.name} nodad\n")
        run("ip", "-n", self.router, "-batch", "-", stdin=batch)

    def _routes(self, leg):
        lines = [f"neigh replace {gw} lladdr {leg.world_mac} dev {leg.name} nud permanent"
                 for gw in (leg.gateway4, leg.gateway6)]
        for nets, gateway in ((leg.nets4, leg.gateway4), (leg.nets6, leg.gateway6)):
            lines += [f"route replace {net} via {gateway} dev {leg.name}" for net in nets]
        run("ip", "-n", self.router, "-batch", "-", stdin="\n".join(lines) + "\n")
        # The link's own network is reached over the gateway too: no neighbour to ask for.
        for addr, gateway in ((leg.addr4, leg.gateway4), (leg.addr6, leg.gateway6)):
            net = _network(addr)
            run("ip", "-n", self.router, "route", "replace", f"{gateway}", "dev", leg.name, "metric", "1")
            run("ip", "-n", self.router, "route", "del", net, "dev", leg.name, check=False)
            run("ip", "-n", self.router, "route", "replace", net, "via", gateway, "dev", leg.name, "metric", "2")

    def _sockets(self):
        with InNamespace(self.world):
            for leg in LEGS:
                self.links[leg.name] = _packet_socket("w-" + leg.name, ETH_P_ALL)
                self.paged[leg.name] = _packet_socket("w-" + leg.name, 0)
                self.paged[leg.name].setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        with InNamespace(self.router):
            self.sink = nflog.Sink()
            v4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            v6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            v6.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
            self.raw = {4: v4, 6: v6}

    # ---- packets ----

    def send(self, packet):
        """Returns False when the kernel would not take the packet at all."""
        try:
            if packet.owner is not None:
                ownsockets.send(self.router, packet)
            elif packet.leg == "local":
                dst = packet.data[16:20] if packet.family == 4 else packet.data[24:40]
                where = socket.inet_ntop(socket.AF_INET if packet.family == 4 else socket.AF_INET6, dst)
                self.raw[packet.family].sendto(packet.data, (where, 0))
            elif packet.linear is None and packet.segment is None:
                self.links[packet.leg].send(frame(LEG[packet.leg], packet.data, packet.family, packet.mac))
            else:
                self.paged[packet.leg].send(_vnet_header(packet) + frame(LEG[packet.leg], packet.data, packet.family))
            return True
        except OSError:
            return False

    def collect(self):
        """Waits until everything sent before has gone its way. Returns what came out of the router:
        (leg, packet) in order; the leg is "input" for what reached the router itself.

        The router answers an ARP request that is queued behind all that went before:
        this process sends from one CPU, and veth queues per CPU."""
        leg = LEGS[0]
        router, world = (socket.inet_aton(a.split("/")[0]) for a in (leg.addr4, leg.gateway4))
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac_bytes(leg.world_mac) + world + bytes(6) + router
        self.links[leg.name].send(mac_bytes(leg.router_mac) + mac_bytes(leg.world_mac) + b"\x08\x06" + arp)
        out, answered = [], False
        deadline = time.monotonic() + 30
        while not answered:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.router} does not answer ARP any more")
            answered = self._read(leg.name, out)
        for other in LEGS[1:]:
            self._read(other.name, out)
        return out + [("input", data) for data in self.sink.read()]

    def _read(self, name, out):
        answered = False
        while True:
            try:
                data = self.links[name].recv(1 << 17)
            except BlockingIOError:
                return answered
            kind = data[12:14]
            if kind == b"\x08\x06":
                answered = answered or data[20:22] == b"\0\2"
            elif kind in (b"\x08\x00", b"\x86\xdd"):
                out.append((name, data[14:]))

    def down(self):
        for s in [*self.links.values(), *self.paged.values(), *self.raw.values()]:
            s.close()
        if self.sink:
            self.sink.close()
        for name in self.made:
            run("ip", "netns", "del", name, check=False)
        self.made = []

    def __enter__(self):
        try:
            return self.up()
        except BaseException:
            self.down()
            raise

    def __exit__(self, *exc):
        self.down()


def _packet_socket(interface, protocol):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    s.bind((interface, protocol))
    s.setblocking(False)
    return s


def _sysctl(key, value):
    path = "/proc/sys/" + key.replace(".", "/")
    try:
        with open(path, "w") as f:
            f.write(value)
    except FileNotFoundError:
        pass  # older kernels lack some: they then lack the noise too


def _network(addr):
    return str(ipaddress.ip_interface(addr).network)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def _vnet_header(packet):
    """struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset."""
    linear = len(packet.data) if packet.linear is None else packet.linear
    if packet.segment is None:
        return struct.pack("=BBHHHH", 0, 0, 14 + linear, 0, 0, 0)
    head = 20 if packet.family == 4 else 40
    # NEEDS_CSUM, and TCPV4 or TCPV6; the headers have to be linear then.
    return struct.pack("=BBHHHH", 1, 1 if packet.family == 4 else 4, 14 + max(linear, head + 20), packet.segment,
                       14 + head, 16)


def frame(leg, data, family, mac=None):
    """An Ethernet frame from the world to the router, or to @mac."""
    return ((mac or mac_bytes(leg.router_mac)) + mac_bytes(leg.world_mac)
            + struct.pack("!H", 0x0800 if family == 4 else 0x86dd) + data)
