#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparisons that `./run check` makes: cases.py --list, cases.py NAME. Exit status as run.py's."""

import sys
from pathlib import Path

import addrtype
import allcpus
import compare
import corpus
import edits
import fuzz
import generate
import kernelstate
import mixes
import run
import stream
from rulesets import TOOLS

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
ALL_SAMPLES = ("router", "stateless", "conntrack", "edges", "server", "containers", "cluster", "tables")


# For rulesets with too many rules to try each boundary.
LONG_SPEC = "random:1500,flows:60,fragments:12,truncated:6,ipoptions:10,exthdrs:12,protocols:4,paged:10,offloaded:6"


def sample(name):
    """The sample rulesets of one name, by family."""
    found = {family: SAMPLES / f"{name}{suffix}" for family, suffix in ((4, ".rules"), (6, ".rules6"))}
    return {family: path.read_text() for family, path in found.items() if path.exists()}


def harness_equal():
    """Stock against itself: what the harness calls equal is equal."""
    return all(run.check(sample(name), seed=seed, sides=("stock", "stock"))
               for name in ALL_SAMPLES for seed in (1, 2))


def harness_different():
    """Stock against stock with a wrong rule: what is different is noticed."""
    return run.check_mutants(sample("stateless"), 24, generate.DEFAULT_SPEC, 1)


def harness_stream():
    """The stream of packets through stock: what it says of a stream can be believed."""
    return stream.check_harness()


def encoding():
    """Our encoder, nft deciding."""
    return all(run.check(sample(name), sides=("stock", "ours-nft"))
               for name in ALL_SAMPLES)


def router():
    """Connection tracking, user chains, multiport, inversions, goto; INPUT, FORWARD, OUTPUT; both families."""
    return all(run.check(sample("router"), seed=seed, minimum_decided=2000) for seed in (1, 2, 3))


def conntrack():
    """Every condition of connection tracking, NAT, untracked and traced packets."""
    return all(run.check(sample("conntrack"), seed=seed, minimum_decided=500) for seed in (1, 2))


def edges():
    """Conditions that always or never hold, TCP options, limits, odd masks and ports."""
    return all(run.check(sample("edges"), seed=seed, minimum_decided=500) for seed in (1, 2))


def stateless():
    """Fragments, header lengths, odd masks, extension headers, without defragmentation."""
    return all(run.check(sample("stateless"), seed=seed, minimum_decided=2000) for seed in (1, 2, 3))


def headers():
    """Matches on headers, each at its boundaries: short at every byte, in fragments, behind options, not linear."""
    return all(run.check(sample("headers"), "boundary,headers,fragments:6,exthdrs:6,offloaded:4", seed=seed, minimum_decided=10000)
               for seed in (1, 2))


def extension_headers():
    """Matches that look for IPv6 extension headers, on chains of them, whole and cut short at every byte."""
    return all(run.check(sample("extensions"), "boundary:10,extensions,exthdrs:20", seed=seed, minimum_decided=10000)
               for seed in (1, 2))


def any_byte():
    """u32, classic BPF and string searches: random programs, patterns at every boundary."""
    return all(run.check(sample("bytes"), "texts,headers:16,extensions:20,truncated:4,offloaded:6", seed=seed, minimum_decided=10000)
               for seed in (1, 2))


def handed_over():
    """Rulesets that BPF and nft share packet by packet: LOG, REJECT, limits, marks, NAT, owner, addrtype."""
    return all(run.check(sample(name), seed=seed, minimum_decided=100)
               for name in ("server", "containers", "cluster") for seed in (1, 2))


def kernel_state():
    """Matches on what the kernel knows of a packet: connections, sockets and their owners, devices, routes."""
    return kernelstate.check(sample("kernelstate"), 500)


def address_types():
    """The type of an address, with routes of every kind; with and without routing rules."""
    return addrtype.check(1, False) and addrtype.check(2, True)


def statistic():
    """The counters of -m statistic, where BPF keeps them; the share of packets that chance picks, within five standard deviations."""
    return run.check(sample("statistic"), minimum_decided=500) and chance()


def chance():
    rules = {4: "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                "-A FORWARD -m comment --comment all\n"
                "-A FORWARD -m statistic --mode random --probability 0.25 -j ACCEPT\n"
                "-A FORWARD -m statistic --mode random ! --probability 0.9 -j ACCEPT\nCOMMIT\n"}
    trial = run.trial_of("ours", rules, generate.generate(rules, "random:6000"))
    total, first, second = (e.packets for e in trial.counters[4] if e.text.startswith("-A"))
    print(f"of {total} packets chance picked {first}, of the others {second}")
    return compare.decided(trial)[0] >= total > 1000 and all(
        abs(got - n * p) < 5 * (n * p * (1 - p)) ** 0.5 for got, n, p in ((first, total, 0.25), (second, total - first, 0.1)))


