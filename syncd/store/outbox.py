"""The outbox: each row is delivered once, whatever crashes on the way.

Every change of state is a durable transaction of its own. ``claimed`` is a lease; ``in_flight`` is
written just before the point of no return and is never sent again by itself.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from syncd.model import (
    Draft,
    NewNotice,
    OutboxRow,
    OutboxState,
    Receipt,
)
from syncd.store.database import Database
from syncd.store.notices import OVER, STANDS, insert_notices, select_rows, unjudged
from syncd.store.readback import link_orders
from syncd.store.tables import (
    audit,
    deliveries,
    outbox,
)
from syncd.store.times import from_us, to_us

OPEN = frozenset(OutboxState) - {OutboxState.IN_FLIGHT, OutboxState.SENT}
"""States in which a row is neither on its way nor has been sent."""
# More than platforms' clocks are off.
_ABOUT = timedelta(hours=1)


class OutboxStore:
    """Use cases of sending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(self, notice: NewNotice, now: datetime) -> bool:
        """Queue one message; False where its key was queued before."""
        with self._database.write(durable=True) as connection:
            return insert_notices(connection, [notice], to_us(now)) == 1

    def claim(
        self,
        owner: str,
        *,
        now: datetime,
        lease: timedelta,
        limit: int,
        without: Collection[int] = (),
    ) -> list[OutboxRow]:
        """Take rows that are due, and those whose holder let the lease run out before sending.

        Rows of the accounts in `without` are left.
        """
        due = and_(outbox.c.state == OutboxState.PENDING, outbox.c.not_before <= to_us(now))
        wanted = and_(
            or_(due, _abandoned(OutboxState.CLAIMED, now)), outbox.c.account_id.not_in(without)
        )
        return self._take(wanted, owner, now, lease, limit, state=OutboxState.CLAIMED.value)

    def claim_unsettled(
        self, owner: str, *, now: datetime, lease: timedelta, limit: int
    ) -> list[OutboxRow]:
        """Take rows whose holder ended in the middle of sending; they must be asked about."""
        lost = _abandoned(OutboxState.IN_FLIGHT, now)
        return self._take(lost, owner, now, lease, limit)

    def _take(
        self,
        wanted: ColumnElement[bool],
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        **values: Any,
    ) -> list[OutboxRow]:
        with self._database.read() as connection:  # most ticks find nothing: take no lock for that
            if connection.execute(select(outbox.c.id).where(wanted).limit(1)).scalar() is None:
                return []
        with self._database.write(durable=True) as connection:
            ids = list(
                connection.execute(
                    select(outbox.c.id)
                    .where(wanted)
                    .order_by(outbox.c.not_before)
                    .limit(limit)
                    .with_for_update(skip_locked=True)
                ).scalars()
            )
            connection.execute(
                update(outbox)
                .where(outbox.c.id.in_(ids))
                .values(owner=owner, lease_until=to_us(now + lease), **values)
            )
            taken = select_rows(connection, outbox.c.id.in_(ids))
        return sorted(taken, key=lambda row: (row.not_before, row.id))

    def expire(
        self, owners: Collection[str], now: datetime, *, arriving: timedelta = timedelta(0)
    ) -> None:
        """End the leases of these holders, who are known to be gone.

        What they had on its way may still be arriving for as long as `arriving` after it left: it
        is not to be asked about sooner.
        """
        if not owners:
            return
        held = update(outbox).where(outbox.c.owner.in_(owners))
        claimed = held.where(outbox.c.state == OutboxState.CLAIMED.value)
        under_way = held.where(outbox.c.state == OutboxState.IN_FLIGHT.value)
        arrived = outbox.c.not_before + arriving // timedelta(microseconds=1)
        with self._database.write(durable=True) as connection:
            connection.execute(claimed.values(lease_until=to_us(now)))
            connection.execute(under_way.values(lease_until=arrived))

    def release(self, rows: Collection[OutboxRow], owner: str) -> None:
        """Give claimed rows back, of which none has left."""
        mine = update(outbox).where(
            outbox.c.id.in_([row.id for row in rows]),
            outbox.c.owner == owner,
            outbox.c.state == OutboxState.CLAIMED.value,
        )
        given = {"state": OutboxState.PENDING.value, "owner": None, "lease_until": None}
        with self._database.write(durable=True) as connection:
            connection.execute(mine.values(given))

    def holders(self) -> set[str]:
        """Who holds leases."""
        with self._database.read() as connection:
            held = select(outbox.c.owner).where(outbox.c.lease_until.is_not(None)).distinct()
            return {str(owner) for owner in connection.execute(held).scalars()}

    def mark_in_flight(
        self, row: OutboxRow, draft: Draft, *, owner: str, now: datetime, lease: timedelta
    ) -> bool:
        """Note, durably, that `draft` is about to leave.

        False where the row is no longer ours, or by news it need not go out (`standing`).
        """
        values = {
            "state": OutboxState.IN_FLIGHT.value,
            "not_before": to_us(now),  # from here on: since when its outcome is open
            "attempts": outbox.c.attempts + 1,
            "lease_until": to_us(now + lease),
            "subject": draft.subject,
            "text": draft.text,
        }
        with self._database.write(durable=True) as connection:
            changed = connection.execute(
                update(outbox)
                .where(
                    outbox.c.id == row.id,
                    outbox.c.owner == owner,
                    outbox.c.state == OutboxState.CLAIMED.value,
                    STANDS,
                    ~unjudged(now),
                )
                .values(values)
            )
            return changed.rowcount == 1

    def standing(self, row: OutboxRow, now: datetime) -> tuple[bool, bool]:
        """Whether the trouble behind a row is open, and whether there is news of it to be judged.

        The first is True where the row is about none.
        """
        wanted = select(STANDS, unjudged(now)).where(outbox.c.id == row.id)
        with self._database.read() as connection:
            stands, news = connection.execute(wanted).one()
        return bool(stands), bool(news)

    def sent(self, row: OutboxRow, receipt: Receipt, draft: Draft) -> None:
        """Settle a row with the platform's receipt, whoever holds it by now.

        A conversation in which its message has been read already is linked with the row's order.
        """
        with self._database.write(durable=True) as connection:
            connection.execute(
                insert(deliveries).values(
                    outbox_id=row.id,
                    at=to_us(receipt.accepted_at),
                    outcome=OutboxState.SENT.value,
                    source_id=receipt.source_id,
                    detail=receipt.detail,
                    subject=draft.subject,
                    text=draft.text,
                )
            )
            _put(connection, row.id, OutboxState.SENT)
            link_orders(connection, row.account_id, [receipt.source_id])

    def taken(self, row: OutboxRow, text: str) -> tuple[str, ...]:
        """The platform's ids of messages with this text that settled other rows of the account.

        Only those of about the row's own time and later.
        """
        wanted = (
            select(deliveries.c.source_id)
            .join(outbox, outbox.c.id == deliveries.c.outbox_id)
            .where(
                outbox.c.account_id == row.account_id,
                outbox.c.id != row.id,
                deliveries.c.outcome == OutboxState.SENT.value,
                deliveries.c.text == text,
                deliveries.c.at >= to_us(row.created_at - _ABOUT),
            )
        )
        with self._database.read() as connection:
            return tuple(connection.execute(wanted).scalars())

    def ended(self, row: OutboxRow, state: OutboxState, reason: str, now: datetime) -> None:
        """Settle a row that does not go out by itself: failed, cancelled, or for a person.

        As `postpone`, `keep_asking` and `reroute`, nothing where another holds it by now. Nor is it
        made obsolete where there is new trouble: it is taken again when its lease is over.
        """
        still = [OVER] if state is OutboxState.OBSOLETE else []
        with self._database.write(durable=True) as connection:
            if _give_up(connection, row, state, *still, reason=reason):
                _note(connection, row, now, state.value, reason)

    def hold(self, row: OutboxRow, reason: str, now: datetime) -> None:
        """Have a person approve a row, with the text that it has then where it has a template.

        Nothing where another holds it by now.
        """
        anew = {} if row.template is None else {"subject": None, "text": None}
        with self._database.write(durable=True) as connection:
            if _give_up(connection, row, OutboxState.HELD, reason=reason, **anew):
                _note(connection, row, now, OutboxState.HELD.value, reason)

    def postpone(self, row: OutboxRow, not_before: datetime, reason: str) -> None:
        """Give a row back that certainly did not go out, to be tried at `not_before`."""
        with self._database.write(durable=True) as connection:
            _give_up(connection, row, OutboxState.PENDING, reason=reason,
                     not_before=to_us(not_before), text=row.text, subject=row.subject)  # fmt: skip

    def keep_asking(self, row: OutboxRow, until: datetime, reason: str) -> None:
        """Leave a row in flight, to be asked about again at `until`."""
        with self._database.write(durable=True) as connection:
            _give_up(connection, row, OutboxState.IN_FLIGHT, reason=reason,
                     lease_until=to_us(until))  # fmt: skip

    def decide(
        self,
        row_id: int,
        state: OutboxState,
        *,
        actor: str,
        now: datetime,
        among: Collection[OutboxState] = OPEN,
        detail: str | None = None,
        **values: Any,
    ) -> bool:
        """A person's decision about a row in one of the states `among`, kept in the audit.

        `detail` is what it was decided by, for `approval`.
        False, and nothing changes, where it is in none of those by now.
        """
        with self._database.write(durable=True) as connection:
            current = select(outbox.c.state).where(outbox.c.id == row_id).with_for_update()
            if connection.execute(current).scalar() not in among:
                return False
            _put(connection, row_id, state, not_before=to_us(now), **values)
            connection.execute(
                insert(audit).values(
                    at=to_us(now),
                    actor=actor,
                    action=f"outbox.{state.value}",
                    subject=f"outbox:{row_id}",
                    detail=detail,
                )
            )
        return True

    def approval(self, row: OutboxRow) -> str | None:
        """By what a person approved the text that `row` has; None where nobody has."""
        if row.text is None:
            return None
        wanted = (
            select(audit.c.detail)
            .where(audit.c.subject == f"outbox:{row.id}", audit.c.at >= to_us(row.created_at))
            .order_by(audit.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(wanted).scalar()

    def rows(
        self, *, states: Collection[OutboxState] = (), ids: Collection[int] = (), limit: int = 100
    ) -> list[OutboxRow]:
        """Rows in these states or with these ids, the newest first."""
        conditions = []
        if states:
            conditions.append(outbox.c.state.in_([state.value for state in states]))
        if ids:
            conditions.append(outbox.c.id.in_(ids))
        with self._database.read() as connection:
            return select_rows(connection, *conditions, limit=limit)

    def depth(self) -> dict[str, tuple[int, datetime]]:
        """By state: how many rows, and since when the oldest waits."""
        wanted = select(outbox.c.state, func.count(), func.min(outbox.c.not_before)).group_by(
            outbox.c.state
        )
        with self._database.read() as connection:
            return {row[0]: (row[1], from_us(row[2])) for row in connection.execute(wanted)}

    def reroute(self, row: OutboxRow, account_id: int, reason: str, now: datetime) -> None:
        """Let another account send a row that its own platform refused."""
        with self._database.write(durable=True) as connection:
            if _give_up(connection, row, OutboxState.PENDING, account_id=account_id,
                        conversation_id=None, reason=reason, text=row.text,
                        subject=row.subject):  # fmt: skip
                _note(connection, row, now, "rerouted", reason)


def _abandoned(state: OutboxState, now: datetime) -> ColumnElement[bool]:
    return and_(outbox.c.state == state.value, outbox.c.lease_until <= to_us(now))


def _note(connection: Connection, row: OutboxRow, now: datetime, outcome: str, why: str) -> None:
    connection.execute(
        insert(deliveries).values(outbox_id=row.id, at=to_us(now), outcome=outcome, detail=why)
    )


def _put(
    connection: Connection,
    row_id: int,
    state: OutboxState,
    *only: ColumnElement[bool],
    **values: Any,
) -> bool:
    """Move a row on, where it is as `only` says; False where it is not."""
    settled: dict[str, Any] = {"owner": None, "lease_until": None, **values}
    changed = connection.execute(
        update(outbox).where(outbox.c.id == row_id, *only).values(state=state.value, **settled)
    )
    return changed.rowcount == 1


def _give_up(
    connection: Connection,
    row: OutboxRow,
    state: OutboxState,
    *only: ColumnElement[bool],
    **values: Any,
) -> bool:
    """Move a row on for the one who held it when it was read; False where that is over.

    A lease may have run out: another has the row, has sent it, or a person has cancelled it.
    """
    return _put(connection, row.id, state, outbox.c.owner == row.owner, *only, **values)
