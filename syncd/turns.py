"""Polls take turns at computing: of all that run at once one computes, the others wait for sources.

Threads of Python compute one at a time anyhow, and left to themselves they hand the interpreter
over at every packet and every statement of SQLite: ten polls at once took longer than the same ten
one after the other (docs/decisions/021-polls-compute-in-turns.md).

A turn is a courtesy and no lock, and protects nothing: who has waited for it for `PATIENCE_SECONDS`
goes on without. So a poll that waits in a way of its own meanwhile, such as on a library's socket,
holds nobody up for longer.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.05


class _Own(threading.local):
    """What a thread knows of itself."""

    sharing = False
    has_turn = False


class Turns:
    """The turns of the threads that are `sharing`; the others go on as ever."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._own = _Own()
        # Whoever has the turn keeps it too long: nobody else waits for it in vain.
        self._is_kept = False

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Within, this thread may `take` turns."""
        self._own.sharing = True
        try:
            yield
        finally:
            self.end()
            self._own.sharing = False

    def take(self) -> bool:
        """Wait for one's turn as long as patience lasts; tells whether one has it now."""
        own = self._own
        if own.sharing and not own.has_turn:
            own.has_turn = self._turn.acquire(timeout=0 if self._is_kept else PATIENCE_SECONDS)
            self._is_kept = not own.has_turn
        return own.has_turn

    def end(self) -> None:
        """End one's turn, before one waits for anything; harmless where one has none."""
        if self._own.has_turn:
            self._own.has_turn = False
            self._turn.release()


_turns = Turns()
sharing, take, end = _turns.sharing, _turns.take, _turns.end
