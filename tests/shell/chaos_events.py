# SPDX-License-Identifier: GPL-2.0-or-later
"""What can happen to a machine, each a function of the world.

`costs` names what the README says may be lost by it: then counters are only held to "never more than what was sent".
"""
import glob
import os
import shutil
import signal
import time

from chaos_world import BASE, CACHE, RUN, Wrong

EVENTS = []
# Without its pins a table is woken with no guards: what BPF still accepts then counts twice.
TWICE = "pins hold counters, and the way to guards"
PORTS = range(6000, 6040)


def event(weight, costs=None):
    def register(f):
        f.weight, f.costs, f.title = weight, costs, f.__name__
        EVENTS.append(f)
        return f

    return register


def some_rule(w):
    port = w.random.choice(PORTS)
    chain = w.random.choice(["INPUT", "CHAOS"])
    target = w.random.choice(["ACCEPT", "DROP", "DROP", "RETURN"])
    match = w.random.choice([[], [], ["-m", "comment", "--comment", "x"], ["-m", "conntrack", "--ctstate", "NEW"],
                             ["-s", "10.77.0.0/24"], ["-i", "wire"], ["-m", "limit", "--limit", "100000/s"]])
    return chain, port, ["-p", "udp", "-m", "udp", "--dport", str(port), *match, "-j", target]


def answer(w, port, what):
    """A command of ours has returned: what it says holds now."""
    here, there = w.probe(port)
    if here != there:
        raise Wrong("after %s: packet to port %d %s, with stock's it %s" %
                    (what, port, "arrives" if here else "is dropped", "arrives" if there else "is dropped"))


# ---- rules ----

@event(10)
def ours_adds(w):
    chain, port, rule = some_rule(w)
    how = w.random.choice(["-A", "-I"])
    w.both("iptables", how, chain, *rule)
    answer(w, port, "%s %s" % (how, rule))


@event(6)
def ours_deletes(w):
    rules = [x.split() for x in w.stock("iptables", "-S", "CHAOS").out.splitlines() if x.startswith("-A CHAOS")]
    rules = [x for x in rules if '"' not in " ".join(x)]
    if not rules:
        return
    rule = w.random.choice(rules)
    w.both("iptables", "-D", "CHAOS", *rule[2:])
    answer(w, int(rule[rule.index("--dport") + 1]), "-D %s" % rule)


@event(4)
def ours_deletes_by_number(w):
    n = len(w.stock("iptables", "-S", "CHAOS").out.splitlines()) - 1
    w.both("iptables", "-D", "CHAOS", str(w.random.randint(1, n + 1)))


@event(4)
def ours_replaces(w):
    chain, port, rule = some_rule(w)
    w.both("iptables", "-R", "CHAOS", "1", *rule)
    answer(w, port, "-R %s" % rule)


@event(3)
def ours_policy(w):
    w.both("iptables", "-P", "INPUT", w.random.choice(["ACCEPT", "DROP"]))
    answer(w, 6100, "-P")


@event(3)
def ours_flushes_chain(w):
    w.both("iptables", "-F", "CHAOS")


@event(3)
def ours_restores_some(w):
    lines = ["*filter"]
    for _ in range(w.random.randint(1, 80)):
        chain, port, rule = some_rule(w)
        lines.append("-A CHAOS " + " ".join(rule))
    w.both("iptables-restore", "-n", stdin="\n".join(lines) + "\nCOMMIT\n")
    answer(w, port, "restore -n")


@event(2, "counters begin anew")
def ours_restores(w):
    w.both("iptables-restore", stdin=BASE["iptables"])


@event(2, "counters begin anew")
def stock_restores(w):
    w.both("iptables-restore", stdin=BASE["iptables"], by_stock=True)


@event(2, "counters begin anew")
def ours_zeroes(w):
    w.both("iptables", "-Z", *w.random.choice([[], ["INPUT"], ["CHAOS"]]))


@event(2)
def ours_lists(w):
    w.both("iptables", "-S", "CHAOS")
    w.both("ip6tables", "-S", "INPUT")
    w.ctl("status")


@event(6)
def stock_adds(w):
    chain, port, rule = some_rule(w)
    w.both("iptables", "-A", chain, *rule, by_stock=True)


@event(3)
def stock_restores_some(w):
    chain, port, rule = some_rule(w)
    w.both("iptables-restore", "-n", stdin="*filter\n-A CHAOS %s\nCOMMIT\n" % " ".join(rule), by_stock=True)


