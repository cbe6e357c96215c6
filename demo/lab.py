# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo's network namespaces, services and probes; all gone when the Lab is."""

import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "differential"))
import packets  # noqa: E402

CLONE_NEWNET = 0x40000000
SO_NETNS_COOKIE = 71
RUN_DIR, CACHE_DIR = Path("/run/iptables-bpf"), Path("/var/cache/iptables-bpf")
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something that should have worked did not."""


class Lab:
    """Three namespaces: client, router, server."""

    def __init__(self, builddir):
        self.names = {role: f"ipb-demo-{os.getpid()}-{role}" for role in ("client", "router", "server")}
        self.builddir = builddir
        self.servers = []
        self.before = self._traces()
        self.made = []
        self.cookie = "none"

    # ---- building up, tearing down ----

    def __enter__(self):
        self.bin = Path(tempfile.mkdtemp(prefix="ipb-demo."))
        try:
            self._programs()
            for name in self.names.values():
                self._run("ip", "netns", "add", name)
                self.made.append(name)
                self._run("ip", "-n", name, "link", "set", "lo", "up")
            for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
                self._sysctl("router", key, "1")
            for role in self.names:
                for conf in ("all", "default"):
                    self._sysctl(role, f"net.ipv4.conf.{conf}.rp_filter", "0")
                    self._sysctl(role, f"net.ipv6.conf.{conf}.accept_dad", "0")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _programs(self):
        multi, ctl = self.builddir / "xtables-bpf-multi", self.builddir / "iptables-bpfctl"
        for program in (multi, ctl):
            if not os.access(program, os.X_OK):
                raise Failure(f"{program} is not built")
        for tool in ("iptables", "ip6tables"):
            for suffix in ("", "-save", "-restore"):
                (self.bin / (tool + suffix)).symlink_to(multi)
        (self.bin / "iptables-bpfctl").symlink_to(ctl)

    def __exit__(self, *exc):
        for pid in self.servers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.servers = []
        if self.names["router"] in self.made:
            self.cookie = self._cookie()
            self.router("iptables-bpfctl", "off", check=False)
        for name in self.made:
            self._run("ip", "netns", "del", name, check=False)
        if self.made:  # the reaper may have left when `off` took the last pin, before the namespace went
            self._run(str(self.bin / "iptables-bpfctl"), "reap", check=False)
        self.made = []
        shutil.rmtree(self.bin, ignore_errors=True)
        self._remove_traces()

    def _traces(self):
        return {d for d in (RUN_DIR, CACHE_DIR) if d.exists()}

    def _helpers(self):
        """Processes of ours that still run in the background, by what they were started as."""
        found = {}
        ctl = str(self.builddir / "iptables-bpfctl")
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "exe").split(" (deleted)")[0] == ctl:
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                pass
        return found

    def _remove_traces(self):
        """What was not there before us goes again: an installed iptables-bpf keeps its own."""
        if RUN_DIR not in self.before:
            deadline = time.monotonic() + 5
            while self._helpers() and time.monotonic() < deadline:
                time.sleep(0.1)
            for pid in self._helpers():
                os.kill(pid, signal.SIGTERM)
            if os.path.ismount(RUN_DIR / "bpf"):
                self._run("umount", str(RUN_DIR / "bpf"), check=False)
            shutil.rmtree(RUN_DIR, ignore_errors=True)
        if CACHE_DIR not in self.before:
            shutil.rmtree(CACHE_DIR, ignore_errors=True)

    def _cookie(self):
        """The kernel's number of the router's namespace, by which iptables-bpf names what belongs to it."""
        with _Inside(self.names["router"]), socket.socket() as s:
            return "%x" % struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))[0]

    def _state(self):
        """What iptables-bpf still keeps of the router's namespace."""
        return [p for d in (RUN_DIR, RUN_DIR / "bpf") if d.exists() for p in d.iterdir()
                if re.fullmatch(rf"(ns-)?([0-9a-f]+-)?{self.cookie}", p.name)]

    def left_behind(self):
        """What there is now that there was not before, for humans."""
        deadline = time.monotonic() + 10  # the reaper looks after namespaces that are gone
        while self._state() and time.monotonic() < deadline:
            time.sleep(0.2)
        left = [str(p) for p in (self._traces() - self.before) | set(self._state())]
        listed = self._run("ip", "netns", "list").stdout
        left += [f"namespace {n}" for n in self.names.values() if n in listed]
        return left

    # ---- commands ----

    @staticmethod
    def _run(*argv, stdin=None, check=True, env=None):
        done = subprocess.run(argv, capture_output=True, text=True, env=env, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None)
        if check and done.returncode:
            raise Failure(f"{' '.join(argv)}: exit status {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done

    def router(self, *argv, stdin=None, check=True):
        """Runs one of our programs in the router, as its administrator would; returns its output."""
        env = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}", LC_ALL="C", IPTABLES_BPF="hybrid")
        return self._run("ip", "netns", "exec", self.names["router"], *argv, stdin=stdin, check=check, env=env).stdout

    def _sysctl(self, role, key, value):
        with _Inside(self.names[role]):
            Path("/proc/sys/" + key.replace(".", "/")).write_text(value)

    def link(self, role, interface, addresses, router_interface, router_addresses):
        """A cable between a host and the router."""
        host, router = self.names[role], self.names["router"]
        self._run("ip", "-n", router, "link", "add", router_interface, "type", "veth",
                  "peer", "name", interface, "netns", host)
        for name, dev, addrs in ((host, interface, addresses), (router, router_interface, router_addresses)):
            self._run("ip", "-n", name, "link", "set", dev, "up")
            for addr in addrs:
                extra = ("nodad",) if ":" in addr else ()
                self._run("ip", "-n", name, "addr", "add", addr, "dev", dev, *extra)

    def default_route(self, role, gateway4, gateway6):
        for family, gateway in (("-4", gateway4), ("-6", gateway6)):
            self._run("ip", "-n", self.names[role], family, "route", "add", "default", "via", gateway)

    def source_route(self, role, interface, net4, gateway4, net6, gateway6, table):
        """What has an address of @net4 or @net6 as its source leaves through @interface."""
        for family, net, gateway in (("-4", net4, gateway4), ("-6", net6, gateway6)):
            ip = ("ip", "-n", self.names[role], family)
            self._run(*ip, "route", "add", "default", "via", gateway, "dev", interface, "table", str(table))
            self._run(*ip, "rule", "add", "from", net, "lookup", str(table))

    # ---- services and probes ----

    def serve(self, role, tcp=(), udp=()):
        """Echo servers, on all addresses of both families."""
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                _serve(self.names[role], tcp, udp, go)
            finally:
                os._exit(1)
        os.close(go)
        self.servers.append(pid)
        with os.fdopen(ready, "rb") as f:
            if f.read(1) != b"+":
                raise Failure(f"no services in {role}")

    def probe(self, sender, how, to, port):
        """Whether an answer comes back."""
        source = None
        role = sender
        if sender == "dmz":
            role, source = "server", "172.16.3.80"
        elif sender == "server":
            source = "2001:db8:2::fe" if ":" in to else "203.0.113.254"
        with _Inside(self.names[role]):
            if how == "ping":
                bind = ("-I", source) if source else ()
                return not self._run("ping", *bind, "-c", "1", "-W", "1", to, check=False).returncode
            if how == "xmas":
                return _flags_arrive(self.names["server"], "10.1.0.7", to, port)
            return _connect(how, source, to, port)


