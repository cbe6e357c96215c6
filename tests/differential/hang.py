#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What something that does not come to an end waits for: an alarm, and a report on processes.

hang.py PID...: that report about these processes and those that they have started
"""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

COMMAND_SECONDS = 300  # which no command of a test takes


class Hang(Exception):
    """Raised by limited(). @where: lines that tell where each process is."""

    def __init__(self, what, where):
        super().__init__(what)
        self.where = where


def _read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _processes():
    """{pid: (parent, state, directory)}; who goes meanwhile is left out."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        words = _read(directory / "stat").rpartition(")")[2].split()
        if words:
            found[int(directory.name)] = (int(words[1]), words[0], directory)
    return found


def _family(found, first, namespaces):
    """The pids @first, those of processes in these network namespaces, and those of whom they have started, directly or not."""
    inodes = {os.stat(path).st_ino for path in (f"/run/netns/{name}" for name in namespaces) if os.path.exists(path)}
    mine = set(first)
    for pid, (_, _, directory) in found.items():
        try:
            if (directory / "ns" / "net").stat().st_ino in inodes:
                mine.add(pid)
        except OSError:
            pass
    size = 0
    while size != len(mine):
        size = len(mine)
        mine |= {pid for pid, (parent, _, _) in found.items() if parent in mine}
    return mine


def report(namespaces=(), first=()):
    """Lines on the processes @first (or this one), their children and who is in @namespaces: state, command, kernel stack of
    each thread, locks."""
    found = _processes()
    mine = sorted(_family(found, set(first) or {os.getpid()}, namespaces) & set(found))
    lines = []
    for pid in mine:
        parent, state, directory = found[pid]
        command = _read(directory / "cmdline").replace("\0", " ").replace("\n", " ").strip() or _read(directory / "comm").strip()
        lines.append(f"process {pid} of {parent}, {state}: {command[:300]}")
        for task in sorted((directory / "task").glob("*")):
            stack = _read(task / "stack").split("\n")
            lines += [f"    {task.name} {_read(task / 'wchan')}: " + " < ".join(words.split()[-1] for words in stack if words.split())]
    numbers = {str(pid) for pid in mine}
    return lines + ["lock " + line for line in _read(Path("/proc/locks")).splitlines() if set(line.split()) & numbers]


def kill_all(namespaces):
    """Ends all who are in these network namespaces, so that nobody waits for them."""
    for pid in _family(_processes(), (), namespaces):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@contextmanager
def limited(seconds, namespaces=lambda: ()):
    """Raises Hang, with a report, in what is still going on after @seconds. For a process' first thread only."""
    def late(*_):
        raise Hang(f"no end within {seconds} seconds", report(namespaces()))

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def finished(process, stdin=None):
    """What @process, a Popen, writes until its end; raises RuntimeError, having killed it, when there is none."""
    try:
        return process.communicate(stdin, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        where = "\n".join(report())
        raise RuntimeError(f"{' '.join(process.args)}: no end within {COMMAND_SECONDS} seconds\n{where}") from None
    finally:
        if process.poll() is None:
            process.kill()


if __name__ == "__main__":
    print("\n".join(report(first=map(int, sys.argv[1:]))))