@event(3)
def ours_other_table(w):
    """A second table: raw or mangle, now and then with what BPF cannot do."""
    rule = w.random.choice([["raw", "PREROUTING", "-p", "udp", "--dport", "6050", "-j", "DROP"],
                            ["mangle", "INPUT", "-p", "udp", "--dport", "6051", "-j", "DROP"],
                            ["mangle", "PREROUTING", "-p", "udp", "--dport", "6052", "-j", "MARK", "--set-mark", "1"]])
    if w.random.random() < 0.5:
        w.both("iptables", "-t", rule[0], "-A", rule[1], *rule[2:])
    else:
        w.both("iptables", "-t", rule[0], "-F")
    answer(w, w.random.choice([6050, 6051, 6052]), "-t %s" % rule[0])


@event(3)
def ours_handover(w):
    """Something that only nft can do, which keeps the table awake; and its end."""
    w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6053", "-j", "REJECT")
    w.sleep(0, 0.3)
    if w.random.random() < 0.7:
        w.both("iptables", "-D", "CHAOS", "-p", "udp", "--dport", "6053", "-j", "REJECT")


@event(3)
def nft_elsewhere(w):
    name = "t%d" % w.random.randint(0, 5)
    text = w.random.choice([
        "add table inet {0}; add chain inet {0} c; add rule inet {0} c counter",
        "add table inet {0}; add chain inet {0} h {{ type filter hook input priority 5; }}",
        "add table inet {0}; add chain inet {0} h {{ type filter hook input priority 0; }}",
        "add table inet {0}; delete table inet {0}",
    ]).format(name)
    for ns in (w.fw, w.ofw):
        w.nft(text, ns)


@event(2)
def nft_removes_elsewhere(w):
    for n in range(6):
        for ns in (w.fw, w.ofw):
            w.nft("delete table inet t%d" % n, ns)


@event(2)
def nft_native_rule(w):
    port = w.random.choice(PORTS)
    for ns in (w.fw, w.ofw):
        w.nft("add rule ip filter CHAOS udp dport %d counter drop" % port, ns)


@event(1, "counters begin anew")
def nft_flushes(w):
    """The ruleset is gone for a moment: only until it is loaded again may what it dropped get through."""
    w.lenient.value = 1
    for ns in (w.fw, w.ofw):
        w.nft("flush ruleset", ns)
    w.sleep(0, 0.2)
    reload_rules(w, by_stock=w.random.random() < 0.5)
    # Where nobody watches, BPF goes on by the rules it had.
    w.lenient.value = 0


@event(3, "counters begin anew")
def nft_reloads_itself(w):
    """nft list ruleset, loaded again as administrators do, in one transaction: it filters all the time."""
    w.end_storms()
    for ns in (w.fw, w.ofw):
        text = w.sh(["ip", "netns", "exec", ns, "nft", "list", "ruleset"]).out
        if 'xt match ' in text or 'xt target ' in text:
            return  # nft cannot load what it does not know
    for ns in (w.fw, w.ofw):
        text = w.sh(["ip", "netns", "exec", ns, "nft", "list", "ruleset"]).out
        if 'xt match ' in text or 'xt target ' in text:
            continue  # it is awake again meanwhile
        r = w.nft("flush ruleset\n" + text, ns)
        if r.rc:
            raise Wrong("nft cannot load what it lists: %s\n%s" % (r.err, text))


@event(4)
def storm(w):
    """Several at once, which go on beside what comes next: rules that come and go, questions, syncs."""
    mine = 'port=$((7000 + $1)); "$2" -A FORWARD -p udp --dport $port -j DROP; "$2" -C FORWARD -p udp --dport $port -j DROP'
    script = "for i in 1 2 3 4 5; do %s; %s; done; exit 0" % (mine, w.random.choice([
        '"$2" -D FORWARD -p udp --dport $port -j DROP; "$3" status',
        '"$2" -L -v -n; "$2" -D FORWARD -p udp --dport $port -j DROP',
        '"$2" -D FORWARD -p udp --dport $port -j DROP; "$3" sync',
    ]))
    for _ in range(w.random.randint(2, 4)):
        number = w.random.randint(0, 900)
        w.storms.append(w.start(["bash", "-c", script, "storm", str(number), w.tool("ours", "iptables"),
                                 w.build + "/iptables-bpfctl"], w.fw))


# ---- ours at work ----

@event(4)
def sync(w):
    w.ctl("sync")


@event(6)
def sync_killed(w):
    p = w.start([w.build + "/iptables-bpfctl", "sync"], w.fw)
    w.sleep(0, 0.25)
    w.kill(p.pid)
    p.wait()


