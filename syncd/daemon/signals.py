"""Signals as values that the main loop waits for, so that nothing happens inside a handler."""

import signal
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Self

from syncd.daemon import stacks

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD = signal.SIGHUP
STACKS = signal.SIGUSR1

_Handler = Callable[[int, FrameType | None], Any] | int | None


class Signals:
    """Catches SIGTERM, SIGINT and SIGHUP inside a ``with`` block, and at SIGUSR1 tells the stacks.

    Only in the main thread.
    """

    def __init__(self) -> None:
        # A SimpleQueue may be put to from a handler that interrupted its own get().
        self._caught: SimpleQueue[signal.Signals] = SimpleQueue()
        self._before: dict[signal.Signals, _Handler] = {}
        self._stopping = False

    def __enter__(self) -> Self:
        for number in (*STOP, RELOAD):
            self._before[number] = signal.signal(number, self._catch)
        self._before[STACKS] = signal.signal(STACKS, stacks.tell)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for, be it waited for yet or not."""
        return self._stopping

    def wait(self, seconds: float) -> signal.Signals | None:
        """The next signal, or None after `seconds` without one."""
        try:
            return self._caught.get(timeout=seconds)
        except Empty:
            return None

    def _catch(self, number: int, frame: FrameType | None) -> None:
        caught = signal.Signals(number)
        if self._stopping and caught is signal.SIGINT:  # Ctrl-C again: whoever waits has had enough
            signal.default_int_handler(number, frame)
        self._stopping = self._stopping or caught in STOP
        self._caught.put(caught)
