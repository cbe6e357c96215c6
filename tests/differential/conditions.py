# SPDX-License-Identifier: GPL-2.0-or-later
"""Random conditions: for every match that is compiled or handed over, options within what iptables accepts, at their edges
more often than not.

A row of MATCHES says where a match can stand; what depends on the time of day or on chance is only asked for what it
answers in the same way twice (a limit of one packet a day, a date long past).
"""

import ipaddress
from dataclasses import dataclass

from topology import LEGS

BEFORE, INPUT, FORWARD, OUTPUT, AFTER = "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"
HOOKS = frozenset((BEFORE, INPUT, FORWARD, OUTPUT, AFTER))
EDGE_PORTS = (0, 1, 2, 21, 22, 53, 79, 80, 81, 443, 1023, 1024, 8080, 32767, 32768, 65534, 65535)
PORT_PROTOCOLS = ("tcp", "udp", "udplite", "sctp", "dccp")


class Dice:
    """Random values for one ruleset of one family, out of small pools: then rules overlap, and packets meet them."""

    def __init__(self, family, rng):
        self.family = family
        self.rng = rng
        self.bits = 32 if family == 4 else 128
        self.hosts = [self._host() for _ in range(rng.choice((4, 8, 30)))]
        self.ports = [rng.choice(EDGE_PORTS) if rng.random() < 0.6 else rng.randrange(65536) for _ in range(rng.choice((4, 10, 40)))]

    def _host(self):
        leg = self.rng.choice(LEGS)
        net = ipaddress.ip_network(self.rng.choice(leg.nets4 if self.family == 4 else leg.nets6))
        if self.rng.random() < 0.15:  # the router itself
            return int(ipaddress.ip_interface(leg.addr4 if self.family == 4 else leg.addr6).ip)
        if net.prefixlen == 0:
            net = ipaddress.ip_network("198.51.100.0/24" if self.family == 4 else "2001:db8::/32")
        return int(net.network_address) + self.rng.randrange(1, min(net.num_addresses - 1, 5000))

    def text(self, address):
        return str((ipaddress.IPv4Address if self.family == 4 else ipaddress.IPv6Address)(address))

    def chance(self, share):
        return self.rng.random() < share

    def one(self, *values):
        return self.rng.choice(values)

    def some(self, values, most):
        return self.rng.sample(list(values), self.rng.randint(1, min(most, len(values))))

    def bang(self, share=0.25):
        return ["!"] if self.chance(share) else []

    def host(self):
        return self.text(self.rng.choice(self.hosts))

    def network(self, least=0):
        """An address with a mask: mostly a prefix (of @least bits or more), sometimes any mask at all."""
        address = self.rng.choice(self.hosts)
        full = (1 << self.bits) - 1
        if self.chance(0.06):
            mask = self.rng.getrandbits(self.bits) | 1 << self.rng.randrange(self.bits)
            return f"{self.text(address & mask)}/{self.text(mask)}"
        length = max(least, self._length())
        return f"{self.text(address & (full ^ (full >> length)))}/{length}"

    def _length(self):
        return self.bits if self.chance(0.4) else self.rng.randrange(self.bits + 1) if self.chance(0.3) else \
            self.one(0, 1, 8, 12, 16, 24, 31) if self.family == 4 else self.one(0, 1, 7, 31, 32, 33, 48, 64, 65, 96, 127)

    def span(self, least=0, most=65535, colon=":", near=None):
        """One number or a range."""
        first = near() if near else self.rng.randint(least, most)
        first = max(least, min(first, most))
        kind = self.rng.random()
        if kind < 0.6:
            return str(first)
        last = most if kind > 0.95 else min(most, first + self.one(0, 1, 2, 10, 1000))
        return f"{first}{colon}{last}"

    def port(self):
        return self.rng.choice(self.ports)

    def port_span(self):
        return self.span(near=self.port)

    def number(self, bits):
        """A number of @bits, an edge half of the time."""
        top = (1 << bits) - 1
        return self.one(0, 1, top, top - 1, top >> 1, 1 << (bits - 1)) if self.chance(0.5) else self.rng.getrandbits(bits)

    def masked(self, bits=32, values=None):
        """VALUE or VALUE/MASK in hexadecimal."""
        mask = self.one((1 << bits) - 1, 0xff, 0xf, 1, 0, self.rng.getrandbits(bits))
        value = (self.rng.choice(values) if values else self.number(bits)) & mask
        return f"{value:#x}" if mask == (1 << bits) - 1 else f"{value:#x}/{mask:#x}"


