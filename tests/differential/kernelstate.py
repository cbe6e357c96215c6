# SPDX-License-Identifier: GPL-2.0-or-later
"""Matches on what the kernel knows of a packet: devices' groups, routes' realms, sockets' owners and classes,
helpers and counters of connections. Both sides get the same surroundings and the same traffic."""

import os
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import compare
import generate
import packets as pk
from rulesets import TOOLS
from topology import InNamespace, LEGS, Side, run

DESTINATION = {4: "198.51.100.7", 6: "2001:db8:77::7"}
# (user, group, supplementary groups): at and beside the edges of the rules' ranges.
OWNERS = ((0, 0, []), (99, 4000, []), (100, 3999, [4000]), (150, 4001, [5, 6]), (151, 0, [4002]), (200, 4002, [1, 2, 3, 4001]),
          (201, 4000, list(range(10, 60))), (65534, 65534, list(range(100, 180))))


# Without snooping, or it would report to multicast routers when it likes.
BRIDGE = """link add br9 type bridge mcast_snooping 0
link set br9 up
link add bp0 address 02:00:00:00:09:00 type veth peer name w-bp0 address 02:00:00:00:09:10
link add bp1 address 02:00:00:00:09:01 type veth peer name w-bp1 address 02:00:00:00:09:11
link set bp0 master br9 up
link set bp1 master br9 up
"""


def surround(side):
    """Groups of the devices, realms of the routes, and a bridge whose packets meet the rules."""
    side.exec("sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=1")
    run("ip", "-n", side.router, "-batch", "-", stdin=BRIDGE)
    side.exec("sysctl", "-q", "-w", "net.ipv6.conf.default.disable_ipv6=0")
    for name in ("w-bp0", "w-bp1"):
        run("ip", "-n", side.router, "link", "set", name, "netns", side.world)
        run("ip", "-n", side.world, "link", "set", name, "arp", "off", "up")
    for family in ("iptables", "ip6tables"):
        side.exec("sysctl", "-q", "-w", f"net.bridge.bridge-nf-call-{family}=1")
    for leg, group in zip(LEGS, ("0x5", "0x1d", "0x15")):
        run("ip", "-n", side.router, "link", "set", leg.name, "group", group)
    for net, realm, leg in (("198.51.0.0/16", "9", LEGS[1]), ("172.17.0.0/16", "3", LEGS[2]), ("172.18.0.0/16", "8/3", LEGS[2])):
        run("ip", "-n", side.router, "route", "replace", net, "via", leg.gateway4, "dev", leg.name, "realm", realm)


def _as(owner, what):
    """Runs @what in a child that belongs to @owner; in the caller's namespaces."""
    child = os.fork()
    if child:
        if os.waitpid(child, 0)[1]:
            raise RuntimeError(f"traffic of owner {owner} failed")
        return
    try:
        user, group, groups = owner
        os.setgroups(groups)
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        what()
        os._exit(0)
    except Exception as e:
        print(f"owner {owner}: {e}")
        os._exit(1)


def _datagrams(family):
    def send():
        s = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        for port in range(3):
            try:
                s.sendto(b"x", (DESTINATION[family], 9000 + port))
            except PermissionError:  # a rule drops it
                pass
    return send


def _connection(family):
    """A connection of the router with itself: request sockets, accepted sockets, TIME_WAIT."""
    def talk():
        kind = socket.AF_INET if family == 4 else socket.AF_INET6
        address = "127.0.0.1" if family == 4 else "::1"
        server = socket.socket(kind, socket.SOCK_STREAM)
        server.bind((address, 0))
        server.listen(1)
        client = socket.socket(kind, socket.SOCK_STREAM)
        client.settimeout(0.9)  # before the first repetition
        try:
            client.connect(server.getsockname()[:2])
            server.settimeout(20)
            accepted = server.accept()[0]
            accepted.close()
            client.recv(1)
            time.sleep(0.3)  # a late acknowledgement may not join the end of the other direction
        except TimeoutError:  # a rule drops it
            pass
        client.close()
        server.close()
    return talk


@contextmanager
def classes():
    """Directories of control groups whose members' packets are of class 65537 and 65538, if the kernel has these."""
    with tempfile.TemporaryDirectory() as mount:
        done = subprocess.run(["mount", "-t", "cgroup", "-o", "net_cls", "none", mount], capture_output=True)
        if done.returncode:
            yield []
            return
        made = []
        try:
            for number in (65537, 65538):
                group = Path(mount, f"ipb-diff-{os.getpid()}-{number}")
                group.mkdir()
                made.append(group)
                (group / "net_cls.classid").write_text(str(number))
            yield made
        finally:
            for group in made:
                group.rmdir()
            subprocess.run(["umount", mount], check=True)


GROUPS = ("", "inner", "inner/most", "old")


class Groups:
    """Control groups whose names rules know. "old" is removed and made again once the rules are there: they mean the first one,
    to which sockets still belong."""

    def __init__(self, families):
        self.mount = tempfile.mkdtemp()
        subprocess.run(["mount", "-t", "cgroup2", "none", self.mount], check=True)
        self.top = Path(self.mount, f"ipb-diff-{os.getpid()}")
        self.home = next(line.split(":", 2)[2].strip() for line in open("/proc/self/cgroup") if line.startswith("0:"))
        for name in GROUPS:
            (self.top / name).mkdir()
        self.families = families
        self.sockets = {}

    def rename(self, rules):
        return {family: text.replace("ipb-diff-group", self.top.name) for family, text in rules.items()}

    def replace(self, side):
        """In place of "old" a new group of this name; a socket of each family that was the old one's."""
        (self.top / "old" / "cgroup.procs").write_text("0")
        with InNamespace(side.router):
            for family in self.families:
                self.sockets[family] = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        Path(self.mount, self.home.lstrip("/"), "cgroup.procs").write_text("0")
        (self.top / "old").rmdir()
        (self.top / "old").mkdir()

    def traffic(self, family):
        for name in GROUPS:
            _as(OWNERS[0], _in_class(self.top / name, _datagrams(family)))
        for port in range(5):
            self.sockets[family].sendto(b"x", (DESTINATION[family], 9100 + port))

    def close(self):
        for s in self.sockets.values():
            s.close()
        for name in reversed(GROUPS):
            (self.top / name).rmdir()
        subprocess.run(["umount", self.mount], check=True)
        os.rmdir(self.mount)


