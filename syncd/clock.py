"""The only place that reads the time.

Everything else asks `now()`; tests and the demo set another source.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from syncd import turns

Source = Callable[[], datetime]


def system() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)


_source: Source = system


def now() -> datetime:
    """The current time, always aware UTC."""
    return _source()


def set_source(source: Source) -> None:
    """Take the time from `source` from now on; it must return aware UTC."""
    global _source  # noqa: PLW0603  the one piece of global state: there is one time
    _source = source


def sleep(seconds: float) -> None:
    """Wait in real time, whatever the source says."""
    turns.end()  # whoever sleeps keeps no other poll from computing
    time.sleep(seconds)


def monotonic() -> float:
    """Seconds of real time from an arbitrary start, for measuring how long things take."""
    return time.monotonic()


def accelerated(start: datetime, speed: float) -> Source:
    """A clock that begins at `start` and runs `speed` times faster than the machine's."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=(time.monotonic() - began) * speed)


@contextmanager
def frozen(moment: datetime) -> Iterator[Callable[[timedelta], None]]:
    """Hold the time at `moment` inside the block; call the yielded function to move it on."""
    before, current = _source, [moment]
    set_source(lambda: current[0])

    def advance(step: timedelta) -> None:
        current[0] += step

    try:
        yield advance
    finally:
        set_source(before)
