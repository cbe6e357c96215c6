# SPDX-License-Identifier: GPL-2.0-or-later
"""-m addrtype against the kernel: tables of all kinds of routes, addresses at the edges of each."""

import ipaddress
import random

import compare
import generate
import packets as pk
from rulesets import TOOLS
from topology import Side, run

TYPES = ("UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW")
# How many neighbours the kernel gives up in time, and says so, is chance: these rules do not count.
CHANCE = ("-A INPUT -p icmp -j DROP", "-A OUTPUT -p icmp -j DROP")
RULES = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "\n".join(CHANCE) + "\n" + "".join(
    f"-A {chain} -m addrtype {invert}{option} {types}\n"
    for chain in ("INPUT", "OUTPUT") for option in ("--src-type", "--dst-type")
    for invert in ("", "! ") for types in (*TYPES, "LOCAL,BROADCAST")) + "".join(
    f"-A FORWARD -m addrtype {invert}{option} {types} --limit-iface-{way}\n"
    for way in ("in", "out") for option in ("--src-type", "--dst-type") for invert in ("", "! ")
    for types in ("UNICAST", "ANYCAST", "LOCAL", "LOCAL,BROADCAST,BLACKHOLE")) + (
    "-A INPUT -j DROP\n"  # nothing is answered: the kernel limits how many answers it gives
    "-A OUTPUT -m addrtype --src-type LOCAL --dst-type UNICAST\n"
    "-A OUTPUT -m addrtype ! --src-type LOCAL ! --dst-type BROADCAST\n"
    "COMMIT\n")
RULES6 = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "".join(
    f"-A OUTPUT -m addrtype {types}\n" for types in (
        "--src-type UNICAST", "--dst-type UNICAST", "--dst-type MULTICAST", "! --dst-type MULTICAST", "--src-type UNSPEC",
        "! --src-type UNSPEC", "--src-type UNICAST ! --dst-type MULTICAST", "--dst-type UNICAST,MULTICAST",
        "! --src-type UNICAST", "! --dst-type UNICAST", "! --dst-type UNICAST,MULTICAST", "--src-type UNSPEC --limit-iface-out",
        "! --src-type UNICAST --limit-iface-out", "--dst-type UNICAST ! --src-type UNICAST,UNSPEC")) + "".join(
    f"-A INPUT -m addrtype {types}\n" for types in (  # those with a route lookup, after what the address itself tells
        "--src-type MULTICAST,LOCAL", "! --src-type UNSPEC,ANYCAST", "--src-type UNICAST --limit-iface-in")) + "COMMIT\n"
SOURCES6 = ("::", "::1", "::2", "::1.2.3.4", "::ffff:1.2.3.4", "::fffe:1.2.3.4", "1::", "::1:0:0:0", "0:0:1::", "ff02::1", "feff::",
            "fe80::1", "fec0::1", "fc00::1", "fdff::1", "e000::1", "1fff::", "2001:db8::1", "0100::1", "fe00::")


def _routes(rng):
    """Routes of table local and of table main, nested and side by side."""
    kinds = ("local", "broadcast", "anycast", "multicast", "unicast", "blackhole", "unreachable", "prohibit", "throw")
    for number in range(400):
        kind = rng.choice(kinds)
        bits = rng.choice((8, 9, 12, 15, 16, 17, 20, 23, 24, 25, 28, 30, 31, 32, 32))
        base = rng.choice((20, 20, 20, 33, 77, 100, 150, 193)) << 24 | rng.getrandbits(rng.choice((8, 16, 24)))
        net = ipaddress.ip_network((base >> (32 - bits) << (32 - bits), bits))
        table = rng.choice(("local", "main"))
        device = "" if kind in ("blackhole", "unreachable", "prohibit", "throw") else "dev " + rng.choice(("lan0", "dmz0", "wan0"))
        yield net, f"route append {kind} {net} {device} table {table}" + (f" metric {number}" if number % 3 == 0 else "")