@dataclass(frozen=True)
class Match:
    """Where a match can stand: @protocols None: anywhere; @hooks: in chains that only these call."""

    name: str
    words: object  # (Dice, protocol, hook or None) -> options behind -m NAME
    protocols: tuple = None
    families: tuple = (4, 6)
    hooks: frozenset = HOOKS
    theme: str = "core"


def _ports(d, protocol, hook):
    words = []
    for option in d.some(("--sport", "--dport"), 2):
        # "Neither port" is "not this pair of ports" to iptables 1.8.9: there is nothing to compare.
        words += ([] if "!" in words else d.bang(0.2)) + [option, d.port_span()]
    return words


def _tcp(d, protocol, hook):
    words = _ports(d, protocol, hook) if d.chance(0.7) else []
    if d.chance(0.3):
        flags = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
        mask = d.some(flags, 6)
        words += d.bang() + ["--tcp-flags", ",".join(mask), ",".join(d.some(mask, 6)) if d.chance(0.8) else "NONE"]
    elif d.chance(0.2):
        words += d.bang() + ["--syn"]
    if d.chance(0.15):
        words += d.bang() + ["--tcp-option", str(d.one(1, 2, 3, 4, 5, 8, 255))]
    return words


def _multiport(d, protocol, hook):
    parts, slots = [], d.rng.randint(1, 15)
    while slots > 0:
        part = d.port_span()
        first, _, last = part.partition(":")
        part = first if first == last else part
        slots -= 2 if ":" in part else 1
        if slots >= 0:
            parts.append(part)
    return d.bang() + [d.one("--sports", "--dports", "--ports"), ",".join(parts or [str(d.port())])]


def _icmp(d, protocol, hook):
    kind = d.one("any", "8", "0", "3", "3/1", "3/3", "11", "11/0", "13", "8/0", "255/255", "5/1", str(d.rng.randrange(255)))
    return (d.bang() if kind != "any" else []) + ["--icmp-type", kind]


def _icmp6(d, protocol, hook):
    kind = d.one("128", "129", "1", "1/4", "2", "3/0", "128/0", "135", "136", "1/255", "255", str(d.rng.randrange(256)))
    return d.bang() + ["--icmpv6-type", kind]


def _sctp(d, protocol, hook):
    words = _ports(d, protocol, hook) if d.chance(0.5) else []
    if d.chance(0.6) or not words:
        kinds = d.some(("DATA", "INIT", "INIT_ACK", "SACK", "HEARTBEAT", "ABORT", "SHUTDOWN", "COOKIE_ECHO", "ASCONF"), 4)
        kinds = [k + d.one("", "", ":Be", ":bE", ":U") if k == "DATA" else k + d.one("", ":T", ":t") if k == "ABORT" else k for k in kinds]
        words += d.bang() + ["--chunk-types", d.one("any", "all", "only"), ",".join(kinds)]
    return words


def _dccp(d, protocol, hook):
    words = _ports(d, protocol, hook) if d.chance(0.5) else []
    if d.chance(0.5):
        kinds = ("REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC", "SYNCACK")
        words += d.bang() + ["--dccp-types", ",".join(d.some(kinds, 5))]
    if d.chance(0.3) or not words:
        words += d.bang() + ["--dccp-option", str(d.one(1, 3, 32, 40))]
    return words


def _tos(d, protocol, hook):
    mask = d.one(0x3f, 0xff, 0x1e, 0x0c, 0xfc, d.rng.randrange(1, 256))
    return d.bang() + ["--tos", f"{d.rng.randrange(256) & mask:#04x}/{mask:#04x}"]


def _ttl(option):
    def words(d, protocol, hook):
        value = str(d.one(0, 1, 2, 61, 62, 63, 64, 65, 128, 254, 255))
        kind = d.one("eq", "eq", "lt", "gt")
        return (d.bang() if kind == "eq" else []) + [f"--{option}-{kind}", value]
    return words


def _ecn(d, protocol, hook):
    words = []
    if protocol == "tcp" and d.chance(0.7):
        for option in d.some(("--ecn-tcp-cwr", "--ecn-tcp-ece"), 2):
            words += d.bang() + [option]
    if not words or d.chance(0.3):
        words += d.bang() + ["--ecn-ip-ect", str(d.rng.randrange(4))]
    return words


