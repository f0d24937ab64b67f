"""A connector that does to the daemon what the worst of them do; only for tests."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from syncd.connector import AccountConfig, Batch, Connector, Cursor, Secret
from syncd.hookspecs import hookimpl
from syncd.model import Direction, Message, Party


class ProbeConfig(AccountConfig):
    """What its polls shall do."""

    hang: Path | None = None
    """Where this file is, it is removed and the whole process hangs."""
    batches: int = 1
    """How many batches a poll brings."""
    pause_ms: int = 0
    """How long each batch takes to come."""
    password: Secret | None = None


class Probe(Connector):
    """Numbers its messages upwards for ever, one a batch."""

    name = "probe"
    api_version = 1
    Config = ProbeConfig
    streams: ClassVar = {"messages": timedelta(seconds=1)}

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        self._maybe_hang()
        done = int(cursor.get("done", 0))
        for number in range(done + 1, done + 1 + self.config.batches):
            time.sleep(self.config.pause_ms / 1000)
            yield Batch(items=(self._message(number),), cursor={"done": number})

    def check(self) -> None:
        if self.config.password is not None:
            self.config.password.reveal()

    def _maybe_hang(self) -> None:
        if self.config.hang is not None and self.config.hang.exists():
            self.config.hang.unlink()
            # A match holds the interpreter's lock until it is done, and this one takes 2**60 steps:
            # no thread runs again. It is how a parser hangs on a mail that nobody thought of.
            re.match("(a|a)+$", "a" * 60 + "b")

    def _message(self, number: int) -> Message:
        return Message(
            source_id=str(number),
            sent_at=self.context.now(),
            direction=Direction.INBOUND,
            buyer=Party(id="buyer"),
            text=f"message {number}",
            thread_id="thread",
        )


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    return [Probe]
