"""Accounts, their streams' cursors and claims, and how they are doing."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from syncd import process
from syncd.connector import Cursor
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.tables import accounts, cursors
from syncd.store.times import from_us, to_us


class StaleClaim(Exception):
    """Another poll of the same stream has begun since; what this one holds must not be written."""


class Claim(msgspec.Struct, frozen=True):
    """The right to poll one stream, until a later claim of it."""

    account_id: int
    stream: str
    fence: int
    cursor: Cursor
    failures: int = 0
    """How many polls in a row had failed before this one."""


class StreamHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one stream of an account is doing."""

    account: str
    connector: str
    stream: str
    polled_at: datetime | None
    succeeded_at: datetime | None
    failing_since: datetime | None
    retry_at: datetime | None
    failures: int
    error_class: str | None
    error: str | None
    suspended_reason: str | None


class AccountStore:
    """Use cases around polling."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, name: str, connector: str, now: datetime) -> int:
        """The id of the account called `name`, made on first sight."""
        with self._database.write() as connection:
            wanted = select(accounts.c.id).where(accounts.c.name == name)
            known = connection.execute(wanted).scalar()
            if known is not None:
                values: dict[str, Any] = {"connector": connector}
                connection.execute(update(accounts).where(accounts.c.id == known).values(values))
                return int(known)
            row = (name, connector, to_us(now))
            bulk.insert_missing(connection, accounts, ("name", "connector", "created_at"), [row])
            return int(connection.execute(wanted).scalar_one())

    def claim(
        self, account_id: int, stream: str, *, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take the right to poll a stream; None while another process holds it.

        The same owner may claim again at once; anybody may after the lease, or as soon as the holder
        is known to have died in the middle of a poll.
        """
        with self._database.write() as connection:
            row = _cursor_row(connection, account_id, stream)
            held = row.owner not in {None, owner} and (row.claimed_until or 0) > to_us(now)
            if held and not process.is_dead(row.owner):
                return None
            connection.execute(
                _one(account_id, stream).values(
                    fence=row.fence + 1,
                    owner=owner,
                    claimed_until=to_us(now + lease),
                    polled_at=to_us(now),
                )
            )
        return Claim(
            account_id, stream, row.fence + 1, msgspec.json.decode(row.cursor), row.failures
        )

    def succeeded(self, claim: Claim, now: datetime) -> None:
        """Note a poll that went through, and give the claim back."""
        clear: dict[str, Any] = dict.fromkeys(
            ("failing_since", "retry_at", "error", "error_class", "owner", "claimed_until")
        )
        self._settle(claim, {**clear, "failures": 0, "succeeded_at": to_us(now)})

    def failed(
        self, claim: Claim, error: BaseException, *, now: datetime, retry_at: datetime
    ) -> None:
        """Note a poll that failed, and give the claim back."""
        self._settle(
            claim,
            {
                "failing_since": func.coalesce(cursors.c.failing_since, to_us(now)),
                "failures": cursors.c.failures + 1,
                "error_class": type(error).__name__,
                "error": str(error)[:2000],
                "retry_at": to_us(retry_at),
                "owner": None,
                "claimed_until": None,
            },
        )

    def _settle(self, claim: Claim, values: dict[str, Any]) -> None:
        mine = _one(claim.account_id, claim.stream).where(cursors.c.fence == claim.fence)
        with self._database.write() as connection:
            connection.execute(mine.values(values))

    def suspend(self, account_id: int, reason: str, now: datetime) -> None:
        """Stop an account until its config or credential changes."""
        with self._database.write() as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.id == account_id)
                .values(suspended_at=to_us(now), suspended_reason=reason[:2000])
            )

    def resume_all(self) -> None:
        """Give every suspended account a new try, as a start or a reload does."""
        with self._database.write() as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.suspended_at.is_not(None))
                .values(suspended_at=None, suspended_reason=None)
            )

    def health(self) -> list[StreamHealth]:
        """Every stream that was ever polled, by account."""
        columns = (
            accounts.c.name, accounts.c.connector, cursors.c.stream, cursors.c.polled_at,
            cursors.c.succeeded_at, cursors.c.failing_since, cursors.c.retry_at,
            cursors.c.failures, cursors.c.error_class, cursors.c.error,
            accounts.c.suspended_reason,
        )  # fmt: skip
        wanted = select(*columns).join(cursors, cursors.c.account_id == accounts.c.id)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(accounts.c.name, cursors.c.stream)).all()
        return [
            StreamHealth(
                account=row[0], connector=row[1], stream=row[2], polled_at=from_us(row[3]),
                succeeded_at=from_us(row[4]), failing_since=from_us(row[5]),
                retry_at=from_us(row[6]), failures=row[7], error_class=row[8], error=row[9],
                suspended_reason=row[10],
            )
            for row in rows
        ]  # fmt: skip


def _one(account_id: int, stream: str) -> Any:
    return update(cursors).where(cursors.c.account_id == account_id, cursors.c.stream == stream)


def _cursor_row(connection: Connection, account_id: int, stream: str) -> Any:
    wanted = (
        select(cursors)
        .where(cursors.c.account_id == account_id, cursors.c.stream == stream)
        .with_for_update()
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        bulk.insert_missing(connection, cursors, ("account_id", "stream"), [(account_id, stream)])
        row = connection.execute(wanted).one()
    return row