def _iprange(d, protocol, hook):
    words = []
    for option in d.some(("--src-range", "--dst-range"), 2):
        ends = sorted((d.rng.choice(d.hosts), d.rng.choice(d.hosts) + d.rng.randrange(300)))
        words += d.bang() + [option, "-".join(map(d.text, ends))]
    return words


def _conntrack(d, protocol, hook):
    words = []
    for kind in d.some(("state", "state", "status", "dir", "proto", "address", "port", "expire"), 2):
        if kind == "state" and "--ctstate" not in words:
            states = d.some(("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"), 4)
            words += d.bang() + ["--ctstate", ",".join(states)]
        elif kind == "status":
            words += d.bang() + ["--ctstatus", ",".join(d.some(("EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"), 3)) if d.chance(0.8) else "NONE"]
        elif kind == "dir":
            words += ["--ctdir", d.one("ORIGINAL", "REPLY")]
        elif kind in ("proto", "port") and "--ctproto" not in words:
            words += d.bang() + ["--ctproto", d.one("6", "17", "1", "58", "132")]
        elif kind == "address":
            words += d.bang() + [d.one("--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst"), d.network()]
        elif kind == "port" and "--ctproto" in words:
            words += d.bang() + [d.one("--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport"), d.span(1, near=d.port)]
        elif kind == "expire":  # nothing in between: seconds pass
            words += d.bang() + ["--ctexpire", d.one("0:5", "1:4294967295", "700:86400", "0:4294967295")]
    return words or ["--ctstate", "NEW"]


def _state(d, protocol, hook):
    return d.bang() + ["--state", ",".join(d.some(("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"), 4))]


def _connbytes(d, protocol, hook):
    first = d.one(0, 1, 2, 3, 40, 100, 1000)
    last = d.one("", ":", f":{first}", f":{first + 1}", f":{first + 200}")
    return d.bang() + ["--connbytes", f"{first}{last}", "--connbytes-dir", d.one("original", "reply", "both"),
                       "--connbytes-mode", d.one("packets", "bytes", "avgpkt")]


def _owner(d, protocol, hook):
    words = []
    for kind in d.some(("uid", "gid", "socket"), 3):
        if kind == "socket":
            words += d.bang() + ["--socket-exists"]
        else:
            words += d.bang() + [f"--{kind}-owner", d.one("0", "99-151", "100-200", "150", "4000", "4000-4001", "0-4294967294")]
    if "--gid-owner" in words and d.chance(0.3):
        words.append("--suppl-groups")
    return words


# Not the identification of an IPv4 header, nor its checksum: in what the router itself sends they are by chance.
_STARTS = ("0", "6", "12", "16", "20", "40")
_IPV4_CHANCE = {4, 5, 10, 11}


def _u32(d, protocol, hook):
    def where():
        head = d.one("", "", "0>>22&0x3C@") if d.family == 4 else ""
        at = f"{head}{d.one(*_STARTS)}"
        return at + d.one("", "&0xFF", "&0xFFFF", ">>16", ">>24", "&0xF0>>4", "<<8", f"&{d.number(32):#x}")

    def value():
        low, high = sorted((d.number(32), d.number(32)))
        return d.one(f"{low:#x}", f"{low:#x}:{high:#x}", str(d.port()), f"0:{high:#x}", "6", "17", f"{d.rng.choice(d.hosts) & 0xffffffff:#x}")

    tests = [f"{where()}={','.join(value() for _ in range(d.rng.randint(1, 3)))}" for _ in range(d.rng.randint(1, 3))]
    return d.bang() + ["--u32", '"' + "&&".join(tests) + '"']


def _string(d, protocol, hook):
    text = d.one("abab", "aab", "aaB", "b", "HTTP/1.1", "a" * 15 + "b", "Host: ", "abaabaaab", "data", "ping")
    words = ["--algo", d.one("bm", "kmp")] + d.bang() + ["--string", f'"{text}"']
    if d.chance(0.3):
        words.append("--icase")
    if d.chance(0.5):
        first = d.one(0, 20, 28, 40, 41, 48, 60)
        words += ["--from", str(first)]
        if d.chance(0.5):
            words += ["--to", str(first + d.one(0, 1, 4, 20, 100, 1000))]
    return words


