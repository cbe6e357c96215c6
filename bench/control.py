#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long commands take, ours against stock's: restores, saves, checks, deletions, appends.

    sudo BUILDDIR=... bench/control.py [--rounds N] [--rules N] [--bpf off|auto]

Stock and ours take turns, in a network namespace each, and each round begins with the other, so that what else
the machine does meets both. Printed are medians and the ratio ours/stock: below 1 ours is faster. "auto" lets
each command start BPF's compilation behind it, as users have it; that then competes for the CPUs.
"""
import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

CLONE_NEWNET = 0x40000000
SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
BUILDDIR = os.path.realpath(os.environ.get("BUILDDIR", SRCDIR))
PROGRAMS = {
    "stock": os.path.join(os.environ.get("STOCK_PREFIX", "/usr/sbin"), "xtables-nft-multi"),
    "ours": os.path.join(BUILDDIR, "xtables-bpf-multi"),
}
LONG_CHAIN = 10000


class Side:
    """One program in one namespace. Its namespace is entered by opening the file of it."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, name, bpf):
        self.name, self.program = name, PROGRAMS[name]
        self.env = dict(os.environ, LC_ALL="C", IPTABLES_BPF=bpf)
        if self.libc.unshare(CLONE_NEWNET) < 0:
            sys.exit("control.py: cannot make a network namespace (root is needed)")
        self.namespace = os.open("/proc/self/ns/net", os.O_RDONLY)

    def enter(self):
        self.libc.setns(self.namespace, CLONE_NEWNET)

    def run(self, words, stdin=os.devnull, status=0):
        """Seconds, and peak memory in KiB, of one command; it must end with this status."""
        self.enter()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ]
        if status:
            actions.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
        start = time.monotonic()
        pid = os.posix_spawn(self.program, words, self.env, file_actions=actions)
        _, code, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - start
        if os.waitstatus_to_exitcode(code) != status:
            sys.exit(f"control.py: {self.name}: {' '.join(words)}: exit status {os.waitstatus_to_exitcode(code)}")
        return seconds, usage.ru_maxrss

    def clear(self):
        self.enter()
        subprocess.run(["nft", "flush", "ruleset"], check=True)

    def close(self):
        self.enter()
        if self.name == "ours":
            subprocess.run([f"{BUILDDIR}/iptables-bpfctl", "off"], check=False, stderr=subprocess.DEVNULL)


def rule(number):
    """A rule as firewalls have them, different for each number."""
    return [
        "-s", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/32",
        "-p", "tcp", "-m", "tcp", "--dport", str(1 + number % 65535), "-j", "ACCEPT",
    ]


def write_flat(path, count):
    """COUNT rules in one chain."""
    with open(path, "w", encoding="ascii") as file:
        file.write("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n")
        for number in range(count):
            file.write("-A FORWARD " + " ".join(rule(number)) + "\n")
        file.write("COMMIT\n")


def write_chains(path, count):
    """COUNT rules in chains of ten, with conntrack, comment and multiport: nft_compat's kind."""
    chains = count // 10
    with open(path, "w", encoding="ascii") as file:
        file.write("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n")
        for chain in range(chains):
            file.write(f":SVC-{chain} - [0:0]\n")
        for chain in range(chains):
            file.write(f"-A FORWARD -d 10.{chain >> 8 & 255}.{chain & 255}.1/32 -j SVC-{chain}\n")
            for number in range(9):
                file.write(
                    f"-A SVC-{chain} -s 10.1.{number}.0/24 -p tcp -m multiport --dports 80,443 "
                    f'-m conntrack --ctstate NEW -m comment --comment "service {chain} {number}" -j ACCEPT\n'
                )
        file.write("COMMIT\n")


