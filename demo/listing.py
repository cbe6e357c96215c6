# SPDX-License-Identifier: GPL-2.0-or-later
"""Says below each line of a listing what it shows."""

import re

_CHAIN = re.compile(r"^Chain (\S+) \((?:policy (\S+) (\S+) packets, (\S+) bytes|(\d+) references)\)")
_VERDICTS = {"ACCEPT": "accepted", "DROP": "dropped", "RETURN": "sent back to the calling chain"}


def _packets(count):
    return "1 packet" if count == "1" else f"{count} packets"


def _explain_chain(match):
    name, policy, packets, size, references = match.groups()
    if policy:
        return f"{name} is a builtin chain; {_packets(packets)} ({size} bytes) met no deciding rule in it: {policy}"
    return f"{name} is called from {references} rule{'s' if references != '1' else ''}"


def _explain_rule(fields):
    packets, size, target = fields[0], fields[1], fields[2]
    if packets == "0":
        return None
    counted = f"{_packets(packets)} ({size} bytes) matched"
    rest = " ".join(fields[3:])
    if "[goto]" in rest:
        return f"{counted} and went on in {target} for good"
    if target in _VERDICTS:
        return f"{counted} and {'was' if packets == '1' else 'were'} {_VERDICTS[target]}"
    if target in ("all", "tcp", "udp", "icmp", "ipv6-icmp", "0", "6", "17", "1", "58"):
        return f"{counted} and {'was' if packets == '1' else 'were'} only counted"
    return f"{counted} and {'was' if packets == '1' else 'were'} looked at in chain {target}"


def explain_listing(text):
    """Prints a `-L -v -n` listing, each chain and each rule that a packet met with an explanation."""
    print("Each counter is nft's plus BPF's: one number, as if there were only one of them. Rules without an arrow"
          "\nmet no packet.\n")
    for line in text.splitlines():
        print(line)
        match = _CHAIN.match(line)
        words = line.split()
        if match:
            print(f"    ^ {_explain_chain(match)}")
        elif len(words) > 3 and words[0][0].isdigit():
            told = _explain_rule(words)
            if told:
                print(f"    ^ {told}")


def explain_status(text, status):
    """Prints the status, and what each chain's part of it means."""
    print(text.rstrip())
    print(f"\nnft's ruleset is at generation {status['generation']}; BPF was compiled for generation "
          f"{status['compiled_generation']}.\nWhile the two are equal BPF may decide (state {status['state']}); any change by "
          "any tool makes nft decide alone until\nthe next sync.\n")
    for chain in status["chains"]:
        where = f"{chain['family']} {chain['table']} {chain['chain']}"
        if chain["mode"] == "nft":
            print(f"{where}: nft decides every packet of its {chain['rules']} rules: {chain['reason']}")
            continue
        program = chain.get("program") or {}
        made = "from the cache" if program.get("cache") == "hit" else f"compiled in {program.get('compile_ms')} ms"
        print(f"{where}: BPF decided {chain['decided_packets']} packets and left {chain['handed_over_packets']} to nft; "
              f"{chain['rules']} rules\n    became {program.get('insns')} BPF instructions, {made}, loaded in "
              f"{program.get('load_ms')} ms")
        for rule in chain["handover_rules"]:
            print(f"    rule {rule['rule']} of {rule['chain']} is nft's: {rule['reason']}")
