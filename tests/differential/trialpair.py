# SPDX-License-Identifier: GPL-2.0-or-later
"""Two sides that one ruleset after the other is tried on: made once, wiped in between."""

import os
import socket
import struct
import subprocess
from pathlib import Path

import compare
import hang
import kernelstate
import nflog
import ownsockets
from rulesets import FAMILY_PREFIX, TOOLS, Ours, OursWithoutBpf
from topology import InNamespace, Side

_SYSCTLS = ("net/ipv4/tcp_timestamps", "0"), ("net/ipv4/tcp_synack_retries", "0"), ("net/ipv4/tcp_challenge_ack_limit", "2147483647"), \
    ("net/netfilter/nf_conntrack_acct", "1")
# No neighbour is asked for: answers and errors would come seconds later.
_NEIGHBOURS = "mcast_solicit", "app_solicit", "ucast_solicit"
NETLINK_NETFILTER, _CTNETLINK_DELETE = 12, 1 << 8 | 2


class Refused(Exception):
    """No side takes the ruleset; the text is the first side's message."""


def _forget_connections(side):
    """Empties the connection tracking table of the router."""
    with InNamespace(side.router), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as s:
        s.send(struct.pack("=IHHIIBBH", 20, _CTNETLINK_DELETE, 5, 1, 0, 0, 0, 0))
        s.recv(4096)


class Pair:
    """Context manager. @names: of two of rulesets.TOOLS; @uses: after how many rulesets the namespaces are made anew."""

    def __init__(self, tag, names=("stock", "ours"), uses=8):
        self.tag = tag
        self.tools = [TOOLS[name]() for name in names]
        self.names = names
        self.uses = uses
        self.sides = []
        self.listeners = []
        self.used = 0
        self.history = []  # what the caller noted for each trial in these namespaces

    def _up(self):
        for letter, _ in zip("ab", self.tools):
            side = Side(f"{self.tag}{letter}").__enter__()
            self.sides.append(side)
            with InNamespace(side.router):
                for name, value in _SYSCTLS:
                    with open(f"/proc/sys/{name}", "w") as f:
                        f.write(value)
                for path in Path("/proc/sys/net").glob("ipv[46]/neigh/*/"):
                    for name in _NEIGHBOURS:
                        (path / name).write_text("0")
            kernelstate.surround(side)
            self.listeners += ownsockets.listen(side.router)
            self.tools[len(self.sides) - 1].begin(side)
        self.used, self.history = 0, []

    def namespaces(self):
        return [name for side in self.sides for name in (side.router, side.world)]

    def kill(self):
        """After a hang: ends who is still there, and takes the namespaces away."""
        hang.kill_all(self.namespaces())
        self.down()

    def down(self):
        for s in self.listeners:
            s.close()
        for tools, side in zip(self.tools, self.sides):
            tools.unload(side)
            side.down()
        self.sides, self.listeners = [], []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.down()

    def _wipe(self):
        if self.used >= self.uses:
            self.down()
        if not self.sides:
            self._up()
        elif self.used:
            for side in self.sides:
                side.exec("nft", "-f", "-", stdin="flush ruleset\n" + nflog.SINK_TABLE)
                _forget_connections(side)
                side.collect()
        self.used += 1

    def _load(self, rules):
        for family, text in rules.items():
            done = [side.exec(tools.multi, FAMILY_PREFIX[family] + "-restore", stdin=text, check=False,
                              env=dict(tools.env, IPTABLES_BPF="off"))  # compiled when all of it is loaded
                    for tools, side in zip(self.tools, self.sides)]
            if done[0].returncode != done[1].returncode:
                raise RuntimeError("; ".join(f"{tools.name} exits with {d.returncode}: {d.stderr.strip()}" for tools, d in zip(self.tools, done)))
            if done[0].returncode:
                raise Refused(f"IPv{family}: {done[0].stderr.strip()}")

    def trial(self, rules, packets, note=None):
        """Sends @packets (a list or what makes it) through both sides with @rules. Returns the two compare.Trials and the
        packets; may raise Refused, and RuntimeError for what no side may do."""
        self._wipe()
        self.history.append(note)
        ours = self.tools[1]
        a, b = (compare.Trial(side, tools, rules) for side, tools in zip(self.sides, self.tools))
        self._load(rules)
        # clang works while stock decides.
        sync = None
        if isinstance(ours, Ours) and not isinstance(ours, OursWithoutBpf):
            sync = subprocess.Popen(["ip", "netns", "exec", b.side.router, ours.ctl, "sync"], env=ours.env, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            packets = packets() if callable(packets) else packets
            self._send(a, packets)
            said = hang.finished(sync)[0] if sync else ""
        finally:
            if sync and sync.poll() is None:
                sync.kill()
        if sync:
            if sync.returncode:
                raise RuntimeError(f"sync: exit status {sync.returncode}: {said.strip()}")
            ours.settle(b.side)
        self._send(b, packets)
        return a, b, packets

    @staticmethod
    def _send(trial, packets):
        compare.send_all(trial, packets, cpus=sorted(os.sched_getaffinity(0)))
        trial.status = trial.tools.status(trial.side)
        for family in trial.rules:
            trial.counters[family] = trial.tools.save(trial.side, family)
