"""The name under which this process holds claims and leases, and whether such a holder still lives.

And what its start need not do: look for garbage, import what nobody uses. And what it may lack of
what others have: a home, open streams.
"""

import atexit
import gc
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_LAST_STREAM = 2
"""Standard error, behind standard input and output."""
_M_ARENA_MAX = -8
"""As glibc's malloc.h has it."""


@cache
def name() -> str:
    """This process: where it runs, pid, and the tick at which it started: pids are used again."""
    try:
        started = _started(os.getpid())
    except OSError:
        started = ""  # a place without /proc
    return f"{_place()}:{os.getpid()}:{started}"


def is_dead(owner: str) -> bool:
    """Whether `owner` ran on this host and has ended; False where that cannot be told."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    ticks = owner.rpartition(":")[2]
    if host != _place() or not rest.isdigit():
        return False
    try:
        return _started(int(rest)) != ticks
    except OSError:
        return not _exists(int(rest))


def _place() -> str:
    """The host, and which of its process numbers are meant.

    Cloned machines share a name, and containers that use their host's network have its name.
    """
    parts = [platform.node()]
    with suppress(OSError):  # machine-id(5); no other part of /etc or /proc is there in a sandbox
        parts.append(Path("/etc/machine-id").read_text(encoding="ascii")[:8])
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def home() -> Path:
    """The user's home folder; ``/`` for one of whom the system knows none, as in a container."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def open_streams() -> None:
    """Open what was closed of standard input, output and error, as by ``>&-``, on nothing.

    Else the store's file would become one of them, and what is printed would be written into it.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _LAST_STREAM:
        os.set_inheritable(opened, True)  # programs that are started need them too
    os.close(opened)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  it stays open
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


@contextmanager
def importing() -> Iterator[None]:
    """No garbage is collected within, and before `settle` not even what came is looked through.

    Modules stay, yet the collector would look through them again and again: a tenth of a start, and
    as much when it is let loose on all of them at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # else this would undo what `settle` did
            gc.freeze()
            gc.unfreeze()  # among the oldest, which are looked at last; what is garbage still goes
        if was_on:
            gc.enable()


@contextmanager
def without(library: str) -> Iterator[None]:
    """Within, import as if `library` were not installed: what others import it for is not used.

    One that has been imported already stays.
    """
    if library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment]  # as good as missing
    try:
        yield
    finally:
        del sys.modules[library]


def settle() -> None:
    """Start-up is over: what it made stays, and what comes is looked at in larger lots.

    A batch of messages is thousands of objects that live until it is written; looking through them
    at every 700th new object, as Python does, takes a twentieth of a pull (benchmarks/sync).
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    _share_one_heap()


def _share_one_heap() -> None:
    """Have all threads take memory from one heap (mallopt(3)); nothing where that is not glibc's.

    Else ten polls have ten heaps, and what one has freed no other can use: 16 MB of a pull. They
    compute one at a time anyhow, so they do not wait for it (as quick by turns).
    """
    import ctypes  # noqa: PLC0415  four milliseconds, which no verb that only asks should pay

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def end_as_it_is() -> None:
    """Look for no garbage at the process's end, when all goes anyway.

    Python would look through everything twice more: a fifth of what a short verb takes.
    """
    atexit.register(gc.freeze)


def _started(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); empty where PID waits for its parent's notice."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _exists(pid: int) -> bool:
    """Whether there is such a process, also where ProtectProc= hides it from us."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
