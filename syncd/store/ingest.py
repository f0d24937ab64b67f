"""Writing what a poll brought: the items and the cursor in one transaction, once each."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from syncd.connector import Cursor
from syncd.model import BadItem
from syncd.store import bulk
from syncd.store.accounts import Claim, StaleClaim
from syncd.store.aftersales import AftersalesWriter
from syncd.store.bounces import BounceWriter
from syncd.store.customers import CustomerWriter
from syncd.store.database import Database
from syncd.store.follows import FollowWriter
from syncd.store.listings import ListingWriter
from syncd.store.mentions import MentionWriter
from syncd.store.messages import MessageWriter
from syncd.store.orders import OrderWriter
from syncd.store.parcels import ParcelWriter
from syncd.store.tables import cursors, quarantine
from syncd.store.times import to_us
from syncd.store.writer import Clash, TryAgain

_QUARANTINE_COLUMNS = (
    "account_id", "stream", "source_id", "reason", "seen_at", "resolved_at", "raw",
)  # fmt: skip

# Made once: with its other statements, a batch took a twentieth of its time to make them.
_OWN_CURSOR = (
    cursors.c.account_id == bindparam("own_account"),
    cursors.c.stream == bindparam("own_stream"),
)
_FENCE = select(cursors.c.fence).where(*_OWN_CURSOR).with_for_update()
_SAVE_CURSOR = update(cursors).where(*_OWN_CURSOR).values(cursor=bindparam("new"))
_IN_QUARANTINE = (
    quarantine.c.account_id == bindparam("own_account"),
    quarantine.c.stream == bindparam("own_stream"),
    quarantine.c.resolved_at.is_(None),
)
_ANY_QUARANTINED = select(quarantine.c.id).where(*_IN_QUARANTINE).limit(1)
_THESE = bulk.given(quarantine.c.source_id, "source_ids")
_QUARANTINED = select(quarantine.c.source_id).where(*_IN_QUARANTINE, _THESE)
_RELEASE = update(quarantine).where(*_IN_QUARANTINE, _THESE).values(resolved_at=bindparam("now"))

# Of PostgreSQL's classes of errors those that a value causes: data exceptions, broken constraints,
# the same row twice, and limits, as where an id is too long for an index; and what a value of
# another type causes. Others are the database's own, such as tables that another syncd has changed,
# rights that were taken away, a server that only reads.
_CLASSES_OF_ITEMS = frozenset({"21", "22", "23", "54"})
_OF_ITEMS = frozenset({"42804", "42846", "42883"})
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
            except Exception as error:  # the plug-in boundary: items are a connector's work
                if _state(error) in _COLLISIONS:
                    raise TryAgain(_reason(error)) from error
                if self._is_its_own(error):
                    raise
                if _is_clash(error):
                    raise Clash(_reason(error)) from error
                raise Unstorable(f"{type(error).__name__}: {_reason(error)}") from error

    def _is_its_own(self, error: Exception) -> bool:
        """Whether it is the database's own trouble, which no item is to blame for."""
        state = _state(error)
        if state is not None:
            return state[:2] not in _CLASSES_OF_ITEMS and state not in _OF_ITEMS
        return isinstance(error, self._not_the_items)


def _state(error: Exception) -> str | None:
    """PostgreSQL's code of an error; None where its server has said none."""
    state: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state


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
        self.bounces = BounceWriter(connection, account_id, now)
        self.orders = OrderWriter(connection, account_id, now)
        self.listings = ListingWriter(connection, account_id, now)
        self.parcels = ParcelWriter(connection, account_id, now)
        self.mentions = MentionWriter(connection, account_id, now, parcels=self.parcels)
        self.follows = FollowWriter(connection, account_id, now)
        self.aftersales = AftersalesWriter(connection, account_id, now)

    def begin(self) -> None:
        """Begin to write, and keep this poll the stream's latest until the end.

        What was looked up before may have changed meanwhile. Raises StaleClaim where the poll is
        no longer the latest.
        """
        self._work_on(self._begin())
        if self._connection.execute(_FENCE, self._own).scalar() != self._claim.fence:
            raise StaleClaim(f"a newer poll of {self._claim.stream!r} has taken over")

    def save_cursor(self, cursor: Cursor) -> None:
        """Let the next poll begin here."""
        text = msgspec.json.encode(cursor).decode()
        self._connection.execute(_SAVE_CURSOR, {**self._own, "new": text})

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

    def release(self, source_ids: Iterable[str]) -> None:
        """Note that items once quarantined have been read after all."""
        # Nearly always there is none, which is cheaper to see than to look for each.
        if self._connection.execute(_ANY_QUARANTINED, self._own).scalar() is None:
            return
        readable = self._quarantined(source_ids)
        if readable:
            values = {**self._own, "source_ids": readable, "now": self._now_us}
            self._connection.execute(_RELEASE, values)

    def _quarantined(self, source_ids: Iterable[str]) -> set[str]:
        values = {**self._own, "source_ids": list(source_ids)}
        return set(self._connection.execute(_QUARANTINED, values).scalars())

    @property
    def _own(self) -> dict[str, Any]:
        return {"own_account": self._claim.account_id, "own_stream": self._claim.stream}
