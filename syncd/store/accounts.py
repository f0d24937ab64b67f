"""Accounts, their streams' cursors and claims, and how they are doing."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select, text, true, update

from syncd import process
from syncd.connector import AuthFailed, Cursor, NotPermitted, SecretUnavailable
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.tables import accounts, cursors
from syncd.store.times import from_us, to_us

# Written out, since these two are all that a poll without news does here: building the same with
# SQLAlchemy's expressions at each poll took more time than the rest of such a poll.
_CLAIM = text(
    """
    INSERT INTO cursors (account_id, stream, fence, owner, claimed_until, polled_at)
    VALUES (:account_id, :stream, 1, :owner, :until, :now)
    ON CONFLICT (account_id, stream) DO UPDATE SET fence=cursors.fence + 1,
      owner=excluded.owner, claimed_until=excluded.claimed_until, polled_at=excluded.polled_at
    WHERE cursors.owner IS NULL OR cursors.owner IN (:owner, :dead)
      OR coalesce(cursors.claimed_until, 0) <= :now
    RETURNING fence, cursor, failures, error_class
    """
)
_SUCCEEDED = text(
    """
    UPDATE cursors SET succeeded_at=:now, failures=0, failing_since=NULL, retry_at=NULL,
      error=NULL, error_class=NULL, owner=NULL, claimed_until=NULL
    WHERE account_id=:account_id AND stream=:stream AND fence=:fence
    """
)
# Where the account was stopped after this poll began, another stream's login was refused meanwhile.
_RESUMED = text(
    """
    UPDATE accounts SET suspended_at=NULL, suspended_reason=NULL
    WHERE id=:account_id AND suspended_at <= (SELECT polled_at FROM cursors
      WHERE account_id=:account_id AND stream=:stream AND fence=:fence)
    """
)
_NEVER_POLLED = {
    "polled_at": None, "succeeded_at": None, "failing_since": None, "failures": 0,
    "retry_at": None, "error": None, "error_class": None,
}  # fmt: skip
_NOT_PERMITTED = (cursors.c.error_class == NotPermitted.__name__) & cursors.c.retry_at.is_not(None)
_KNOWN_AGAIN = (NotPermitted, AuthFailed, SecretUnavailable)
_LOGIN_REFUSED = frozenset({AuthFailed.__name__, SecretUnavailable.__name__})
_HOLDER = text("SELECT owner FROM cursors WHERE account_id=:account_id AND stream=:stream")


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
    was_permitted: bool = True
    """False where the one before this failed because the login does not cover the stream."""
    was_refused: bool = False
    """Whether the one before this failed because the login was refused, or could not be read."""


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

    @property
    def not_permitted(self) -> bool:
        """Whether it fails because the account's login does not cover it."""
        return self.error_class == NotPermitted.__name__


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

        The same owner may claim again at once; anybody may after the lease, or as soon as the
        holder is known to have died in the middle of a poll.
        """
        values = {
            "account_id": account_id, "stream": stream, "owner": owner, "now": to_us(now),
            "until": to_us(now + lease), "dead": owner,
        }  # fmt: skip
        with self._database.write() as connection:
            row = connection.execute(_CLAIM, values).one_or_none()
            if row is None:
                holder = connection.execute(_HOLDER, values).scalar()
                if holder is None or not process.is_dead(holder):
                    return None
                row = connection.execute(_CLAIM, {**values, "dead": holder}).one_or_none()
        if row is None:  # somebody else was quicker to take over from the dead
            return None
        fence, cursor, failures, error_class = row
        permitted = error_class != NotPermitted.__name__
        known = msgspec.json.decode(cursor)
        return Claim(
            account_id, stream, fence, known, failures, permitted, error_class in _LOGIN_REFUSED
        )

    def succeeded(self, claim: Claim, now: datetime) -> None:
        """Note a poll that went through, and give the claim back.

        Where the stream's login was refused before, its account is stopped no longer. A success of
        another stream proves nothing: it may be sending that was refused.
        """
        values = {"account_id": claim.account_id, "stream": claim.stream, "fence": claim.fence}
        with self._database.write() as connection:
            connection.execute(_SUCCEEDED, {**values, "now": to_us(now)})
            if claim.was_refused:
                connection.execute(_RESUMED, values)

    def failed(
        self, claim: Claim, error: BaseException, *, now: datetime, retry_at: datetime
    ) -> None:
        """Note a poll that failed, and give the claim back."""
        mine = (
            cursors.c.account_id == claim.account_id,
            cursors.c.stream == claim.stream,
            cursors.c.fence == claim.fence,
        )
        with self._database.write() as connection:
            connection.execute(
                update(cursors)
                .where(*mine)
                .values(
                    failing_since=func.coalesce(cursors.c.failing_since, to_us(now)),
                    failures=cursors.c.failures + 1,
                    error_class=_class_of(error),
                    error=str(error)[:2000],
                    retry_at=to_us(retry_at),
                    owner=None,
                    claimed_until=None,
                )
            )

    def suspend(self, account_id: int, reason: str, now: datetime) -> bool:
        """Note that an account is stopped; False where it is already.

        Until it is resumed, or a poll of a stream whose login was refused goes through.
        """
        going = accounts.c.id == account_id, accounts.c.suspended_at.is_(None)
        values = {"suspended_at": to_us(now), "suspended_reason": reason[:2000]}
        with self._database.write() as connection:
            stopped = connection.execute(update(accounts).where(*going).values(values))
            return stopped.rowcount > 0

    def resume(self, account_id: int | None = None) -> None:
        """Give a suspended account a new try, and its streams that were `not_permitted`.

        Every account where none is named, as a start does.
        """
        named = true() if account_id is None else accounts.c.id == account_id
        stopped = accounts.c.suspended_at.is_not(None)
        again = {"suspended_at": None, "suspended_reason": None}
        denied = cursors.c.account_id.in_(select(accounts.c.id).where(named))
        with self._database.write() as connection:
            connection.execute(update(accounts).where(named, stopped).values(**again))
            connection.execute(update(cursors).where(_NOT_PERMITTED, denied).values(retry_at=None))

    def suspended(self) -> set[int]:
        """The accounts that are stopped."""
        wanted = select(accounts.c.id).where(accounts.c.suspended_at.is_not(None))
        with self._database.read() as connection:
            return set(connection.execute(wanted).scalars())

    def not_permitted(self) -> set[tuple[int, str]]:
        """The streams, by account, that their login does not cover, until they are tried again."""
        with self._database.read() as connection:
            found = select(cursors.c.account_id, cursors.c.stream).where(_NOT_PERMITTED)
            return {(account_id, stream) for account_id, stream in connection.execute(found)}

    def keep_only(self, streams: Mapping[int, Collection[str]]) -> list[tuple[int, str]]:
        """Forget how streams did that these accounts no longer have; what was read of them stays.

        `streams` are those that each account has, by its id. Gives those that were forgotten.
        """
        known = select(cursors.c.account_id, cursors.c.stream).where(
            cursors.c.polled_at.is_not(None)
        )
        with self._database.write() as connection:
            gone = [
                (account_id, stream)
                for account_id, stream in connection.execute(known).all()
                if account_id in streams and stream not in streams[account_id]
            ]
            for account_id, stream in gone:
                row = cursors.c.account_id == account_id, cursors.c.stream == stream
                connection.execute(update(cursors).where(*row).values(**_NEVER_POLLED))
        return gone

    def health(self) -> list[StreamHealth]:
        """Every stream that was ever polled since its account has it, by account."""
        columns = (
            accounts.c.name, accounts.c.connector, cursors.c.stream, cursors.c.polled_at,
            cursors.c.succeeded_at, cursors.c.failing_since, cursors.c.retry_at,
            cursors.c.failures, cursors.c.error_class, cursors.c.error,
            accounts.c.suspended_reason,
        )  # fmt: skip
        wanted = select(*columns).join(cursors, cursors.c.account_id == accounts.c.id)
        wanted = wanted.where(cursors.c.polled_at.is_not(None))
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


def _class_of(error: BaseException) -> str:
    """Its class's name; of one that is known by it again, also where it is of a subclass."""
    return next((each for each in _KNOWN_AGAIN if isinstance(error, each)), type(error)).__name__
