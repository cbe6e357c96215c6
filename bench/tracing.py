# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether nftables traces packets. One rule with `meta nftrace set' or -j TRACE, in any network namespace of the machine,
makes each evaluation of any nft chain some 130 ns longer, in all of them (a static key of the kernel, nft_trace_enabled):
iptables-nft, nft by hand and our hybrid mode, but neither legacy nor exclusive mode. Nothing tells whether it is on, so it
is measured: a chain of one counter is a third dearer than a BPF program that does nothing, and four times as dear with tracing."""
import statistics
import time

from injector import Flow, address

TURNS = 9
PACKETS, WARM_UP = 256, 64
TOO_DEAR = 2.5              # times the BPF program
PATIENCE = 6                # seconds
FLOW = Flow(address("10.1.0.2"), address("10.2.0.2"))


class Tracing:
    """Three routers: no ruleset, the BPF program, the chain."""

    def __init__(self, injector):
        self.injector = injector
        self.routers = {name: injector.router(f"trace-{name}") for name in ("none", "program", "chain")}
        self.routers["program"].hook("forward", 0, "accept")
        self.routers["chain"].run(["nft", "-f", "-"], input="table ip one { chain forward { type filter hook forward priority 0; "
                                  "counter\n}\n}\n")
        self.was_on = False     # in the last look

    def look(self):
        """Whether it is on. The generator's flows are others then."""
        self.injector.load(FLOW.pack())
        times = {name: [] for name in self.routers}
        for _ in range(TURNS):
            for name, router in self.routers.items():
                times[name].append(router.send(PACKETS, 0, WARM_UP)[3])
        none, program, chain = (statistics.median(times[name]) for name in ("none", "program", "chain"))
        self.was_on = chain - none > TOO_DEAR * max(program - none, 10)
        return self.was_on

    def wait(self):
        """Until it is off, for some time."""
        end = time.monotonic() + PATIENCE
        while self.look() and time.monotonic() < end:
            time.sleep(0.5)
