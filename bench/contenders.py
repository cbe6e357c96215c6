# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is compared: how each one loads a ruleset into its router, and how it proves who decided the packets."""
import json
import os
import shutil
import subprocess
import tempfile
import time

from injector import BUILDDIR, BenchError

STOCK = os.path.join(os.environ.get("STOCK_PREFIX", "/usr/sbin"), "xtables-nft-multi")
LEGACY = os.path.join(os.environ.get("STOCK_PREFIX", "/usr/sbin"), "xtables-legacy-multi")
OURS = f"{BUILDDIR}/xtables-bpf-multi"
BPFCTL = f"{BUILDDIR}/iptables-bpfctl"
LIVE_WITHIN = 180           # seconds from a restore to BPF deciding; then the benchmark goes on without
FAMILIES = {4: ("ip", "ipv4"), 6: ("ip6", "ipv6")}   # as status calls them
BFCLI_WITHIN = 90           # seconds
BFCLI_RULES = 10000
REFUSED_FOR = 3             # seconds that status has to say why a table is not exclusive


def _restore(ruleset):
    return "iptables-restore" if ruleset.family == 4 else "ip6tables-restore"


class Contender:
    """One way to enforce a ruleset, in one router. NAME is what tables and CSV say."""
    name = ""
    title = ""
    optional = False        # whether it may fail to load

    def __init__(self, router):
        self.router = router
        self.note = ""      # why it is not what its name says, if so

    @classmethod
    def missing(cls, ruleset):
        """Why there can be no such contender for this ruleset; "" when there can."""
        return ""

    def load(self, ruleset):
        raise NotImplementedError

    def decided(self):
        """Packets that BPF decided so far; None where there is no such thing."""
        return None

    def unload(self):
        """Before its router goes."""


class Legacy(Contender):
    name, title = "legacy", "iptables-legacy"

    @classmethod
    def missing(cls, ruleset):
        return "" if os.access(LEGACY, os.X_OK) else f"{LEGACY} is not installed"

    def load(self, ruleset):
        self.router.run([LEGACY, _restore(ruleset), "-w"], input=ruleset.text)


class Nft(Contender):
    name, title = "nft", "iptables-nft"

    @classmethod
    def missing(cls, ruleset):
        return "" if os.access(STOCK, os.X_OK) else f"{STOCK} is not installed"

    def load(self, ruleset):
        self.router.run([STOCK, _restore(ruleset)], input=ruleset.text)


class Native(Contender):
    name, title = "native", "nft, sets and maps by hand"

    @classmethod
    def missing(cls, ruleset):
        return "" if ruleset.native else "this shape has no form with sets, or nft takes minutes to load it"

    def load(self, ruleset):
        self.router.run(["nft", "-f", "-"], input=ruleset.native)


class Hybrid(Contender):
    """Ours: a front before nft's chain."""
    name, title = "hybrid", "iptables-bpf, hybrid"
    mode = "hybrid"

    def __init__(self, router):
        super().__init__(router)
        self.hook, self.families = "forward", FAMILIES[4]

    def _restore(self, ruleset):
        self.hook, self.families = ruleset.hook, FAMILIES[ruleset.family]
        # Through env: ip netns exec passes the environment on, but must not have it for itself.
        self.router.run(["env", f"IPTABLES_BPF={self.mode}", OURS, _restore(ruleset)], input=ruleset.text)

    def load(self, ruleset):
        self._restore(ruleset)
        self.router.run(["env", f"IPTABLES_BPF={self.mode}", BPFCTL, "sync"], timeout=LIVE_WITHIN)
        self._look()

    def chain(self):
        """What status says of the measured chain; {} when it does not know it."""
        try:
            status = json.loads(self.router.run([BPFCTL, "status", "-j"]).stdout)
        except ValueError as error:
            raise BenchError(f"{self.name}: iptables-bpfctl status -j: {error}") from error
        for chain in status["chains"]:
            if chain["family"] in self.families and (chain["table"], chain["hook"]) == ("filter", self.hook):
                return dict(chain, state=status["state"])
        return {"mode": "nft", "reason": status["reason"] or "no such chain", "decided_packets": 0, "state": status["state"]}

    def _look(self):
        chain = self.chain()
        if chain["mode"] != self.mode:
            self.note = f"runs as {chain['mode']}: {chain.get('not_exclusive') or chain['reason'] or 'no reason given'}"
        elif chain["state"] != "live":
            raise BenchError(f"{self.name}: status says {chain['state']}, not live")

    def decided(self):
        return self.chain()["decided_packets"]

    def unload(self):
        # No rule, no counter that `off' would have to save.
        self.router.run(["nft", "flush", "ruleset"], check=False)
        self.router.run([BPFCTL, "off"], check=False)


