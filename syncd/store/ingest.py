"""Writing what a poll brought: the items and the cursor in one transaction, once each."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from syncd.connector import Cursor
from syncd.model import BadItem
from syncd.store import bulk
from syncd.store.accounts import Claim, StaleClaim
from syncd.store.aftersales import AftersalesWriter
from syncd.store.customers import CustomerWriter
from syncd.store.database import Database
from syncd.store.follows import FollowWriter
from syncd.store.listings import ListingWriter
from syncd.store.messages import MessageWriter
from syncd.store.orders import OrderWriter
from syncd.store.parcels import ParcelWriter
from syncd.store.tables import cursors, quarantine
from syncd.store.times import to_us
from syncd.store.writer import Clash, TryAgain

_QUARANTINE_COLUMNS = (
    "account_id", "stream", "source_id", "reason", "seen_at", "resolved_at", "raw",
)  # fmt: skip


# PostgreSQL's serialization_failure and deadlock_detected.
_COLLISIONS = frozenset({"40001", "40P01"})
# PostgreSQL's unique_violation, and SQLite's names for it.
_TAKEN = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})


class Unstorable(Exception):
    """Some item of a batch cannot be stored as it is; the text says why."""


class IngestStore:
    """The use case of a poll that writes."""

    def __init__(self, database: Database, *, max_attachment_bytes: int) -> None:
        self._database = database
        self._max_attachment_bytes = max_attachment_bytes
        driver = database.engine.dialect.loaded_dbapi
        # The database's own troubles, which no item is to blame for.
        self._not_the_items = (
            StaleClaim, TryAgain, OperationalError, InterfaceError, driver.OperationalError,
            driver.InterfaceError,
        )  # fmt: skip

    @contextmanager
    def batch(self, claim: Claim, now: datetime) -> Iterator["IngestTransaction"]:
        """One transaction for one batch, which its `begin` begins.

        Raises StaleClaim where a newer poll has taken over, Unstorable where what was written
        cannot be kept, such as a time without a zone, and TryAgain (Clash where it may be an item's
        own fault) where another transaction got in the way; nothing of the batch is stored then.
        """
        with self._database.planned() as (connection, begin):
            try:
                yield IngestTransaction(
                    connection,
                    claim,
                    now,
                    begin=begin,
                    max_attachment_bytes=self._max_attachment_bytes,
                )
            except self._not_the_items as error:
                if getattr(getattr(error, "orig", error), "sqlstate", None) in _COLLISIONS:
                    raise TryAgain(_reason(error)) from error
                raise
            except Exception as error:  # the plug-in boundary: items are a connector's work
                if _is_clash(error):
                    raise Clash(_reason(error)) from error
                raise Unstorable(f"{type(error).__name__}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", error))


def _is_clash(error: Exception) -> bool:
    """Whether something is there already that was not when it was looked for."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return code in _TAKEN


class IngestTransaction:
    """Look-ups of one batch, and after `begin` its writes, all inside one transaction."""

    def __init__(
        self,
        connection: Connection,
        claim: Claim,
        now: datetime,
        *,
        begin: Callable[[], Connection],
        max_attachment_bytes: int,
    ) -> None:
        self._begin = begin
        self._claim = claim
        self._now = now
        self._now_us = to_us(now)
        self._max_attachment_bytes = max_attachment_bytes
        self._work_on(connection)

    def _work_on(self, connection: Connection) -> None:
        account_id, now = self._claim.account_id, self._now
        self._connection = connection
        self.customers = CustomerWriter(connection, account_id, now)
        self.messages = MessageWriter(
            connection, account_id, now, max_attachment_bytes=self._max_attachment_bytes
        )
        self.orders = OrderWriter(connection, account_id, now)
        self.listings = ListingWriter(connection, account_id, now)
        self.parcels = ParcelWriter(connection, account_id, now)
        self.follows = FollowWriter(connection, account_id, now)
        self.aftersales = AftersalesWriter(connection, account_id, now)

    def begin(self) -> None:
        """Begin to write, and keep this poll the stream's latest until the end.

        What was looked up before may have changed meanwhile. Raises StaleClaim where the poll is
        no longer the latest.
        """
        self._work_on(self._begin())
        wanted = select(cursors.c.fence).where(*self._own_cursor()).with_for_update()
        if self._connection.execute(wanted).scalar() != self._claim.fence:
            raise StaleClaim(f"a newer poll of {self._claim.stream!r} has taken over")

    def save_cursor(self, cursor: Cursor) -> None:
        """Let the next poll begin here."""
        text = msgspec.json.encode(cursor).decode()
        self._connection.execute(update(cursors).where(*self._own_cursor()).values(cursor=text))

    def quarantine(self, bad: Collection[BadItem]) -> int:
        """Keep items that could not be read, with the reason; returns how many are newly so."""
        known = self._quarantined(item.source_id for item in bad)
        new = {item.source_id: item for item in bad if item.source_id not in known}
        rows = [
            (self._claim.account_id, self._claim.stream, item.source_id, item.reason,
             self._now_us, None, item.raw)
            for item in new.values()
        ]  # fmt: skip
        key = ("account_id", "stream", "source_id")
        bulk.upsert(self._connection, quarantine, _QUARANTINE_COLUMNS, rows, key=key)
        return len(rows)

    def release(self, source_ids: Collection[str]) -> None:
        """Note that items once quarantined have been read after all."""
        # Nearly always there is none, which is cheaper to see than to look for each.
        any_open = select(quarantine.c.id).where(*self._open_quarantine()).limit(1)
        if self._connection.execute(any_open).scalar() is None:
            return
        readable = self._quarantined(source_ids)
        if readable:
            self._connection.execute(
                update(quarantine)
                .where(*self._own_quarantine(), quarantine.c.source_id.in_(readable))
                .values(resolved_at=self._now_us)
            )

    def _quarantined(self, source_ids: Any) -> set[str]:
        wanted = select(quarantine.c.source_id).where(
            *self._open_quarantine(),
            bulk.among(self._connection, quarantine.c.source_id, source_ids),
        )
        return set(self._connection.execute(wanted).scalars())

    def _own_cursor(self) -> tuple[Any, Any]:
        claim = self._claim
        return cursors.c.account_id == claim.account_id, cursors.c.stream == claim.stream

    def _open_quarantine(self) -> tuple[Any, ...]:
        return *self._own_quarantine(), quarantine.c.resolved_at.is_(None)

    def _own_quarantine(self) -> tuple[Any, Any]:
        claim = self._claim
        return quarantine.c.account_id == claim.account_id, quarantine.c.stream == claim.stream
