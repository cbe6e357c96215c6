# SPDX-License-Identifier: GPL-2.0-or-later
"""Rulesets as they are met, in any size, and packets whose fate in them is known.

A shape is a function of the number of rules. It gives iptables' rules, the same policy written for nft by hand with
sets and verdict maps where that is possible, and packets: "early" meets the first tenth of the rules, "late" the
last, "nowhere" no rule but the policy. One packet alone meets the very first or last rule.
"""
import random
import re
import socket
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, List, Optional

import classbench
from injector import ACK, MAX_FLOWS, ROUTER, SYN, TCP, UDP, Flow, address, dotted, to_ipv6

SIZES = (1, 10, 100, 1000, 10000, 100000)
SEED = 20251123


@dataclass
class Case:
    """Packets of one fate. flows(n) lists at most n, all different."""
    verdict: str                                # "accept" or "drop"
    flows: Callable[[int], List[Flow]]
    established: bool = False                   # their connections exist already


@dataclass
class Ruleset:
    shape: str
    size: int                                   # as asked for
    text: str                                   # for iptables-restore
    cases: Dict[str, Case]
    native: Optional[str] = None                # for nft -f
    bfcli: Optional[str] = None                 # policy and rules for bpfilter
    bfcli_sets: Optional[str] = None            # the same with its sets
    hook: str = "forward"
    conntrack: bool = False
    listen: List[tuple] = field(default_factory=list)
    family: int = 4

    @property
    def rules(self):
        return self.text.count("\n-A ")


def filter_table(rules, forward="ACCEPT", incoming="ACCEPT", chains=()):
    lines = ["*filter", f":INPUT {incoming} [0:0]", f":FORWARD {forward} [0:0]", ":OUTPUT ACCEPT [0:0]"]
    lines += [f":{chain} - [0:0]" for chain in chains]
    return "\n".join(lines + ["-A " + rule for rule in rules] + ["COMMIT", ""])


def nft_table(body, hook="forward", policy="accept", before=""):
    return (f"table ip filter {{\n{before}\nchain base {{\ntype filter hook {hook} priority 0; policy {policy};\n"
            f"{body}\n}}\n}}\n")


def nft_set(name, kind, elements, what="set"):
    """Elements of a set, or "key : verdict" of a map."""
    listed = f"elements = {{ {', '.join(elements)} }}\n" if elements else ""
    return f"{what} {name} {{\ntype {kind}\n{listed}}}\n"