_ODD = """route replace 198.18.0.0/24 dev lan0 tos 0x10
route replace 198.18.0.0/16 nexthop dev lan0 weight 1 nexthop dev wan0 weight 2
nexthop add id 7 dev dmz0
route replace 198.19.0.0/24 nhid 7
link add dum0 type dummy
link set dum0 up
addr add 198.20.0.1/24 dev dum0
"""


def _addresses(nets, rng):
    found = {a for net in nets for a in (int(net[0]) - 1, int(net[0]), int(net[-1]), int(net[-1]) + 1)}
    found |= {rng.getrandbits(32) for _ in range(300)}
    found |= {int(ipaddress.ip_address(a)) for a in (
        "0.0.0.0", "0.255.255.255", "1.0.0.0", "223.255.255.255", "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.254",
        "255.255.255.255", "127.0.0.1", "127.255.255.255", "10.1.0.0", "10.1.0.1", "10.1.0.255", "172.16.3.255", "198.18.0.1",
        "198.18.1.1", "198.19.0.5", "198.20.0.1", "198.20.0.255", "198.20.0.7")}
    return sorted(found)


def _packets(addresses):
    tags = generate.Tags()
    for a in addresses:
        src = str(ipaddress.IPv4Address(a))
        yield pk.Packet(4, "local", pk.ip(src, "198.51.100.1", pk.UDP, pk.udp(src, "198.51.100.1", 1, 2), tag=tags.next()), src)
        yield pk.Packet(4, "local", pk.ip("10.1.0.1", src, pk.UDP, pk.udp("10.1.0.1", src, 1, 2), tag=tags.next()), "to " + src)
        yield pk.Packet(4, "wan0", pk.ip(src, "172.16.3.9", pk.UDP, pk.udp(src, "172.16.3.9", 1, 2), tag=tags.next()), src + " through")
        yield pk.Packet(4, "lan0", pk.ip(src, "10.1.0.1", pk.UDP, pk.udp(src, "10.1.0.1", 1, 2), tag=tags.next()), src + " in")
    for src in SOURCES6:
        yield pk.Packet(6, "lan0", pk.ip(src, "fd00:1::1", pk.UDP, pk.udp(src, "fd00:1::1", 1, 2), tag=tags.next()), src + " in")
        for dst in ("2001:db8:77::7", "ff05::99"):
            yield pk.Packet(6, "local", pk.ip(src, dst, pk.UDP, pk.udp(src, dst, 1, 2), tag=tags.next()), src)


def check(seed, own_rules, sides=("stock", "ours")):
    """@own_rules: with a routing rule, which parts table local from table main. True when all is equal."""
    rng = random.Random(seed)
    routes = list(_routes(rng))
    packets = list(_packets(_addresses([net for net, _ in routes], rng)))
    rules = {4: RULES, 6: RULES6}
    trials = []
    for letter, name in zip("ab", sides):
        tools = TOOLS[name]()
        with Side("t" + letter) as side:
            if own_rules:
                run("ip", "-n", side.router, "rule", "add", "pref", "5000", "to", "192.0.2.0/24", "table", "77")
            run("ip", "-n", side.router, "-force", "-batch", "-", check=False,
                stdin=_ODD + "\n".join(line for _, line in routes) + "\nlink set dum0 down\n")
            trial = compare.Trial(side, tools, rules)
            try:
                compare.run_trial(trial, packets)
            finally:
                tools.unload(side)
        trials.append(trial)
    # Not what comes out: the router answers, in its own words, packets to routes of its own.
    found = [d for d in compare.counters(*trials) if not any(rule in d.text for rule in CHANCE)]
    print(f"seed {seed}: {len(packets)} packets; %d of %d rules met" % compare.coverage(trials[0]))
    decided = compare.decided(trials[1]) if trials[1].status else (1, 0)
    print("BPF decided %d packets and handed over %d" % decided)
    for difference in found[:20]:
        print(f"{difference.kind}: {difference.text}")
    return not found and decided[0] > 10 * decided[1]