class Bench:
    """Runs measurements on both sides in turns and prints what came out."""

    def __init__(self, args):
        self.sides = [Side(name, args.bpf) for name in ("stock", "ours")]
        self.rounds = args.rounds
        print(f"{'':44} {'stock':>12} {'ours':>12} {'ours/stock':>11}")

    def measure(self, title, once, repeat=1, unit="ms", scale=1000, what=0):
        """once(side) does one measurement; its result's element WHAT, times SCALE, is printed in UNIT."""
        results = {side.name: [] for side in self.sides}
        for turn in range(self.rounds * repeat):
            for side in self.sides if turn % 2 else reversed(self.sides):
                results[side.name].append(once(side))
        self.show(title, results, unit, scale, what)
        return results

    @staticmethod
    def show(title, results, unit, scale, what):
        stock, ours = (statistics.median(r[what] for r in results[name]) * scale for name in ("stock", "ours"))
        print(f"{title:44} {stock:9.1f} {unit:2} {ours:9.1f} {unit:2} {ours / stock:11.2f}", flush=True)

    def both(self, function):
        for side in self.sides:
            function(side)

    def restore(self, title, path):
        def once(side):
            side.clear()
            return side.run(["iptables-restore"], path)

        results = self.measure(f"restore {title}", once)
        self.show("  its peak memory", results, "MB", 1 / 1024, 1)
        results = self.measure("  restore again over them", lambda side: side.run(["iptables-restore"], path))
        self.measure("  save", lambda side: side.run(["iptables-save"]))

    def one_rule(self, path):
        """Commands for one rule in a chain of LONG_CHAIN."""
        def load(side):
            side.clear()
            side.run(["iptables-restore"], path)

        self.both(load)
        base = ["iptables"]
        where = (("first", 0), ("middle", LONG_CHAIN // 2), ("last", LONG_CHAIN - 1))
        for name, number in where:
            self.measure(f"-C of the {name} of {LONG_CHAIN}", lambda side, n=number: side.run(base + ["-C", "FORWARD"] + rule(n)), 5)
        self.measure(f"-C of none of {LONG_CHAIN}", lambda side: side.run(base + ["-C", "FORWARD"] + rule(1 << 20), status=1), 5)

        def delete(side, number):
            took = side.run(base + ["-D", "FORWARD"] + rule(number))
            side.run(base + ["-I", "FORWARD", str(number + 1)] + rule(number))
            return took

        for name, number in where:
            self.measure(f"-D of the {name} of {LONG_CHAIN}", lambda side, n=number: delete(side, n), 5)
        self.measure(f"-D of none of {LONG_CHAIN}", lambda side: side.run(base + ["-D", "FORWARD"] + rule(1 << 20), status=1), 5)
        self.measure(f"-D {LONG_CHAIN // 2} and -I there again", lambda side: self._renew(side), 5)
        self.measure(f"-A to {LONG_CHAIN}", lambda side: self._append(side, LONG_CHAIN), 10)

    @staticmethod
    def _renew(side):
        number = LONG_CHAIN // 2
        deleted = side.run(["iptables", "-D", "FORWARD", str(number)])
        inserted = side.run(["iptables", "-I", "FORWARD", str(number)] + rule(number - 1))
        return (deleted[0] + inserted[0],)

    @staticmethod
    def _append(side, count):
        """Behind COUNT rules of FORWARD."""
        took = side.run(["iptables", "-A", "FORWARD"] + rule(1))
        side.run(["iptables", "-D", "FORWARD", str(count + 1)])
        return took

    def small(self):
        """A ruleset of a few rules, where starting the program is most of it."""
        self.both(Side.clear)
        for number in range(5):
            self.both(lambda side, n=number: side.run(["iptables", "-A", "FORWARD"] + rule(n)))
        self.measure("-A to 5 rules", lambda side: self._append(side, 5), 40)
        self.measure("-C among 5 rules", lambda side: side.run(["iptables", "-C", "FORWARD"] + rule(2)), 20)
        self.measure("-L -n of 5 rules", lambda side: side.run(["iptables", "-L", "-n"]), 20)


def main():
    parser = argparse.ArgumentParser(description="time commands of ours against stock's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=int, default=100000, help="of the large rulesets")
    parser.add_argument("--bpf", default="off", choices=("off", "auto"), help="IPTABLES_BPF of ours")
    args = parser.parse_args()
    bench = Bench(args)
    with tempfile.TemporaryDirectory(prefix="ipb-bench.") as scratch:
        files = {name: os.path.join(scratch, name) for name in ("flat", "chains", "long")}
        write_flat(files["flat"], args.rules)
        write_chains(files["chains"], args.rules)
        write_flat(files["long"], LONG_CHAIN)
        bench.small()
        bench.one_rule(files["long"])
        bench.restore(f"{args.rules} rules in one chain", files["flat"])
        bench.restore(f"{args.rules} rules in chains of ten", files["chains"])
        bench.both(Side.clear)
        bench.both(Side.close)


main()
