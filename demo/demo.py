#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A router of three network namespaces, filtered in BPF. Called by ./run demo with the build directory.

        client ---- lan0  router  wan0 ---- server   (the Internet, 203.0.113.0/24)
     10.1.0.0/24                  dmz0 ---- server   (the company's servers, 172.16.3.0/24)

Loads tests/samples/router.rules and .rules6, sends traffic that must pass and traffic that must not, shows the
listing and the status line by line. Exit status 1 when anything is not as the rules say.
"""

import json
import os
import signal
import sys
from pathlib import Path

from lab import Lab, Failure
from listing import explain_listing, explain_status

SRCDIR = Path(__file__).resolve().parents[1]
SAMPLES = SRCDIR / "tests" / "samples"

OUTSIDE, DMZ_WEB, DMZ_MAIL, DMZ_DNS = "203.0.113.254", "172.16.3.80", "172.16.3.25", "172.16.3.53"
OUTSIDE6, DMZ_WEB6, DMZ_MAIL6, DMZ_DNS6 = "2001:db8:2::fe", "fd00:3::80", "fd00:3::25", "fd00:3::53"
CLIENT, CLIENT6, ROUTER, ROUTER6 = "10.1.0.7", "fd00:1::7", "10.1.0.1", "fd00:1::1"

# (from, how, to, port, passes?, which rule says so)
TRAFFIC = (
    ("client", "tcp", OUTSIDE, 443, True, "from-lan lets the house out through wan0"),
    ("client", "tcp", OUTSIDE, 25, False, "from-lan: mail goes through the mail server only"),
    ("client", "tcp", OUTSIDE, 445, False, "from-lan: file shares (multiport 135,139,445) stay inside"),
    ("client", "udp", OUTSIDE, 138, False, "from-lan: file shares (multiport 137:139,445) stay inside"),
    ("client", "udp", OUTSIDE, 123, True, "from-lan lets the house out through wan0"),
    ("client", "tcp", DMZ_WEB, 80, True, "to-dmz: the web server"),
    ("client", "tcp", DMZ_WEB, 8080, False, "to-dmz knows nothing of port 8080: policy"),
    ("client", "tcp", DMZ_MAIL, 25, True, "to-dmz: the mail server"),
    ("client", "udp", DMZ_DNS, 53, True, "to-dmz: the name server"),
    ("client", "ping", DMZ_WEB, None, True, "to-dmz: echo requests; the replies are ESTABLISHED"),
    ("client", "tcp", ROUTER, 22, True, "management, reached from INPUT for 10.1.0.0/24"),
    ("client", "tcp", ROUTER, 25, False, "management: ports below 1024 but 80 and 443 are dropped"),
    ("client", "ping", ROUTER, None, True, "icmp-in: echo requests"),
    ("client", "xmas", OUTSIDE, 443, False, "bad-flags: SYN and FIN together"),
    ("server", "tcp", ROUTER, 22, False, "INPUT: ! -i lan0, multiport"),
    ("server", "tcp", CLIENT, 80, False, "policy of FORWARD: nothing lets the Internet in"),
    ("server", "ping", CLIENT, None, False, "from-wan: no pings into the house"),
    ("dmz", "tcp", CLIENT, 5432, True, "the shop's database"),
    ("dmz", "tcp", CLIENT, 5433, False, "policy of FORWARD: only the database's port"),
    ("client", "tcp", OUTSIDE6, 443, True, "IPv6: from-lan lets the house out"),
    ("client", "tcp", OUTSIDE6, 25, False, "IPv6: from-lan: no mail past the mail server"),
    ("client", "tcp", DMZ_WEB6, 443, True, "IPv6: to-dmz: the web server"),
    ("client", "udp", DMZ_DNS6, 53, True, "IPv6: to-dmz: the name server"),
    ("client", "udp", DMZ_DNS6, 54, False, "IPv6: to-dmz returns, then the policy"),
    ("client", "ping", DMZ_WEB6, None, True, "IPv6: icmp-forward: ! -i wan0"),
    ("client", "tcp", ROUTER6, 22, True, "IPv6: INPUT: ssh from fd00:1::/64"),
    ("server", "tcp", ROUTER6, 22, False, "IPv6: INPUT: ! -i lan0"),
    ("server", "ping", CLIENT6, None, False, "IPv6: policy of FORWARD"),
)

# Rules that the traffic above has to have met: (family, chain, what the rule's line contains).
MUST_COUNT = (
    (4, "from-lan", "--dport 25 "), (4, "from-lan", "135,139,445"), (4, "from-lan", "137:139,445"),
    (4, "from-lan", "-o wan0 -j ACCEPT"), (4, "to-dmz", "--dports 80,443"), (4, "bad-flags", "FIN,SYN FIN,SYN"),
    (4, "management", "--dport 22 "), (4, "from-wan", "-p icmp"), (4, "FORWARD", "shop database"),
    (4, "FORWARD", "RELATED,ESTABLISHED"), (4, "INPUT", "8000:8100"), (6, "from-lan", "--dport 25 "),
    (6, "to-dmz", "--dports 80,443"), (6, "INPUT", "! -i lan0"), (6, "FORWARD", "RELATED,ESTABLISHED"),
)


def title(text):
    print(f"\n=== {text}\n")


def build_lab(lab):
    title("A router between a client and a server")
    print(__doc__.split("\n\n")[1])
    lab.link("client", "eth0", (f"{CLIENT}/24", f"{CLIENT6}/64"), "lan0", (f"{ROUTER}/24", f"{ROUTER6}/64"))
    lab.link("server", "net0", (f"{OUTSIDE}/24", f"{OUTSIDE6}/64"), "wan0", ("203.0.113.1/24", "2001:db8:2::1/64"))
    lab.link("server", "dmz", (f"{DMZ_WEB}/24", f"{DMZ_WEB6}/64", f"{DMZ_MAIL}/24", f"{DMZ_MAIL6}/64",
                               f"{DMZ_DNS}/24", f"{DMZ_DNS6}/64"), "dmz0", ("172.16.3.1/24", "fd00:3::1/64"))
    lab.default_route("client", ROUTER, ROUTER6)
    # What the servers of the DMZ answer goes back through dmz0, what the Internet answers through wan0.
    lab.source_route("server", "net0", "203.0.113.0/24", "203.0.113.1", "2001:db8:2::/64", "2001:db8:2::1", 101)
    lab.source_route("server", "dmz", "172.16.3.0/24", "172.16.3.1", "fd00:3::/64", "fd00:3::1", 102)
    lab.serve("client", tcp=(80, 5432, 5433))
    lab.serve("router", tcp=(22, 25))
    lab.serve("server", tcp=(25, 80, 443, 445, 8080), udp=(53, 54, 123, 138))


def load_rules(lab):
    title("Loading the rules with our iptables-restore and ip6tables-restore")
    count = 0
    for tool, path in (("iptables-restore", SAMPLES / "router.rules"), ("ip6tables-restore", SAMPLES / "router.rules6")):
        text = path.read_text()
        lab.router(tool, stdin=text)
        count += sum(line.startswith("-A") for line in text.splitlines())
        print(f"{tool} < {path.relative_to(SRCDIR)}: silent, status 0")
    lab.router("iptables-bpfctl", "sync")
    print(f"\n{count} rules are in nftables, and enforced since the restore returned. `iptables-bpfctl sync` waited"
          "\nuntil they are compiled to BPF as well; without it that happens in the background.")
    return count >= 40


def send_traffic(lab):
    title("Traffic that must pass and traffic that must not")
    wrong = 0
    for sender, how, to, port, passes, why in TRAFFIC:
        got = lab.probe(sender, how, to, port)
        wrong += got != passes
        where = f"[{to}]" if ":" in to else to
        line = f"{sender} -> {where}{'' if port is None else ':' + str(port)} {'tcp SYN+FIN' if how == 'xmas' else how}"
        print(f"{'ok   ' if got == passes else 'WRONG'} {line:48} {'passes ' if got else 'blocked'}  {why}")
    return not wrong


def check_counters(lab):
    wrong = 0
    saved = {4: lab.router("iptables-save", "-c"), 6: lab.router("ip6tables-save", "-c")}
    for family, chain, text in MUST_COUNT:
        lines = [line for line in saved[family].splitlines() if f"-A {chain} " in line and text in line + " "]
        if not lines or lines[0].startswith("[0:"):
            print(f"WRONG: IPv{family} {chain}: the traffic has met no rule with '{text.strip()}'")
            wrong += 1
    return not wrong


def check_status(status):
    wrong = 0
    if status["state"] != "live":
        print(f"WRONG: the state is {status['state']} ({status.get('reason')}), not live")
        return False
    for family in ("ip", "ip6"):
        for chain in ("INPUT", "FORWARD"):
            found = [c for c in status["chains"] if (c["family"], c["chain"]) == (family, chain)]
            if not found or not found[0]["decided_packets"]:
                print(f"WRONG: BPF decided no packet of {family} {chain}")
                wrong += 1
    return not wrong


def main():
    if len(sys.argv) != 2 or os.geteuid():
        print(f"usage (as root): {sys.argv[0]} BUILDDIR", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the Lab is cleared away
    try:
        with Lab(Path(sys.argv[1]).resolve()) as lab:
            build_lab(lab)
            good = load_rules(lab)
            good &= send_traffic(lab)
            status = json.loads(lab.router("iptables-bpfctl", "status", "-j"))
            title("iptables -L -v -n")
            explain_listing(lab.router("iptables", "-L", "-v", "-n"))
            title("ip6tables -L FORWARD -v -n (the other IPv6 chains likewise)")
            explain_listing(lab.router("ip6tables", "-L", "FORWARD", "-v", "-n"))
            title("iptables-bpfctl status")
            explain_status(lab.router("iptables-bpfctl", "status"), status)
            good &= check_counters(lab) & check_status(status)
        left = lab.left_behind()
    except Failure as e:
        print(f"\nWRONG: {e}")
        return 1
    for what in left:
        print(f"WRONG: left behind: {what}")
    if not good or left:
        title("Something is WRONG, see above")
        return 1
    title("Everything was as the rules say; nothing is left behind")
    print("README.md tells how to install it, how to let it decide this machine's rules, and how to go back.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
