#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables, plots and the README's figures from what the benchmark measured.

    bench/report.py DIR             prints the tables of DIR/packets.csv and DIR/commands.csv
    bench/report.py DIR --plots     and draws DIR/*.svg and *.png (gnuplot)
    bench/report.py DIR --readme    and renews the part of README.md between the bench markers
"""
import argparse
import csv
import math
import os
import sys

import plots
import targets
from measure import UNCERTAIN, uncertain

SRCDIR = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
TITLES = {"legacy": "iptables-legacy", "nft": "iptables-nft", "native": "nft sets", "hybrid": "hybrid",
          "exclusive": "exclusive", "bfcli": "bpfilter", "bfcli-sets": "bpfilter sets"}
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
            for name in ("family", "size", "rules", "flows"):
                row[name] = int(row[name])
            for name in ("base_ns", "added_ns", "added_pm_ns", "ratio_nft", "ratio_legacy"):
                row[name] = float(row[name]) if row[name] else None
        for row in self.commands:
            for name in ("median", "min", "ratio_stock"):
                row[name] = float(row[name]) if row[name] else None
        machine = os.path.join(directory, "machine.txt")
        self.machine = open(machine, encoding="utf-8").read().strip() if os.path.exists(machine) else ""

    def find(self, family=4, **wanted):
        return [row for row in self.packets if row["family"] == family and all(row[key] == value for key, value in wanted.items())]

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
    """A cell. What BPF did not decide says so, and what is not certain."""
    if row is None:
        return ""
    return "≈ " * uncertain(row["added_ns"], row["added_pm_ns"]) + f"{row['added_ns']:,.0f}" + "*" * bool(row["note"])


def table(data, head, wanted):
    """Of (first cells, what find() is to find) a table: nanoseconds of each contender, then our ratios to iptables-nft and
    -legacy. What nobody has in these lines gets no column."""
    lines = [(cells, {row["contender"]: row for row in data.find(**where)}) for cells, where in wanted]
    lines = [(cells, found) for cells, found in lines if found]
    present = [name for name in data.contenders if any(name in found for _, found in lines)]
    ratios = [(name, other) for name in ("hybrid", "exclusive") for other in ("nft", "legacy") if {name, other} <= set(present)]
    rows = [cells + [nanoseconds(found.get(name)) for name in present] + [ratio(found, *pair) for pair in ratios]
            for cells, found in lines]
    return markdown(head + [TITLES[name] for name in present] + [f"{name} / {other}" for name, other in ratios], rows) if rows else ""


def ratio(found, name, other):
    if name not in found or other not in found:
        return ""
    value = found[name][f"ratio_{other}"]
    if value is None:
        return ""
    shares = [row["added_pm_ns"] / abs(row["added_ns"]) if row["added_ns"] else 1 for row in (found[name], found[other])]
    return "≈ " * (math.hypot(*shares) > UNCERTAIN) + _ratio(value)


def _ratio(value):
    return "" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def small_table(data, family=4):
    """The shapes that have one size."""
    wanted = [([what, said, f"{flows:,}"], {"family": family, "shape": shape, "case": case, "flows": flows})
              for shape, what in (("server", "20-rule server"), ("router", "40-rule router"))
              for case, said in (("early", "first rule (ESTABLISHED)"), ("late", "last rule"), ("nowhere", "policy DROP"))
              for flows in sorted({row["flows"] for row in data.packets})]
    return table(data, ["ruleset", "packet decided by", "flows"], wanted)


def shapes_of(data):
    return [shape for shape in dict.fromkeys(row["shape"] for row in data.packets) if shape not in ("server", "router")]


def size_table(data, case, flows, sizes, family=4):
    wanted = [([shape, f"{size:,}"], {"family": family, "shape": shape, "size": size, "case": case, "flows": flows})
              for shape in shapes_of(data) for size in sizes]
    if case == "late":
        # Who meets one of its rules is refused by nft: what they cost the others belongs beside it.
        wanted += [([f"{shape}, packets that meet none", f"{size:,}"],
                    {"family": family, "shape": shape, "size": size, "case": "nowhere", "flows": flows})
                   for shape in shapes_of(data) if shape in plots.REFUSING for size in sizes]
    return table(data, ["shape", "rules"], wanted)


def shape_table(data):
    """How often iptables-nft's cost holds ours, for each shape, where targets ask for it."""
    rows = []
    for shape in shapes_of(data):
        for size, least in targets.CHEAPER:
            found = targets.cheaper(data, targets.best(data), size, shape)
            told = {case: [value for name, value in found if f", {case}," in name] for case in ("late", "nowhere")}
            if found:
                worst = min(value for _, value in found)
                rows.append([shape, f"{size:,}", *(targets.number(min(told[case])) if told[case] else "handed over" for case in told),
                             f"≥ {least}", "reached" if worst >= least else "**missed**"])
    return markdown(["shape", "rules", "late rule", "no rule", "target", ""], rows) if rows else ""


def notes(data):
    """What the asterisks mean."""
    seen = {}
    for row in data.packets:
        if row["note"]:
            where = f"{row['shape']} {row['size']:,}" + ", IPv6" * (row["family"] == 6)
            seen.setdefault((row["contender"], row["note"]), []).append(where)
    return "\n".join(f"\\* {TITLES[who]}: {note} ({'; '.join(dict.fromkeys(where))})" for (who, note), where in seen.items())


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


CERTAIN = "≈: the median's 95 % confidence interval is wider than a quarter of the figure to either side; the CSV has all intervals."


def certainty(data):
    """How well the figures are known, of which a few nanoseconds may be a tenth."""
    errors = sorted(row["added_pm_ns"] for row in data.packets if row["added_ns"] < 1000)
    if not errors:
        return ""
    total = len(data.packets)
    doubtful = sum(uncertain(row["added_ns"], row["added_pm_ns"]) for row in data.packets)
    return (f"Of the {total:,} figures {doubtful:,} are marked ≈; of those below 1 µs half are known to ± {errors[len(errors) // 2]:.0f} ns "
            f"and nine of ten to ± {errors[len(errors) * 9 // 10]:.0f} ns.")


def whole(data):
    """All tables, for the terminal; none that is empty."""
    parts = []
    if data.packets:
        parts.append("Nanoseconds that a packet takes more than without a ruleset, and our ratios\n" + CERTAIN)
        sizes = sorted({row["size"] for row in data.packets if row["shape"] in shapes_of(data)})
        for family in sorted({row["family"] for row in data.packets}):
            parts += [f"IPv{family}:", small_table(data, family)]
            for case in ("early", "late", "nowhere") if sizes else ():
                for flows in sorted({row["flows"] for row in data.packets}):
                    found = size_table(data, case, flows, sizes, family)
                    parts += [f"IPv{family}, packets that meet {case} rules, {flows:,} flow{'s' * (flows > 1)}:", found] if found else []
        parts += [notes(data), certainty(data)]
    if data.commands:
        parts += ["Commands:", command_table(data)]
    by_shape = shape_table(data)
    if by_shape:
        parts += ["So many times cheaper than iptables-nft:", by_shape]
    return "\n\n".join([part for part in parts if part] + ["Targets:", target_table(data)])


def readme(data, directory):
    """What the README shows."""
    where = os.path.relpath(directory, SRCDIR)
    parts = [f"Measured by `sudo ./run bench` ({data.machine}). Nanoseconds that a packet takes more than on a router without any "
             "ruleset (but with conntrack, where the ruleset uses it), and the ratios of that; medians of differences between "
             f"turns. {CERTAIN} {certainty(data)} All figures: [{where}]({where}).",
             f"![Cost of a packet over the number of rules]({where}/rules.svg)",
             f"![Cost of a packet in two everyday rulesets]({where}/small.svg)",
             small_table(data),
             "Packets that meet one of the last tenth of the rules, from 65,536 flows:",
             size_table(data, "late", 65536, (100, 1000, 10000, 100000))]
    if data.find(family=6):
        parts += ["IPv6, the same rules and packets for addresses of IPv6:", small_table(data, 6),
                  size_table(data, "late", 65536, (100, 1000, 10000, 100000), 6)]
    parts.append(notes(data))
    if data.commands:
        parts += ["Commands:", command_table(data, README_COMMANDS)]
    parts += ["What was to be reached, and what was:", target_table(data)]
    by_shape = shape_table(data)
    if by_shape:
        parts += [f"So many times cheaper than iptables-nft ({targets.best(data)}, the worse of 1 and 65,536 flows). In Kubernetes' chains "
                  "for pods iptables-nft itself passes only a sixth of the rules; of its list of services, what is refused is REJECTed, "
                  "by nftables in either case, and no target applies to that:", by_shape]
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
