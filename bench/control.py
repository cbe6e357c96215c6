#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long commands take, ours against stock's: restores, saves, checks, deletions, appends, and until BPF decides.

    sudo BUILDDIR=... bench/control.py [--rounds N] [--rules N] [--bpf off|auto] [--csv FILE]

Stock, ours and legacy take turns, in a network namespace each, and each round begins with another, so that what else
the machine does meets all. Printed are medians and the ratios to stock: below 1 is faster. Commands of ours start
no compilation (--bpf auto: they do, which then competes for the CPUs); how long that takes is measured by itself.
"""
import argparse
import csv
import ctypes
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

from kernelmem import bpf_memory

CLONE_NEWNET = 0x40000000
SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
BUILDDIR = os.path.realpath(os.environ.get("BUILDDIR", SRCDIR))
STOCK_PREFIX = os.environ.get("STOCK_PREFIX", "/usr/sbin")
PROGRAMS = {
    "stock": os.path.join(STOCK_PREFIX, "xtables-nft-multi"),
    "ours": os.path.join(BUILDDIR, "xtables-bpf-multi"),
    "legacy": os.path.join(STOCK_PREFIX, "xtables-legacy-multi"),
}
TIMED = os.path.join(BUILDDIR, "bench", "timed")
BPFCTL = os.path.join(BUILDDIR, "iptables-bpfctl")
LONG_CHAIN = 10000
FIELDS = ("what", "rules", "side", "unit", "median", "min", "ratio_stock")


class Side:
    """One program in one namespace. Its namespace is entered by opening the file of it."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, name, bpf):
        self.name, self.program = name, PROGRAMS[name]
        self.env = dict(os.environ, LC_ALL="C", IPTABLES_BPF=bpf)
        # A named one: to the reaper one that only a file descriptor keeps is dead, and its state goes.
        self.netns = f"bench-{name}-{os.getpid()}"
        if subprocess.run(["ip", "netns", "add", self.netns], check=False).returncode:
            sys.exit("control.py: cannot make a network namespace (root is needed)")
        self.namespace = os.open(f"/run/netns/{self.netns}", os.O_RDONLY)

    def enter(self):
        self.libc.setns(self.namespace, CLONE_NEWNET)

    def run(self, words, stdin=os.devnull, status=0, program=None, bpf=None):
        """Seconds, and peak memory in KiB, of one command; it must end with this status."""
        self.enter()
        result, writer = os.pipe()
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 3),
        ]
        if status:
            actions.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
        env = dict(self.env, **(bpf or {}))
        pid = os.posix_spawn(TIMED, [TIMED, program or self.program, *words], env, file_actions=actions)
        os.close(writer)
        with os.fdopen(result) as file:
            took = file.read().split()
        os.waitpid(pid, 0)
        if len(took) != 3 or int(took[2]) != status:
            sys.exit(f"control.py: {self.name}: {' '.join(words)}: exit status {took[2] if took else 'unknown'}")
        return int(took[0]) / 1e9, int(took[1])

    def clear(self):
        self.enter()
        if self.name == "legacy":
            for words in (["-F"], ["-X"]):
                self.run(["iptables"] + words)
        else:
            subprocess.run(["nft", "flush", "ruleset"], check=True)

    # ---- BPF ----

    def sync(self):
        """Compiles what is there; seconds until it is live, peak memory in KiB."""
        return self.run(["iptables-bpfctl", "sync"], program=BPFCTL)

    def status(self):
        """What `status' says of the filter table's FORWARD."""
        self.enter()
        text = subprocess.run([BPFCTL, "status", "-j"], stdout=subprocess.PIPE, check=True).stdout
        status = json.loads(text)
        for chain in status["chains"]:
            if (chain["table"], chain["chain"]) == ("filter", "FORWARD"):
                return dict(chain, live=status["state"] == "live")
        return {"mode": "nft", "reason": "no such chain", "live": False, "program": None}

    def must_be_live(self, what):
        """Whether BPF decides; says why not."""
        status = self.status()
        if status["live"] and status["mode"] != "nft":
            return True
        print(f"{what}: BPF is not live: {status['reason'] or status['mode']}")
        return False

    def off(self):
        self.enter()
        subprocess.run([BPFCTL, "off"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run([BPFCTL, "on"], check=False, stderr=subprocess.DEVNULL, env=self.env)

    def close(self):
        self.enter()
        if self.name == "ours":
            subprocess.run([BPFCTL, "off"], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "del", self.netns], check=False)


def rule(number):
    """A rule as firewalls have them, different for each number."""
    return [
        "-s", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/32",
        "-p", "tcp", "-m", "tcp", "--dport", str(1 + number % 65535), "-j", "ACCEPT",
    ]


def write_rules(path, lines, chains=()):
    with open(path, "w", encoding="ascii") as file:
        file.write("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n")
        for chain in chains:
            file.write(f":{chain} - [0:0]\n")
        for line in lines:
            file.write(f"-A {line}\n")
        file.write("COMMIT\n")


def write_flat(path, count):
    """COUNT rules in one chain."""
    write_rules(path, ("FORWARD " + " ".join(rule(number)) for number in range(count)))


def write_chains(path, count):
    """COUNT rules in chains of ten, with conntrack, comment and multiport: nft_compat's kind."""
    lines = []
    for chain in range(count // 10):
        lines.append(f"FORWARD -d 10.{chain >> 8 & 255}.{chain & 255}.1/32 -j SVC-{chain}")
        for number in range(9):
            lines.append(
                f"SVC-{chain} -s 10.1.{number}.0/24 -p tcp -m multiport --dports 80,443 "
                f'-m conntrack --ctstate NEW -m comment --comment "service {chain} {number}" -j ACCEPT')
    write_rules(path, lines, [f"SVC-{chain}" for chain in range(count // 10)])


MIXED = (
    (40, "FORWARD -s {a} -j DROP"),
    (25, "FORWARD -d {a} -p tcp -m tcp --dport {p} -j ACCEPT"),
    (15, "FORWARD -s {a} -p tcp -m multiport --dports 80,443,8080 -j ACCEPT"),
    (10, "FORWARD -s {n} -d {a} -m conntrack --ctstate NEW -m comment --comment \"customer {p}\" -j ACCEPT"),
    (10, "FORWARD -s {n} -p udp -m udp --dport {p}:{q} -j ACCEPT"),
)


def write_mixed(path, count, unique):
    """COUNT rules of several kinds in no order. UNIQUE names an interface in the first one: no program compiled for
    another name fits, so clang has to run."""
    rng = random.Random(count)
    kinds = rng.choices([text for _, text in MIXED], [share for share, _ in MIXED], k=count - 1)
    lines = [f"FORWARD -i {unique} -j DROP"]
    for text in kinds:
        port = rng.randrange(1, 60000)
        lines.append(text.format(a=".".join(str(rng.randrange(1, 255)) for _ in range(4)), p=port, q=port + 100,
                                 n=f"10.{rng.randrange(256)}.{rng.randrange(256)}.0/24"))
    write_rules(path, lines)


class Bench:
    """Runs measurements on all sides in turns, prints what came out and keeps it."""

    def __init__(self, rounds=5, bpf="off", sides=("stock", "ours", "legacy")):
        self.sides = [Side(name, bpf) for name in sides if os.access(PROGRAMS[name], os.X_OK)]
        self.ours = next(side for side in self.sides if side.name == "ours")
        self.rounds = rounds
        self.records = []
        print(f"{'':44}" + "".join(f" {side.name:>12}" for side in self.sides) +
              "".join(f" {side.name + '/stock':>12}" for side in self.sides if side.name != "stock"))

    def measure(self, title, once, repeat=1, rules=0, **show):
        """once(side) does one measurement: a tuple, of which show() takes one element."""
        results = {side.name: [] for side in self.sides}
        for turn in range(self.rounds * repeat):
            for side in self.sides if turn % 2 else reversed(self.sides):
                results[side.name].append(once(side))
        self.show(title, results, rules, **show)
        return results

    def show(self, title, results, rules, unit="ms", scale=1000, what=0):
        """Element WHAT of each result, times SCALE, in UNIT."""
        values = {name: [r[what] * scale for r in some] for name, some in results.items() if some}
        medians = {name: statistics.median(some) for name, some in values.items()}
        ratios = {name: round(medians[name] / medians["stock"], 3) if medians.get("stock") else "" for name in medians}
        cells = "".join(f" {medians[s.name]:9.1f} {unit:2}" if s.name in medians else f" {'':12}" for s in self.sides)
        tail = "".join(f" {ratios.get(s.name, ''):>12}" for s in self.sides if s.name != "stock")
        print(f"{title:44}{cells}{tail}", flush=True)
        for name, some in values.items():
            self.records.append(dict(zip(FIELDS, (title.strip(), rules, name, unit, round(medians[name], 3),
                                                  round(min(some), 3), ratios[name]))))

    def ours_only(self, title, values, rules, unit="ms", scale=1000):
        self.show(title, {"ours": [(value,) for value in values]}, rules, unit, scale)

    def all(self, function):
        for side in self.sides:
            function(side)

    def restore(self, title, path, rules):
        def once(side):
            side.clear()
            return side.run(["iptables-restore"], path)

        results = self.measure(f"restore {title}", once, rules=rules)
        self.show(f"restore {title}: peak memory", results, rules, "MB", 1 / 1024, 1)
        self.measure(f"restore {title} again", lambda side: side.run(["iptables-restore"], path), rules=rules)
        self.measure(f"save {title}", lambda side: side.run(["iptables-save"]), rules=rules)

    def one_rule(self, path):
        """Commands for one rule in a chain of LONG_CHAIN."""
        def load(side):
            side.clear()
            side.run(["iptables-restore"], path)

        self.all(load)
        base = ["iptables"]
        many = {"rules": LONG_CHAIN}
        where = (("first", 0), ("middle", LONG_CHAIN // 2), ("last", LONG_CHAIN - 1))
        for name, number in where:
            self.measure(f"-C of the {name} of {LONG_CHAIN}", lambda side, n=number: side.run(base + ["-C", "FORWARD"] + rule(n)), 3, **many)
        self.measure(f"-C of none of {LONG_CHAIN}", lambda side: side.run(base + ["-C", "FORWARD"] + rule(1 << 20), status=1), 3, **many)

        def delete(side, number):
            took = side.run(base + ["-D", "FORWARD"] + rule(number))
            side.run(base + ["-I", "FORWARD", str(number + 1)] + rule(number))
            return took

        for name, number in where:
            self.measure(f"-D of the {name} of {LONG_CHAIN}", lambda side, n=number: delete(side, n), 3, **many)
        self.measure(f"-D of none of {LONG_CHAIN}", lambda side: side.run(base + ["-D", "FORWARD"] + rule(1 << 20), status=1), 3, **many)
        self.measure(f"-D {LONG_CHAIN // 2} and -I there again", self._renew, 3, **many)
        self.measure(f"-A to {LONG_CHAIN}", lambda side: self._append(side, LONG_CHAIN), 5, **many)

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
        self.all(Side.clear)
        for number in range(5):
            self.all(lambda side, n=number: side.run(["iptables", "-A", "FORWARD"] + rule(n)))
        few = {"rules": 5}
        self.measure("-A to 5 rules", lambda side: self._append(side, 5), 20, **few)
        self.measure("-C among 5 rules", lambda side: side.run(["iptables", "-C", "FORWARD"] + rule(2)), 10, **few)
        self.measure("-L -n of 5 rules", lambda side: side.run(["iptables", "-L", "-n"]), 10, **few)

    # ---- until BPF decides ----

    def live(self, scratch, rules):
        """From a committed restore to BPF deciding, with clang and from the cache, and what it takes."""
        cold, warm, rss = [], [], []
        side, path = self.ours, os.path.join(scratch, "live")
        title = f"{rules} mixed rules"
        for _ in range(max(2, self.rounds // 2)):
            write_mixed(path, rules, f"b{random.randrange(1 << 32):08x}")
            for times in (cold, warm):
                side.off()
                side.clear()
                side.run(["iptables-restore"], path)
                seconds, memory = side.sync()
                if not side.must_be_live(title):
                    return
                times.append(seconds)
                rss.append(memory)
        self.ours_only(f"restore {title}: BPF live after", cold, rules)
        self.ours_only(f"restore {title}: BPF live, object cached", warm, rules)
        self.ours_only(f"restore {title}: peak memory of sync", rss, rules, "MB", 1 / 1024)
        side.enter()
        self.ours_only(f"restore {title}: BPF maps and programs", [bpf_memory()], rules, "MB", 1 / (1 << 20))
        self.one_more(rules)
        side.off()
        side.clear()

    def one_more(self, rules):
        """One more rule of a known kind behind those."""
        side, whole, after = self.ours, [], []
        wait = {"IPTABLES_BPF": "auto", "IPTABLES_BPF_WAIT": "1"}
        for number in range(self.rounds * 2):
            words = ["iptables", "-A", "FORWARD", "-s", f"99.0.0.{number + 1}", "-j", "DROP"]
            # The first change behind a restore makes what the others find made.
            if number % 2:
                whole.append(side.run(words, bpf=wait)[0])
            else:
                side.run(words)
                after.append(side.sync()[0])
            if not side.must_be_live("one more rule"):
                return
        self.ours_only(f"-A to {rules}: until BPF is live, as a whole", whole, rules)
        self.ours_only(f"-A to {rules}: BPF live after", after[1:], rules)
        program = side.status()["program"] or {}
        self.ours_only(f"-A to {rules}: of it, clang", [program.get("compile_ms", 0)], rules, scale=1)
        self.ours_only(f"-A to {rules}: of it, loading", [program.get("load_ms", 0)], rules, scale=1)

    def close(self):
        self.all(Side.clear)
        self.all(Side.close)


def measure(rules=100000, rounds=5, bpf="off"):
    """All of it; a list of dicts of FIELDS."""
    bench = Bench(rounds, bpf)
    with tempfile.TemporaryDirectory(prefix="ipb-bench.") as scratch:
        files = {name: os.path.join(scratch, name) for name in ("flat", "chains", "long", "mixed")}
        write_flat(files["flat"], rules)
        write_chains(files["chains"], rules)
        write_flat(files["long"], LONG_CHAIN)
        write_mixed(files["mixed"], LONG_CHAIN, "b00000000")
        try:
            bench.small()
            bench.one_rule(files["long"])
            bench.restore(f"{LONG_CHAIN} mixed rules", files["mixed"], LONG_CHAIN)
            if bpf == "off":
                for count in dict.fromkeys((LONG_CHAIN, rules)):
                    bench.live(scratch, count)
            if rules != LONG_CHAIN:
                bench.restore(f"{rules} rules in one chain", files["flat"], rules)
            bench.restore(f"{rules} rules in chains of ten", files["chains"], rules)
        finally:
            bench.close()
    return bench.records


def write_csv(path, records):
    with open(path, "w", newline="", encoding="ascii") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def main():
    parser = argparse.ArgumentParser(description="time commands of ours against stock's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=int, default=100000, help="of the large rulesets")
    parser.add_argument("--bpf", default="off", choices=("off", "auto"), help="IPTABLES_BPF of ours")
    parser.add_argument("--csv", help="where the figures go, too")
    args = parser.parse_args()
    records = measure(args.rules, args.rounds, args.bpf)
    if args.csv:
        write_csv(args.csv, records)


if __name__ == "__main__":
    main()
