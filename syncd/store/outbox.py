"""The outbox: each row is delivered once, whatever crashes on the way.

Every change of state is a durable transaction of its own. ``claimed`` is a lease; ``in_flight`` is
written just before the point of no return and is never sent again by itself.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from syncd.model import (
    Draft,
    NewNotice,
    OutboxRow,
    OutboxState,
    ParcelStory,
    Party,
    Receipt,
    Thread,
)
from syncd.store import bulk
from syncd.store.database import Database
from syncd.store.tables import (
    accounts,
    audit,
    conversation_orders,
    conversations,
    deliveries,
    findings,
    messages,
    orders,
    outbox,
    shipments,
    tracking_events,
)
from syncd.store.times import from_us, to_us

_NOTICE_COLUMNS = (
    "key", "account_id", "state", "purpose", "template", "language", "cause", "shipment_id",
    "conversation_id", "order_source_id", "recipient", "subject", "text", "created_at",
    "not_before", "reason", "finding_id",
)  # fmt: skip


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
            taken = _rows(connection, outbox.c.id.in_(ids))
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
        """Note, durably, that `draft` is about to leave; False where the row is no longer ours."""
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
                )
                .values(values)
            )
            return changed.rowcount == 1

    def sent(self, row: OutboxRow, receipt: Receipt, draft: Draft) -> None:
        """Settle a row with the platform's receipt."""
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

    def ended(self, row: OutboxRow, state: OutboxState, reason: str, now: datetime) -> None:
        """Settle a row that does not go out by itself: failed, cancelled, or for a person."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                insert(deliveries).values(
                    outbox_id=row.id, at=to_us(now), outcome=state.value, detail=reason
                )
            )
            _put(connection, row.id, state, reason=reason)

    def postpone(self, row: OutboxRow, not_before: datetime, reason: str) -> None:
        """Give a row back that certainly did not go out, to be tried at `not_before`."""
        with self._database.write(durable=True) as connection:
            _put(connection, row.id, OutboxState.PENDING, reason=reason,
                 not_before=to_us(not_before), text=row.text, subject=row.subject)  # fmt: skip

    def keep_asking(self, row: OutboxRow, until: datetime, reason: str) -> None:
        """Leave a row in flight, to be asked about again at `until`."""
        with self._database.write(durable=True) as connection:
            _put(connection, row.id, OutboxState.IN_FLIGHT, reason=reason,
                 lease_until=to_us(until))  # fmt: skip

    def decide(
        self, row_id: int, state: OutboxState, *, actor: str, now: datetime, **values: Any
    ) -> bool:
        """A person's decision about a row, kept in the audit.

        False, and nothing changes, where the row is on its way or has been sent meanwhile.
        """
        with self._database.write(durable=True) as connection:
            current = select(outbox.c.state).where(outbox.c.id == row_id).with_for_update()
            if connection.execute(current).scalar() in {OutboxState.IN_FLIGHT, OutboxState.SENT}:
                return False
            _put(connection, row_id, state, not_before=to_us(now), **values)
            connection.execute(
                insert(audit).values(
                    at=to_us(now),
                    actor=actor,
                    action=f"outbox.{state.value}",
                    subject=f"outbox:{row_id}",
                )
            )
        return True

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
            return _rows(connection, *conditions, limit=limit)

    def depth(self) -> dict[str, tuple[int, datetime]]:
        """By state: how many rows, and since when the oldest waits."""
        wanted = select(outbox.c.state, func.count(), func.min(outbox.c.not_before)).group_by(
            outbox.c.state
        )
        with self._database.read() as connection:
            return {row[0]: (row[1], from_us(row[2])) for row in connection.execute(wanted)}

    def story(self, shipment_id: int) -> ParcelStory:
        """What a notice about this parcel is made from, with the latest event known now."""
        table, event = shipments.c, tracking_events.c
        wanted = (
            select(shipments, accounts.c.name, orders.c.country, orders.c.state)
            .join(accounts, accounts.c.id == table.account_id)
            .outerjoin(
                orders,
                (orders.c.account_id == table.account_id)
                & (orders.c.source_id == table.order_source_id),
            )
        )
        with self._database.read() as connection:
            row = connection.execute(wanted.where(table.id == shipment_id)).one()
            latest = connection.execute(
                select(event.text, event.occurred_local, event.location, event.milestone)
                .where(
                    event.tracking_number == row.tracking_number,
                    # Later ones belong to the next parcel with this number.
                    event.occurred_at <= (row.last_event_at or 0),
                )
                .order_by(event.occurred_at.desc(), event.id.desc())
                .limit(1)
            ).one_or_none()
        return _story(row, latest)

    def thread(self, account_id: int, order_id: str | None, conversation_id: int | None) -> Thread:
        """The conversation to go on with in this account: the given one, else the order's latest.

        Empty where the account has none: the message then opens one.
        """
        table = messages.c
        with self._database.read() as connection:
            talk = _conversation(connection, account_id, order_id, conversation_id)
            if talk is None:
                return Thread()
            mail = connection.execute(
                select(table.message_id, table.refs, table.subject)
                .where(table.conversation_id == talk.id, table.message_id.is_not(None))
                .order_by(table.sent_at.desc())
                .limit(1)
            ).one_or_none()
        if mail is None:
            return Thread(thread_id=talk.thread_id, subject=talk.subject)
        return Thread(
            thread_id=talk.thread_id,
            subject=mail.subject,
            last_message_id=mail.message_id,
            references=(*(mail.refs or "").split(), mail.message_id),
        )

    def reroute(self, row: OutboxRow, account_id: int, reason: str, now: datetime) -> None:
        """Let another account send a row that its own platform refused."""
        with self._database.write(durable=True) as connection:
            connection.execute(
                insert(deliveries).values(
                    outbox_id=row.id, at=to_us(now), outcome="rerouted", detail=reason
                )
            )
            _put(
                connection,
                row.id,
                OutboxState.PENDING,
                account_id=account_id,
                conversation_id=None,
                reason=reason,
                text=row.text,
                subject=row.subject,
            )


def _conversation(
    connection: Connection, account_id: int, order_id: str | None, conversation_id: int | None
) -> Any:
    table = conversations.c
    about = select(conversation_orders.c.conversation_id).where(
        conversation_orders.c.order_source_id == order_id
    )
    buyers = select(orders.c.customer_id).where(orders.c.source_id == order_id)
    with_buyer = and_(table.id.in_(about), table.customer_id.in_(buyers))
    wanted = (
        select(table.id, table.thread_id, table.subject)
        .where(
            table.account_id == account_id,
            or_(table.id == conversation_id, with_buyer),
        )
        .order_by((table.id == conversation_id).desc(), table.last_at.desc())
        .limit(1)
    )
    return connection.execute(wanted).one_or_none()


def insert_notices(connection: Connection, notices: Iterable[NewNotice], now_us: int) -> int:
    """Queue messages inside a transaction; returns how many were not queued before.

    A row whose trouble was over before it was told takes up the new trouble.
    """
    wanted = {notice.key: notice for notice in notices}
    if not wanted:
        return 0
    again = set()
    known = select(outbox.c.key, outbox.c.state).where(bulk.among(connection, outbox.c.key, wanted))
    for key, state in connection.execute(known):
        if state == OutboxState.OBSOLETE:
            again.add(key)
        else:
            del wanted[key]
    ids = _finding_ids(connection, [n.finding for n in wanted.values() if n.finding])
    rows = {key: _notice_row(notice, now_us, ids) for key, notice in wanted.items()}
    fresh = [row for key, row in rows.items() if key not in again]
    bulk.insert_missing(connection, outbox, _NOTICE_COLUMNS, fresh)
    revived = [(*rows[key][1:], key) for key in again]
    bulk.update(connection, outbox, _NOTICE_COLUMNS[1:], revived, key="key")
    return len(rows)


def _finding_ids(connection: Connection, fingerprints: Collection[str]) -> dict[str, int]:
    if not fingerprints:
        return {}
    wanted = select(findings.c.fingerprint, findings.c.id).where(
        bulk.among(connection, findings.c.fingerprint, fingerprints)
    )
    return dict(connection.execute(wanted).all())


def _notice_row(notice: NewNotice, now_us: int, finding_ids: dict[str, int]) -> tuple[Any, ...]:
    return (
        notice.key, notice.account_id, notice.state.value, notice.purpose, notice.template,
        notice.language, notice.cause, notice.shipment_id, notice.conversation_id, notice.order_id,
        msgspec.json.encode(notice.recipient).decode(), notice.subject, notice.text, now_us,
        to_us(notice.not_before), notice.reason, finding_ids.get(notice.finding or ""),
    )  # fmt: skip


def _abandoned(state: OutboxState, now: datetime) -> ColumnElement[bool]:
    return and_(outbox.c.state == state.value, outbox.c.lease_until <= to_us(now))


def _put(connection: Connection, row_id: int, state: OutboxState, **values: Any) -> None:
    settled: dict[str, Any] = {"owner": None, "lease_until": None, **values}
    connection.execute(
        update(outbox).where(outbox.c.id == row_id).values(state=state.value, **settled)
    )


def _rows(connection: Connection, *conditions: Any, limit: int = 1000) -> list[OutboxRow]:
    # Several findings can have one cause: a message is about the cause, not about the first.
    trouble = exists().where(
        findings.c.shipment_id == outbox.c.shipment_id,
        findings.c.cause == outbox.c.cause,
        findings.c.closed_at.is_(None),
    )
    wanted = (
        select(outbox, accounts.c.name, or_(outbox.c.finding_id.is_(None), trouble).label("holds"))
        .join(accounts, accounts.c.id == outbox.c.account_id)
        .where(*conditions)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [_row(row) for row in connection.execute(wanted)]


def _row(row: Any) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        key=row.key,
        account_id=row.account_id,
        account=row.name,
        state=OutboxState(row.state),
        purpose=row.purpose,
        recipient=msgspec.json.decode(row.recipient, type=Party),
        language=row.language,
        created_at=from_us(row.created_at),
        not_before=from_us(row.not_before),
        attempts=row.attempts,
        template=row.template,
        cause=row.cause,
        shipment_id=row.shipment_id,
        order_id=row.order_source_id,
        conversation_id=row.conversation_id,
        finding_open=bool(row.holds),
        subject=row.subject,
        text=row.text,
        reason=row.reason,
    )


def _story(row: Any, latest: Any) -> ParcelStory:
    return ParcelStory(
        order_id=row.order_source_id,
        account=row.name,
        tracking_number=row.tracking_number,
        carrier=row.carrier,
        tracking_url=row.tracking_url,
        destination_country=row.country or row.destination_country,
        destination_state=row.state,
        deliver_by=from_us(row.deliver_by),
        last_movement_at=from_us(row.last_movement_at),
        milestone=latest[3] if latest else row.milestone,
        event_text=latest[0] if latest else None,
        event_local=datetime.fromisoformat(latest[1]) if latest else None,
        event_place=latest[2] if latest else None,
    )
