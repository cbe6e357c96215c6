#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables, plots and the README's figures from what the benchmark measured.

    bench/report.py DIR             prints the tables of DIR/packets.csv and DIR/commands.csv
    bench/report.py DIR --plots     and draws DIR/*.svg and *.png (gnuplot)
    bench/report.py DIR --readme    and renews the part of README.md between the bench markers
"""
import argparse
import csv
import os
import sys

import plots
import targets

SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
TITLES = {"legacy": "iptables-legacy", "nft": "iptables-nft", "native": "nft sets", "hybrid": "hybrid",
          "exclusive": "exclusive", "bfcli": "bpfilter"}
# Of the commands, those that the README tells; the CSV has all.
README_COMMANDS = (
    "-A to 5 rules", "-C among 5 rules", "-C of the last of 10000", "-C of none of 10000", "-D of the last of 10000", "-A to 10000",
    "restore 10000 mixed rules", "restore 10000 mixed rules: BPF live after", "restore 10000 mixed rules: BPF live, object cached",
    "-A to 10000: until BPF is live, as a whole", "restore 100000 rules in one chain", "restore 100000 rules in one chain: peak memory",
    "restore 100000 rules in chains of ten", "save 100000 rules in one chain", "restore 100000 mixed rules: BPF live after",
    "restore 100000 mixed rules: peak memory of sync", "restore 100000 mixed rules: BPF maps and programs",
)
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


class Data:
    """The figures of one run."""

    def __init__(self, directory):
        self.packets = _read(os.path.join(directory, "packets.csv"))
        self.commands = _read(os.path.join(directory, "commands.csv"))
        for row in self.packets:
            for name in ("size", "rules", "flows"):
                row[name] = int(row[name])
            for name in ("base_ns", "added_ns", "added_min_ns", "ratio_nft", "ratio_legacy"):
                row[name] = float(row[name]) if row[name] else None
        for row in self.commands:
            for name in ("median", "min", "ratio_stock"):
                row[name] = float(row[name]) if row[name] else None
        machine = os.path.join(directory, "machine.txt")
        self.machine = open(machine, encoding="utf-8").read().strip() if os.path.exists(machine) else ""

    def find(self, **wanted):
        return [row for row in self.packets if all(row[key] == value for key, value in wanted.items())]

    def command(self, what, side="ours"):
        """The figure of one command on one side, or None."""
        for row in self.commands:
            if (row["what"], row["side"]) == (what, side):
                return row
        return None

    @property
    def contenders(self):
        known = {row["contender"] for row in self.packets}
        return [name for name in TITLES if name in known]


def _read(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def nanoseconds(row):
    """A cell. What BPF did not decide says so."""
    if row is None:
        return ""
    number = row["added_ns"]
    text = f"{number:,.0f}" if abs(number) >= 100 else f"{number:.0f}"
    return text + ("*" if row["note"] else "")


def ours(data):
    return [name for name in ("hybrid", "exclusive") if name in data.contenders]


def heads(data):
    """Of what cells() gives."""
    ratios = [f"{name} / {other}" for name in ours(data) for other in ("nft", "legacy") if other in data.contenders]
    return [TITLES[name] for name in data.contenders] + ratios


def cells(data, **where):
    """Nanoseconds of each contender, then our ratios to iptables-nft and -legacy."""
    found = {row["contender"]: row for row in data.find(**where)}
    if not found:
        return []
    line = [nanoseconds(found.get(name)) for name in data.contenders]
    for name in ours(data):
        for other in ("nft", "legacy"):
            if other in data.contenders:
                line.append(_ratio(found[name][f"ratio_{other}"]) if name in found else "")
    return line


def _ratio(value):
    return "" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def small_table(data):
    """The shapes that have one size."""
    rows = []
    for shape, what in (("server", "20-rule server"), ("router", "40-rule router")):
        for case, said in (("early", "first rule (ESTABLISHED)"), ("late", "last rule"), ("nowhere", "policy DROP")):
            for flows in (1, 65536):
                line = cells(data, shape=shape, case=case, flows=flows)
                if line:
                    rows.append([what, said, f"{flows:,}"] + line)
    return markdown(["ruleset", "packet decided by", "flows"] + heads(data), rows)


def shapes_of(data):
    return [shape for shape in dict.fromkeys(row["shape"] for row in data.packets) if shape not in ("server", "router")]


def size_table(data, case, flows, sizes):
    rows = []
    for shape in shapes_of(data):
        for size in sizes:
            line = cells(data, shape=shape, size=size, case=case, flows=flows)
            if line:
                rows.append([shape, f"{size:,}"] + line)
    return markdown(["shape", "rules"] + heads(data), rows)


def notes(data):
    """What the asterisks mean."""
    seen = {}
    for row in data.packets:
        if row["note"]:
            seen.setdefault((row["contender"], row["note"]), []).append(f"{row['shape']} {row['size']:,}")
    return "\n".join(f"\\* {TITLES[who]}: {note} ({', '.join(dict.fromkeys(where))})" for (who, note), where in seen.items())


def target_table(data):
    rows = [[t.case, t.target, t.measured, {True: "reached", False: "**missed**", None: "not measured"}[t.reached]]
            for t in targets.evaluate(data)]
    return markdown(["case", "target", "measured", ""], rows)


def amount(row):
    return f"{row['median']:,.1f} {row['unit']}" if row else ""


def command_table(data, only=None):
    rows = []
    for what in dict.fromkeys(row["what"] for row in data.commands):
        if only and what not in only:
            continue
        sides = [data.command(what, side) for side in ("stock", "legacy", "ours")]
        ratio = sides[2]["ratio_stock"] if sides[2] else None
        rows.append([what] + [amount(side) for side in sides] + ["" if ratio is None else f"{ratio:.2f}"])
    return markdown(["command", "iptables-nft", "iptables-legacy", "iptables-bpf", "ours / iptables-nft"], rows)


def whole(data):
    """All tables, for the terminal; none that is empty."""
    parts = []
    if data.packets:
        parts.append("Nanoseconds that a packet takes more than without a ruleset, and our ratios")
        if data.find(shape="server") or data.find(shape="router"):
            parts.append(small_table(data))
        sizes = sorted({row["size"] for row in data.packets if row["shape"] in shapes_of(data)})
        for case in ("early", "late", "nowhere") if sizes else ():
            for flows in sorted({row["flows"] for row in data.packets}):
                parts += [f"Packets that meet {case} rules, {flows:,} flow{'s' * (flows > 1)}:",
                          size_table(data, case, flows, sizes)]
        parts.append(notes(data))
    if data.commands:
        parts += ["Commands:", command_table(data)]
    return "\n\n".join([part for part in parts if part] + ["Targets:", target_table(data)])


def readme(data, directory):
    """What the README shows."""
    where = os.path.relpath(directory, SRCDIR)
    parts = [f"Measured by `sudo ./run bench` ({data.machine}). Nanoseconds that a packet takes more than on a router without any "
             "ruleset (but with conntrack, where the ruleset uses it), and the ratios of that; medians. "
             f"All figures: [{where}]({where}).",
             f"![Cost of a packet over the number of rules]({where}/rules.svg)",
             f"![Cost of a packet in two everyday rulesets]({where}/small.svg)",
             small_table(data),
             "Packets that meet one of the last tenth of the rules, from 65,536 flows:",
             size_table(data, "late", 65536, (100, 1000, 10000, 100000)), notes(data)]
    if data.commands:
        parts += ["Commands:", command_table(data, README_COMMANDS)]
    parts += ["What was to be reached, and what was:", target_table(data)]
    return "\n\n".join(part for part in parts if part)


def renew_readme(data, directory):
    path = os.path.join(SRCDIR, "README.md")
    text = open(path, encoding="utf-8").read()
    before, found, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        sys.exit(f"report.py: {path} has no lines '{BEGIN}' and '{END}'")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{readme(data, directory)}\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description="tables and plots of what the benchmark measured")
    parser.add_argument("directory", nargs="?", default=os.path.join(SRCDIR, "bench", "results"))
    parser.add_argument("--plots", action="store_true", help="draw SVG and PNG files beside the CSV")
    parser.add_argument("--readme", action="store_true", help="draw, and renew README.md")
    args = parser.parse_args()
    data = Data(args.directory)
    if not data.packets and not data.commands:
        sys.exit(f"report.py: nothing measured in {args.directory}")
    print(whole(data))
    if args.plots or args.readme:
        plots.draw(data, args.directory)
    if args.readme:
        renew_readme(data, args.directory)


if __name__ == "__main__":
    main()
