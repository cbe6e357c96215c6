# SPDX-License-Identifier: GPL-2.0-or-later
"""The two machines of the chaos test: ours, and one with stock iptables that gets the same commands."""
import os
import random
import re
import signal
import subprocess
import time

import chaos_traffic as traffic

RUN = "/run/iptables-bpf"
CACHE = "/var/cache/iptables-bpf"
HANG = 60  # seconds after which a command hangs

BASE = {
    "iptables": """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:CHAOS - [0:0]
-A INPUT -p udp -m udp --dport 4001 -j DROP
-A INPUT -p udp -m udp --dport 4000 -j ACCEPT
-A INPUT -j CHAOS
-A OUTPUT -p udp -m udp --dport 4101 -j DROP
-A OUTPUT -p udp -m udp --dport 4100 -j ACCEPT
COMMIT
""",
    "ip6tables": """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p udp -m udp --dport 4201 -j DROP
-A INPUT -p udp -m udp --dport 4200 -j ACCEPT
COMMIT
""",
}
# Rules whose packets the streams count: tool, chain, text in a listing, stream.
COUNTED = [
    ("iptables", "INPUT", "dpt:4001", 0), ("iptables", "INPUT", "dpt:4000", 0),
    ("iptables", "OUTPUT", "dpt:4101", 1), ("iptables", "OUTPUT", "dpt:4100", 1),
    ("ip6tables", "INPUT", "dpt:4201", 2), ("ip6tables", "INPUT", "dpt:4200", 2),
]


class Wrong(Exception):
    pass


class Result:
    def __init__(self, rc, out, err):
        self.rc, self.out, self.err = rc, out, err

    def __eq__(self, other):
        return (self.rc, self.out, self.err) == (other.rc, other.out, other.err)


