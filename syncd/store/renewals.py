"""Whose turn it is to renew an account's login: one process at a time.

Many platforms take each refresh token once, and end the login of whoever shows one twice (RFC 9700,
4.14.2).
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, text
from sqlalchemy.exc import SQLAlchemyError

from syncd import clock, process
from syncd.connector import Unavailable
from syncd.store.database import Database
from syncd.store.tables import renewals
from syncd.store.times import to_us

# As long as the slowest token endpoint takes to answer three questions. A process that died on this
# machine is known to be dead at once.
LEASE = timedelta(minutes=5)
# Most endpoints answer within a second; who waits longer keeps the account's other work waiting.
PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1

_TAKE = text(
    """
    INSERT INTO renewals (account_id, ticket, owner, until)
    VALUES (:account_id, :ticket, :owner, :until)
    ON CONFLICT (account_id) DO UPDATE SET
      ticket=excluded.ticket, owner=excluded.owner, until=excluded.until
    WHERE renewals.until <= :now OR renewals.owner = :dead
    RETURNING ticket
    """
)
_HOLDER = text("SELECT owner FROM renewals WHERE account_id = :account_id")
_GIVE_BACK = delete(renewals).where(
    renewals.c.account_id == bindparam("account"), renewals.c.ticket == bindparam("mine")
)


class Renewals:
    """Turns at renewing logins, kept in the store; no transaction is open during one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def turn(self, account_id: int, now: Callable[[], datetime]) -> Iterator[None]:
        """Wait for one's turn, and have it within the block.

        Raises Unavailable where another process has not ended its own within `PATIENCE_SECONDS`,
        or the store does not answer. Whoever had it before may have renewed the login.
        """
        ticket = self._wait(account_id, now)
        try:
            yield
        finally:
            self._give_back(account_id, ticket)

    def _wait(self, account_id: int, now: Callable[[], datetime]) -> str:
        until = clock.monotonic() + PATIENCE_SECONDS
        while (ticket := self._take(account_id, now())) is None:
            if clock.monotonic() >= until:
                raise Unavailable("another process is renewing this login", PATIENCE_SECONDS)
            clock.sleep(_PAUSE_SECONDS)
        return ticket

    def _take(self, account_id: int, now: datetime) -> str | None:
        """A turn's ticket; None while somebody else has theirs."""
        values = {
            # Not by process: two runtimes may be alive in one while the config is reloaded.
            "account_id": account_id, "ticket": secrets.token_hex(8), "owner": process.name(),
            "now": to_us(now), "until": to_us(now + LEASE), "dead": "",
        }  # fmt: skip
        try:
            with self._database.write() as connection:
                if ticket := connection.execute(_TAKE, values).scalar():
                    return str(ticket)
                holder = connection.execute(_HOLDER, values).scalar()
                if holder is None or not process.is_dead(holder):
                    return None
                ticket = connection.execute(_TAKE, {**values, "dead": holder}).scalar()
        except SQLAlchemyError as error:
            raise Unavailable(
                f"the store gives no turn to renew the login: {error.__class__.__name__}"
            ) from None
        return str(ticket) if ticket else None

    def _give_back(self, account_id: int, ticket: str) -> None:
        try:
            with self._database.write() as connection:
                connection.execute(_GIVE_BACK, {"account": account_id, "mine": ticket})
        except SQLAlchemyError as error:
            from syncd import log  # noqa: PLC0415  verbs that only look should not pay for it

            log.get("store").warning(
                "turn at a login not given back",
                reason=f"{error.__class__.__name__}; it ends by itself after {LEASE}",
            )