def _bpf(d, protocol, hook):
    """Loads, a comparison or two, an answer that depends on them."""
    code, n = [], d.rng.randint(1, 4)
    for _ in range(n):
        load, size = d.one((48, 1), (40, 2), (32, 4))
        code.append(f"{load} 0 0 {d.one(*(at for at in range(44) if d.family == 6 or not _IPV4_CHANCE & set(range(at, at + size))))}")
        if d.chance(0.4):
            code.append(f"{d.one(4, 20, 36, 84, 68, 100, 116)} 0 0 {d.one(1, 2, 7, 15, 16, 31, d.rng.randrange(32))}")
        if d.chance(0.3):
            code += ["7 0 0 0", f"{d.one(64, 72, 80)} 0 0 {d.rng.randrange(12, 30)}"]
    code.append(f"{d.one(21, 37, 53, 69)} 0 1 {d.one(4, 6, 17, 64, 80, 255, d.number(32))}")
    code += ["6 0 0 65535", "6 0 0 0"]
    return ["--bytecode", '"' + ",".join([str(len(code)), *code]) + '"']


def _addrtype(d, protocol, hook):
    kinds = ("UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT") if d.family == 4 \
        else ("UNSPEC", "UNICAST", "LOCAL", "MULTICAST", "UNREACHABLE")
    words = []
    for option in d.some(("--src-type", "--dst-type"), 2):
        words += d.bang() + [option, ",".join(d.some(kinds, 3))]
    ways = {BEFORE: ("in",), INPUT: ("in",), FORWARD: ("in", "out"), OUTPUT: ("out",), AFTER: ("out",)}.get(hook, ())
    if ways and d.chance(0.25):
        words.append("--limit-iface-" + d.one(*ways))
    return words


def _policy(d, protocol, hook):
    direction = "out" if hook in (OUTPUT, AFTER) else "in"
    return ["--dir", direction, "--pol", d.one("none", "ipsec")]


def _physdev(d, protocol, hook):
    words = d.bang() + ["--physdev-is-in"] if d.chance(0.4) else d.bang() + ["--physdev-in", d.one("bp0", "bp+", "lan0")]
    if hook in (FORWARD, AFTER) and d.chance(0.3):
        words += d.bang() + ["--physdev-is-bridged"]
    return words


def _devgroup(d, protocol, hook):
    words = []
    if hook in (BEFORE, INPUT, FORWARD):
        words += d.bang() + ["--src-group", d.masked(8, (5, 0x1d, 0x15))]
    if hook in (FORWARD, OUTPUT, AFTER) and (d.chance(0.5) or not words):
        words += d.bang() + ["--dst-group", d.masked(8, (5, 0x1d, 0x15))]
    return words


def _options(option):
    def words(d, protocol, hook):
        found = d.bang() + [f"--{option}-len", d.one("0", "8", "16", "24")] if d.chance(0.5) else []
        if d.chance(0.5):
            found += [f"--{option}-opts", d.one("5:2,1:0", "5:2", "1:4", "1,1", "0,0,1:255", "1:16", "201:16", "4:1,5:3,6")]
        return found
    return words


def _rt(d, protocol, hook):
    words = []
    if d.chance(0.5):
        words += d.bang() + ["--rt-segsleft", d.one("0", "1", "1:3")]
    if d.chance(0.3):
        words += d.bang() + ["--rt-len", d.one("8", "24", "40")]
    if d.chance(0.4):
        words += ["--rt-type", "0"]
        if d.chance(0.5):
            words += ["--rt-0-addrs", d.one("2001:db8::1", "2001:db8::1,2001:db8::2", "2001:db8::2,2001:db8::3")]
            words += ["--rt-0-not-strict"] if d.chance(0.5) else []
    elif d.chance(0.5):
        words += d.bang() + ["--rt-type", d.one("0", "2", "4")]
    return words


def _frag(d, protocol, hook):
    words = d.bang() + ["--fragid", d.one("77", "76:78", "0:1000", str(d.number(32)))] if d.chance(0.4) else []
    return words + [o for o in ("--fragres", "--fragfirst") if d.chance(0.3)] + ([d.one("--fragmore", "--fraglast")] if d.chance(0.4) else [])


def _ah6(d, protocol, hook):
    words = d.bang() + ["--ahspi", d.span(near=lambda: d.one(255, 256, 257, 300))] if d.chance(0.6) else []
    if d.chance(0.4):
        words += d.bang() + ["--ahlen", d.one("8", "12", "24")]
    return words + (["--ahres"] if d.chance(0.2) else [])