class _Inside:
    """Context manager: this thread is in the namespace."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        if _libc.setns(fd, CLONE_NEWNET):
            raise Failure(f"setns {self.name}: {os.strerror(ctypes.get_errno())}")
        os.close(fd)

    def __exit__(self, *exc):
        _libc.setns(self.back, CLONE_NEWNET)
        os.close(self.back)


def _serve(name, tcp, udp, go):
    import selectors

    with _Inside(name):
        poll = selectors.DefaultSelector()
        for kind, ports in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
            for port in ports:
                s = socket.socket(socket.AF_INET6, kind)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                if kind == socket.SOCK_DGRAM:  # answer from the address that was asked
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                s.bind(("::", port))
                if kind == socket.SOCK_STREAM:
                    s.listen()
                poll.register(s, selectors.EVENT_READ, kind)
        os.write(go, b"+")
        while True:
            for key, _ in poll.select():
                if key.data == socket.SOCK_STREAM:
                    connection, _ = key.fileobj.accept()
                    connection.close()
                else:
                    data, info, _, peer = key.fileobj.recvmsg(2048, 256)
                    reply = [(level, kind, struct.pack("=16sI", value[:16], 0)) for level, kind, value in info]
                    key.fileobj.sendmsg([data], reply, 0, peer)


def _connect(how, source, to, port):
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if how == "tcp" else socket.SOCK_DGRAM) as s:
        s.settimeout(0.6)
        try:
            if source:
                s.bind((source, 0))
            s.connect((to, port))
            if how == "udp":
                s.send(b"anyone there?")
                s.recv(100)
            return True
        except OSError:
            return False


def _flags_arrive(server, source, to, port):
    """Whether a TCP segment with SYN and FIN reaches the server's interface (no host would answer it)."""
    with _Inside(server):
        seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        seen.bind(("net0", 0x0800))
        seen.settimeout(0.4)
    data = packets.ipv4(source, to, packets.TCP,
                        packets.tcp(source, to, 4444, port, flags=packets.SYN | packets.FIN), tag=7)
    with seen, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(data, (to, 0))
        try:
            while True:
                frame = seen.recv(2048)
                if frame[14 + 20:14 + 22] == (4444).to_bytes(2, "big"):
                    return True
        except TimeoutError:
            return False