class Exclusive(Hybrid):
    """Ours: nft's table sleeps, BPF alone decides."""
    name, title = "exclusive", "iptables-bpf, exclusive"
    mode = "exclusive"

    @classmethod
    def missing(cls, ruleset):
        usage = subprocess.run([BPFCTL, "help"], stdout=subprocess.PIPE, text=True, check=False).stdout
        return "" if "\n  watch" in usage else "this build has no `iptables-bpfctl watch'"

    def load(self, ruleset):
        self.router.start(["env", f"IPTABLES_BPF={self.mode}", BPFCTL, "watch"], stdout=subprocess.DEVNULL)
        self._restore(ruleset)
        end, refused = time.monotonic() + LIVE_WITHIN, None
        while time.monotonic() < end:
            chain = self.chain()
            if chain["mode"] == self.mode and chain["state"] == "live":
                return
            # On the way there all kinds of states are met: only what lasts is an answer.
            if chain["state"] != "live" or chain["mode"] != "hybrid" or not chain.get("not_exclusive"):
                refused = None
            elif refused is None:
                refused = time.monotonic()
            elif time.monotonic() - refused > REFUSED_FOR:
                break
            time.sleep(0.05)
        self._look()


class Bfcli(Contender):
    """bpfilter, where it is installed: shapes that its language knows, rule for rule. (Without a daemon, as since its
    version of 2026: bfcli itself loads and pins.)"""
    name, title = "bfcli", "bpfilter"
    optional = True
    CHAIN = "iptables_bpf_bench"
    pins = None

    @classmethod
    def missing(cls, ruleset):
        if not shutil.which("bfcli"):
            return "bfcli is not on PATH"
        return cls.refused(ruleset) if cls.rules(ruleset) else "this shape has no form in bfcli's language"

    @staticmethod
    def refused(ruleset):
        return "" if ruleset.rules <= BFCLI_RULES else f"the verifier refuses its programs of more than {BFCLI_RULES} rules"

    @staticmethod
    def rules(ruleset):
        return ruleset.bfcli

    def load(self, ruleset):
        # What it pins goes with a bpffs of its own, and the programs with the pins.
        self.pins = tempfile.mkdtemp(prefix="ipb-bench.")
        subprocess.run(["mount", "-t", "bpf", "bpf", self.pins], check=True)
        with tempfile.NamedTemporaryFile("w", prefix="ipb-bench.", encoding="ascii") as file:
            file.write(f"chain {self.CHAIN} BF_HOOK_NF_FORWARD{{priorities=101-102}} {self.rules(ruleset)}\n")
            file.flush()
            # Not through ip netns exec: in its own mount namespace pins would be lost.
            words = ["nsenter", f"--net=/run/netns/{self.router.ns}", "bfcli", "--bpffs-path", self.pins, "chain", "set",
                     "--from-file", file.name]
            try:
                done = subprocess.run(words, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      timeout=BFCLI_WITHIN)
            except subprocess.TimeoutExpired as error:
                raise BenchError(f"bfcli: not done after {error.timeout:.0f} s") from error
        if done.returncode:
            raise BenchError(f"bfcli: {_first_error(done.stdout)}")

    def unload(self):
        if self.pins:
            subprocess.run(["umount", self.pins], check=False)
            os.rmdir(self.pins)


class BfcliSets(Bfcli):
    """The same with its sets, as one would write it by hand."""
    name, title = "bfcli-sets", "bpfilter, sets by hand"

    @staticmethod
    def refused(ruleset):
        return ""

    @staticmethod
    def rules(ruleset):
        return ruleset.bfcli_sets


def _first_error(text):
    lines = [line for line in text.splitlines() if line.startswith("error")] or ["failed without a word"]
    return lines[0].partition(":")[2].strip()[:200]


CONTENDERS = {cls.name: cls for cls in (Legacy, Nft, Native, Hybrid, Exclusive, Bfcli, BfcliSets)}