class World:
    def __init__(self, seed, log):
        env = os.environ
        self.fw, self.peer, self.ofw, self.opeer = env["FW"], env["PEER"], env["OFW"], env["OPEER"]
        self.tmp, self.build = env["TMP"], env["BUILDDIR"]
        self.random = random.Random(seed)
        self.log = log
        self.lenient = traffic.multiprocessing.Value("i", 0)
        self.background = []  # started and not waited for
        self.storms = []  # of those, commands whose end must come
        self.watcher = None
        self.stopped = False  # the watcher, by SIGSTOP
        self.exact = True  # every packet counts once since the counters were set to 0
        self.limits = []  # for the next command of ours
        self.wire(self.fw, self.peer)
        self.wire(self.ofw, self.opeer)
        self.streams = []

    # ---- the network ----

    def wire(self, fw, peer):
        script = """link add wire type veth peer name wire netns {p}
addr add 10.77.0.1/24 dev wire
addr add fd77::1/64 dev wire nodad
link set wire address 02:00:00:00:00:01
link set wire up
neigh replace 10.77.0.2 lladdr 02:00:00:00:00:02 dev wire nud permanent
neigh replace fd77::2 lladdr 02:00:00:00:00:02 dev wire nud permanent
"""
        other = """addr add 10.77.0.2/24 dev wire
addr add fd77::2/64 dev wire nodad
link set wire address 02:00:00:00:00:02
link set wire up
neigh replace 10.77.0.1 lladdr 02:00:00:00:00:01 dev wire nud permanent
neigh replace fd77::1 lladdr 02:00:00:00:00:01 dev wire nud permanent
"""
        self.sh(["ip", "-n", fw, "-b", "-"], script.format(p=peer))
        self.sh(["ip", "-n", peer, "-b", "-"], other)

    def start_streams(self):
        s = traffic.Stream
        self.streams = [
            s("in", self.peer, self.fw, "10.77.0.1", 4000, 4001, self.lenient),
            s("out", self.fw, self.peer, "10.77.0.2", 4100, 4101, self.lenient),
            s("in, IPv6", self.peer, self.fw, "fd77::1", 4200, 4201, self.lenient),
        ]

    def check_streams(self):
        for s in self.streams:
            if s.wrong.value:
                raise Wrong(s.wrong.value.decode())

    def pause(self):
        for s in self.streams:
            s.pause()
        self.check_streams()

    def go_on(self):
        for s in self.streams:
            s.go_on()

    # ---- commands ----

    def sh(self, cmd, stdin="", timeout=HANG, env=None):
        """Runs cmd to its end, which is a failure of the test when it does not come."""
        p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env={**os.environ, **(env or {})})
        try:
            out, err = p.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            where = self.where_all()
            p.kill()
            raise Wrong("%s hangs:\n%s" % (" ".join(cmd), where))
        return Result(p.returncode, out, err)

    def start(self, cmd, ns=None, env=None):
        p = subprocess.Popen((["ip", "netns", "exec", ns] if ns else []) + cmd, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=open(self.tmp + "/background.err", "a"),
                             env={**os.environ, **(env or {})})
        self.background.append(p)
        return p

    def end_storms(self):
        for p in self.storms:
            try:
                p.wait(HANG)
            except subprocess.TimeoutExpired:
                raise Wrong("one of several commands at once hangs:\n" + self.where_all())
        self.storms = []

    def collect(self):
        self.background = [p for p in self.background if p.poll() is None]

    def tool(self, whose, name):
        return "%s/%s/%s" % (self.tmp, whose, name)

    def ours(self, tool, *args, stdin=""):
        limits, self.limits = self.limits, []
        return self.sh(["ip", "netns", "exec", self.fw] + limits + [self.tool("ours", tool), *args], stdin)

    def stock(self, tool, *args, stdin="", ns=None):
        return self.sh(["ip", "netns", "exec", ns or self.ofw, self.tool("stock", tool), *args], stdin)

    def ctl(self, *args, timeout=HANG):
        return self.sh(["ip", "netns", "exec", self.fw, self.build + "/iptables-bpfctl", *args], timeout=timeout)

    def nft(self, text, ns):
        return self.sh(["ip", "netns", "exec", ns, "nft", "-f", "-"], text)

    def both(self, tool, *args, stdin="", by_stock=False):
        """The same command here (ours, or stock's here too) and there: they must say the same."""
        here = self.stock(tool, *args, stdin=stdin, ns=self.fw) if by_stock else self.ours(tool, *args, stdin=stdin)
        there = self.stock(tool, *args, stdin=stdin)
        if here != there:
            raise Wrong("%s %s: status %d, %r, %r; stock: %d, %r, %r" % (
                tool, " ".join(args), here.rc, here.out[:300], here.err[:300], there.rc, there.out[:300],
                there.err[:300]))
        return here

    # ---- processes (all of this pid namespace are the test's own) ----

    def processes(self, name):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid) as f:
                    words = f.read().split("\0")
                if words[0].endswith(name) or (len(words) > 1 and words[1].endswith(name)):
                    found.append((int(pid), words))
            except OSError:
                pass
        return found

    def kill(self, pid, sig=signal.SIGKILL):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass

    def where_all(self):
        """What all our programs are doing, for the report of a hang."""
        text = []
        for name in ("iptables-bpfctl", "/ours/iptables", "ip6tables", "iptables-restore", "clang", "sleep", "nft"):
            for pid, words in self.processes(name):
                try:
                    with open("/proc/%d/wchan" % pid) as f:
                        wchan = f.read()
                    with open("/proc/%d/stack" % pid) as f:
                        stack = f.read()
                    with open("/proc/%d/stat" % pid) as f:
                        state = f.read().rsplit(")", 1)[1].split()[0]
                except OSError:
                    continue
                text.append("%d %s %s: %s\n%s" % (pid, state, " ".join(words), wchan, stack))
        return "\n".join(text)

    # ---- questions ----

    def cookie(self):
        s = traffic.socket_in(self.fw)
        number = int.from_bytes(s.getsockopt(1, 71, 8), "little")  # SO_NETNS_COOKIE
        s.close()
        return "%x" % number

    def pins(self):
        return "%s/bpf/%s" % (RUN, self.cookie())

    def files(self):
        return "%s/ns-%s" % (RUN, self.cookie())

    def dormant(self):
        return "flags dormant" in self.sh(["ip", "netns", "exec", self.fw, "nft", "list", "ruleset"]).out

    def probe(self, port):
        return (traffic.probe(self.peer, self.fw, "10.77.0.1", port),
                traffic.probe(self.opeer, self.ofw, "10.77.0.1", port))

    def counts(self):
        found = {}
        for tool, chain, text, stream in COUNTED:
            listing = self.ours(tool, "-L", chain, "-v", "-n", "-x")
            if listing.rc:
                raise Wrong("%s -L: %s" % (tool, listing.err))
            line = next((x for x in listing.out.splitlines() if text in x), None)
            if line is None:
                raise Wrong("%s: no rule %s in\n%s" % (tool, text, listing.out))
            found[tool, chain, text, stream] = int(line.split()[0])
        return found

    def listing(self, tool, whose):
        f = self.ours if whose == "ours" else self.stock
        out = f(tool).out
        return re.sub(r"\[\d+:\d+\]", "", "\n".join(x for x in out.splitlines() if not x.startswith("#")))

    # ---- the watcher ----

    def start_watcher(self):
        if self.watcher is None or self.watcher.poll() is not None:
            self.watcher = self.start([self.build + "/iptables-bpfctl", "watch"], self.fw)
            self.stopped = False

    def end_watcher(self, sig):
        """True: there was one."""
        if self.watcher is None or self.watcher.poll() is not None:
            self.watcher = None
            return False
        if self.stopped:
            self.kill(self.watcher.pid, signal.SIGCONT)
        self.kill(self.watcher.pid, sig)
        try:
            self.watcher.wait(HANG)
        except subprocess.TimeoutExpired:
            raise Wrong("the watcher does not end:\n" + self.where_all())
        self.watcher = None
        self.stopped = False
        return True

    def sleep(self, least, most):
        time.sleep(self.random.uniform(least, most))
