"""The name under which this process holds claims and leases, and whether such a holder still lives."""

import os
import platform
from functools import cache
from pathlib import Path


@cache
def name() -> str:
    """This process: host, pid, and the tick at which it started, since pids are used again."""
    return f"{platform.node()}:{os.getpid()}:{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether `owner` ran on this host and has ended; False where that cannot be told."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    ticks = owner.rpartition(":")[2]
    if host != platform.node() or not rest.isdigit():
        return False
    return _started(int(rest)) != ticks


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); empty where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