def tenth(items, case):
    """The items a case may meet: those of the first or the last tenth; the outermost one first."""
    n = max(1, len(items) // 10)
    return items[:n] if case == "early" else items[-n:][::-1]


def spread(items, make):
    """flows(n): the items in turn, with source ports and destinations (a byte) that make each flow another."""
    def flows(n):
        return [make(items[k % len(items)], k // len(items)) for k in range(n)]
    return flows


def exact(items, make):
    """flows(n) of items that leave nothing to vary: as many flows as items."""
    return lambda n: [make(item) for item in items[:n]]


# ---- one long list ----

def drop_list(size):
    """Addresses that misbehaved."""
    rng = random.Random(SEED + size)
    addresses = [address("11.0.0.0") + n for n in rng.sample(range(88 << 24), size)]
    others = [address("128.0.0.0") + n for n in rng.sample(range(32 << 24), MAX_FLOWS)]

    def packet(source, k):
        return Flow(source, address("10.2.0.0") + 1 + (k & 127), TCP, 20000 + (k >> 7), 80)

    return Ruleset(
        "drop list", size, filter_table([f"FORWARD -s {dotted(a)}/32 -j DROP" for a in addresses]),
        {"early": Case("drop", spread(tenth(addresses, "early"), packet)),
         "late": Case("drop", spread(tenth(addresses, "late"), packet)),
         "nowhere": Case("accept", spread(others, packet))},
        nft_table("ip saddr @listed counter drop", before=nft_set("listed", "ipv4_addr", [dotted(a) for a in addresses])),
        "ACCEPT\n" + "".join(f"rule\nip4.saddr eq {dotted(a)}\ncounter\nDROP\n" for a in addresses),
        "ACCEPT\n" + f"rule\n(ip4.saddr) in {{ {'; '.join(dotted(a) for a in addresses)} }}\ncounter\nDROP\n")


CARTESIAN = {1: (1, 1, 1, 1), 10: (5, 2, 1, 1), 100: (5, 5, 2, 2), 1000: (10, 5, 4, 5), 10000: (10, 10, 10, 10),
             100000: (20, 20, 25, 10)}


def cartesian(size):
    """Who may talk to whom on which ports, multiplied out (the shape of bpf-iptables' paper)."""
    counts = CARTESIAN[size]
    products = [(s, d, sp, dp) for s in range(counts[0]) for d in range(counts[1])
                for sp in range(counts[2]) for dp in range(counts[3])]
    source, destination = address("10.1.0.2"), address("10.2.0.2")

    def packet(p):
        return Flow(source + p[0], destination + p[1], UDP, 10100 + p[2], 8080 + p[3])

    def stranger(_, k):
        p = products[k * 7919 % size]
        return Flow(source + p[0], destination + p[1], UDP, 10100 + p[2], 20000 + k % 40000)

    rules = [f"FORWARD -s {dotted(source + s)}/32 -d {dotted(destination + d)}/32 -p udp -m udp --sport {10100 + sp} "
             f"--dport {8080 + dp} -j ACCEPT" for s, d, sp, dp in products]
    keys = [f"{dotted(source + s)} . {dotted(destination + d)} . {10100 + sp} . {8080 + dp}" for s, d, sp, dp in products]

    def shuffled(items):
        return items[:1] + random.Random(SEED).sample(items[1:], len(items) - 1)

    return Ruleset(
        "Cartesian", size, filter_table(rules, forward="DROP"),
        {"early": Case("accept", exact(shuffled(tenth(products, "early")), packet)),
         "late": Case("accept", exact(shuffled(tenth(products, "late")), packet)),
         "nowhere": Case("drop", spread([None], stranger))},
        nft_table("ip saddr . ip daddr . udp sport . udp dport @allowed counter accept", policy="drop",
                  before=nft_set("allowed", "ipv4_addr . ipv4_addr . inet_service . inet_service", keys)),
        "DROP\n" + "".join(f"rule\nip4.saddr eq {dotted(source + s)}\nip4.daddr eq {dotted(destination + d)}\n"
                           f"udp.sport eq {10100 + sp}\nudp.dport eq {8080 + dp}\ncounter\nACCEPT\n"
                           for s, d, sp, dp in products),
        "DROP\nrule\n(ip4.saddr, ip4.daddr, udp.sport, udp.dport) in { " +
        "; ".join(f"{dotted(source + s)}, {dotted(destination + d)}, {10100 + sp}, {8080 + dp}" for s, d, sp, dp in products) +
        " }\ncounter\nACCEPT\n")


# ---- ClassBench's characters ----

def _classbench(character):
    def shape(size):
        made = classbench.generate(character, size, SEED)
        early, late, nowhere = (made.headers(where, MAX_FLOWS) for where in ("early", "late", "nowhere"))

        def packet(header):
            return Flow(*header)

        cases = {"nowhere": Case("accept", exact(nowhere, packet))}
        for name, headers in (("early", early), ("late", late)):
            if headers:
                cases[name] = Case("accept", exact(headers, packet))
        return Ruleset(f"ClassBench {character}", size, filter_table([f"FORWARD {r}" for r in made.rules]), cases)
    shape.__doc__ = f"Access control as ClassBench's {character} seeds describe it."
    return shape


# ---- conntrack in front of something long ----

def dmz(size):
    """Established connections, hosts that may connect out, services that are offered."""
    hosts = (size - 1) // 10
    services = [(h, p) for h in range(max(1, hosts * 9 // 16 + 1)) for p in range(16)][:size - 1 - hosts]
    base = address("172.16.0.2")
    sources = [base + (2 << 16) + h for h in range(hosts)]
    rules = ["FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT"]
    rules += [f"FORWARD -s {dotted(s)}/32 -m conntrack --ctstate NEW -j ACCEPT" for s in sources]
    rules += [f"FORWARD -d {dotted(base + h)}/32 -p udp -m udp --dport {8080 + p} -j ACCEPT" for h, p in services]

    def client(service, k):
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), base + service[0], UDP, 20000 + k % 40000,
                    8080 + service[1])

    def stranger(_, k):
        host = known[k % len(known)][0]
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), base + host, UDP, 20000 + k % 40000, 99)

    known = services or [(0, 0)]
    cases = {"early": Case("accept", spread(known, client), established=True)}
    if services:
        cases["late"] = Case("accept", spread(tenth(services, "late"), client))
    cases["nowhere"] = Case("drop", spread([None], stranger))
    return Ruleset(
        "DMZ", size, filter_table(rules, forward="DROP"), cases,
        nft_table("ct state established counter accept\nct state new ip saddr @hosts counter accept\n"
                  "ip daddr . udp dport @services counter accept", policy="drop",
                  before=nft_set("hosts", "ipv4_addr", [dotted(s) for s in sources]) +
                  nft_set("services", "ipv4_addr . inet_service", [f"{dotted(base + h)} . {8080 + p}" for h, p in services])),
        conntrack=True)


def docker(size):
    """Docker's FORWARD with one published port a rule; the bridge is out0."""
    frame = ["FORWARD -j DOCKER-USER", "FORWARD -o out0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
             "FORWARD -o out0 -j DOCKER", "FORWARD -i out0 ! -o out0 -j ACCEPT", "DOCKER-USER -j RETURN",
             "DOCKER ! -i out0 -o out0 -j DROP"]
    count = max(1, size - len(frame))
    # All different: the last one's packets must not meet an earlier one.
    ports = [(address("172.17.0.2") + n % 60000, 1024 + (n * 7 + n // 60000) % 60000) for n in range(count)]
    rules = frame[:5] + [f"DOCKER -d {dotted(a)}/32 ! -i out0 -o out0 -p tcp -m tcp --dport {p} -j ACCEPT"
                         for a, p in ports] + frame[5:]

    def client(port, k):
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), port[0], TCP, 20000 + k % 40000, port[1])

    def answered(port, k):
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), port[0], TCP, 20000 + k % 40000, port[1], ACK)

    def stranger(_, k):
        port = ports[k % count]
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), port[0], TCP, 20000 + k % 40000, 63000)

    keys = sorted({f"{dotted(a)} . {p}" for a, p in ports})
    return Ruleset(
        "Docker", size, filter_table(rules, forward="DROP", chains=("DOCKER", "DOCKER-USER")),
        {"early": Case("accept", spread(ports, answered), established=True),
         "late": Case("accept", spread(tenth(ports, "late"), client)),
         "nowhere": Case("drop", spread([None], stranger))},
        nft_table('oifname "out0" ct state related,established counter accept\n'
                  'iifname != "out0" oifname "out0" ip daddr . tcp dport @published counter accept\n'
                  'iifname != "out0" oifname "out0" counter drop\n'
                  'iifname "out0" oifname != "out0" counter accept', policy="drop",
                  before=nft_set("published", "ipv4_addr . inet_service", keys)), conntrack=True)