def _ipv6header(d, protocol, hook):
    kinds = d.some(("hop", "dst", "route", "frag", "auth", "esp", "none", "prot"), 4)
    return d.bang() + ["--header", ",".join(kinds)] + (["--soft"] if d.chance(0.5) else [])


def _mac(d, protocol, hook):
    leg = d.rng.choice(LEGS)
    return d.bang() + ["--mac-source", d.one(leg.world_mac, leg.world_mac, leg.router_mac, "02:00:00:00:02:00")]


def _limit(d, protocol, hook):
    return ["--limit", d.one("1/day", "2/day", "1/hour"), "--limit-burst", str(d.one(1, 2, 5, 30, 300))]


def _nth(d, protocol, hook):
    every = d.one(1, 2, 3, 7, 100)
    return ["--mode", "nth"] + d.bang() + ["--every", str(every), "--packet", str(d.rng.randrange(every))]


def _chance(d, protocol, hook):
    return ["--mode", "random"] + d.bang() + ["--probability", d.one("0", "1")]


def _hashlimit(d, protocol, hook):
    words = [d.one("--hashlimit-upto", "--hashlimit-above"), d.one("1/hour", "10/hour"), "--hashlimit-burst", str(d.one(1, 2, 5, 30))]
    if d.chance(0.8):
        words += ["--hashlimit-mode", ",".join(d.some(("srcip", "dstip", "srcport", "dstport"), 3))]
    if d.chance(0.3):
        words += ["--hashlimit-srcmask", str(d.rng.randrange(d.bits + 1))]
    return words + ["--hashlimit-name", f"f{d.rng.randrange(1 << 24):x}"]


def _time(d, protocol, hook):
    return d.one(["--datestart", "2000-01-01", "--datestop", "2001-01-01"], ["--datestart", "2001-02-03T04:05:06"],
                 ["--timestart", "00:00:00", "--timestop", "23:59:59"], ["--datestop", "2010-01-01"],
                 ["--monthdays", ",".join(map(str, range(1, 32)))], ["--weekdays", "Mon,Tue,Wed,Thu,Fri,Sat,Sun"])


def _recent(d, protocol, hook):
    words = d.bang(0.15) + [d.one("--set", "--rcheck", "--update", "--remove")]
    if words[-1] in ("--rcheck", "--update") and d.chance(0.5):
        words += ["--hitcount", str(d.rng.randint(1, 5))]
    return words + ["--name", d.one("one", "two"), d.one("--rsource", "--rdest")]


