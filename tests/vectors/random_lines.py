# SPDX-License-Identifier: GPL-2.0-or-later
"""Random command lines as .cases, most of them wrong in some way.

Left out is what stock 1.8.9 gets wrong itself: -Z together with -L or -S (it makes chains that
were only shown), listings of chains that do not exist (its message is an accident), -vv (netlink debugging), -c of
ip6tables (ignored).
"""
import random
import shlex

CHAINS = ["INPUT", "FORWARD", "OUTPUT", "c1", "c2", "PREROUTING", "POSTROUTING", "nope"]
NUMBERS = ["1", "2", "3", "0", "-1", "x", "9", "1x", "01"]

# Option, then what may follow it; () for nothing.
RULE_OPTIONS = [
    ("-s", ["1.2.3.4", "10.0.0.0/8", "1.1.1.1,2.2.2.2", "::1", "0/0", "bad host", "1.2.3.4/33",
            "1.2.3.4/255.0.255.0"]),
    ("-d", ["1.2.3.4", "10.0.0.0/8", "1.1.1.1,2.2.2.2", "fe80::/10"]),
    ("-p", ["tcp", "udp", "icmp", "6", "all", "0", "255", "300", "sctp", "TCP", "esp"]),
    ("-i", ["eth0", "eth+", "+", "averyveryverylongname", ""]),
    ("-o", ["eth0", "eth+", "+"]),
    ("-j", ["ACCEPT", "DROP", "RETURN", "c1", "c2", "nope", "LOG", "REJECT", "QUEUE", "MARK"]),
    ("-g", ["c1", "c2", "nope", "ACCEPT"]),
    ("-m", ["tcp", "udp", "conntrack", "comment", "mark", "limit", "multiport", "nope", "state",
            "icmp"]),
    ("--dport", ["22", "1:2", "ssh", "99999", ":5"]),
    ("--sport", ["22", "1:2"]),
    ("--ctstate", ["NEW,ESTABLISHED"]),
    ("--state", ["NEW"]),
    ("--comment", ["hi", "two words"]),
    ("--mark", ["1/2"]),
    ("--limit", ["5/min"]),
    ("--dports", ["1,2:3"]),
    ("--icmp-type", ["8"]),
    ("--log-prefix", ["x"]),
    ("--reject-with", ["icmp-host-prohibited"]),
    ("-c", ["1", "1,2", "x"]),
    ("-t", ["filter", "nat", "mangle", "raw", "bad"]),
    ("-w", ["3", "x"]),
    ("-f", ()), ("!", ()), ("-n", ()), ("-x", ()), ("--line-numbers", ()), ("--syn", ()), ("-w", ()),
    ("-4", ()), ("word", ()), ("--nope", ()), ("--", ()), ("-c 1 2", ()),
]
LIST_OPTIONS = [("-n", ()), ("-v", ()), ("-x", ()), ("--line-numbers", ()), ("-w", ()), ("-j", ["LOG"])]


def chain():
    return random.choice(CHAINS)


def number():
    return random.choice(NUMBERS)


COMMANDS = [
    lambda: ["-A", chain()], lambda: ["-A", chain()], lambda: ["-A", chain()],
    lambda: ["-I", chain()], lambda: ["-I", chain(), number()],
    lambda: ["-D", chain(), number()], lambda: ["-D", chain()],
    lambda: ["-C", chain()], lambda: ["-R", chain(), number()],
    lambda: ["-N", chain()], lambda: ["-X"], lambda: ["-X", chain()],
    lambda: ["-E", chain(), chain()], lambda: ["-F"], lambda: ["-F", chain()],
    lambda: ["-Z"], lambda: ["-Z", chain()], lambda: ["-Z", chain(), number()],
    lambda: ["-P", chain(), random.choice(["ACCEPT", "DROP", "bad"])],
]
LISTS = [
    lambda: ["-S"], lambda: ["-L"], lambda: ["-S", "INPUT"], lambda: ["-L", "FORWARD"],
    lambda: ["-L", "INPUT", number()], lambda: ["-S", "INPUT", number()],
]


def option(options):
    name, values = random.choice(options)
    return name.split() + ([random.choice(values)] if values else [])


def words():
    if random.random() < 0.2:
        line = random.choice(LISTS)()
        for _ in range(random.choice([0, 1, 2])):
            line += option(LIST_OPTIONS)
        return line
    line = random.choice(COMMANDS)()
    if random.random() < 0.05:
        line += random.choice(COMMANDS)()
    takes_rule = line[0] in ("-A", "-I", "-C", "-R", "-D")
    for _ in range(random.choice([0, 1, 1, 2, 3, 4]) if takes_rule else random.choice([0, 0, 0, 1])):
        line += option(RULE_OPTIONS)
    if random.random() < 0.1:
        line.append("-v")
    if random.random() < 0.05:
        random.shuffle(line)
    return line


def write(path, seed, count):
    """Writes COUNT lines that the seed decides; a paragraph is twelve."""
    random.seed(seed)
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            if i % 12 == 0:
                print("\niptables -N c1\nip6tables -A INPUT", file=file)
            line = words()
            program = random.choice(["iptables", "iptables", "ip6tables"])
            if line.count("-v") < 2 and not (program == "ip6tables" and "-c" in line):
                print(program, shlex.join(line), file=file)