POD_RULES = 6


KUBE_FORWARD = [
    "KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    "KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT",
    "KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED "
    "-j ACCEPT"]
KUBE_FORWARD_NATIVE = ("ct state vmap { invalid : drop, related : accept, established : accept }\n"
                       "meta mark & 0x4000 == 0x4000 counter accept\n")


def _new_client(port, flags=SYN):
    """A flow from a stranger to one of some addresses."""
    return lambda daddr, k: Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), daddr, TCP, 20000 + k % 40000, port, flags)


def kubernetes_pods(size):
    """Network policies: a chain for each pod, and a jump to it by the pod's address. A packet passes the jumps, one rule of
    six, and the rules of one pod."""
    frame = ["FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
             "FORWARD -m comment --comment \"network policies\" -j KUBE-POLICY"] + KUBE_FORWARD
    pods = [address("10.244.0.2") + n for n in range(max(1, (size - len(frame)) // POD_RULES))]
    names = [f"KUBE-POD-FW-{n:08X}" for n in range(len(pods))]
    rules = frame + [f"KUBE-POLICY -d {dotted(p)}/32 -m comment --comment \"pod: default/pod-{n}\" -j {names[n]}"
                     for n, p in enumerate(pods)]
    chains, verdicts = "", []
    for n, name in enumerate(names):
        comment = f'-m comment --comment "default/policy-{n}"'
        web, metrics = 8000 + n % 1000, 9100
        rules += [f"{name} -s 10.0.0.0/24 {comment} -j ACCEPT",
                  f"{name} -s 10.244.{n % 250}.0/24 -p tcp {comment} -m tcp --dport 5432 -j ACCEPT",
                  f"{name} -p tcp {comment} -m multiport --dports {web},{web + 1000} -j ACCEPT",
                  f"{name} -s 11.0.0.0/8 -p tcp {comment} -m tcp --dport {metrics} -j ACCEPT",
                  f"{name} {comment} -j DROP"]
        chains += (f"chain pod{n} {{\nip saddr 10.0.0.0/24 accept\nip saddr 10.244.{n % 250}.0/24 tcp dport 5432 accept\n"
                   f"tcp dport {{ {web}, {web + 1000} }} accept\nip saddr 11.0.0.0/8 tcp dport {metrics} counter accept\n"
                   f"counter drop\n}}\n")
        verdicts.append(f"{dotted(pods[n])} : jump pod{n}")

    def stranger(_, k):
        return Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), address("10.250.0.2") + (k & 0xffff), TCP,
                    20000 + k % 40000, 9100)

    return Ruleset(
        "Kubernetes pods", size, filter_table(rules, chains=["KUBE-FORWARD", "KUBE-POLICY"] + names),
        {"early": Case("accept", spread(pods, _new_client(9100, ACK)), established=True),
         "late": Case("accept", spread(tenth(pods, "late"), _new_client(9100))),
         "nowhere": Case("accept", spread([None], stranger))},
        # nft takes minutes to load 16,000 chains.
        None if size > 10000 else nft_table(KUBE_FORWARD_NATIVE + "ip daddr vmap @pods", before=chains + nft_set("pods", "ipv4_addr : verdict", verdicts, what="map")),
        conntrack=True)


def kubernetes_services(size):
    """kube-proxy's filter chains: new connections pass one rule for each service without endpoints, which refuses it. That
    takes a target that only nft has: such packets ("late") are handed over, and the table cannot sleep. A connection to a
    service that has endpoints ("nowhere") meets none of these rules."""
    frame = ["FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
             "FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"]
    frame += KUBE_FORWARD
    services = [address("10.96.0.1") + n for n in range(max(1, size - len(frame)))]
    rules = frame + [f"KUBE-SERVICES -d {dotted(a)}/32 -p tcp -m comment --comment \"default/service-{n}:http has no endpoints\" "
                     "-m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable" for n, a in enumerate(services)]
    pods = [address("10.244.0.2") + n for n in range(250)]
    return Ruleset(
        "Kubernetes services", size, filter_table(rules, chains=["KUBE-FORWARD", "KUBE-SERVICES"]),
        {"early": Case("accept", spread(pods, _new_client(8080, ACK)), established=True),
         "late": Case("drop", spread(tenth(services, "late"), _new_client(80))),
         "nowhere": Case("accept", spread(pods, _new_client(8080)))},
        nft_table(KUBE_FORWARD_NATIVE + "ct state new ip daddr . tcp dport @refused counter reject with icmp port-unreachable",
                  before=nft_set("refused", "ipv4_addr . inet_service", [f"{dotted(a)} . 80" for a in services])),
        conntrack=True)


# ---- what most machines have ----

SERVER = '''INPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "answers" -j ACCEPT
INPUT -i lo -j ACCEPT
INPUT -m conntrack --ctstate INVALID -j DROP
INPUT -s 198.51.100.0/24 -m comment --comment "misbehaved" -j DROP
INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP
INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
INPUT -p tcp -m multiport --dports 135,137:139,445 -j DROP
INPUT -p udp -m multiport --dports 135,137:139,445,1900,5353 -j DROP
INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment "ssh, from the office" -j ACCEPT
INPUT -p tcp -m multiport --dports 25,465,587 -m conntrack --ctstate NEW -m comment --comment "mail" -j ACCEPT
INPUT -p tcp -m multiport --dports 110,143,993,995 -m conntrack --ctstate NEW -m comment --comment "mailboxes" -j ACCEPT
INPUT -p udp -m udp --dport 53 -m comment --comment "names" -j ACCEPT
INPUT -p tcp -m tcp --dport 53 -m conntrack --ctstate NEW -m comment --comment "names" -j ACCEPT
INPUT -p udp -m udp --dport 123 -j ACCEPT
INPUT -p udp -m multiport --dports 500,4500 -m comment --comment "ipsec" -j ACCEPT
INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 3306 -m conntrack --ctstate NEW -m comment --comment "database" -j ACCEPT
INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 5432 -m conntrack --ctstate NEW -m comment --comment "database" -j ACCEPT
INPUT -s 10.20.0.0/16 -p tcp -m tcp --dport 9100 -m comment --comment "metrics" -j ACCEPT
INPUT -p tcp -m tcp --dport 8000:8100 -m conntrack --ctstate NEW -j ACCEPT
INPUT -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -m comment --comment "web" -j ACCEPT'''

SERVER_NATIVE = '''ct state vmap { established : accept, related : accept, invalid : drop }
iif "lo" accept
ip saddr 198.51.100.0/24 counter drop
tcp flags & (fin|syn|rst|ack) != syn ct state new counter drop
icmp type echo-request counter accept
tcp dport vmap @tcp_services
udp dport vmap @udp_services'''

SERVER_MAPS = '''chain office {
ip saddr 203.0.113.0/24 counter accept
}
chain inside {
ip saddr 10.0.0.0/8 counter accept
}
chain metrics {
ip saddr 10.20.0.0/16 counter accept
}
map tcp_services {
type inet_service : verdict
flags interval
elements = { 22 : jump office, 25 : accept, 53 : accept, 80 : accept, 110 : accept, 135 : drop, 137-139 : drop, 143 : accept,
 443 : accept, 445 : drop, 465 : accept, 587 : accept, 993 : accept, 995 : accept, 3306 : jump inside, 5432 : jump inside,
 8000-8100 : accept, 9100 : jump metrics }
}
map udp_services {
type inet_service : verdict
flags interval
elements = { 53 : accept, 123 : accept, 135 : drop, 137-139 : drop, 445 : drop, 500 : accept, 1900 : drop, 4500 : accept,
 5353 : drop }
}'''


def _client(daddr, dport, flags=SYN, protocol=TCP):
    """A flow for each source, none of which a rule knows."""
    return spread([daddr], lambda d, k: Flow(address("11.0.0.0") + (k * 2654435761 & 0xffffff), d, protocol,
                                             20000 + k % 40000, dport, flags))


def server(_=20):
    """A mail and web server: INPUT, measured there; an accepted packet ends at a socket."""
    me = address(ROUTER)
    return Ruleset(
        "server", 20, filter_table(SERVER.splitlines(), incoming="DROP"),
        {"early": Case("accept", _client(me, 443, ACK), established=True),
         "late": Case("accept", _client(me, 443)), "nowhere": Case("drop", _client(me, 7777))},
        nft_table(SERVER_NATIVE, hook="input", policy="drop", before=SERVER_MAPS), hook="input", conntrack=True,
        listen=[(TCP, 443), (TCP, 7777)])


ROUTER_RULES = '''FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "answers" -j ACCEPT
FORWARD -m conntrack --ctstate INVALID -j DROP
FORWARD -s 192.0.2.0/24 -m comment --comment "nobody's" -j DROP
FORWARD -s 198.51.100.0/24 -m comment --comment "nobody's" -j DROP
FORWARD -s 203.0.113.0/24 -i in0 -m comment --comment "ours, from outside" -j DROP
FORWARD -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP
FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN,RST -j DROP
FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP
FORWARD -p icmp -m icmp --icmp-type 8 -m comment --comment "ping" -j ACCEPT
FORWARD -p tcp -m multiport --dports 135,137:139,445 -m comment --comment "file shares" -j DROP
FORWARD -p udp -m multiport --dports 135,137:139,445,1900,5353 -m comment --comment "file shares" -j DROP
FORWARD -i out0 -o in0 -m comment --comment "from the house" -j from-lan
FORWARD -i in0 -o out0 -d 203.0.113.0/24 -m comment --comment "into the dmz" -j to-dmz
FORWARD -i in0 -o out0 -d 10.8.0.0/16 -m comment --comment "from the vpn" -j from-vpn
FORWARD -i in0 -o out0 -m comment --comment "from outside" -j from-wan
from-lan -p tcp -m multiport --dports 25,465 -m comment --comment "mail through the server" -j DROP
from-lan -s 10.1.66.0/24 -m comment --comment "printers" -j DROP
from-lan -p udp -m udp --dport 443 -m comment --comment "no quic" -j DROP
from-lan -j ACCEPT
to-dmz -d 203.0.113.25/32 -p tcp -m multiport --dports 25,465,587 -m conntrack --ctstate NEW -j ACCEPT
to-dmz -d 203.0.113.53/32 -p udp -m udp --dport 53 -j ACCEPT
to-dmz -d 203.0.113.53/32 -p tcp -m tcp --dport 53 -m conntrack --ctstate NEW -j ACCEPT
to-dmz -d 203.0.113.80/32 -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT
to-dmz -d 203.0.113.21/32 -p tcp -m multiport --dports 20,21 -m conntrack --ctstate NEW -j ACCEPT
to-dmz -d 203.0.113.22/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
to-dmz -m comment --comment "nothing else" -j DROP
from-vpn -s 10.9.0.0/16 -p tcp -m multiport --dports 22,3389,5900 -m conntrack --ctstate NEW -j ACCEPT
from-vpn -s 10.9.0.0/16 -p tcp -m multiport --dports 80,443,8080 -m conntrack --ctstate NEW -j ACCEPT
from-vpn -s 10.9.0.0/16 -p udp -m multiport --dports 53,123,161 -m conntrack --ctstate NEW -j ACCEPT
from-vpn -j DROP
from-wan -s 11.66.0.0/16 -m comment --comment "misbehaved" -j DROP
from-wan -s 11.67.8.0/22 -m comment --comment "misbehaved" -j DROP
from-wan -p udp -m multiport --dports 500,4500 -m comment --comment "ipsec" -j ACCEPT
from-wan -p udp -m udp --dport 1194 -m comment --comment "vpn" -j ACCEPT
from-wan -p udp -m udp --dport 51820 -m comment --comment "vpn" -j ACCEPT
from-wan -d 10.1.0.10/32 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m comment --comment "ssh" -j ACCEPT
from-wan -d 10.1.0.20/32 -p tcp -m multiport --dports 5060,5061 -m conntrack --ctstate NEW -m comment --comment "telephones" -j ACCEPT
from-wan -d 10.1.0.20/32 -p udp -m udp --dport 10000:20000 -m comment --comment "telephones" -j ACCEPT
from-wan -d 10.1.0.30/32 -p tcp -m multiport --dports 25565,27015:27030 -m conntrack --ctstate NEW -m comment --comment "games" -j ACCEPT
from-wan -d 10.1.0.40/32 -p tcp -m multiport --dports 80,443,8443 -m conntrack --ctstate NEW -m comment --comment "cloud" -j ACCEPT'''

# Behind the first rule all is new: one look at TCP's flags does for three rules. Two prefixes are faster than a set of them.
ROUTER_NATIVE = '''ct state vmap { established : accept, related : accept, invalid : drop }
ip saddr 192.0.2.0/24 counter drop
ip saddr 198.51.100.0/24 counter drop
tcp flags & (fin|syn|rst|ack) != syn counter drop
icmp type echo-request counter accept
meta l4proto . th dport @shares counter drop
iifname . oifname vmap { "out0" . "in0" : goto from-lan, "in0" . "out0" : goto from-in }'''

ROUTER_CHAINS = '''set shares {
type inet_proto . inet_service
elements = { tcp . 135, tcp . 137, tcp . 138, tcp . 139, tcp . 445, udp . 135, udp . 137, udp . 138, udp . 139, udp . 445,
 udp . 1900, udp . 5353 }
}
map dmz_services {
type ipv4_addr . inet_proto . inet_service : verdict
elements = { 203.0.113.25 . tcp . 25 : accept, 203.0.113.25 . tcp . 465 : accept, 203.0.113.25 . tcp . 587 : accept,
 203.0.113.53 . udp . 53 : accept, 203.0.113.53 . tcp . 53 : accept, 203.0.113.80 . tcp . 80 : accept,
 203.0.113.80 . tcp . 443 : accept, 203.0.113.21 . tcp . 20 : accept, 203.0.113.21 . tcp . 21 : accept,
 203.0.113.22 . tcp . 22 : accept }
}
map lan_services {
type ipv4_addr . inet_proto . inet_service : verdict
elements = { 10.1.0.10 . tcp . 22 : accept, 10.1.0.20 . tcp . 5060 : accept, 10.1.0.20 . tcp . 5061 : accept,
 10.1.0.30 . tcp . 25565 : accept, 10.1.0.40 . tcp . 80 : accept, 10.1.0.40 . tcp . 443 : accept,
 10.1.0.40 . tcp . 8443 : accept }
}
chain from-lan {
tcp dport { 25, 465 } counter drop
ip saddr 10.1.66.0/24 counter drop
udp dport 443 counter drop
counter accept
}
chain to-dmz {
ip daddr . meta l4proto . th dport vmap @dmz_services
counter drop
}
chain from-vpn {
ip saddr 10.9.0.0/16 tcp dport { 22, 80, 443, 3389, 5900, 8080 } counter accept
ip saddr 10.9.0.0/16 udp dport { 53, 123, 161 } counter accept
counter drop
}
chain from-in {
ip saddr 203.0.113.0/24 counter drop
ip daddr 203.0.113.0/24 goto to-dmz
ip daddr 10.8.0.0/16 goto from-vpn
ip saddr 11.66.0.0/16 counter drop
ip saddr 11.67.8.0/22 counter drop
udp dport { 500, 1194, 4500, 51820 } counter accept
ip daddr . meta l4proto . th dport vmap @lan_services
ip daddr 10.1.0.20 udp dport 10000-20000 counter accept
ip daddr 10.1.0.30 tcp dport 27015-27030 counter accept
}'''


def router(_=40):
    """A small company's router; the measured packets come from outside, to the house's last published service."""
    cloud = address("10.1.0.40")

    def outside(dport, flags=SYN):
        return spread([cloud], lambda d, k: Flow(address("12.0.0.0") + (k * 2654435761 & 0xffffff), d, TCP,
                                                 20000 + k % 40000, dport, flags))

    return Ruleset(
        "router", 40, filter_table(ROUTER_RULES.splitlines(), forward="DROP",
                                   chains=("from-lan", "from-vpn", "from-wan", "to-dmz")),
        {"early": Case("accept", outside(8443, ACK), established=True),
         "late": Case("accept", outside(8443)), "nowhere": Case("drop", outside(7777))},
        nft_table(ROUTER_NATIVE, policy="drop", before=ROUTER_CHAINS), conntrack=True)


# ---- the same for IPv6 ----

_ADDRESS = re.compile(r"(?<![\d.])(\d+\.\d+\.\d+\.\d+)(?:/(\d+))?(?![\d.])")
# What is called otherwise, in the form of iptables-restore, nft and bfcli.
IPV6_WORDS = (
    ("-p icmp -m icmp --icmp-type 8", "-p ipv6-icmp -m icmp6 --icmpv6-type 128"), ("icmp-port-unreachable", "icmp6-port-unreachable"),
    ("table ip filter", "table ip6 filter"), ("ipv4_addr", "ipv6_addr"), ("ip saddr", "ip6 saddr"), ("ip daddr", "ip6 daddr"),
    ("icmp type", "icmpv6 type"), ("with icmp port", "with icmpv6 port"), ("ip4.", "ip6."),
)


def _address_of_ipv6(match):
    """What to_ipv6() makes of an address: a host's /32 becomes a /128, a network of n bits one of 32 + n."""
    number, length = to_ipv6(address(match[1])), match[2]
    if length not in (None, "32"):
        number -= 1
    text = socket.inet_ntop(socket.AF_INET6, number.to_bytes(16, "big"))
    return text if length is None else f"{text}/{128 if length == '32' else 32 + int(length)}"


def as_ipv6(ruleset):
    """The same rules for the addresses of IPv6 that stand for the ruleset's, and the same packets."""
    def text(words):
        if words is None:
            return None
        for old, new in IPV6_WORDS:
            words = words.replace(old, new)
        return _ADDRESS.sub(_address_of_ipv6, words)

    def flows(case):
        return lambda n: [flow.as_ipv6() for flow in case.flows(n)]

    return replace(ruleset, family=6, text=text(ruleset.text), native=text(ruleset.native), bfcli=text(ruleset.bfcli),
                   bfcli_sets=text(ruleset.bfcli_sets),
                   cases={name: replace(case, flows=flows(case)) for name, case in ruleset.cases.items()})


def make(shape, size, family=4):
    """The Ruleset of a key of SHAPES."""
    ruleset = SHAPES[shape][0](size)
    return ruleset if family == 4 else as_ipv6(ruleset)


SHAPES = {
    "server": (server, (20,)),
    "router": (router, (40,)),
    "droplist": (drop_list, SIZES),
    "cartesian": (cartesian, SIZES),
    "dmz": (dmz, SIZES),
    "acl": (_classbench("acl"), SIZES),
    "fw": (_classbench("fw"), SIZES),
    "ipc": (_classbench("ipc"), SIZES),
    "docker": (docker, SIZES),
    "kubernetes": (kubernetes_pods, SIZES),
    "kubesvc": (kubernetes_services, SIZES),
}
IPV6_SHAPES = ("server", "router", "droplist", "cartesian", "acl")      # of a run that names none
IPV6_SIZES = (100, 1000, 10000)
