# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns iptables' own test vectors (extensions/*.t) into cases for compare_cli.sh.

    vectors.py iptables|ip6tables FILE.t... > CASES

A vector file: "# comment", ":CHAIN,CHAIN" the chains, "*table[,table]" the tables, "@command" to run
outside, "%command" the program to use, and otherwise "rule;saved form or =;OK|FAIL". Every rule is
appended, listed and deleted again, in the first chain of each of its tables.
"""
import os
import shlex
import sys


def applies(path, family):
    name = os.path.basename(path)
    if name.startswith("libipt_"):
        return family == "iptables"
    if name.startswith("libip6t_"):
        return family == "ip6tables"
    return name.startswith("libxt_") or name == "iptables.t"


def quote(word):
    """For bash, one case is one line."""
    return shlex.quote(word)


def rule_words(rule):
    """The rule's words, quoted again; None when it cannot be one command line."""
    try:
        return " ".join(quote(w) for w in shlex.split(rule))
    except ValueError:
        return None


def cases(path, family):
    chains, tables = ["INPUT"], ["filter"]
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] == ":":
            chains = line[1:].split(",")
        elif line[0] == "*":
            tables = line[1:].split(",")
        elif line[0] == "@":
            yield "$ " + line[1:]
        elif line[0] == "%":
            continue
        else:
            words = rule_words(line.split(";")[0])
            if words is None:
                continue
            yield from rule_cases(family, tables, chains, words)


def rule_cases(family, tables, chains, words):
    for table in tables:
        chain = chains[0]
        where = f"{family} -t {table}"
        yield f"{where} -A {chain} {words}"
        yield f"{where} -S {chain}"
        yield f"{where} -C {chain} {words}"
        yield f"{where} -D {chain} {words}"
        yield ""


def main():
    family = sys.argv[1]
    for path in sorted(sys.argv[2:]):
        if applies(path, family):
            print(f"# {os.path.basename(path)}")
            for case in cases(path, family):
                print(case)


main()
