"""Which cores a measurement may use: it and every process that it starts from then on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def only(count: int) -> Iterator[int]:
    """Stay on the first `count` cores that this process may use; yield how many those are.

    Holds for this thread and for the threads and processes that it starts inside the block. On a
    system without affinity nothing is pinned, and all cores are counted.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    allowed = os.sched_getaffinity(0)
    chosen = set(sorted(allowed)[:count])
    os.sched_setaffinity(0, chosen)
    try:
        yield len(chosen)
    finally:
        os.sched_setaffinity(0, allowed)


def seconds_used(pid: int) -> float:
    """Return the processor time that a process of this machine has used, in seconds (proc(5))."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        # The program's name, in brackets, may hold spaces; user and system time are 14 and 15.
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