def long_rules():
    """Long random rulesets, most of whose rules are looked up in tables."""
    return all(run.check(mixes.mix(count, seed), spec=spec, seed=seed, minimum_decided=200)
               for count, seed, spec in ((60, 1, generate.DEFAULT_SPEC), (400, 2, generate.DEFAULT_SPEC),
                                         (3000, 3, LONG_SPEC), (20000, 4, LONG_SPEC)))


def moved(text, table, renamed):
    """A ruleset of the filter table as one of another table: @renamed chains have other names there, None are left out."""
    lines = []
    for line in text.splitlines():
        words = line.split(" ")
        name = words[1] if line.startswith("-A ") else words[0].lstrip(":") if line.startswith(":") else ""
        if name in renamed:
            if not renamed[name]:
                continue
            line = line.replace(name, renamed[name], 1)
        lines.append(f"*{table}" if line.startswith("*") else line)
    return "\n".join(lines) + "\n"


MOVES = (
    ("raw", {"INPUT": "PREROUTING", "FORWARD": None}),
    ("mangle", {}),
    ("mangle", {"INPUT": "PREROUTING", "OUTPUT": "POSTROUTING", "FORWARD": None}),
    ("security", {}),
)


def tables():
    """raw, mangle and security beside nat and filter, PREROUTING and POSTROUTING; marks, TCPMSS, CT handed over there."""
    return all(run.check(sample("tables"), seed=seed, minimum_decided=2000) for seed in (1, 2, 3))


def tables_stateless():
    """A filter table's rules in other tables: fragments, header lengths, extension headers."""
    return all(run.check({family: moved(text, table, renamed) for family, text in sample("stateless").items()}, seed=seed,
                         minimum_decided=1000)
               for seed, (table, renamed) in enumerate(MOVES, 1))


def rule_changes():
    """A stream of packets through 200 rule changes, ours and foreign ones."""
    return stream.check(changes=200)


def changed_rules():
    """The same changes and packets step by step: the counters stay the same."""
    return edits.check(sample("stateless")[4])


def all_cpus():
    """Packets from all CPUs at once while programs are swapped: nothing is counted twice or not at all."""
    rules = {family: "\n".join(line for line in text.splitlines() if "-m limit" not in line) + "\n"
             for family, text in sample("stateless").items()}
    at_the_edges = {family: moved(text, *MOVES[2]) for family, text in rules.items()}
    return allcpus.check(rules) and allcpus.check(at_the_edges, rounds=60)


def other_people():
    """Rulesets that others wrote, where they lie beside the checkout."""
    return corpus.check()


def regressions():
    """What fuzzing has found and kept: minimal rulesets with the packets that were decided wrongly."""
    return fuzz.replay(sorted(fuzz.REGRESSIONS.glob("*.case")))


CASES = {
    "harness-equal": (harness_equal, "stock"),
    "harness-different": (harness_different, "stock"),
    "harness-stream": (harness_stream, "stock"),
    "encoding": (encoding, "ours"),
    "router": (router, "ours"),
    "stateless": (stateless, "ours"),
    "conntrack": (conntrack, "ours"),
    "edges": (edges, "ours"),
    "headers": (headers, "ours"),
    "extension-headers": (extension_headers, "ours"),
    "any-byte": (any_byte, "ours"),
    "handed-over": (handed_over, "ours"),
    "kernel-state": (kernel_state, "ours"),
    "address-types": (address_types, "ours"),
    "statistic": (statistic, "ours"),
    "long-rules": (long_rules, "ours"),
    "tables": (tables, "ours"),
    "tables-stateless": (tables_stateless, "ours"),
    "rule-changes": (rule_changes, "ours"),
    "changed-rules": (changed_rules, "ours"),
    "all-cpus": (all_cpus, "ours"),
    "regressions": (regressions, "ours"),
    "corpus": (other_people, "ours"),
}


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CASES))
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        print(f"usage: {sys.argv[0]} --list | NAME", file=sys.stderr)
        return 2
    case, tools = CASES[sys.argv[1]]
    missing = run.needed()
    if missing:
        print(missing)
        return 77
    missing = TOOLS[tools]().available()
    if missing:
        print(missing)
        return 1
    if case is other_people and not corpus.directory().is_dir():
        print(f"there are no rulesets in {corpus.directory()}")
        return 77
    return not case()


if __name__ == "__main__":
    sys.exit(main())