def _in_class(group, what):
    def inside():
        (group / "cgroup.procs").write_text("0")
        what()
    return inside


def local_traffic(side, family, groups):
    """From sockets of several owners and classes, and from the kernel itself."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})  # for -m cpu, on both sides the same
    with InNamespace(side.router):
        for owner in OWNERS:
            _as(owner, _datagrams(family))
        for owner in (OWNERS[0], OWNERS[2]):
            _as(owner, _connection(family))
        groups.traffic(family)
        with classes() as classed:
            for group in classed:
                _as(OWNERS[0], _in_class(group, _datagrams(family)))
    os.sched_setaffinity(0, cpus)


def bridged_traffic(side, family):
    """Packets from one port of the bridge to the other."""
    src, dst = ("10.99.0.1", "10.99.0.2") if family == 4 else ("fd99::1", "fd99::2")
    with InNamespace(side.world):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind(("w-bp0", 0))
    for port in range(5):
        data = pk.ip(src, dst, pk.UDP, pk.udp(src, dst, 1000 + port, 53), tag=port + 1)
        s.send(bytes.fromhex("020000000911020000000910") + (b"\x08\0" if family == 4 else b"\x86\xdd") + data)
    s.close()


def ftp(maker):
    """A connection that the FTP helper watches, and the one that it says will come."""
    src, dst = ("172.17.0.9", "198.51.100.9") if maker.family == 4 else ("fd00:3::9", "2001:db8:77::9")
    command = b"PORT 172,17,0,9,4,1\r\n" if maker.family == 4 else b"EPRT |2|fd00:3::9|1025|\r\n"
    seq, answer = 1000, 5000
    yield _segment(maker, "dmz0", src, dst, 3333, 21, pk.SYN, seq, 0, b"")
    yield _segment(maker, "wan0", dst, src, 21, 3333, pk.SYN | pk.ACK, answer, seq + 1, b"")
    seq += 1
    answer += 1
    yield _segment(maker, "dmz0", src, dst, 3333, 21, pk.ACK, seq, answer, b"")
    for line in (b"USER x\r\n", command):
        yield _segment(maker, "dmz0", src, dst, 3333, 21, pk.ACK | pk.PSH, seq, answer, line)
        seq += len(line)
        yield _segment(maker, "wan0", dst, src, 21, 3333, pk.ACK, answer, seq, b"")
    yield _segment(maker, "wan0", dst, src, 20, 1025, pk.SYN, 70, 0, b"")
    yield _segment(maker, "dmz0", src, dst, 1025, 20, pk.SYN | pk.ACK, 90, 71, b"")
    yield _segment(maker, "wan0", dst, src, 20, 1025, pk.ACK, 71, 91, b"")


def _segment(maker, leg, src, dst, sport, dport, flags, seq, ack, data):
    segment = pk.tcp(src, dst, sport, dport, flags, seq, ack, payload=data)
    return pk.Packet(maker.family, leg, pk.ip(src, dst, pk.TCP, segment, tag=maker.tags.next()), "ftp")


def check(rules, minimum_decided, seed=1):
    """One comparison with its report; True when all is equal and BPF did decide."""
    packets = generate.generate(rules, "boundary,random:200,flows:40", seed)
    tags = generate.Tags()
    for family in rules:
        packets += list(ftp(generate.Maker(family, None, tags)))
    trials = []
    for letter, name in zip("ab", ("stock", "ours")):
        tools = TOOLS[name]()
        with Side("k" + letter) as side, closing(Groups(rules)) as groups:
            rules = groups.rename(rules)
            trial = compare.Trial(side, tools, rules)
            try:
                surround(side)
                tools.load(side, rules)
                groups.replace(side)
                tools.go_live(side)
                for family in rules:
                    local_traffic(side, family, groups)
                    bridged_traffic(side, family)
                time.sleep(0.5)
                side.collect()
                compare.send_all(trial, packets)
                trial.status = tools.status(side)
                for family in rules:
                    trial.counters[family] = tools.save(side, family)
            finally:
                tools.unload(side)
        trials.append(trial)
    found = compare.verdicts(*trials, packets) + compare.counters(*trials)
    hit, number = compare.coverage(trials[0])
    decided = compare.decided(trials[1])
    print(f"{len(packets)} packets and those of sockets; {hit} of {number} rules met")
    for text in compare.unmet(trials[0]):
        print(f"no packet met {text}")
    print("BPF decided %d packets and handed over %d" % decided)
    for difference in found[:20]:
        print(f"{difference.kind}: {difference.text}")
    for chain in trials[1].status["chains"]:
        if chain["mode"] == "nft" and chain["table"] == "filter":
            print(f"    {chain['family']} {chain['chain']}: {chain['reason']}")
            found.append(chain)
    return not found and decided[0] >= minimum_decided
