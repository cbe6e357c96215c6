#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a match costs a packet: where BPF decides, and where the packet is handed over to nft.

    bench/matches.py [--match NAME,...] [--rounds N] [--out FILE.csv] [--publish]

For each match that is compiled (doc/MATCHES.md) one chain of one rule, which the packets meet: with ACCEPT behind the
match, which BPF decides, and with a target that changes nothing but is handed over. Each is loaded with iptables-nft
and with ours; measure.py says how they are compared. The figures are nanoseconds a packet over no ruleset, so what is
the same for all matches (nft's chain; our front and the guard) is in them: the first two lines show it.

The generator makes IPv4 packets that are forwarded. Left out therefore: matches of IPv6 only, those that are for
packets of this machine's own sockets (cgroup, owner, socket), and tcpmss, which wants a TCP option. A match whose
packets do not meet it (limit) has no second half.
"""
import argparse
import csv
import os
import sys
from dataclasses import dataclass

from injector import SRCDIR, TCP, UDP, BenchError, Flow, address
from measure import Bench
from shapes import Case, Ruleset, filter_table

DOCUMENT = os.path.join(SRCDIR, "doc", "MATCHES.md")
MARKS = "<!-- matches: begin -->", "<!-- matches: end -->"
# Handed over, and of no consequence: the mark is 0 before and after.
HANDED_OVER = "MARK --set-xmark 0/0"
SOURCE, DESTINATION = "10.1.0.2", "10.2.0.2"
ICMP, DCCP, ESP, AH, IPCOMP, SCTP = 1, 33, 50, 51, 108, 132
ECHO_REQUEST = 8 << 8       # what stands where ports do


@dataclass
class Match:
    name: str
    options: str
    protocol: int = TCP
    sport: int = 40000
    conntrack: bool = False
    hits: bool = True       # whether packets meet it

    def flow(self):
        return Flow(address(SOURCE), address(DESTINATION), self.protocol, self.sport, 80)

    def ruleset(self, target):
        case = Case("accept", lambda count: [self.flow()], established=self.conntrack)
        text = filter_table([f"FORWARD {self.options} -j {target}"])
        return Ruleset(f"match {self.name}", 1, text, {"one rule": case}, conntrack=self.conntrack)


MATCHES = (
    Match("(none)", "-p tcp"),
    Match("(none, conntrack)", "-p tcp", conntrack=True),
    Match("(addresses)", f"-s 10.1.0.0/16 -d {DESTINATION} -i in0 -o out+"),
    Match("addrtype", "-m addrtype --dst-type UNICAST"),
    Match("ah", "-p ah -m ah --ahspi 0:4294967295", AH),
    Match("bpf", '-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"'),
    Match("comment", '-p tcp -m comment --comment "of no consequence"'),
    Match("connbytes", "-m connbytes --connbytes 0: --connbytes-dir both --connbytes-mode packets", conntrack=True),
    Match("connlabel", "-p tcp -m connlabel ! --label 5", conntrack=True),
    Match("connmark", "-m connmark --mark 0", conntrack=True),
    Match("conntrack", "-m conntrack --ctstate NEW,ESTABLISHED,RELATED", conntrack=True),
    Match("cpu", "-m cpu ! --cpu 9999"),
    Match("dccp", "-p dccp -m dccp --sport 1024:65535", DCCP),
    Match("devgroup", "-m devgroup --src-group 0"),
    Match("dscp", "-m dscp --dscp 0"),
    Match("ecn", "-m ecn --ecn-ip-ect 0"),
    Match("esp", "-p esp -m esp --espspi 0:4294967295", ESP),
    Match("hashlimit", "-m hashlimit --hashlimit-upto 1000000/sec --hashlimit-burst 1000000 --hashlimit-mode srcip "
          "--hashlimit-name ipb-bench"),
    Match("helper", "-p tcp -m helper ! --helper ftp", conntrack=True),
    Match("icmp", "-p icmp -m icmp --icmp-type echo-request", ICMP, ECHO_REQUEST),
    Match("ipcomp", "-p ipcomp -m ipcomp --ipcompspi 0:65535", IPCOMP),
    Match("iprange", "-m iprange --src-range 10.1.0.1-10.1.0.9"),
    Match("length", "-m length --length 40"),
    Match("limit", "-m limit --limit 1/day --limit-burst 1", hits=False),
    Match("mac", "-m mac --mac-source 02:00:00:00:00:10"),
    Match("mark", "-m mark --mark 0"),
    Match("multiport", "-p tcp -m multiport --dports 22,25,53,80,110,143,443,993:995"),
    Match("physdev", "-p tcp -m physdev ! --physdev-is-bridged"),
    Match("pkttype", "-m pkttype --pkt-type unicast"),
    Match("policy", "-m policy --dir in --pol none"),
    Match("realm", "-m realm --realm 0"),
    Match("sctp", "-p sctp -m sctp --sport 1024:65535", SCTP),
    Match("state", "-m state --state NEW,ESTABLISHED,RELATED", conntrack=True),
    Match("statistic", "-m statistic --mode nth --every 2 --packet 0", hits=False),
    Match("string", "-p tcp -m string ! --string attack --algo bm"),
    Match("tcp", "-p tcp -m tcp --sport 1024:65535 --dport 80 --tcp-flags SYN,RST SYN"),
    Match("time", "-m time --timestart 00:00 --timestop 23:59:59"),
    Match("tos", "-m tos --tos 0/0xff"),
    Match("ttl", "-m ttl --ttl-lt 65"),
    Match("u32", '-m u32 --u32 "6&0xFF=6"'),
    Match("udp", "-p udp -m udp --sport 1024:65535 --dport 80", UDP),
)

FIELDS = ("match", "rule", "nft_ns", "decided_ns", "decided_ratio", "nft_handed_over_ns", "handed_over_ns",
          "handed_over_ratio", "note")


def names(text):
    known = [match.name for match in MATCHES]
    wanted = text.split(",")
    for name in wanted:
        if name not in known:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
    return wanted


def pair(bench, match, target, as_meant):
    """Nanoseconds of nft, of ours, their ratio, and whether it was not as meant."""
    records = {r.contender: r for r in bench.measure(match.ruleset(target), ["nft", "hybrid"], flow_counts=(1,))}
    if len(records) != 2:
        raise BenchError(f"{match.name}: could not be loaded")
    nft, ours = records["nft"], records["hybrid"]
    return nft.added_ns, ours.added_ns, ours.ratio_nft, "" if as_meant(ours.note) else ours.note or "decided by BPF"


def measure(bench, match):
    """A row of the CSV."""
    row = dict.fromkeys(FIELDS, "")
    row.update(match=match.name, rule=match.options)
    row["nft_ns"], row["decided_ns"], row["decided_ratio"], row["note"] = pair(bench, match, "ACCEPT", lambda note: not note)
    if match.hits:
        nft, ours, ratio, note = pair(bench, match, HANDED_OVER, bool)
        row.update(nft_handed_over_ns=nft, handed_over_ns=ours, handed_over_ratio=ratio, note=row["note"] or note)
    return row


def cell(value, form="{:.0f}"):
    return "" if value == "" else form.format(value)


def cells(row):
    return [cell(row["nft_ns"]), cell(row["decided_ns"]), cell(row["decided_ratio"], "{:.2f}"), cell(row["nft_handed_over_ns"]),
            cell(row["handed_over_ns"]), cell(row["handed_over_ratio"], "{:.2f}")]


def show(row):
    print("{:18} {:>7} {:>7} {:>6}  {:>7} {:>7} {:>6}  ".format(row["match"], *cells(row)) + row["note"], flush=True)


def run(rounds, wanted=None, out=None, turn=True):
    """Measures and prints; returns the rows and what makes them untrustworthy."""
    rows = []
    print("\nns a packet over no ruleset  ---- decided ----  --- handed over ---\n"
          f"{'match':18} {'nft':>7} {'ours':>7} {'ratio':>6}  {'nft':>7} {'ours':>7} {'ratio':>6}", flush=True)
    with Bench(rounds, log=lambda text: None, turn=turn) as bench:
        for match in MATCHES:
            if wanted and match.name not in wanted:
                continue
            try:
                rows.append(measure(bench, match))
                show(rows[-1])
            except BenchError as error:
                bench.problem(str(error))
        problems = bench.problems + [f"{title}: nft traced packets meanwhile" for title in bench.traced]
    if out:
        with open(out, "w", newline="", encoding="ascii") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return rows, problems


def publish(rows):
    """Into doc/MATCHES.md, between its marks."""
    head = ("| rule of the chain | nft | decided by BPF | ratio | nft, with a target | handed over | ratio |\n"
            "|---|---|---|---|---|---|---|\n")
    lines = [f"| `{row['rule']}` | " + " | ".join(cells(row)) + " |\n" for row in rows]
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(before + MARKS[0] + "\n" + head + "".join(lines) + MARKS[1] + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--match", type=names, help="only these")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--no-turn", action="store_true", help="do not wait for another benchmark's end")
    parser.add_argument("--out", help="write a CSV, too")
    parser.add_argument("--publish", action="store_true", help="write doc/MATCHES.md's table")
    args = parser.parse_args()
    rows, problems = run(args.rounds, args.match, args.out, not args.no_turn)
    if args.publish and not problems and not args.match:
        publish(rows)
    for problem in problems:
        print(f"PROBLEM: {problem}", file=sys.stderr)
    return 1 if problems or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