MATCHES = (
    Match("tcp", _tcp, ("tcp",)),
    Match("udp", _ports, ("udp",)),
    Match("sctp", _sctp, ("sctp",), theme="headers"),
    Match("dccp", _dccp, ("dccp",), theme="headers"),
    Match("multiport", _multiport, PORT_PROTOCOLS),
    Match("icmp", _icmp, ("icmp",), (4,)),
    Match("icmp6", _icmp6, ("ipv6-icmp",), (6,)),
    Match("comment", lambda d, p, h: ["--comment", d.one("x", '"*/ a comment"', '"//\\\\"')]),
    Match("mark", lambda d, p, h: d.bang() + ["--mark", d.masked(32, (0, 1, 0x10, 0xffffffff))]),
    Match("iprange", _iprange),
    Match("length", lambda d, p, h: d.bang() + ["--length", d.span(0, 65535, near=lambda: d.one(20, 28, 40, 41, 44, 48, 60, 68, 100, 1500))]),
    Match("pkttype", lambda d, p, h: d.bang() + ["--pkt-type", d.one("unicast", "multicast", "broadcast")]),
    Match("limit", _limit, theme="rates"),
    Match("statistic", _nth, theme="rates"),
    Match("statistic", _chance, theme="rates"),
    Match("hashlimit", _hashlimit, theme="rates"),
    Match("time", _time, theme="rates"),
    Match("recent", _recent, theme="rates"),
    Match("quota", lambda d, p, h: d.bang() + ["--quota", str(d.one(0, 1, 500, 5000, 1 << 40))], theme="rates"),
    Match("tos", _tos, theme="headers"),
    Match("dscp", lambda d, p, h: d.bang() + ["--dscp", str(d.one(0, 1, 10, 63, d.rng.randrange(64)))], theme="headers"),
    Match("ecn", _ecn, theme="headers"),
    Match("ttl", _ttl("ttl"), None, (4,), theme="headers"),
    Match("hl", _ttl("hl"), None, (6,), theme="headers"),
    Match("tcpmss", lambda d, p, h: d.bang() + ["--mss", d.span(near=lambda: d.one(0, 535, 536, 1400, 1460, 1461))], ("tcp",), theme="headers"),
    Match("esp", lambda d, p, h: d.bang() + ["--espspi", d.span(near=lambda: d.one(0, 255, 256, 257, 511))], ("esp",), theme="headers"),
    Match("ah", lambda d, p, h: d.bang() + ["--ahspi", d.span(near=lambda: d.one(0, 255, 256, 257, 511))], ("ah",), (4,), theme="headers"),
    Match("ipcomp", lambda d, p, h: d.bang() + ["--ipcompspi", d.span(near=lambda: d.one(2, 3, 9, 10))], ("ipcomp",), theme="headers"),
    Match("mac", _mac, None, hooks=frozenset((BEFORE, INPUT, FORWARD)), theme="headers"),
    Match("mh", lambda d, p, h: d.bang() + ["--mh-type", d.span(0, 255, near=lambda: d.one(0, 1, 2, 5, 6))], ("mh",), (6,), theme="extensions"),
    Match("eui64", lambda d, p, h: [], None, (6,), frozenset((BEFORE, INPUT, FORWARD)), "extensions"),
    Match("frag", _frag, None, (6,), theme="extensions"),
    Match("hbh", _options("hbh"), None, (6,), theme="extensions"),
    Match("dst", _options("dst"), None, (6,), theme="extensions"),
    Match("rt", _rt, None, (6,), theme="extensions"),
    Match("ah", _ah6, None, (6,), theme="extensions"),
    Match("ipv6header", _ipv6header, None, (6,), theme="extensions"),
    Match("conntrack", _conntrack, theme="state"),
    Match("state", _state, theme="state"),
    Match("connmark", lambda d, p, h: d.bang() + ["--mark", d.masked(32, (0, 0x17, 0x1700, 0x1717))], theme="state"),
    Match("connlabel", lambda d, p, h: d.bang() + ["--label", str(d.one(0, 1, 63, 64, 127))], theme="state"),
    Match("connbytes", _connbytes, theme="state"),
    Match("helper", lambda d, p, h: d.bang() + ["--helper", d.one("ftp", "ftp-21", "tftp")], theme="state"),
    Match("owner", _owner, None, hooks=frozenset((OUTPUT, AFTER)), theme="kernel"),
    Match("addrtype", _addrtype, theme="kernel"),
    Match("cpu", lambda d, p, h: d.bang() + ["--cpu", str(d.rng.randrange(3))], theme="kernel"),
    Match("devgroup", _devgroup, None, hooks=frozenset((BEFORE, INPUT, FORWARD, OUTPUT, AFTER)), theme="kernel"),
    Match("realm", lambda d, p, h: d.bang() + ["--realm", d.one("3", "9", "0", "1/1", "0x8/0xf")], None, (4,),
          frozenset((INPUT, FORWARD, OUTPUT, AFTER)), "kernel"),
    Match("policy", _policy, None, hooks=HOOKS, theme="kernel"),
    Match("physdev", _physdev, None, hooks=frozenset((INPUT, FORWARD)), theme="kernel"),
    Match("socket", lambda d, p, h: d.one([], ["--nowildcard"], ["--transparent"]), None, hooks=frozenset((BEFORE, INPUT)), theme="kernel"),
    Match("rpfilter", lambda d, p, h: d.one([], ["--loose"], ["--invert"]), None, hooks=frozenset((BEFORE,)), theme="kernel"),
    Match("cgroup", lambda d, p, h: d.bang() + d.one(["--cgroup", "0"], ["--cgroup", "65537"], ["--path", "/"]), None, hooks=frozenset((OUTPUT, AFTER)), theme="kernel"),
    Match("u32", _u32, theme="bytes"),
    Match("string", _string, theme="bytes"),
    Match("bpf", _bpf, theme="bytes"),
)
THEMES = ("core", "headers", "extensions", "state", "kernel", "bytes", "rates")
PROTOCOLS = {4: ("tcp", "tcp", "tcp", "udp", "udp", "icmp", "sctp", "dccp", "udplite", "esp", "ah", "ipcomp", "47", "0"),
             6: ("tcp", "tcp", "tcp", "udp", "udp", "ipv6-icmp", "sctp", "dccp", "udplite", "esp", "ipcomp", "mh", "47", "44", "59")}
