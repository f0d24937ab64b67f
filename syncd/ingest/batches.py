"""Which of a connector's batches are written in one transaction."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import datetime

from syncd import clock
from syncd.connector import Batch, Cursor
from syncd.model import Item

# A transaction takes this many items, or so many bytes of them, or what came within this time,
# whichever is first. Each costs a commit and a dozen statements, and changes a conversation once
# however much is said in it: of 5,000 instead of 1,000 PostgreSQL's server worked for half as long,
# the client for a fifth less (benchmarks/sync).
LARGEST_ITEMS = 5000
LARGEST_BYTES = 8 * 1024 * 1024
LONGEST_SECONDS = 2.0

# What all polls at once may hold that is not written: from there on each writes what it has, if
# that is enough to be worth it. So memory does not grow with the number of polls.
HELD_BYTES = 18 * 1024 * 1024
ENOUGH_ITEMS = 1000
ENOUGH_BYTES = 1024 * 1024

# What a message takes of memory beside its payload (measured).
_ITEM_BYTES = 1024


class Held:
    """What several polls hold that is not written yet, in bytes. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        """Count `size` more bytes, or fewer where it is negative."""
        with self._lock:
            self._bytes += size

    @property
    def too_much(self) -> bool:
        """Whether somebody should write."""
        return self._bytes >= self._most


_held = Held(HELD_BYTES)


def transactions(
    batches: Iterator[Batch], stopping: threading.Event, held: Held = _held
) -> Generator[tuple[Batch, datetime], None, None]:
    """The connector's batches, several together where they are small and quick.

    Each with the time before the connector began with it, and to be written before the next is
    asked for. What came before a failure is handed on first, so that it is not pulled again.
    """
    together = _Together(held)
    with closing(together):
        try:
            for batch in batches:
                together.add(batch)
                if together.full:
                    yield together.batch(), together.begun_at
                    together.begin()
                if stopping.is_set():
                    break
        except Exception:
            if together.began:
                yield together.batch(), together.begun_at
            raise
        if together.began:
            yield together.batch(), together.begun_at


class _Together:
    """Batches to be written in one transaction."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._bytes = 0
        self.begin()

    def begin(self) -> None:
        """Begin anew: what was held is written."""
        self.close()
        self._items: list[Item] = []
        self._looked: list[str] = []
        self._unanswered: list[str] = []
        self._cursor: Cursor = {}
        self._since = clock.monotonic()
        self.begun_at = clock.now()
        self.began = False

    def add(self, batch: Batch) -> None:
        self._items += batch.items
        self._looked += batch.looked
        self._unanswered += batch.unanswered
        self._cursor = batch.cursor
        size = sum(len(item.raw) for item in batch.items) + _ITEM_BYTES * len(batch.items)
        self._bytes += size
        self._held.add(size)
        self.began = True

    @property
    def full(self) -> bool:
        rows = len(self._items) + len(self._looked) + len(self._unanswered)
        enough = rows >= ENOUGH_ITEMS or self._bytes >= ENOUGH_BYTES
        return (
            rows >= LARGEST_ITEMS
            or self._bytes >= LARGEST_BYTES
            or clock.monotonic() - self._since > LONGEST_SECONDS
            or (enough and self._held.too_much)
        )

    def batch(self) -> Batch:
        return Batch(self._items, self._cursor, tuple(self._looked), tuple(self._unanswered))

    def close(self) -> None:
        """Hold nothing any more."""
        self._held.add(-self._bytes)
        self._bytes = 0