@event(3)
def background_killed(w):
    """Whatever a command has started."""
    for pid, words in w.processes("iptables-bpfctl"):
        if "--background" in words:
            w.kill(pid)


@event(3)
def mode(w):
    w.ctl("mode", w.random.choice(["hybrid", "exclusive", "exclusive", "auto"]))


@event(2, "what nft counts while its counters are written")
def off_and_on(w):
    w.ctl("off")
    w.sleep(0, 0.2)
    w.ctl("on")


@event(10)
def watcher_starts(w):
    w.start_watcher()


@event(6)
def wait_for_sleep(w):
    """Long enough for tables to go to sleep, so that what comes next finds them so."""
    for _ in range(30):
        if w.watcher is None or w.dormant():
            return
        time.sleep(0.1)


@event(2)
def watcher_ends(w):
    w.end_watcher(signal.SIGTERM)


@event(4)
def watcher_killed(w):
    w.end_watcher(signal.SIGKILL)


@event(3)
def all_killed(w):
    for pid, _ in w.processes("iptables-bpfctl"):
        w.kill(pid)
    w.end_watcher(signal.SIGKILL)


@event(2)
def watchers_child_killed(w):
    """The sync that a watcher has started, at any moment."""
    if w.watcher is None:
        return
    w.ours("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6054", "-j", "DROP")
    w.stock("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6054", "-j", "DROP")
    w.sleep(0.04, 0.8)
    for pid, words in w.processes("iptables-bpfctl"):
        if "watch" in words and pid != w.watcher.pid:
            w.kill(pid)


@event(2)
def watcher_misses_a_storm(w):
    """Stopped while others commit by the thousand: more than its socket holds."""
    if w.watcher is None or w.watcher.poll() is not None:
        return
    w.kill(w.watcher.pid, signal.SIGSTOP)
    w.stopped = True
    chain, port, rule = some_rule(w)
    w.both("iptables", "-A", chain, *rule, by_stock=True)
    storm = "\n".join("add table inet storm\ndelete table inet storm" for _ in range(20))
    one = "add table inet storm; " + "; ".join(
        "add chain inet storm c%d" % n for n in range(400)) + "; delete table inet storm"
    for _ in range(w.random.choice([1, 40])):
        w.nft(one, w.fw)
    w.nft(storm, w.fw)
    w.kill(w.watcher.pid, signal.SIGCONT)
    w.stopped = False


# ---- what they need fails ----

@event(5)
def clang_breaks(w):
    how = w.random.choice(["ok", "ok", "fail", "slow", "killed", "garbage", "empty"])
    with open(w.tmp + "/clang.mode", "w") as f:
        f.write(how)
    if how != "ok":
        shutil.rmtree(CACHE, ignore_errors=True)


@event(2)
def clang_hangs(w):
    with open(w.tmp + "/clang.mode", "w") as f:
        f.write("hang")
    shutil.rmtree(CACHE, ignore_errors=True)
    w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6055", "-j", "DROP")
    w.sleep(0, 0.5)
    answer(w, 6055, "-A with a clang that hangs")
    mend_clang(w)


def mend_clang(w):
    with open(w.tmp + "/clang.mode", "w") as f:
        f.write("ok")
    for pid, words in w.processes("sleep"):
        if "1000" in words:
            w.kill(pid)


@event(3)
def cache_corrupted(w):
    for path in glob.glob(CACHE + "/*"):
        spoil(w, path)


def spoil(w, path):
    try:
        size = os.path.getsize(path)
        with open(path, "r+b") as f:
            how = w.random.randint(0, 3)
            if how == 0:
                f.truncate(0)
            elif how == 1:
                f.truncate(w.random.randint(0, size))
            elif how == 2:
                f.seek(w.random.randint(0, max(0, size - 1)))
                f.write(w.random.randbytes(50))
            else:
                f.write(w.random.randbytes(300))
    except OSError:
        pass


@event(3, "state files lost")
def state_corrupted(w):
    names = ["status", "guards", "exclusive", "mode", "rules", "boot", "netns", "s0-c11.c", "s1-c11.c", "spare-c11.c"]
    for name in w.random.sample(names, w.random.randint(1, 4)):
        spoil(w, w.files() + "/" + name)


@event(2, TWICE)
def state_removed(w):
    shutil.rmtree(w.random.choice([w.files(), w.pins()]), ignore_errors=True)


