"""What each thread is doing, written out when somebody asks by SIGUSR1."""

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from types import FrameType

_STDERR = 2


def tell(number: int, frame: FrameType | None) -> None:
    """Write every thread's stack to standard error; a handler of signals, for the main thread.

    Unlike `faulthandler.register` it holds the interpreter lock meanwhile: without it, the stack of
    a thread that goes on is read while it changes, which has ended daemons by a segmentation fault.
    A main thread that hangs tells nothing, but then the watchdog does.
    """
    del number, frame
    # Not by sys.stderr, whose lock the interrupted code may hold.
    os.write(_STDERR, "".join(_stacks()).encode("utf-8", "replace"))


def _stacks() -> Iterator[str]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001  its documented use
        yield f"Thread {names.get(ident, ident)} (most recent call last):\n"
        yield from traceback.format_stack(frame)