@event(1, TWICE)
def everything_removed(w):
    for path in glob.glob(RUN + "/*"):
        shutil.rmtree(path, ignore_errors=True)
        try:
            os.unlink(path)
        except OSError:
            pass


@event(3, TWICE)
def pins_removed(w):
    pins = glob.glob(w.pins() + "/*")
    for pin in w.random.sample(pins, min(len(pins), w.random.randint(1, 5))):
        os.unlink(pin)


@event(2, TWICE)
def shared_pins_removed(w):
    pins = glob.glob(RUN + "/bpf/guard-*") + glob.glob(RUN + "/bpf/notes")
    for pin in w.random.sample(pins, min(len(pins), w.random.randint(1, 3))):
        os.unlink(pin)


@event(3)
def links_detached(w):
    if w.dormant():
        # Until the watcher has seen it (a tenth of a second, and what this machine adds) nothing filters.
        if w.watcher is None:
            return
        w.lenient.value = 1
    for link in glob.glob(w.pins() + "/link-*"):
        if w.random.random() < 0.7:
            w.sh(["bpftool", "link", "detach", "pinned", link])
    if w.lenient.value:
        until = time.monotonic() + 10
        while w.dormant() and time.monotonic() < until:
            time.sleep(0.02)
        w.lenient.value = 0


@event(2, TWICE)
def bpffs_unmounted(w):
    w.sh(["umount", "-l", RUN + "/bpf"])


@event(2)
def bpffs_read_only(w):
    w.sh(["mount", "-o", "remount,ro", RUN + "/bpf"])
    w.sleep(0, 0.3)
    if w.random.random() < 0.5:
        w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6056", "-j", "DROP")
        answer(w, 6056, "-A with a read-only bpffs")
    w.sh(["mount", "-o", "remount,rw", RUN + "/bpf"])


@event(2)
def run_read_only(w):
    w.sh(["mount", "-o", "remount,ro", RUN])
    w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6057", "-j", "DROP")
    answer(w, 6057, "-A with a read-only /run")
    w.sleep(0, 0.3)
    w.sh(["mount", "-o", "remount,rw", RUN])


@event(2)
def disk_full(w):
    for where in (RUN, CACHE):
        try:
            with open(where + "/ballast", "ab", 0) as f:
                while True:
                    f.write(b"x" * 65536)
        except OSError:
            pass
    w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", "6058", "-j", "DROP")
    answer(w, 6058, "-A with a full disk")
    w.sleep(0, 0.6)
    disk_freed(w)


def disk_freed(w):
    for where in (RUN, CACHE):
        try:
            os.unlink(where + "/ballast")
        except OSError:
            pass


@event(3)
def command_short_of(w):
    w.limits = ["prlimit", w.random.choice(["--nproc=1", "--nofile=12", "--fsize=0", "--memlock=0", "--cpu=20"])]
    port = w.random.choice(PORTS)
    w.both("iptables", "-A", "CHAOS", "-p", "udp", "--dport", str(port), "-j", "DROP")
    answer(w, port, "-A short of something")


@event(2)
def sync_short_of(w):
    what = w.random.choice(["--nproc=1", "--nofile=10", "--nofile=30", "--fsize=0", "--as=60000000", "--as=30000000"])
    w.start(["prlimit", what, w.build + "/iptables-bpfctl", "sync"], w.fw)


@event(2)
def interfaces_come_and_go(w):
    for ns in (w.fw, w.ofw):
        w.sh(["ip", "-n", ns, "link", "add", "more", "type", "veth", "peer", "name", "more1"])
        w.sh(["ip", "-n", ns, "link", "set", "more", "up"])
        w.sh(["ip", "-n", ns, "link", "del", "more"])


@event(2)
def second_namespace(w):
    name = w.fw + "-2"
    w.sh(["ip", "netns", "add", name])
    w.sh(["ip", "netns", "exec", name, w.tool("ours", "iptables-restore")], BASE["iptables"])
    w.sh(["ip", "netns", "exec", name, w.build + "/iptables-bpfctl", "sync"])
    w.sh(["ip", "netns", "del", name])


# ---- mending ----

def reload_rules(w, by_stock):
    for tool, text in BASE.items():
        w.both(tool + "-restore", stdin=text, by_stock=by_stock)


def mend(w):
    """Ends what lasts; rules and our state stay as they are."""
    w.limits = []
    mend_clang(w)
    disk_freed(w)
    w.sh(["mount", "-o", "remount,rw", RUN])
    w.sh(["mount", "-o", "remount,rw", RUN + "/bpf"])
    os.makedirs(CACHE, 0o700, exist_ok=True)
